/*
 * echo_limit: a token bucket for each source network, in bounded memory.
 *
 * One network is a /24 of IPv4 or a /56 of IPv6: what one customer holds. The
 * buckets lie in a table of fixed size under a secret hash and keep no key:
 * two networks that meet in a slot share it, so that nobody gets more than the
 * rate whatever sources are forged; at worst somebody gets less.
 */
#ifndef DAEMON_ECHO_LIMIT_H
#define DAEMON_ECHO_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

#define ECHO_LIMIT_PREFIX4 24
#define ECHO_LIMIT_PREFIX6 56

struct echo_limit;

/* Returns an owned limit of RATE answers a second a network, 1 to 1000000,
 * with bursts of as many. 128 KiB each. */
struct echo_limit *echo_limit_new(unsigned int rate);
void echo_limit_free(struct echo_limit *limit);

/* May the network of SOURCE be answered once more at NOW_MS (any clock that
 * does not go back)? Counts it if so. */
bool echo_limit_take(struct echo_limit *limit, const struct addr *source,
		     uint64_t now_ms);

#endif
