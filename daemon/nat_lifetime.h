/*
 * nat_lifetime: how long does the NAT keep a mapping that is not used?
 *
 * The binding lifetime test of RFC 5780 section 4.6: one socket makes a mapping
 * and falls silent; after a while another one asks the server to answer to it
 * (RESPONSE-PORT). Slow by nature: it runs in the background, the sum of the
 * gaps long. The server has to honour RESPONSE-PORT; a first, immediate try
 * tells.
 */
#ifndef DAEMON_NAT_LIFETIME_H
#define DAEMON_NAT_LIFETIME_H

#include <stddef.h>

#include "addr.h"
#include "loop.h"

#define NAT_LIFETIME_GAPS_MOST 8

struct nat_lifetime;

struct nat_lifetime_result {
	unsigned int alive_ms; /* the longest gap that was survived; 0: none */
	unsigned int dead_ms;  /* the gap that was not; 0: all were */
	int error; /* -EOPNOTSUPP: the server cannot help; -errno; else 0 */
};

typedef void (*nat_lifetime_fn)(void *arg,
				const struct nat_lifetime_result *result);

/*
 * Tries COUNT gaps of silence, in ms and rising, until one is not survived
 * twice. BIND may be unset. Calls DONE once, from the loop, unless cancelled;
 * the test is gone then.
 */
struct nat_lifetime *nat_lifetime_start(
    struct loop *loop, const struct endpoint *server, const struct addr *bind,
    const unsigned int *gaps_ms, size_t count, nat_lifetime_fn done, void *arg);

/* Ends it without a call; NULL is allowed. */
void nat_lifetime_cancel(struct nat_lifetime *lifetime);

#endif
