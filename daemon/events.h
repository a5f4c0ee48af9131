/*
 * events: what has changed, for whoever wants to follow it.
 *
 * Keeps the last EVENTS_KEPT events and sends them to the subscribers of the
 * control plane. Never waits for one: who reads too slowly loses events, is
 * told so, and gets the whole status anew. Decides nothing.
 */
#ifndef DAEMON_EVENTS_H
#define DAEMON_EVENTS_H

#include <jansson.h>
#include <stdint.h>

#include "control.h"
#include "loop.h"
#include "tally.h"

#define EVENTS_KEPT 1024

/* The names of events. */
#define EVENT_STARTED          "started"
#define EVENT_REACHABLE        "reachable"
#define EVENT_UNREACHABLE      "unreachable"
#define EVENT_VERDICT_CHANGED  "verdict-changed"
#define EVENT_MAPPING_ACQUIRED "mapping-acquired"
#define EVENT_MAPPING_RENEWED  "mapping-renewed"
#define EVENT_MAPPING_LOST     "mapping-lost"
#define EVENT_MAPPING_REFUSED  "mapping-refused"
#define EVENT_ADDRESS_CHANGED  "address-changed"
#define EVENT_ROUTER_RESTARTED "router-restarted"
#define EVENT_NAT_TYPE_CHANGED "nat-type-changed"
#define EVENT_CONFIG_RELOADED  "config-reloaded"
#define EVENT_CONFIG_FAILED    "config-failed"
#define EVENT_METHOD_CHANGED   "method-changed"
#define EVENT_ATTACK_SUSPECTED "attack-suspected"
#define EVENT_WORKER_KILLED    "worker-killed"

struct events;

/* Returns the owned status of the moment, as GetStatus tells it. */
typedef json_t *(*events_snapshot_fn)(void *arg);

/* Returns owned events; SNAPSHOT is called for each new subscriber and after an
 * overflow. */
struct events *events_new(struct loop *loop, events_snapshot_fn snapshot,
			  void *arg);
/* Ends the subscriptions, which need the control they came from, and frees. */
void events_free(struct events *events);

/*
 * Tells of NAME, about SERVICE (NULL: about no one service), with the members
 * of FIELDS (taken, may be NULL), which must not be called seq, time, event or
 * service. The strings in it are sanitised by the caller.
 */
void events_emit(struct events *events, const char *name, const char *service,
		 json_t *fields);

/* The number of the last event; 0 before the first. */
uint64_t events_seq(const struct events *events);

/* How often each event was told of; borrowed. */
const struct tally *events_tally(const struct events *events);

/* Answers a call of Subscribe(since: ?int); takes the call over. */
void events_subscribe(struct events *events, struct control_call *call,
		      const json_t *parameters);

#endif
