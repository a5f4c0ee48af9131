/*
 * gateway: the real clients of the three mapping protocols, for a portmap.
 */
#ifndef DAEMON_GATEWAY_H
#define DAEMON_GATEWAY_H

#include "portmap.h"

/* Fills OPTIONS->new_client[]. */
void gateway_fill_clients(struct portmap_options *options);

/* The same for the router of IPv6, where there is no NAT-PMP. */
void gateway_fill_ipv6_clients(struct portmap_options *options);

#endif
