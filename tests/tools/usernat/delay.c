#include "delay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "mem.h"

/* More is dropped, as a router does. */
#define QUEUE_MOST 20000

struct item {
	uint64_t due_us;
	size_t len;
	uint8_t *bytes; /* owned */
	TAILQ_ENTRY(item) link;
};

struct delay {
	struct delay_options options;
	delay_send_fn send;
	void *arg;
	unsigned int lost;
	size_t count;
	TAILQ_HEAD(item_list, item) items; /* by due_us */
};

struct delay *delay_new(const struct delay_options *options, delay_send_fn send,
			void *arg)
{
	struct delay *d = xcalloc(1, sizeof(*d));

	d->options = *options;
	d->send = send;
	d->arg = arg;
	TAILQ_INIT(&d->items);
	return d;
}

static void drop_first(struct delay *d)
{
	struct item *item = TAILQ_FIRST(&d->items);

	TAILQ_REMOVE(&d->items, item, link);
	d->count--;
	free(item->bytes);
	free(item);
}

void delay_free(struct delay *delay)
{
	while (!TAILQ_EMPTY(&delay->items))
		drop_first(delay);
	free(delay);
}

static void insert(struct delay *d, struct item *item)
{
	struct item *before = TAILQ_LAST(&d->items, item_list);

	while (before && before->due_us > item->due_us)
		before = TAILQ_PREV(before, item_list, link);
	if (before)
		TAILQ_INSERT_AFTER(&d->items, before, item, link);
	else
		TAILQ_INSERT_HEAD(&d->items, item, link);
	d->count++;
}

void delay_put(struct delay *delay, uint64_t now_us, const uint8_t *bytes,
	       size_t len)
{
	const struct delay_options *o = &delay->options;
	struct item *item;

	if ((unsigned int)rand() % 100 < o->loss_percent ||
	    delay->count == QUEUE_MOST) {
		delay->lost++;
		return;
	}
	if (o->delay_us == 0 && o->jitter_us == 0) {
		delay->send(delay->arg, bytes, len);
		return;
	}
	item = xcalloc(1, sizeof(*item));
	item->bytes = xcalloc(1, len);
	item->len = len;
	memcpy(item->bytes, bytes, len);
	item->due_us = now_us + o->delay_us;
	if (o->jitter_us)
		item->due_us += (unsigned int)rand() % o->jitter_us;
	insert(delay, item);
}

int64_t delay_run(struct delay *delay, uint64_t now_us)
{
	struct item *item;

	while ((item = TAILQ_FIRST(&delay->items))) {
		if (item->due_us > now_us)
			return (int64_t)(item->due_us - now_us);
		delay->send(delay->arg, item->bytes, item->len);
		drop_first(delay);
	}
	return -1;
}

unsigned int delay_lost(const struct delay *delay)
{
	return delay->lost;
}
