/*
 * loop_fake: the loop in fake time, for scenarios that would take hours.
 *
 * Implements daemon/loop.h without a kernel: time stands still until the test
 * moves it, timers fire in order of their due times, descriptors are never
 * ready.
 */
#ifndef TESTS_LOOP_FAKE_H
#define TESTS_LOOP_FAKE_H

#include "loop.h"

/* Moves time forward by MS, running every timer that is due on the way. */
void loop_fake_advance(struct loop *loop, uint64_t ms);

/* How many timers exist: a leak shows. */
unsigned int loop_fake_timer_count(const struct loop *loop);

#endif
