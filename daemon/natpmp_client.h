/*
 * natpmp_client: asks one gateway for mappings by NAT-PMP (RFC 6886).
 *
 * libnatpmp writes the requests and reads the answers; before it sees one, a
 * guard drops every datagram that is not the answer to the one request in
 * flight. Retransmission runs on the loop's clock. IPv4 only, as NAT-PMP is.
 * The outer address is asked for before mappings when it is not fresh; when the
 * gateway has none, a mapping would be of no use and ends as MAP_NO_NETWORK.
 */
#ifndef DAEMON_NATPMP_CLIENT_H
#define DAEMON_NATPMP_CLIENT_H

#include "log.h"
#include "loop.h"
#include "map_client.h"

/* Returns an owned client (end it with its ops->free), or NULL when the gateway
 * is not IPv4 or there is no way to it. LOOP and LOG are borrowed. */
struct map_client *natpmp_client_new(struct loop *loop, struct log *log,
				     const struct map_client_options *options);

#endif
