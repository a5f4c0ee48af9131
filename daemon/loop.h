/*
 * loop: time, timers and descriptors.
 *
 * The daemon's only way to wait. loop_event.c implements it on libevent;
 * tests/replay/loop_fake.c implements it in fake time. Callbacks run one at a
 * time; each may start, stop or free any timer or watch but must not free the
 * loop. Callbacks that take over LOOP_SLOW_MS are counted.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#define LOOP_SLOW_MS 20

struct loop;
struct loop_timer;
struct loop_io;

enum loop_io_events { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void (*loop_timer_fn)(void *arg);
typedef void (*loop_io_fn)(void *arg, int fd, unsigned int events);
typedef void (*loop_signal_fn)(void *arg, int signal);
typedef void (*loop_child_fn)(void *arg, int pid, int wait_status);

/* Returns an owned loop; aborts when the kernel refuses. */
struct loop *loop_new(void);
/* Frees the loop; every timer and watch must have been freed. */
void loop_free(struct loop *loop);
/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* Milliseconds of CLOCK_BOOTTIME: counts suspend, never jumps. */
uint64_t loop_now_ms(struct loop *loop);
/* Callbacks so far that took over LOOP_SLOW_MS, and the slowest in ms. */
unsigned int loop_slow_count(const struct loop *loop);
unsigned int loop_slowest_ms(const struct loop *loop);

/* Returns an owned, stopped one-shot timer. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn fn,
				  void *arg);
/* Fires once after DELAY_MS; a running timer starts anew. */
void loop_timer_start(struct loop_timer *timer, uint64_t delay_ms);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_running(const struct loop_timer *timer);
/* Milliseconds until it fires, 0 when it is not running. */
uint64_t loop_timer_remaining_ms(const struct loop_timer *timer);
/* Stops and frees; NULL is allowed. */
void loop_timer_free(struct loop_timer *timer);

/* Watches FD (borrowed) for EVENTS until freed; level-triggered. */
struct loop_io *loop_io_new(struct loop *loop, int fd, unsigned int events,
			    loop_io_fn fn, void *arg);
/* Changes what is watched for; 0 pauses. */
void loop_io_set(struct loop_io *io, unsigned int events);
/* Stops watching and frees, does not close the descriptor; NULL is allowed. */
void loop_io_free(struct loop_io *io);

/* Calls FN in the loop for each SIGNAL. Kept until loop_free(). */
void loop_signal(struct loop *loop, int signal, loop_signal_fn fn, void *arg);
/* Calls FN once in the loop when the child PID has ended (it is reaped). */
void loop_child(struct loop *loop, int pid, loop_child_fn fn, void *arg);
/* Forgets the call of loop_child() for PID; the child is still reaped. */
void loop_child_forget(struct loop *loop, int pid);

#endif
