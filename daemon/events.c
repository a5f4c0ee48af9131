#include "events.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>

#include "mem.h"
#include "rfc3339.h"

/* So that followers leave places at the control socket for questions. */
#define SUBSCRIBERS_MOST 16
#define BUSY_RETRY_SEC   5
/* How soon to look whether a slow subscriber has read something. */
#define CATCH_UP_MS 200

struct subscriber {
	struct events *events;
	struct control_call *call;
	uint64_t next; /* number of the event it gets next */
	bool owes_overflow;
	bool owes_snapshot;
	LIST_ENTRY(subscriber) link;
};

struct events {
	struct loop *loop;
	events_snapshot_fn snapshot;
	void *arg;
	json_t *ring[EVENTS_KEPT]; /* event N stands at N % EVENTS_KEPT */
	uint64_t last;             /* number of the newest; 0 = none */
	struct tally tally;
	LIST_HEAD(, subscriber) subscribers;
	size_t subscriber_count;
	struct loop_timer *catch_up;
};

static json_t *event_new(uint64_t seq, const char *name, const char *service)
{
	char when[RFC3339_TEXT_BYTES];

	return json_pack("{s:I, s:s, s:s, s:s?}", "seq", (json_int_t)seq,
			 "time", rfc3339_format(time(NULL), when), "event",
			 name, "service", service);
}

/* The oldest event that is still kept. */
static uint64_t oldest(const struct events *events)
{
	return events->last < EVENTS_KEPT ? 1 : events->last - EVENTS_KEPT + 1;
}

/* Takes EVENT and STATUS, one of them NULL. */
static bool send_reply(struct subscriber *sub, uint64_t seq, json_t *event,
		       json_t *status)
{
	return control_continue(sub->call, json_pack("{s:I, s:o?, s:o?}", "seq",
						     (json_int_t)seq, "event",
						     event, "status", status));
}

static bool send_overflow(struct subscriber *sub)
{
	uint64_t last = sub->events->last;

	if (!send_reply(sub, last, event_new(last, "overflow", NULL), NULL))
		return false;
	sub->owes_overflow = false;
	sub->owes_snapshot = true;
	sub->next = last + 1;
	return true;
}

static bool send_snapshot(struct subscriber *sub)
{
	struct events *events = sub->events;

	if (!send_reply(sub, events->last, NULL, events->snapshot(events->arg)))
		return false;
	sub->owes_snapshot = false;
	return true;
}

/* Sends what SUB has not got. Returns false when it reads too slowly. */
static bool pump(struct subscriber *sub)
{
	struct events *events = sub->events;

	if (sub->next < oldest(events))
		sub->owes_overflow = true;
	if (sub->owes_overflow && !send_overflow(sub))
		return false;
	if (sub->owes_snapshot && !send_snapshot(sub))
		return false;
	for (; sub->next <= events->last; sub->next++) {
		json_t *event = events->ring[sub->next % EVENTS_KEPT];

		if (!send_reply(sub, sub->next, json_incref(event), NULL))
			return false;
	}
	return true;
}

static void pump_all(struct events *events)
{
	struct subscriber *sub;
	bool all = true;

	LIST_FOREACH (sub, &events->subscribers, link)
		all &= pump(sub);
	if (!all && !loop_timer_is_running(events->catch_up))
		loop_timer_start(events->catch_up, CATCH_UP_MS);
}

static void on_catch_up(void *arg)
{
	pump_all(arg);
}

struct events *events_new(struct loop *loop, events_snapshot_fn snapshot,
			  void *arg)
{
	struct events *events = xcalloc(1, sizeof(*events));

	events->loop = loop;
	events->snapshot = snapshot;
	events->arg = arg;
	LIST_INIT(&events->subscribers);
	events->catch_up = loop_timer_new(loop, on_catch_up, events);
	return events;
}

static void subscriber_free(struct subscriber *sub)
{
	LIST_REMOVE(sub, link);
	sub->events->subscriber_count--;
	free(sub);
}

void events_free(struct events *events)
{
	struct subscriber *sub;

	if (!events)
		return;
	while ((sub = LIST_FIRST(&events->subscribers))) {
		control_error(
		    sub->call, "NotReady",
		    json_pack("{s:s}", "message", "traversald is stopping"));
		subscriber_free(sub);
	}
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		json_decref(events->ring[i]);
	loop_timer_free(events->catch_up);
	free(events);
}

void events_emit(struct events *events, const char *name, const char *service,
		 json_t *fields)
{
	uint64_t seq = ++events->last;
	json_t *event = event_new(seq, name, service);
	json_t **slot = &events->ring[seq % EVENTS_KEPT];

	tally_add(&events->tally, name,
		  json_string_value(json_object_get(fields, "via")));
	if (fields)
		json_object_update_missing(event, fields);
	json_decref(fields);
	json_decref(*slot);
	*slot = event;
	pump_all(events);
}

const struct tally *events_tally(const struct events *events)
{
	return &events->tally;
}

uint64_t events_seq(const struct events *events)
{
	return events->last;
}

static void on_gone(void *arg)
{
	subscriber_free(arg);
}

static struct subscriber *subscriber_new(struct events *events,
					 struct control_call *call)
{
	struct subscriber *sub = xcalloc(1, sizeof(*sub));

	sub->events = events;
	sub->call = call;
	sub->next = events->last + 1;
	sub->owes_snapshot = true;
	LIST_INSERT_HEAD(&events->subscribers, sub, link);
	events->subscriber_count++;
	control_on_gone(call, on_gone, sub);
	return sub;
}

/* Goes on after the event SINCE. A number that we never gave comes from the
 * daemon's last life. */
static void go_on_since(struct subscriber *sub, json_int_t since)
{
	if ((uint64_t)since > sub->events->last)
		sub->owes_overflow = true;
	else
		sub->next = (uint64_t)since + 1;
}

void events_subscribe(struct events *events, struct control_call *call,
		      const json_t *parameters)
{
	const json_t *since = json_object_get(parameters, "since");
	struct subscriber *sub;

	if (since && !json_is_null(since) &&
	    (!json_is_integer(since) || json_integer_value(since) < 0)) {
		control_invalid(call, "since");
		return;
	}
	if (!control_wants_more(call)) {
		control_reply(call, json_pack("{s:I, s:n, s:o}", "seq",
					      (json_int_t)events->last, "event",
					      "status",
					      events->snapshot(events->arg)));
		return;
	}
	if (events->subscriber_count >= SUBSCRIBERS_MOST) {
		control_error(
		    call, "Busy",
		    json_pack("{s:i}", "retry_after_sec", BUSY_RETRY_SEC));
		return;
	}
	sub = subscriber_new(events, call);
	if (json_is_integer(since))
		go_on_since(sub, json_integer_value(since));
	pump_all(events);
}
