/*
 * nat_hairpin: does the NAT turn a datagram round that is sent to its outer
 * address from inside (RFC 4787 section 6, RFC 5780 section 4.5)?
 *
 * Two sockets send to each other's outer endpoint. Each is then one that the
 * other has sent to, whatever the NAT filters by.
 */
#ifndef DAEMON_NAT_HAIRPIN_H
#define DAEMON_NAT_HAIRPIN_H

#include <stdbool.h>

#include "stun_client.h"

struct nat_hairpin;

/* HEARD: a datagram came round. The test is gone. */
typedef void (*nat_hairpin_fn)(void *arg, bool heard);

/*
 * Sends several times from A to B_OUTER and from B to A_OUTER; calls DONE once,
 * from the loop, as soon as one arrives or when none did for half a second. The
 * sockets are borrowed, their listeners are replaced and taken away at the end.
 */
struct nat_hairpin *nat_hairpin_start(struct loop *loop, struct stun_socket *a,
				      const struct endpoint *a_outer,
				      struct stun_socket *b,
				      const struct endpoint *b_outer,
				      nat_hairpin_fn done, void *arg);

/* Ends it without a call; NULL is allowed. */
void nat_hairpin_cancel(struct nat_hairpin *hairpin);

#endif
