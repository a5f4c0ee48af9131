#include "loop_fake.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "mem.h"

struct loop_timer {
	struct loop *loop;
	loop_timer_fn fn;
	void *arg;
	uint64_t due_ms;
	uint64_t order; /* of two due at once the first started goes first */
	bool running;
	LIST_ENTRY(loop_timer) link;
};

struct loop_io {
	int fd;
};

struct loop {
	uint64_t now_ms;
	uint64_t started;
	unsigned int timer_count;
	LIST_HEAD(, loop_timer) timers;
};

struct loop *loop_new(void)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	LIST_INIT(&loop->timers);
	loop->now_ms = 1000000;
	return loop;
}

void loop_free(struct loop *loop)
{
	free(loop);
}

void loop_run(struct loop *loop)
{
	(void)loop;
}

void loop_stop(struct loop *loop)
{
	(void)loop;
}

uint64_t loop_now_ms(struct loop *loop)
{
	return loop->now_ms;
}

unsigned int loop_slow_count(const struct loop *loop)
{
	(void)loop;
	return 0;
}

unsigned int loop_slowest_ms(const struct loop *loop)
{
	(void)loop;
	return 0;
}

struct loop_timer *loop_timer_new(struct loop *loop, loop_timer_fn fn,
				  void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	LIST_INSERT_HEAD(&loop->timers, timer, link);
	loop->timer_count++;
	return timer;
}

void loop_timer_start(struct loop_timer *timer, uint64_t delay_ms)
{
	timer->running = true;
	timer->due_ms = timer->loop->now_ms + delay_ms;
	timer->order = ++timer->loop->started;
}

void loop_timer_stop(struct loop_timer *timer)
{
	timer->running = false;
}

bool loop_timer_is_running(const struct loop_timer *timer)
{
	return timer->running;
}

uint64_t loop_timer_remaining_ms(const struct loop_timer *timer)
{
	return timer->running ? timer->due_ms - timer->loop->now_ms : 0;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	timer->loop->timer_count--;
	LIST_REMOVE(timer, link);
	free(timer);
}

static struct loop_timer *next_due(struct loop *loop, uint64_t until_ms)
{
	struct loop_timer *timer, *next = NULL;

	LIST_FOREACH (timer, &loop->timers, link)
		if (timer->running && timer->due_ms <= until_ms &&
		    (!next || timer->due_ms < next->due_ms ||
		     (timer->due_ms == next->due_ms &&
		      timer->order < next->order)))
			next = timer;
	return next;
}

void loop_fake_advance(struct loop *loop, uint64_t ms)
{
	uint64_t until_ms = loop->now_ms + ms;
	struct loop_timer *timer;

	while ((timer = next_due(loop, until_ms))) {
		loop->now_ms = timer->due_ms;
		timer->running = false;
		timer->fn(timer->arg);
	}
	loop->now_ms = until_ms;
}

unsigned int loop_fake_timer_count(const struct loop *loop)
{
	return loop->timer_count;
}

struct loop_io *loop_io_new(struct loop *loop, int fd, unsigned int events,
			    loop_io_fn fn, void *arg)
{
	struct loop_io *io = xcalloc(1, sizeof(*io));

	(void)loop;
	(void)events;
	(void)fn;
	(void)arg;
	io->fd = fd;
	return io;
}

void loop_io_set(struct loop_io *io, unsigned int events)
{
	(void)io;
	(void)events;
}

void loop_io_free(struct loop_io *io)
{
	free(io);
}

void loop_signal(struct loop *loop, int signal, loop_signal_fn fn, void *arg)
{
	(void)loop;
	(void)signal;
	(void)fn;
	(void)arg;
}

void loop_child(struct loop *loop, int pid, loop_child_fn fn, void *arg)
{
	(void)loop;
	(void)pid;
	(void)fn;
	(void)arg;
}

void loop_child_forget(struct loop *loop, int pid)
{
	(void)loop;
	(void)pid;
}
