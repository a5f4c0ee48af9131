/*
 * punch_paths: the paths of one attempt: what is sent on them, and which of
 * them are relied upon.
 *
 * The inside of punch_core.h, for punch_core.c alone, which hears and keeps the
 * time.
 */
#ifndef LIB_PUNCH_PATHS_H
#define LIB_PUNCH_PATHS_H

#include "punch_core.h"

struct punch_track {
	struct punch_path view;
	bool is_foreign; /* the remote address was not announced */
	unsigned int times_chosen;
	/* since it was chosen */
	unsigned int answers;
	unsigned int refused;
	uint64_t chosen_ms;
	uint64_t answer_due_ms;
	uint64_t ok_ms;    /* when the peer's OK came; 0: not yet */
	uint64_t heard_ms; /* the last of it; also before */
};

struct punch_core {
	struct punch_core_options options;
	const struct punch_policy *policy;
	struct punch_plan plan;
	size_t next_step;
	uint64_t start_ms;
	uint64_t end_ms;
	enum punch_outcome outcome;
	struct punch_track paths[PUNCH_PORTS_MOST];
	uint8_t order[PUNCH_PORTS_MOST];
	uint64_t bucket_ms; /* token bucket of the answers, in time: full at */
	uint64_t heard_ms;  /* anything, on any path */
	uint64_t spray_ms;  /* start of the window */
	unsigned int spray_count;
	bool is_sprayed;
	size_t next_tail;
};

/* The only writer of ->state. */
void punch_paths_event(struct punch_track *path, enum punch_event event);

/* Sends MESSAGE to TO. */
void punch_paths_send(struct punch_core *core, size_t index,
		      enum punch_message message, const struct endpoint *to,
		      unsigned int ttl);
/* Sends MESSAGE to where the peer was heard on the path, unless too much was
 * answered of late. */
void punch_paths_answer(struct punch_core *core, uint64_t now_ms, size_t index,
			enum punch_message message);
/* The same with OK, and says when the next is due. */
void punch_paths_send_ok(struct punch_core *core, uint64_t now_ms,
			 size_t index);

/* May another path be chosen? */
bool punch_paths_have_room(const struct punch_core *core);
/* Was the peer heard on it of late? */
bool punch_paths_is_alive(const struct punch_core *core,
			  const struct punch_track *path, uint64_t now_ms);
/* The spare that would be chosen next, or NULL. */
struct punch_track *punch_paths_best_spare(struct punch_core *core,
					   uint64_t now_ms);
/* Chooses spares while there is room. */
void punch_paths_choose(struct punch_core *core, uint64_t now_ms);

/* Counts a chosen path as connected; the last one wanted ends the attempt. */
void punch_paths_prove(struct punch_core *core, uint64_t now_ms, size_t index,
		       enum punch_proof proof);
/* Ends the attempt: all that is not connected is closed. */
void punch_paths_finish(struct punch_core *core, uint64_t now_ms,
			enum punch_outcome outcome);

#endif
