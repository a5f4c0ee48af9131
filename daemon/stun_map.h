/*
 * stun_map: what is the outer endpoint of this socket?
 *
 * Asks several STUN servers at once from one socket and lets them vote
 * (stun_vote.h): one liar of three changes nothing, one slow server costs at
 * most STUN_MAP_GRACE_MS. Says nothing about how the NAT behaves (nat_check.h).
 */
#ifndef DAEMON_STUN_MAP_H
#define DAEMON_STUN_MAP_H

#include "stun_client.h"
#include "stun_vote.h"

#define STUN_MAP_SERVERS_MOST 8
/* How long the others are waited for once two servers agree. */
#define STUN_MAP_GRACE_MS 100

struct stun_map;

struct stun_map_result {
	struct stun_vote vote;
	/* Which servers answered what, in the order in which they came. */
	struct stun_ballot ballots[STUN_MAP_SERVERS_MOST];
	size_t count;
	unsigned int asked;
	unsigned int took_ms;
	int error; /* errno when nothing could be sent at all, else 0 */
};

/* RESULT is borrowed for the call; the map is gone. */
typedef void (*stun_map_fn)(void *arg, const struct stun_map_result *result);

/*
 * Asks the first STUN_MAP_SERVERS_MOST of the COUNT servers, of the socket's
 * address family, within BUDGET_MS. SOCKET is borrowed and must outlive the
 * map. Calls DONE once, from the loop, unless it is cancelled.
 */
struct stun_map *stun_map_start(struct loop *loop, struct stun_socket *socket,
				const struct endpoint *servers, size_t count,
				unsigned int budget_ms, stun_map_fn done,
				void *arg);

/* Ends it without a call; NULL is allowed. */
void stun_map_cancel(struct stun_map *map);

#endif
