/*
 * mapping: a lease through every NAT that can be asked.
 *
 * Holds a lease of the gateway. Where that one has no public address itself,
 * another lease of the router beyond it (nested_nat.h) leads on to the first,
 * and the pair counts as one: its outer endpoint is that of the outermost
 * router, and both are given back together. Without a second router to ask it
 * is the plain lease of the gateway.
 */
#ifndef DAEMON_MAPPING_H
#define DAEMON_MAPPING_H

#include <stdbool.h>

#include "lease.h"
#include "nested_nat.h"

struct mapping;

/* As lease_changed_fn: the state, the external endpoint or the failure of the
 * whole changed. The mapping may be released from within. */
typedef void (*mapping_changed_fn)(void *arg, struct mapping *mapping);

/* Returns an owned mapping and starts asking. PORTMAP and NESTED (may be NULL)
 * are borrowed; a portmap outlives its users by itself. */
struct mapping *mapping_new(struct portmap *portmap, struct nested_nat *nested,
			    const struct lease_wish *wish,
			    mapping_changed_fn changed, void *arg);

/* The view of the whole: with LEASE_HELD the outermost endpoint that was got,
 * who granted it, and the earliest of the dates. Where the router beyond the
 * gateway gave nothing, that is the gateway's own, private endpoint. */
struct lease_view mapping_view(const struct mapping *mapping);

/* How many routers hold a lease for it now. */
unsigned int mapping_layers(const struct mapping *mapping);

/* What became of asking the router beyond the gateway, in words; "" when it was
 * not asked, or grants. */
void mapping_describe_outer(const struct mapping *mapping, char *buf,
			    size_t buf_bytes);

/* Nothing comes in although the gateway claims a public address: looks for a
 * router beyond it. There is a call if one grants a lease. */
void mapping_deepen(struct mapping *mapping);

/* Asks every router anew, held or not. */
void mapping_renew(struct mapping *mapping);

/* See lease_remake(): of the gateway's lease. */
void mapping_remake(struct mapping *mapping);

/* Deletes the leases, the outermost first, and frees the mapping; RELEASED (may
 * be NULL) is called once, at the latest after LEASE_RELEASE_MS. CONFIRMED:
 * every router said so. */
void mapping_release(struct mapping *mapping, lease_released_fn released,
		     void *arg);

#endif
