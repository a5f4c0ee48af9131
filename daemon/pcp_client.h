/*
 * pcp_client: asks one gateway for mappings by PCP (RFC 6887).
 *
 * Sends MAP and ANNOUNCE over one connected UDP socket, IPv4 or IPv6, and
 * believes an answer only when its nonce, protocol and inner port are those of
 * a request in flight. PCP tells the outer address with a mapping, never alone.
 */
#ifndef DAEMON_PCP_CLIENT_H
#define DAEMON_PCP_CLIENT_H

#include "log.h"
#include "loop.h"
#include "map_client.h"

/* Returns an owned client (end it with its ops->free), or NULL when there is no
 * way to the gateway. LOOP and LOG are borrowed. */
struct map_client *pcp_client_new(struct loop *loop, struct log *log,
				  const struct map_client_options *options);

#endif
