/*
 * gateway: the real clients of the three mapping protocols, for a portmap.
 */
#ifndef DAEMON_GATEWAY_H
#define DAEMON_GATEWAY_H

#include "portmap.h"

/* Fills OPTIONS->new_client[]. */
void gateway_fill_clients(struct portmap_options *options);

/* The same for the router of IPv6, where there is no NAT-PMP, and UPnP means
 * its firewall. OPTIONS->factory_arg is the struct method_env (borrowed) whose
 * portmap of IPv4 has found the router's description. */
void gateway_fill_ipv6_clients(struct portmap_options *options);

#endif
