/*
 * pmp_engine: what a PCP client and a NAT-PMP client do alike.
 *
 * Both ask one server on one UDP socket: the engine keeps the requests in
 * order, a bounded number of them in flight, sends again what stays unanswered,
 * judges silence and refusals, watches the server's epoch and tells the user
 * from the loop only. What a packet looks like is the business of the protocol
 * (pcp_client.c, natpmp_client.c), which embeds struct pmp_engine as its first
 * member.
 *
 * What a server announces to all hosts is heard too, but never believed: it is
 * the reason to ask the server itself, and the epoch of that answer counts.
 */
#ifndef DAEMON_PMP_ENGINE_H
#define DAEMON_PMP_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "epoch.h"
#include "log.h"
#include "loop.h"
#include "map_client.h"
#include "pmp_job.h"
#include "pmp_listen.h"

/* However many announcements are heard, the server is asked so often because of
 * them, then once in this time. */
#define PMP_HINT_BURST 5
#define PMP_HINT_MS    1000

/* A server that never answered is given up after the first, one that did after
 * the second, each counted from the first packet of a request. */
#define PMP_BUDGET_UNKNOWN_MS 750
#define PMP_BUDGET_READY_MS   10000

struct pmp_engine;

struct pmp_protocol {
	enum map_via via;
	unsigned int window_most; /* requests in flight */
	uint32_t first_retry_ms;
	uint32_t retry_most_ms;
	uint32_t jitter_permille; /* of each interval, both ways */
	bool (*is_reset)(struct epoch *epoch, uint32_t server_s,
			 uint64_t client_ms);
	/* Decides a request without a packet: true, and the result. */
	bool (*decide)(struct pmp_engine *engine, const struct pmp_job *job,
		       struct map_result *ret_result);
	/* Sends JOB (once more). Returns 0 or -errno. */
	int (*send)(struct pmp_engine *engine, const struct pmp_job *job);
	/* Is this datagram an announcement of the protocol? */
	bool (*is_announcement)(const uint8_t *bytes, size_t len);
	/* Takes one datagram or error off the socket and judges it. False when
	 * there is none. */
	bool (*receive)(struct pmp_engine *engine);
};

struct pmp_engine {
	struct map_client client; /* first */
	const struct pmp_protocol *protocol;
	struct loop *loop; /* borrowed */
	struct log *log;   /* borrowed */
	struct endpoint server;
	int fd; /* owned by the protocol */
	struct loop_io *io;
	struct loop_timer *tick;
	struct loop_timer *outbox;
	struct pmp_jobs jobs;
	unsigned int window; /* now */
	struct epoch epoch;
	uint64_t last_heard_ms;
	enum map_client_state logged_state;
	uint64_t dropped_count; /* datagrams that answered nothing */
	bool is_probe_queued;
	bool tells_changed;
	bool tells_restarted;
	struct pmp_listen *ears; /* NULL: not to be had */
	struct loop_timer *hint; /* runs: hints were used, one comes back */
	unsigned int hints_used; /* of PMP_HINT_BURST */
	bool is_hinted;          /* an announcement waits for its turn */
};

/* Starts on the open socket FD (borrowed until pmp_engine_fini()). The caller
 * fills client.ops. */
void pmp_engine_init(struct pmp_engine *engine,
		     const struct pmp_protocol *protocol, struct loop *loop,
		     struct log *log, const struct map_client_options *options,
		     int fd);
/* Ends every request without calls. */
void pmp_engine_fini(struct pmp_engine *engine);

/* The operations of struct map_client_ops. CLIENT must be an engine's. */
void pmp_engine_probe(struct map_client *client);
uint64_t pmp_engine_map(struct map_client *client,
			const struct map_request *request, map_done_fn done,
			void *arg);
uint64_t pmp_engine_unmap(struct map_client *client,
			  const struct map_request *request, map_done_fn done,
			  void *arg);
void pmp_engine_cancel(struct map_client *client, uint64_t id);

/* For the protocols: */

/* The server said something proper, and its clock stands at EPOCH_S. */
void pmp_engine_heard_epoch(struct pmp_engine *engine, uint32_t epoch_s);
/* The server's outer address; unset = it has none that we know. */
void pmp_engine_set_external(struct pmp_engine *engine,
			     const struct addr *external);
/* The server may have announced something: asks it, see PMP_HINT_MS. */
void pmp_engine_announced(struct pmp_engine *engine);
/* Ends JOB, which is in flight, with RESULT; a probe's result is dropped. */
void pmp_engine_finish(struct pmp_engine *engine, struct pmp_job *job,
		       const struct map_result *result);
/* The server does not speak the protocol: ends all with MAP_ABSENT. */
void pmp_engine_absent(struct pmp_engine *engine, const char *why);
/* Counts a datagram that answers nothing; WHY for the debug log. */
void pmp_engine_drop(struct pmp_engine *engine, const char *why);

/* Returns a result with STATUS, CODE and DETAIL. */
struct map_result pmp_result(enum map_status status, int code,
			     const char *detail);

#endif
