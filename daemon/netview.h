/*
 * netview: what the host's network looks like, as one value: by which router
 * and from which address packets leave.
 *
 * nettable collects what the kernel tells (links, addresses, default routes);
 * netview_build() draws the conclusion. Neither talks to the kernel: netmon
 * does.
 */
#ifndef DAEMON_NETVIEW_H
#define DAEMON_NETVIEW_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "rtnl.h"

#define NETVIEW_MOST_ROUTES 8

/* One way out. */
struct netpath {
	struct addr gateway; /* the router; unset: the link itself leads on */
	struct addr local;   /* our address on the way to it */
	unsigned int prefix_bits; /* of LOCAL on its link */
	unsigned int ifindex;
	char ifname[IFNAMSIZ];
	uint32_t metric;
	bool is_up;  /* the link is up and has carrier */
	bool is_vpn; /* the link is a tunnel: its far end is no home router */
};

struct netview {
	uint64_t generation; /* grows with each change; 0 = nothing known yet */
	bool has_ipv4;       /* IPv4 packets to the internet have a way out */
	struct netpath ipv4; /* the way they take, with HAS_IPV4 */
	bool has_ipv6;       /* the same for IPv6, with a global address */
	struct netpath ipv6;
	/* With HAS_IPV6: the global address of that link at which this host
	 * can be found tomorrow, no temporary one (RFC 8981); unset: none. */
	struct addr stable_ipv6;
	/* Every default route of the main table, IPv4 first, the best
	 * (lowest metric) of a family first. */
	struct netpath routes[NETVIEW_MOST_ROUTES];
	size_t route_count;
};

/* What the administrator fixed; unset addresses are found by route. */
struct netmon_options {
	struct addr gateway;      /* --gateway */
	struct addr bind_address; /* --bind.address */
};

/* The kernel's answer to 'by which route'. */
struct netlookup {
	bool is_found;
	struct rtnl_route route;
};

/* Everything known of links, addresses and default routes. {0} is empty. */
struct nettable {
	struct rtnl_link *links; /* owned */
	size_t link_count, link_cap;
	struct rtnl_addr *addrs; /* owned */
	size_t addr_count, addr_cap;
	struct rtnl_route *routes; /* owned: defaults of the main table */
	size_t route_count, route_cap;
	struct netlookup lookup4, lookup6;
};

/* Keeps what M (of a dump) says, when it is of use here. What goes beyond the
 * bounds (4096 of a kind) is left out. */
void nettable_add(struct nettable *table, const struct rtnl_message *m);

/* Could M (an event) change the view that TABLE gives? Refreshed lifetimes and
 * counters do not. */
bool nettable_is_news(const struct nettable *table,
		      const struct rtnl_message *m);

/* Empties TABLE and frees what it owns. */
void nettable_clear(struct nettable *table);

/* Is A an address of this host? */
bool nettable_is_own(const struct nettable *table, const struct addr *a);

/* Does A lie within the prefix of one of this host's links? */
bool nettable_is_on_link(const struct nettable *table, const struct addr *a);

/* Which address to ask a route for: a forced gateway, or an address out on the
 * internet. FAMILY is AF_INET or AF_INET6. Unset when the options leave no
 * way for that family. */
struct addr netview_probe(const struct netmon_options *options,
			  sa_family_t family);

/* Draws the conclusion. generation is left 0. */
struct netview netview_build(const struct nettable *table,
			     const struct netmon_options *options);

/* Are two ways out the same in every respect? */
bool netpath_equal(const struct netpath *a, const struct netpath *b);

/* Do two views say the same (generation aside)? */
bool netview_equal(const struct netview *a, const struct netview *b);

#endif
