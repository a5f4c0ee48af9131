/*
 * nat_check: how does the NAT in front of this host behave?
 *
 * The tests of RFC 5780 over several STUN servers at once: mapping (section
 * 4.3), filtering (4.4) and hairpinning (4.5), from five fresh sockets, in
 * under a second unless servers are slow. Each request is sent up to seven
 * times, each verdict that rests on silence is measured twice, a server that
 * the others contradict is not believed. Where no server speaks RFC 5780 only
 * the mapping is compared over the servers and the filtering stays unknown. How
 * long a mapping lives is another question (nat_lifetime.h).
 */
#ifndef DAEMON_NAT_CHECK_H
#define DAEMON_NAT_CHECK_H

#include <stddef.h>

#include "addr.h"
#include "config.h"
#include "loop.h"
#include "nat_behaviour.h"
#include "nat_servers.h"

#define NAT_CHECK_SERVERS_MOST NAT_SERVERS_MOST
/* No check takes longer. */
#define NAT_CHECK_BUDGET_MS 3000

struct nat_check;

struct nat_check_config {
	/* Of one address family; borrowed for the call of nat_check_start(). */
	const struct endpoint *servers;
	size_t server_count;
	struct addr bind; /* unset: the kernel chooses */
	/* Local ports to use, so that a forward of this range is seen; {0}: the
	 * kernel chooses. */
	struct port_range ports;
};

struct nat_check_result {
	struct nat_behaviour nat;
	unsigned int asked;    /* servers */
	unsigned int answered; /* of these */
	bool has_rfc5780;      /* one of them did the filtering tests */
	unsigned int rtt_ms;   /* smoothed round trip to them, 0: unknown */
	unsigned int took_ms;
	int error; /* errno when nothing could be sent, else 0 */
};

/* RESULT is borrowed for the call; the check is gone. */
typedef void (*nat_check_fn)(void *arg, const struct nat_check_result *result);

/* Starts a check. DONE is called once, from the loop, unless it is cancelled.
 */
struct nat_check *nat_check_start(struct loop *loop,
				  const struct nat_check_config *config,
				  nat_check_fn done, void *arg);

/* Ends it without a call; NULL is allowed. */
void nat_check_cancel(struct nat_check *check);

#endif
