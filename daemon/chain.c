#include "chain.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "renewal.h"

struct chain_slot {
	struct chain *chain;
	size_t index;
	const struct method_ops *ops;
	struct method_run *run;
	struct method_report report;
	bool is_settled; /* its first attempt has ended */
	bool is_timed;   /* an attempt runs that we began */
	uint64_t started_ms;
	uint64_t took_ms;
	uint64_t reported_ms;
	unsigned int failures;
	struct loop_timer *retry;
};

struct chain {
	struct chain_options options;
	struct chain_slot slots[METHOD_COUNT];
	size_t count;
	int carrier;
	enum chain_state state;
	uint64_t since_ms;
	bool is_starting;
	bool is_stopping;
	size_t stopping;
	void (*stopped)(void *arg);
	void *stopped_arg;
};

static const char *const state_names[] = {
    [CHAIN_TRYING] = "trying",           [CHAIN_REACHABLE] = "reachable",
    [CHAIN_LIKELY] = "likely",           [CHAIN_LIMITED] = "limited",
    [CHAIN_UNREACHABLE] = "unreachable",
};

static bool is_full(const struct method_report *report)
{
	return report->is_proven && !report->is_partial;
}

/*
 * The first method of the order that succeeded. A full success carries at once;
 * one that is partial or unproven waits for the first answer of those before
 * it, so that the state does not flicker at start.
 */
static int pick_carrier(const struct chain *chain)
{
	bool are_earlier_settled = true;

	for (size_t i = 0; i < chain->count; i++) {
		const struct chain_slot *slot = &chain->slots[i];

		if (slot->report.outcome == METHOD_OK &&
		    (are_earlier_settled || is_full(&slot->report)))
			return (int)i;
		are_earlier_settled = are_earlier_settled && slot->is_settled;
	}
	return -1;
}

static enum chain_state judge(const struct chain *chain)
{
	const struct method_report *report;

	if (chain->carrier < 0) {
		for (size_t i = 0; i < chain->count; i++)
			if (!chain->slots[i].is_settled)
				return CHAIN_TRYING;
		return CHAIN_UNREACHABLE;
	}
	report = &chain->slots[chain->carrier].report;
	if (report->is_partial)
		return CHAIN_LIMITED;
	return report->is_proven ? CHAIN_REACHABLE : CHAIN_LIKELY;
}

static void log_carrier(const struct chain *chain, int before)
{
	const struct chain_slot *now =
	    chain->carrier < 0 ? NULL : &chain->slots[chain->carrier];

	log_info(chain->options.env->log,
		 "event=method-changed service=%s from=%s to=%s state=%s",
		 chain->options.service->name,
		 before < 0 ? "none"
			    : method_name(chain->slots[before].ops->id),
		 now ? method_name(now->ops->id) : "none",
		 state_names[chain->state]);
}

static void retry_failed_others(struct chain *chain, size_t lost)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct chain_slot *slot = &chain->slots[i];

		if (i != lost && slot->report.outcome != METHOD_OK &&
		    slot->is_settled)
			slot->ops->again(slot->run, CAUSE_LOST);
	}
}

/* The methods look at each other: at outcomes and at who carries. */
static void tell_all(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->slots[i].ops->sibling_changed)
			chain->slots[i].ops->sibling_changed(
			    chain->slots[i].run);
}

static void decide(struct chain *chain)
{
	int before = chain->carrier;
	enum chain_state state;
	bool is_lost;

	chain->carrier = pick_carrier(chain);
	state = judge(chain);
	if (state != chain->state) {
		chain->state = state;
		chain->since_ms = loop_now_ms(chain->options.env->loop);
	}
	is_lost = before >= 0 &&
		  chain->slots[before].report.outcome != METHOD_OK &&
		  chain->slots[before].is_settled;
	if (before != chain->carrier) {
		log_carrier(chain, before);
		tell_all(chain);
	}
	if (is_lost)
		retry_failed_others(chain, (size_t)before);
	if (chain->options.changed)
		chain->options.changed(chain->options.arg, chain);
}

static void start_timing(struct chain_slot *slot)
{
	slot->is_timed = true;
	slot->started_ms = loop_now_ms(slot->chain->options.env->loop);
}

/* What a method says by itself later belongs to no attempt of ours. */
static void stop_timing(struct chain_slot *slot)
{
	if (slot->is_timed)
		slot->took_ms = loop_now_ms(slot->chain->options.env->loop) -
				slot->started_ms;
	slot->is_timed = false;
}

static void on_retry(void *arg)
{
	struct chain_slot *slot = arg;

	start_timing(slot);
	slot->ops->again(slot->run, CAUSE_SCHEDULE);
}

static void schedule_retry(struct chain_slot *slot)
{
	if (slot->ops->retry_first_ms == 0)
		return;
	slot->failures++;
	loop_timer_start(slot->retry,
			 renewal_backoff_ms(slot->ops->retry_first_ms,
					    slot->ops->retry_most_ms,
					    slot->failures,
					    randombytes_random()));
}

void chain_report(struct chain_slot *slot, const struct method_report *report)
{
	struct chain *chain = slot->chain;
	bool is_changed =
	    report->outcome != slot->report.outcome || !slot->is_settled;

	if (chain->is_stopping)
		return;
	slot->report = *report;
	slot->reported_ms = loop_now_ms(chain->options.env->loop);
	if (report->outcome != METHOD_RUNNING) {
		slot->is_settled = true;
		stop_timing(slot);
		loop_timer_stop(slot->retry);
		if (report->outcome == METHOD_OK)
			slot->failures = 0;
		else
			schedule_retry(slot);
	}
	if (is_changed) {
		log_debug(chain->options.env->log,
			  "event=method-outcome service=%s method=%s "
			  "outcome=%s detail=\"%s\"",
			  chain->options.service->name,
			  method_name(slot->ops->id),
			  method_outcome_name(report->outcome), report->detail);
		tell_all(chain);
	}
	decide(chain);
}

