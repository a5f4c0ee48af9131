/*
 * api_wait: calls of io.traversald that are answered later.
 *
 * A call may wait for news of a service, for a proof, or for a deletion; it is
 * answered in time, or when its time is over, or forgotten when the client
 * goes.
 */
#ifndef DAEMON_API_WAIT_H
#define DAEMON_API_WAIT_H

#include <sys/queue.h>

#include "api.h"

/* Calls that wait for the network are answered at the latest after this. */
#define API_ANSWER_MS 10000

struct api_ticket;
struct punch_desk;
struct api_wait;

/* Answers the call when it can be; with IS_LATE in any case. Returns whether it
 * did. SERVICE is NULL when there is none (any more). */
typedef bool (*api_answer_fn)(struct api_wait *waiting, struct service *service,
			      bool is_late);

/* A call that waits. */
struct api_wait {
	struct api *api;
	struct control_call *call;
	char service[CONFIG_NAME_BYTES]; /* whose news count; "" = none */
	uint64_t began_ms;
	struct loop_timer *deadline;
	api_answer_fn answer;
	struct prover *prover;     /* owned: of a port that is no service */
	struct api_ticket *ticket; /* of a deletion */
	LIST_ENTRY(api_wait) link;
};

struct api {
	struct app *app;
	struct punch_desk *punch; /* owned */
	LIST_HEAD(, api_wait) waiting;
	LIST_HEAD(, api_ticket) tickets;
};

/* Lets CALL wait for news of SERVICE (""). Returns it, borrowed. */
struct api_wait *api_wait(struct api *api, struct control_call *call,
			  const char *service, api_answer_fn answer);
/* Forgets one that has just been answered. */
void api_wait_end(struct api_wait *waiting);

/* Lets CALL wait for a deletion: hand the ticket to api_on_deleted() when it
 * has ended, which answers {}. It may outlive the call and the api. */
struct api_ticket *api_wait_deletion(struct api *api,
				     struct control_call *call);
void api_on_deleted(void *ticket);

/* The deletions under way are nobody's business any more. */
void api_forget_deletions(struct api *api);

#endif
