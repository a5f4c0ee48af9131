#include "punch_core.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "mem.h"
#include "punch_paths.h"

/* ICMP refusals of our answers that end a path: one may come from a peer that
 * is just opening its socket anew. */
#define REFUSALS_MOST 2
/* Answers before silence may mean success. */
#define ANSWERS_LEAST 4
/* Times its patience that a path may be silent where silence is hope. */
#define STALLED_SILENT 3

/* --- hearing -------------------------------------------------------------- */

static bool is_announced(const struct punch_core *core, const struct addr *a)
{
	for (size_t i = 0; i < core->options.target_count; i++)
		if (addr_equal(&core->options.targets[i], a))
			return true;
	return false;
}

/* Takes over where the peer is heard on a path that nobody relies on yet. */
static void adopt(struct punch_core *core, uint64_t now_ms,
		  struct punch_track *path, const struct endpoint *from)
{
	bool is_foreign = !is_announced(core, &from->addr);

	if (path->view.state == PUNCH_SPARE && is_foreign && !path->is_foreign)
		return;
	if (path->view.state == PUNCH_SEEKING || is_foreign != path->is_foreign)
		path->view.heard_ms = now_ms - core->start_ms;
	path->view.remote = *from;
	path->is_foreign = is_foreign;
	punch_paths_event(path, PUNCH_EVENT_HEARD);
}

static void watch_spray(struct punch_core *core, uint64_t now_ms)
{
	if (now_ms - core->spray_ms > core->policy->spray_ms) {
		core->spray_ms = now_ms;
		core->spray_count = 0;
	}
	if (++core->spray_count >= core->policy->spray_pings)
		core->is_sprayed = true;
}

/* A consumer may take an OK as proof on a path that it has not chosen: what
 * counts is which OKs it acknowledges. */
static void prefer(struct punch_core *core, uint64_t now_ms, size_t index)
{
	struct punch_track *path = &core->paths[index];

	if (path->view.state != PUNCH_SPARE || path->is_foreign)
		return;
	for (size_t i = 0;
	     i < core->options.ports && !punch_paths_have_room(core); i++)
		if (core->paths[i].view.state == PUNCH_CHOSEN)
			punch_paths_event(&core->paths[i], PUNCH_EVENT_STALLED);
	if (!punch_paths_have_room(core))
		return;
	punch_paths_event(path, PUNCH_EVENT_CHOOSE);
	path->times_chosen++;
	path->chosen_ms = now_ms;
}

static void hear_ok(struct punch_core *core, uint64_t now_ms, size_t index)
{
	struct punch_track *path = &core->paths[index];

	path->view.oks_heard++;
	if (core->options.role == PUNCH_CONSUMER) {
		prefer(core, now_ms, index);
		punch_paths_prove(core, now_ms, index, PUNCH_PROOF_OK);
		return;
	}
	if (path->view.state != PUNCH_CHOSEN)
		return;
	if (!path->ok_ms)
		path->ok_ms = now_ms;
	/* It hears us from now on, so that this one will count. */
	if (path->answers == 1)
		punch_paths_send_ok(core, now_ms, index);
}

static void hear_ping(struct punch_core *core, uint64_t now_ms, size_t index)
{
	core->paths[index].view.pings_heard++;
	watch_spray(core, now_ms);
}

/* On a chosen path, from its remote end. */
static void hear_chosen(struct punch_core *core, uint64_t now_ms, size_t index,
			enum punch_message message)
{
	bool is_provider = core->options.role == PUNCH_PROVIDER;

	switch (message) {
	case PUNCH_PING:
		hear_ping(core, now_ms, index);
		break;
	case PUNCH_OK:
		hear_ok(core, now_ms, index);
		break;
	case PUNCH_ACK:
		core->paths[index].view.acks_heard++;
		if (is_provider)
			punch_paths_prove(core, now_ms, index, PUNCH_PROOF_ACK);
		break;
	case PUNCH_OTHER:
		if (is_provider)
			punch_paths_prove(core, now_ms, index,
					  PUNCH_PROOF_DATA);
		break;
	}
}

static void hear_unchosen(struct punch_core *core, uint64_t now_ms,
			  size_t index, const struct endpoint *from,
			  enum punch_message message)
{
	struct punch_track *path = &core->paths[index];

	if (message != PUNCH_PING && message != PUNCH_OK)
		return;
	adopt(core, now_ms, path, from);
	if (!endpoint_equal(&path->view.remote, from))
		return;
	if (message == PUNCH_OK)
		hear_ok(core, now_ms, index);
	else
		hear_ping(core, now_ms, index);
	if (core->outcome == PUNCH_RUNNING)
		punch_paths_choose(core, now_ms);
}