struct chain *chain_new(const struct chain_options *options)
{
	struct chain *chain = xcalloc(1, sizeof(*chain));
	uint64_t now_ms = loop_now_ms(options->env->loop);

	chain->options = *options;
	chain->options.order = NULL;
	chain->carrier = -1;
	chain->since_ms = now_ms;
	chain->count = options->count;
	for (size_t i = 0; i < chain->count; i++) {
		struct chain_slot *slot = &chain->slots[i];

		slot->chain = chain;
		slot->index = i;
		slot->ops = options->table[options->order[i]];
		start_timing(slot);
		slot->retry =
		    loop_timer_new(options->env->loop, on_retry, slot);
	}
	for (size_t i = 0; i < chain->count; i++)
		chain->slots[i].run = chain->slots[i].ops->start(
		    options->env, options->service, &chain->slots[i]);
	return chain;
}

static void on_method_stopped(void *arg)
{
	struct chain *chain = arg;
	void (*stopped)(void *) = chain->stopped;
	void *stopped_arg = chain->stopped_arg;

	if (--chain->stopping > 0)
		return;
	free(chain);
	if (stopped)
		stopped(stopped_arg);
}

void chain_stop(struct chain *chain, void (*done)(void *arg), void *arg)
{
	size_t count = chain->count;

	chain->is_stopping = true;
	chain->stopped = done;
	chain->stopped_arg = arg;
	/* One more than the methods, so that it is freed after the loop. */
	chain->stopping = count + 1;
	for (size_t i = 0; i < count; i++) {
		loop_timer_free(chain->slots[i].retry);
		chain->slots[i].ops->stop(chain->slots[i].run,
					  on_method_stopped, chain);
	}
	on_method_stopped(chain);
}

static void unsettle(struct chain_slot *slot)
{
	slot->is_settled = false;
	slot->failures = 0;
	slot->report = (struct method_report){.outcome = METHOD_RUNNING};
	loop_timer_stop(slot->retry);
}

void chain_again(struct chain *chain, enum method_cause cause)
{
	for (size_t i = 0; i < chain->count; i++) {
		start_timing(&chain->slots[i]);
		if (cause == CAUSE_NETWORK)
			unsettle(&chain->slots[i]);
	}
	for (size_t i = 0; i < chain->count; i++)
		chain->slots[i].ops->again(chain->slots[i].run, cause);
	decide(chain);
}

void chain_let_go(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (chain->slots[i].ops->let_go)
			chain->slots[i].ops->let_go(chain->slots[i].run);
}

enum chain_state chain_state(const struct chain *chain)
{
	return chain->state;
}

const char *chain_state_name(enum chain_state state)
{
	return state_names[state];
}

uint64_t chain_since_ms(const struct chain *chain)
{
	return chain->since_ms;
}

size_t chain_attempt_count(const struct chain *chain)
{
	return chain->count;
}

struct chain_attempt chain_attempt(const struct chain *chain, size_t index)
{
	const struct chain_slot *slot = &chain->slots[index];
	uint64_t now_ms = loop_now_ms(chain->options.env->loop);

	return (struct chain_attempt){
	    .id = slot->ops->id,
	    .report = slot->report,
	    .reported_ms = slot->reported_ms,
	    .took_ms =
		slot->is_settled ? slot->took_ms : now_ms - slot->started_ms,
	};
}

int chain_carrier(const struct chain *chain)
{
	return chain->carrier;
}

size_t chain_externals(const struct chain *chain, size_t index,
		       struct method_external *ret_externals)
{
	const struct chain_slot *slot = &chain->slots[index];

	if (!slot->run || !slot->ops->externals)
		return 0;
	return slot->ops->externals(slot->run, ret_externals);
}

/* The slot of method ID if it comes before SLOT, or NULL. */
static const struct chain_slot *find_earlier(const struct chain_slot *slot,
					     enum method_id id)
{
	for (size_t i = 0; i < slot->index; i++)
		if (slot->chain->slots[i].ops->id == id)
			return &slot->chain->slots[i];
	return NULL;
}

bool chain_is_earlier_running(const struct chain_slot *slot, enum method_id id)
{
	const struct chain_slot *earlier = find_earlier(slot, id);

	return earlier && !earlier->is_settled;
}

bool chain_is_earlier_ok(const struct chain_slot *slot, enum method_id id)
{
	const struct chain_slot *earlier = find_earlier(slot, id);

	return earlier && earlier->report.outcome == METHOD_OK;
}

bool chain_is_carrier(const struct chain_slot *slot)
{
	return slot->chain->carrier == (int)slot->index;
}

bool chain_is_port_leased(const struct chain_slot *slot, uint16_t port)
{
	struct method_external externals[METHOD_EXTERNALS];
	const struct chain *chain = slot->chain;
	size_t count;

	for (size_t i = 0; i < chain->count; i++) {
		if (i == slot->index)
			continue;
		count = chain_externals(chain, i, externals);
		for (size_t k = 0; k < count; k++)
			if (externals[k].has_lease &&
			    externals[k].endpoint.addr.family == AF_INET &&
			    externals[k].endpoint.port == port)
				return true;
	}
	return false;
}
