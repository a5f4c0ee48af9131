/*
 * igd_process: the UPnP worker as a child process.
 *
 * Starts traversald-igd when there is something to ask, one request at a time,
 * and kills it when it overruns, breaks the protocol or is no longer wanted. It
 * does not know what is asked and repeats nothing.
 */
#ifndef DAEMON_IGD_PROCESS_H
#define DAEMON_IGD_PROCESS_H

#include <stdint.h>

#include "igd_wire.h"
#include "log.h"
#include "loop.h"

enum igd_event {
	IGD_EVENT_MORE,    /* an entry of a list; the answer follows */
	IGD_EVENT_ANSWER,  /* the request has ended */
	IGD_EVENT_LOST,    /* the worker died or talked nonsense: the end */
	IGD_EVENT_OVERRUN, /* its time was up, it has been killed: the end */
};

/* ANSWER (borrowed) is NULL with LOST and OVERRUN. Called from the loop. */
typedef void (*igd_event_fn)(void *arg, enum igd_event event,
			     const struct igd_answer *answer);

struct igd_process;

/* Returns an owned, not yet running worker; PATH (copied) is its program. */
struct igd_process *igd_process_new(struct loop *loop, struct log *log,
				    const char *path, igd_event_fn fn,
				    void *arg);
/* Kills the worker and frees. */
void igd_process_free(struct igd_process *process);

/*
 * Sends REQUEST (its ->id is chosen here), starting the worker when none runs.
 * No other request may be under way. Returns 0, or -errno when there is no
 * worker to be had; then there is no call.
 */
int igd_process_ask(struct igd_process *process,
		    const struct igd_request *request, uint64_t deadline_ms);

/* Kills the worker; a request under way ends without a call. */
void igd_process_stop(struct igd_process *process);

/* Which worker runs: a number that never comes again, 0 for none. What was
 * opened in one worker is unknown to the next. */
uint64_t igd_process_generation(const struct igd_process *process);

/* The worker's process id, 0 for none. */
int igd_process_pid(const struct igd_process *process);

#endif
