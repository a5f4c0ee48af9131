/*
 * hostnet: this host's network as any user sees it: links, addresses, default
 * routes, switches and sockets, asked of the kernel once.
 *
 * Not kept up to date; traversald's netmon does that.
 */
#ifndef CTL_HOSTNET_H
#define CTL_HOSTNET_H

#include <stdbool.h>
#include <stddef.h>

#include "netconf.h"
#include "rtnl.h"
#include "sockdiag.h"

struct host_socket {
	enum transport transport;
	struct sockdiag diag;
};

/* Lists are owned. One that could not be read is empty and named in failed. */
struct hostnet {
	struct rtnl_link *links;
	size_t link_count;
	struct rtnl_addr *addrs;
	size_t addr_count;
	struct rtnl_route *routes; /* default routes of the main table */
	size_t route_count;
	struct netconf *confs;
	size_t conf_count;
	struct host_socket *sockets;
	size_t socket_count;
	const char *failed; /* a constant, or NULL */
};

/* Asks the kernel. What cannot be read is missing; never waits long. */
void hostnet_read(struct hostnet *ret_net);
void hostnet_fini(struct hostnet *net);

/* Returns the link of that index, or NULL. */
const struct rtnl_link *hostnet_link(const struct hostnet *net,
				     unsigned int ifindex);
/* Returns the default route that packets of FAMILY take, or NULL. */
const struct rtnl_route *hostnet_default(const struct hostnet *net,
					 sa_family_t family);
/* Returns the first address of FAMILY and that class on a link, or NULL.
 * IFINDEX 0: on any. */
const struct rtnl_addr *hostnet_addr(const struct hostnet *net,
				     sa_family_t family, unsigned int ifindex,
				     enum addr_class class);
/* Returns the switches of an interface, or NULL. */
const struct netconf *hostnet_conf(const struct hostnet *net,
				   sa_family_t family, int ifindex);

#endif