void punch_core_receive(struct punch_core *core, uint64_t now_ms, size_t index,
			const struct endpoint *from, const uint8_t *bytes,
			size_t len)
{
	struct punch_track *path = &core->paths[index];
	enum punch_message message =
	    core->policy->codec->classify(core->options.session, bytes, len);
	bool is_remote = endpoint_equal(&path->view.remote, from);

	assert(index < core->options.ports);
	if (message == PUNCH_PING || message == PUNCH_OK)
		core->heard_ms = path->heard_ms = now_ms;
	switch (path->view.state) {
	case PUNCH_SEEKING:
	case PUNCH_SPARE:
		hear_unchosen(core, now_ms, index, from, message);
		break;
	case PUNCH_CHOSEN:
		if (is_remote)
			hear_chosen(core, now_ms, index, message);
		break;
	case PUNCH_DONE:
		if (is_remote && message == PUNCH_OK &&
		    core->options.role == PUNCH_CONSUMER)
			punch_paths_answer(core, now_ms, index, PUNCH_ACK);
		break;
	case PUNCH_CLOSED:
	case PUNCH_STATE_COUNT:
		break;
	}
}

void punch_core_icmp(struct punch_core *core, uint64_t now_ms, size_t index,
		     const struct punch_icmp *icmp)
{
	struct punch_track *path = &core->paths[index];

	assert(index < core->options.ports);
	if (icmp->is_ttl_exceeded) {
		path->view.expired++;
		return;
	}
	if (icmp->error != ECONNREFUSED) {
		path->view.unreachable++;
		return;
	}
	path->view.refused++;
	if (path->view.state != PUNCH_CHOSEN ||
	    !endpoint_equal(&icmp->destination, &path->view.remote) ||
	    ++path->refused < REFUSALS_MOST)
		return;
	punch_paths_event(path, PUNCH_EVENT_REFUSED);
	punch_paths_choose(core, now_ms);
}

/* --- time ----------------------------------------------------------------- */

static void ping(struct punch_core *core, const struct punch_step *step)
{
	struct punch_track *path = &core->paths[step->index];
	const struct endpoint to = {
	    .addr = core->options.targets[step->target],
	    .port = core->options.target_ports[step->target][step->index],
	};

	punch_paths_send(core, step->index, PUNCH_PING, &to, step->ttl);
	path->view.pings_sent++;
}

/* While enough paths are chosen the others keep still; the plan has resends for
 * the case that those fail. */
static void run_plan(struct punch_core *core, uint64_t now_ms)
{
	uint64_t since_ms = now_ms - core->start_ms;

	while (core->next_step < core->plan.count &&
	       core->plan.steps[core->next_step].at_ms <= since_ms) {
		const struct punch_step *step =
		    &core->plan.steps[core->next_step++];
		enum punch_state state = core->paths[step->index].view.state;

		if ((state == PUNCH_SEEKING || state == PUNCH_SPARE) &&
		    punch_paths_have_room(core))
			ping(core, step);
	}
}

static bool is_any_done(const struct punch_core *core)
{
	for (size_t i = 0; i < core->options.ports; i++)
		if (core->paths[i].view.state == PUNCH_DONE)
			return true;
	return false;
}

/* Does silence mean that the peer has enough? A peer that sprays, or has said
 * of one path that it is done, would be heard on others if it had not. */
static bool is_silence_hope(const struct punch_core *core)
{
	return core->is_sprayed || is_any_done(core);
}

/* Is the path proven without an ACK? A sprayer is done when it falls silent and
 * not before, whatever it said on this path; of any other an OK will do. */
static bool is_settled(const struct punch_core *core,
		       const struct punch_track *path, uint64_t now_ms)
{
	uint64_t since_ms = path->ok_ms;

	if (core->is_sprayed || (!since_ms && is_any_done(core)))
		since_ms = core->heard_ms;
	return path->answers >= ANSWERS_LEAST && since_ms &&
	       now_ms >= since_ms + core->policy->assume_ms;
}

/* A sprayer that hears our OK stops pinging there, so that silence on one path
 * is hope, unless it lasts; any other peer has more to say. */
static bool is_stalled(const struct punch_core *core,
		       const struct punch_track *path, uint64_t now_ms)
{
	uint64_t patience_ms = core->policy->stalled_ms;

	if (core->is_sprayed && !punch_paths_is_alive(core, path, now_ms))
		patience_ms *= STALLED_SILENT;
	return !path->ok_ms && now_ms >= path->chosen_ms + patience_ms;
}

static void give_up(struct punch_core *core, uint64_t now_ms,
		    struct punch_track *path)
{
	const struct punch_track *spare = punch_paths_best_spare(core, now_ms);
	bool is_spare_alive =
	    spare && punch_paths_is_alive(core, spare, now_ms);

	if (is_silence_hope(core) && !is_spare_alive)
		return;
	/* Without another way it is no use to leave this one. */
	if (!spare && punch_paths_is_alive(core, path, now_ms))
		return;
	punch_paths_event(path, PUNCH_EVENT_STALLED);
	punch_paths_choose(core, now_ms);
}

