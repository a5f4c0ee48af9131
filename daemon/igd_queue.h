/*
 * igd_queue: the requests that wait for one UPnP router, and its state.
 *
 * Private to the UPnP client: igd_queue.c keeps requests and tells of news,
 * igd_serve.c serves the first request, igd_client.c is what others see.
 */
#ifndef DAEMON_IGD_QUEUE_H
#define DAEMON_IGD_QUEUE_H

#include <sys/queue.h>

#include "igd_client.h"
#include "igd_ladder.h"
#include "igd_place.h"
#include "igd_process.h"
#include "ssdp_search.h"

enum igd_op_kind {
	IGD_OP_REFRESH,
	IGD_OP_MAP,
	IGD_OP_UNMAP,
	IGD_OP_CHECK,
	IGD_OP_LIST,
};

/* A request of the caller, or (REFRESH) the wish to look after the router. */
struct igd_op {
	uint64_t id;
	enum igd_op_kind kind;
	struct igd_ladder ladder; /* MAP, UNMAP; CHECK: its wish */
	map_done_fn done;
	igd_list_fn listed;
	void *arg;
	bool is_cancelled;
	uint64_t began_ms; /* 0: still waits */
	uint64_t limit_ms;
	unsigned int failures;
	int code;                  /* enum igd_code of the last failure */
	struct igd_entry *entries; /* owned; LIST */
	size_t entry_count;
	TAILQ_ENTRY(igd_op) link;
};

/* What is waited for on behalf of the first request. */
enum igd_phase {
	IGD_PHASE_IDLE,
	IGD_PHASE_SEARCHING,
	IGD_PHASE_OPENING,
	IGD_PHASE_ASKING,
};

struct igd_client {
	struct map_client base; /* first: the ops cast */
	struct addr seen; /* the router sees us as this; unset: as we are */
	struct loop *loop;
	struct log *log;
	struct ssdp_search *search;
	struct igd_process *process;
	struct loop_timer *kick; /* so that nothing happens within a call */
	struct loop_timer *idle;
	TAILQ_HEAD(igd_op_list, igd_op) ops; /* the first one is served */
	enum igd_phase phase;
	uint64_t last_id;
	struct igd_places places;
	bool must_search;         /* the places may be out of date */
	uint64_t unfit_until_ms;  /* what is heard before counts for nothing */
	uint64_t open_generation; /* of the worker that has opened; 0 */
	struct addr lan;
	unsigned int version;
	uint32_t uptime_s; /* when it was last asked; 0 = unknown */
	uint64_t uptime_at_ms;
	struct igd_memory memory;
	struct igd_boot boot;
	bool restart_due; /* to be told once the router is back */
};

/* Appends a request and has the queue served soon. */
struct igd_op *igd_queue_push(struct igd_client *c, enum igd_op_kind kind);
/* Appends a REFRESH unless one waits. */
void igd_queue_push_refresh(struct igd_client *c);
/* Removes and frees without a call. */
void igd_queue_drop(struct igd_client *c, struct igd_op *op);

/* Ends the first request with RESULT, or with a status and the words for a
 * code; the next one is served soon. */
void igd_queue_finish(struct igd_client *c, const struct map_result *result);
void igd_queue_fail(struct igd_client *c, enum map_status status, int code);
/* The same, and the router is not there, or not fit: ABSENT because of CODE. */
void igd_queue_give_up(struct igd_client *c, enum map_status status, int code);

/* Write ->state and ->external and tell the listener of what changed. */
void igd_queue_set_state(struct igd_client *c, enum map_client_state state,
			 const char *detail);
void igd_queue_set_external(struct igd_client *c, const struct addr *external);
void igd_queue_tell_restarted(struct igd_client *c);

/* What the caller is told for a code that ended a request. */
enum map_status igd_queue_status(int code);

#endif
