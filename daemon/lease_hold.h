/*
 * lease_hold: what the gateway granted, taken and kept until its renewal.
 */
#ifndef DAEMON_LEASE_HOLD_H
#define DAEMON_LEASE_HOLD_H

#include "lease_parts.h"

/* Milliseconds until the grant expires; 0 without one. */
uint64_t lease_expires_in_ms(const struct lease *lease);
/* Starts the timer of the next renewal. */
void lease_schedule_renewal(struct lease *lease);
/* Takes what VIA granted in place of whatever was held. The owner may be told,
 * and may end the lease. */
void lease_accept(struct lease *lease, enum map_via via,
		  const struct map_result *result);

#endif
