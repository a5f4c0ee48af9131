/*
 * lease_parts: the inside of a lease, for the files that make it up.
 *
 * lease_parts.c builds requests and remembers, lease_hold.c takes grants,
 * lease_race.c asks the protocols, lease_end.c gives back, lease.c hears time
 * and gateway. Nobody else includes this.
 */
#ifndef DAEMON_LEASE_PARTS_H
#define DAEMON_LEASE_PARTS_H

#include "lease.h"
#include "lease_check.h"

enum attempt_state { ATTEMPT_IDLE, ATTEMPT_IN_FLIGHT, ATTEMPT_FAILED };

struct attempt {
	struct lease *lease; /* which lease and protocol a result is for */
	enum map_via via;
	enum attempt_state state;
	uint64_t id;
	uint64_t unmap_id; /* of the deletion at release; 0 = none under way */
	unsigned int conflicts;
	uint16_t external_port;
	struct map_result result; /* with ATTEMPT_FAILED */
};

struct grant {
	enum map_via via;
	struct endpoint external;
	uint32_t lifetime_s;
	bool is_permanent;
	uint64_t granted_ms;
	unsigned int renewals_failed;
};

struct lease {
	struct portmap_user user; /* first: on_client_changed() casts */
	struct portmap *portmap;
	struct lease_wish wish;
	uint8_t nonce[MAP_NONCE_BYTES];
	struct attempt attempts[MAP_VIA_COUNT];
	bool is_pursuing;
	bool is_renewal; /* pursuing with the holding protocol alone */
	bool is_held;
	bool has_failed;
	bool is_keeping; /* waits until it is remembered before it asks */
	bool has_past;
	struct lease_past past; /* of an earlier run, not yet taken over */
	bool is_gateway_away;   /* the protocol that holds it went silent */
	struct grant grant;
	struct endpoint previous; /* the external endpoint before this one */
	/* The gateway's outer address, as each protocol last told it. */
	struct addr outer[MAP_VIA_COUNT];
	struct map_result failure;
	unsigned int failures;
	struct loop_timer *timer; /* search deadline, renewal or retry */
	struct loop_timer *expiry;
	struct lease_check *check;
	uint64_t remake_id; /* of the deletion before it is made anew; or 0 */
	bool is_remaking;
	lease_changed_fn changed;
	void *arg;
	bool is_releasing;
	bool is_left; /* what was asked for may stay behind the release */
	lease_released_fn released;
	void *released_arg;
};

/* Borrowed from the portmap. */
struct loop *lease_loop(const struct lease *lease);
struct log *lease_log(const struct lease *lease);

/* Says to the owner that the lease changed. Last, for the owner may end it. */
void lease_tell(struct lease *lease);
/* Logs EVENT and tells it to whoever wants news. */
void lease_announce(const struct lease *lease, const char *event);

/* Derives the nonce from the host's secret, the gateway and the port. */
void lease_derive_nonce(struct lease *lease);
/* What to ask for, with this outer port. */
struct map_request lease_make_request(const struct lease *lease,
				      uint16_t external_port);
/* An outer port other than the wished one: the same at each start with ATTEMPT
 * up to 1, else random. */
uint16_t lease_other_port(const struct lease *lease, unsigned int attempt);
/* The outer port to begin with. */
uint16_t lease_first_port(const struct lease *lease);

/* Ends every request under way. */
void lease_cancel_attempts(struct lease *lease);
/* Ends the deletion of lease_remake(), if one is under way. */
void lease_cancel_remake(struct lease *lease);
/* Has the outer PORT of VIA deleted; returns the client's id, 0 without one. */
uint64_t lease_unmap_at(struct lease *lease, enum map_via via, uint16_t port,
			map_done_fn done, void *arg);

/* The memory over the end of the daemon, see struct portmap_memory. */
bool lease_keep(const struct lease *lease);
void lease_recall(struct lease *lease);
void lease_end_memory(const struct lease *lease, bool is_left);

#endif
