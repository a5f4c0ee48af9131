/*
 * chain: which method carries a service.
 *
 * Starts every method of the order side by side, keeps the outcome and the
 * reason of each attempt, lets the order decide, and moves to a spare at once
 * when the carrying method is lost. Knows no protocol: the methods do.
 */
#ifndef DAEMON_CHAIN_H
#define DAEMON_CHAIN_H

#include "method.h"

struct chain;

enum chain_state {
	CHAIN_TRYING,      /* no method has succeeded, one is still trying */
	CHAIN_REACHABLE,   /* a packet came in from outside */
	CHAIN_LIKELY,      /* granted, nothing outside confirmed it */
	CHAIN_LIMITED,     /* some peers */
	CHAIN_UNREACHABLE, /* every method failed */
};

/* The carrier, the state or a report changed. */
typedef void (*chain_changed_fn)(void *arg, struct chain *chain);

struct chain_options {
	const struct method_env *env;          /* borrowed */
	const struct method_service *service;  /* borrowed */
	const struct method_ops *const *table; /* borrowed, by method_id */
	const enum method_id *order;           /* copied */
	size_t count;
	chain_changed_fn changed;
	void *arg;
};

/* One method's place in the chain, for a reader. */
struct chain_attempt {
	enum method_id id;
	struct method_report report;
	uint64_t took_ms;     /* of the last attempt, so far when it runs */
	uint64_t reported_ms; /* when the method last said so; 0 = not yet */
};

/* Returns an owned chain whose methods have been started. */
struct chain *chain_new(const struct chain_options *options);
/* Gives back what every method holds and frees the chain; DONE (may be NULL) is
 * called once, perhaps before this returns. */
void chain_stop(struct chain *chain, void (*done)(void *arg), void *arg);

/* Everything is tried anew, for CAUSE. */
void chain_again(struct chain *chain, enum method_cause cause);

/* The service's port is given away: no method holds a socket on it now. */
void chain_let_go(struct chain *chain);

enum chain_state chain_state(const struct chain *chain);
/* "trying", "reachable", ...: the words of services[].state. */
const char *chain_state_name(enum chain_state state);
/* Milliseconds of the loop's clock at which the state was entered. */
uint64_t chain_since_ms(const struct chain *chain);

size_t chain_attempt_count(const struct chain *chain);
struct chain_attempt chain_attempt(const struct chain *chain, size_t index);
/* The index of the attempt that carries the service, or -1. */
int chain_carrier(const struct chain *chain);
/* Fills the outer endpoints of the attempt; returns how many. */
size_t chain_externals(const struct chain *chain, size_t index,
		       struct method_external *ret_externals);

/* --- for methods ------------------------------------------------------- */

/* Says how the slot's method stands; REPORT is copied. Not from start(). */
void chain_report(struct chain_slot *slot, const struct method_report *report);
/* Is method ID, before this one in the order, still in its first attempt? */
bool chain_is_earlier_running(const struct chain_slot *slot, enum method_id id);
/* Did method ID, before this one in the order, succeed? */
bool chain_is_earlier_ok(const struct chain_slot *slot, enum method_id id);
/* Is this the method that carries the service? */
bool chain_is_carrier(const struct chain_slot *slot);
/* Does another method of the chain hold this outer port by a lease? */
bool chain_is_port_leased(const struct chain_slot *slot, uint16_t port);

#endif
