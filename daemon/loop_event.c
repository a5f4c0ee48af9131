#include "loop_event.h"

#include <assert.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"

/* libevent counts CLOCK_MONOTONIC, which stands still during suspend. A timerfd
 * of CLOCK_BOOTTIME notices a suspend at the latest so long after it. */
#define RESUME_CHECK_S  60
#define RESUME_SLACK_MS 500

struct loop_timer {
	struct loop *loop;
	struct event *event;
	loop_timer_fn fn;
	void *arg;
	uint64_t due_ms;
	bool running;
	LIST_ENTRY(loop_timer) link;
};

struct loop_io {
	struct loop *loop;
	struct event *event;
	int fd;
	loop_io_fn fn;
	void *arg;
};

struct loop_signal_watch {
	struct event *event;
	struct loop *loop;
	int signal;
	loop_signal_fn fn;
	void *arg;
	SLIST_ENTRY(loop_signal_watch) link;
};

struct loop_child_watch {
	int pid;
	loop_child_fn fn; /* NULL: forgotten, only to be reaped */
	void *arg;
	LIST_ENTRY(loop_child_watch) link;
};

struct loop {
	struct event_base *base;
	int resume_fd;
	struct loop_io *resume_io;
	int64_t suspended_ms; /* CLOCK_BOOTTIME minus CLOCK_MONOTONIC */
	bool watches_children;
	unsigned int slow_count;
	unsigned int slowest_ms;
	LIST_HEAD(, loop_timer) timers;
	LIST_HEAD(, loop_child_watch) children;
	SLIST_HEAD(, loop_signal_watch) signals;
};

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int64_t suspended_ms(void)
{
	return (int64_t)clock_ms(CLOCK_BOOTTIME) -
	       (int64_t)clock_ms(CLOCK_MONOTONIC);
}

static void account(struct loop *loop, uint64_t began_ms)
{
	uint64_t took_ms = clock_ms(CLOCK_MONOTONIC) - began_ms;

	if (took_ms <= LOOP_SLOW_MS)
		return;
	loop->slow_count++;
	if (took_ms > loop->slowest_ms)
		loop->slowest_ms = (unsigned int)took_ms;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;
	struct loop *loop = timer->loop;
	uint64_t began_ms = clock_ms(CLOCK_MONOTONIC);

	(void)fd;
	(void)what;
	timer->running = false;
	timer->fn(timer->arg);
	account(loop, began_ms);
}

static void arm(struct loop_timer *timer, uint64_t delay_ms)
{
	struct timeval tv = {.tv_sec = (time_t)(delay_ms / 1000),
			     .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000)};

	/* Of a thousand services most timers never run. */
	if (!timer->event)
		timer->event = evtimer_new(timer->loop->base, on_timer, timer);
	if (!timer->event)
		abort();
	event_add(timer->event, &tv);
}

static void on_resume_check(void *arg, int fd, unsigned int events)
{
	struct loop *loop = arg;
	int64_t now_suspended_ms = suspended_ms();
	uint64_t now_ms = loop_now_ms(loop), expirations;
	struct loop_timer *timer;

	(void)events;
	(void)!read(fd, &expirations, sizeof(expirations));
	if (now_suspended_ms - loop->suspended_ms < RESUME_SLACK_MS)
		return;
	loop->suspended_ms = now_suspended_ms;
	LIST_FOREACH (timer, &loop->timers, link)
		if (timer->running)
			arm(timer, timer->due_ms > now_ms
				       ? timer->due_ms - now_ms
				       : 0);
}

static void watch_resume(struct loop *loop)
{
	const struct itimerspec every = {
	    .it_interval.tv_sec = RESUME_CHECK_S,
	    .it_value.tv_sec = RESUME_CHECK_S,
	};

	loop->suspended_ms = suspended_ms();
	loop->resume_fd =
	    timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->resume_fd < 0)
		return;
	timerfd_settime(loop->resume_fd, 0, &every, NULL);
	loop->resume_io = loop_io_new(loop, loop->resume_fd, LOOP_READ,
				      on_resume_check, loop);
}

struct loop *loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));
	struct event_config *config = event_config_new();

	LIST_INIT(&loop->timers);
	LIST_INIT(&loop->children);
	SLIST_INIT(&loop->signals);
	if (config)
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	loop->base = config ? event_base_new_with_config(config) : NULL;
	if (!loop->base)
		abort();
	event_config_free(config);
	watch_resume(loop);
	return loop;
}

void loop_free(struct loop *loop)
{
	struct loop_signal_watch *watch;
	struct loop_child_watch *child;

	if (!loop)
		return;
	loop_io_free(loop->resume_io);
	if (loop->resume_fd >= 0)
		close(loop->resume_fd);
	while ((watch = SLIST_FIRST(&loop->signals))) {
		SLIST_REMOVE_HEAD(&loop->signals, link);
		event_free(watch->event);
		free(watch);
	}
	while ((child = LIST_FIRST(&loop->children))) {
		LIST_REMOVE(child, link);
		free(child);
	}
	event_base_free(loop->base);
	free(loop);
}

