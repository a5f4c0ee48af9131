/*
 * loop_event: what the modules that stand on libevent itself share.
 *
 * Only loop_event.c and resolve_event.c may include it.
 */
#ifndef DAEMON_LOOP_EVENT_H
#define DAEMON_LOOP_EVENT_H

#include "loop.h"

struct event_base;

/* Borrows the base under the loop. */
struct event_base *loop_event_base(struct loop *loop);

#endif
