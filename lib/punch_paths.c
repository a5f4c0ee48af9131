#include "punch_paths.h"

#define MS_PER_S 1000

void punch_paths_event(struct punch_track *path, enum punch_event event)
{
	path->view.state = punch_state_next(path->view.state, event);
}

/* --- sending -------------------------------------------------------------- */

void punch_paths_send(struct punch_core *core, size_t index,
		      enum punch_message message, const struct endpoint *to,
		      unsigned int ttl)
{
	uint8_t bytes[PUNCH_MESSAGE_BYTES];
	size_t len = core->policy->codec->encode(core->options.session, message,
						 to, bytes);
	int error =
	    core->options.send(core->options.arg, index, to, bytes, len, ttl);

	if (error)
		core->paths[index].view.send_error = -error;
}

/* A token bucket kept as the time at which it will be full again. */
static bool take_token(struct punch_core *core, uint64_t now_ms)
{
	uint64_t token_ms = MS_PER_S / core->policy->answer_rate;
	uint64_t burst_ms = token_ms * core->policy->answer_burst;

	if (core->bucket_ms < now_ms)
		core->bucket_ms = now_ms;
	if (core->bucket_ms + token_ms > now_ms + burst_ms)
		return false;
	core->bucket_ms += token_ms;
	return true;
}

void punch_paths_answer(struct punch_core *core, uint64_t now_ms, size_t index,
			enum punch_message message)
{
	struct punch_track *path = &core->paths[index];

	if (!take_token(core, now_ms))
		return;
	punch_paths_send(core, index, message, &path->view.remote,
			 core->policy->full_ttl);
	path->view.answers_sent++;
}

void punch_paths_send_ok(struct punch_core *core, uint64_t now_ms, size_t index)
{
	struct punch_track *path = &core->paths[index];

	punch_paths_answer(core, now_ms, index, PUNCH_OK);
	path->answer_due_ms =
	    now_ms + (path->answers == 0 ? core->policy->answer_first_ms
					 : core->policy->answer_ms);
	path->answers++;
}

/* --- choosing ------------------------------------------------------------- */

static unsigned int count_state(const struct punch_core *core,
				enum punch_state state)
{
	unsigned int count = 0;

	for (size_t i = 0; i < core->options.ports; i++)
		count += core->paths[i].view.state == state;
	return count;
}

bool punch_paths_have_room(const struct punch_core *core)
{
	return count_state(core, PUNCH_CHOSEN) + count_state(core, PUNCH_DONE) <
	       core->options.wanted;
}

static bool is_eligible(const struct punch_core *core,
			const struct punch_track *path, uint64_t now_ms)
{
	return path->view.state == PUNCH_SPARE &&
	       (!path->is_foreign || now_ms >= core->start_ms +
						   path->view.heard_ms +
						   core->policy->foreign_ms);
}

bool punch_paths_is_alive(const struct punch_core *core,
			  const struct punch_track *path, uint64_t now_ms)
{
	return now_ms < path->heard_ms + core->policy->alive_ms;
}

static bool is_better(const struct punch_core *core,
		      const struct punch_track *a, const struct punch_track *b,
		      uint64_t now_ms)
{
	bool is_a_alive = punch_paths_is_alive(core, a, now_ms);

	if (is_a_alive != punch_paths_is_alive(core, b, now_ms))
		return is_a_alive;
	if (a->is_foreign != b->is_foreign)
		return b->is_foreign;
	if (a->times_chosen != b->times_chosen)
		return a->times_chosen < b->times_chosen;
	return a->view.heard_ms < b->view.heard_ms;
}

struct punch_track *punch_paths_best_spare(struct punch_core *core,
					   uint64_t now_ms)
{
	struct punch_track *best = NULL;

	for (size_t i = 0; i < core->options.ports; i++) {
		struct punch_track *path = &core->paths[core->order[i]];

		if (is_eligible(core, path, now_ms) &&
		    (!best || is_better(core, path, best, now_ms)))
			best = path;
	}
	return best;
}

static void choose(struct punch_core *core, uint64_t now_ms,
		   struct punch_track *path)
{
	punch_paths_event(path, PUNCH_EVENT_CHOOSE);
	path->times_chosen++;
	path->answers = 0;
	path->refused = 0;
	path->chosen_ms = now_ms;
	path->ok_ms = 0;
	punch_paths_send_ok(core, now_ms, (size_t)(path - core->paths));
}

/* A path to an address that nobody announced makes way for one that was. */
static void drop_foreign(struct punch_core *core,
			 const struct punch_track *better)
{
	if (punch_paths_have_room(core) || better->is_foreign)
		return;
	for (size_t i = 0; i < core->options.ports; i++) {
		struct punch_track *path = &core->paths[i];

		if (path->view.state == PUNCH_CHOSEN && path->is_foreign) {
			punch_paths_event(path, PUNCH_EVENT_STALLED);
			return;
		}
	}
}

void punch_paths_choose(struct punch_core *core, uint64_t now_ms)
{
	struct punch_track *best;

	while ((best = punch_paths_best_spare(core, now_ms))) {
		drop_foreign(core, best);
		if (!punch_paths_have_room(core))
			return;
		choose(core, now_ms, best);
	}
}

/* --- the end -------------------------------------------------------------- */

void punch_paths_finish(struct punch_core *core, uint64_t now_ms,
			enum punch_outcome outcome)
{
	core->outcome = outcome;
	core->end_ms = now_ms;
	for (size_t i = 0; i < core->options.ports; i++)
		punch_paths_event(&core->paths[i], PUNCH_EVENT_CLOSE);
}

void punch_paths_prove(struct punch_core *core, uint64_t now_ms, size_t index,
		       enum punch_proof proof)
{
	struct punch_track *path = &core->paths[index];

	punch_paths_event(path, PUNCH_EVENT_PROVEN);
	if (path->view.state != PUNCH_DONE ||
	    path->view.proof != PUNCH_PROOF_NONE)
		return;
	path->view.proof = proof;
	path->view.done_ms = now_ms - core->start_ms;
	if (core->options.role == PUNCH_CONSUMER)
		punch_paths_answer(core, now_ms, index, PUNCH_ACK);
	if (count_state(core, PUNCH_DONE) == core->options.wanted)
		punch_paths_finish(core, now_ms, PUNCH_CONNECTED);
}