struct event_base *loop_event_base(struct loop *loop)
{
	return loop->base;
}

void loop_run(struct loop *loop)
{
	event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

uint64_t loop_now_ms(struct loop *loop)
{
	(void)loop;
	return clock_ms(CLOCK_BOOTTIME);
}

unsigned int loop_slow_count(const struct loop *loop)
{
	return loop->slow_count;
}

unsigned int loop_slowest_ms(const struct loop *loop)
{
	return loop->slowest_ms;
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn fn,
				  void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	LIST_INSERT_HEAD(&loop->timers, timer, link);
	return timer;
}

void loop_timer_start(struct loop_timer *timer, uint64_t delay_ms)
{
	timer->due_ms = loop_now_ms(timer->loop) + delay_ms;
	timer->running = true;
	arm(timer, delay_ms);
}

void loop_timer_stop(struct loop_timer *timer)
{
	timer->running = false;
	if (timer->event)
		event_del(timer->event);
}

bool loop_timer_is_running(const struct loop_timer *timer)
{
	return timer->running;
}

uint64_t loop_timer_remaining_ms(const struct loop_timer *timer)
{
	uint64_t now_ms = loop_now_ms(timer->loop);

	if (!timer->running || timer->due_ms <= now_ms)
		return 0;
	return timer->due_ms - now_ms;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	if (timer->event)
		event_free(timer->event);
	LIST_REMOVE(timer, link);
	free(timer);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
	struct loop_io *io = arg;
	struct loop *loop = io->loop;
	uint64_t began_ms = clock_ms(CLOCK_MONOTONIC);
	unsigned int events = (what & EV_READ ? LOOP_READ : 0u) |
			      (what & EV_WRITE ? LOOP_WRITE : 0u);

	io->fn(io->arg, fd, events);
	account(loop, began_ms);
}

static short event_flags(unsigned int events)
{
	return (short)(EV_PERSIST | (events & LOOP_READ ? EV_READ : 0) |
		       (events & LOOP_WRITE ? EV_WRITE : 0));
}

struct loop_io *loop_io_new(struct loop *loop, int fd, unsigned int events,
			    loop_io_fn fn, void *arg)
{
	struct loop_io *io = xcalloc(1, sizeof(*io));

	io->loop = loop;
	io->fd = fd;
	io->fn = fn;
	io->arg = arg;
	io->event = event_new(loop->base, fd, event_flags(events), on_io, io);
	if (!io->event)
		abort();
	if (events)
		event_add(io->event, NULL);
	return io;
}

void loop_io_set(struct loop_io *io, unsigned int events)
{
	event_del(io->event);
	event_assign(io->event, io->loop->base, io->fd, event_flags(events),
		     on_io, io);
	if (events)
		event_add(io->event, NULL);
}

void loop_io_free(struct loop_io *io)
{
	if (!io)
		return;
	event_free(io->event);
	free(io);
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct loop_signal_watch *watch = arg;
	struct loop *loop = watch->loop;
	uint64_t began_ms = clock_ms(CLOCK_MONOTONIC);

	(void)what;
	watch->fn(watch->arg, number);
	account(loop, began_ms);
}

void loop_signal(struct loop *loop, int signal, loop_signal_fn fn, void *arg)
{
	struct loop_signal_watch *watch = xcalloc(1, sizeof(*watch));

	watch->loop = loop;
	watch->signal = signal;
	watch->fn = fn;
	watch->arg = arg;
	watch->event = evsignal_new(loop->base, signal, on_signal, watch);
	if (!watch->event || event_add(watch->event, NULL) < 0)
		abort();
	SLIST_INSERT_HEAD(&loop->signals, watch, link);
}

static struct loop_child_watch *find_ended(struct loop *loop, int *ret_status)
{
	struct loop_child_watch *child;

	LIST_FOREACH (child, &loop->children, link)
		if (waitpid(child->pid, ret_status, WNOHANG) == child->pid)
			return child;
	return NULL;
}

static void on_sigchld(void *arg, int signal)
{
	struct loop *loop = arg;
	struct loop_child_watch *child, ended;
	int status;

	(void)signal;
	/* A callback may start or forget children: look anew each time. */
	while ((child = find_ended(loop, &status))) {
		ended = *child;
		LIST_REMOVE(child, link);
		free(child);
		if (ended.fn)
			ended.fn(ended.arg, ended.pid, status);
	}
}

void loop_child(struct loop *loop, int pid, loop_child_fn fn, void *arg)
{
	struct loop_child_watch *child = xcalloc(1, sizeof(*child));

	assert(pid > 0);
	child->pid = pid;
	child->fn = fn;
	child->arg = arg;
	LIST_INSERT_HEAD(&loop->children, child, link);
	if (!loop->watches_children) {
		loop->watches_children = true;
		loop_signal(loop, SIGCHLD, on_sigchld, loop);
	}
}

void loop_child_forget(struct loop *loop, int pid)
{
	struct loop_child_watch *child;

	LIST_FOREACH (child, &loop->children, link)
		if (child->pid == pid)
			child->fn = NULL;
}
