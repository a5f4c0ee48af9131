/*
 * resolve: host names to addresses, asynchronously, on the loop (evdns).
 */
#ifndef DAEMON_RESOLVE_H
#define DAEMON_RESOLVE_H

#include <stddef.h>

#include "addr.h"
#include "loop.h"

/* At most this many addresses of a name are reported. */
#define RESOLVE_MOST 4

struct resolver;
struct resolve_query;

/* ADDRS (borrowed for the call) holds COUNT addresses; with COUNT 0, ERROR says
 * why in words, else it is NULL. The query is gone when this is called. */
typedef void (*resolve_fn)(void *arg, const struct addr *addrs, size_t count,
			   const char *error);

/* Returns an owned resolver that reads /etc/resolv.conf and /etc/hosts. */
struct resolver *resolver_new(struct loop *loop);
/* Frees it; queries under way end without a call. */
void resolver_free(struct resolver *resolver);
/* Reads /etc/resolv.conf again, as after a network change. */
void resolver_reload(struct resolver *resolver);

/*
 * Asks for the FAMILY (AF_INET, AF_INET6 or AF_UNSPEC for both) addresses of
 * HOST, a name or a literal, within TIMEOUT_MS. Always answers from the loop,
 * never before it returns. Returns a query that can be cancelled.
 */
struct resolve_query *resolve_start(struct resolver *resolver, const char *host,
				    int family, unsigned int timeout_ms,
				    resolve_fn fn, void *arg);
/* Ends a query without a call; NULL is allowed. */
void resolve_cancel(struct resolve_query *query);

#endif