static void run_chosen(struct punch_core *core, uint64_t now_ms, size_t index)
{
	struct punch_track *path = &core->paths[index];
	bool is_provider = core->options.role == PUNCH_PROVIDER;

	if (is_provider && is_settled(core, path, now_ms))
		punch_paths_prove(core, now_ms, index,
				  path->ok_ms ? PUNCH_PROOF_ASSUMED
					      : PUNCH_PROOF_QUIET);
	else if (is_stalled(core, path, now_ms))
		give_up(core, now_ms, path);
	if (path->view.state == PUNCH_CHOSEN && now_ms >= path->answer_due_ms)
		punch_paths_send_ok(core, now_ms, index);
}

static void run_paths(struct punch_core *core, uint64_t now_ms)
{
	for (size_t i = 0; i < core->options.ports; i++)
		if (core->paths[i].view.state == PUNCH_CHOSEN &&
		    core->outcome == PUNCH_RUNNING)
			run_chosen(core, now_ms, i);
	if (core->outcome == PUNCH_RUNNING)
		punch_paths_choose(core, now_ms);
}

/* The peer may wait for the one ACK that was lost. */
static void run_tail(struct punch_core *core, uint64_t now_ms)
{
	while (core->next_tail < PUNCH_TAIL &&
	       now_ms >=
		   core->end_ms + core->policy->tail_ms[core->next_tail]) {
		core->next_tail++;
		for (size_t i = 0; i < core->options.ports; i++)
			if (core->paths[i].view.state == PUNCH_DONE)
				punch_paths_answer(core, now_ms, i, PUNCH_ACK);
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_of_path(const struct punch_core *core,
			     const struct punch_track *path)
{
	if (path->view.state == PUNCH_CHOSEN)
		return path->answer_due_ms;
	if (path->view.state == PUNCH_SPARE && path->is_foreign)
		return core->start_ms + path->view.heard_ms +
		       core->policy->foreign_ms;
	return PUNCH_NEVER;
}

static uint64_t next_run(const struct punch_core *core, uint64_t now_ms)
{
	uint64_t next_ms = core->start_ms + core->options.limit_ms;

	if (core->next_step < core->plan.count)
		next_ms = earlier(next_ms,
				  core->start_ms +
				      core->plan.steps[core->next_step].at_ms);
	for (size_t i = 0; i < core->options.ports; i++) {
		uint64_t due_ms = next_of_path(core, &core->paths[i]);

		/* What is eligible and not chosen waits for another event. */
		if (due_ms > now_ms)
			next_ms = earlier(next_ms, due_ms);
	}
	return next_ms;
}

uint64_t punch_core_run(struct punch_core *core, uint64_t now_ms)
{
	if (core->outcome == PUNCH_RUNNING) {
		run_paths(core, now_ms);
		if (core->outcome == PUNCH_RUNNING)
			run_plan(core, now_ms);
		if (core->outcome == PUNCH_RUNNING &&
		    now_ms >= core->start_ms + core->options.limit_ms)
			punch_paths_finish(core, now_ms, PUNCH_FAILED);
	}
	if (core->outcome == PUNCH_RUNNING)
		return next_run(core, now_ms);
	if (core->outcome == PUNCH_FAILED ||
	    core->options.role == PUNCH_PROVIDER)
		return PUNCH_NEVER;
	run_tail(core, now_ms);
	return core->next_tail < PUNCH_TAIL
		   ? core->end_ms + core->policy->tail_ms[core->next_tail]
		   : PUNCH_NEVER;
}

/* --- life ----------------------------------------------------------------- */

struct punch_core *punch_core_new(const struct punch_core_options *options,
				  uint64_t now_ms)
{
	struct punch_core *core = xcalloc(1, sizeof(*core));
	const struct punch_plan_input input = {
	    .role = options->role,
	    .ports = options->ports,
	    .targets = options->target_count,
	    .primer_ttl = options->primer_ttl,
	};

	assert(options->wanted >= 1 && options->wanted <= options->ports);
	core->options = *options;
	core->policy = options->policy;
	core->start_ms = now_ms;
	if (!core->options.limit_ms)
		core->options.limit_ms = core->policy->limit_ms;
	punch_plan_build(core->policy, &input, &core->plan);
	punch_plan_order(options->ports, core->order);
	for (size_t i = 0; i < options->ports; i++) {
		core->paths[i].view.announced = (struct endpoint){
		    .addr = options->targets[0],
		    .port = options->target_ports[0][i],
		};
		core->paths[i].view.ttl = punch_plan_ttl(&core->plan, i);
	}
	return core;
}

void punch_core_free(struct punch_core *core)
{
	free(core);
}

enum punch_outcome punch_core_outcome(const struct punch_core *core)
{
	return core->outcome;
}

unsigned int punch_core_took_ms(const struct punch_core *core, uint64_t now_ms)
{
	return (unsigned int)((core->outcome == PUNCH_RUNNING ? now_ms
							      : core->end_ms) -
			      core->start_ms);
}

const struct punch_path *punch_core_path(const struct punch_core *core,
					 size_t index)
{
	assert(index < core->options.ports);
	return &core->paths[index].view;
}

size_t punch_core_path_count(const struct punch_core *core)
{
	return core->options.ports;
}
