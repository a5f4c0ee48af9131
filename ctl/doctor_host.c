/* The checks of this host: its switches, routes and addresses. */
#include "doctor_check.h"

#include <inttypes.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_facts.h"
#include "mem.h"
#include "pick.h"

#define COUNT_OF(array)        (sizeof(array) / sizeof((array)[0]))
#define CONNTRACK_FULL_PERCENT 90
#define CONNTRACK_UDP_LEAST_S  60
#define SLEPT_LEAST_S          60

static void run_ip_forward(const struct doctor_check *check,
			   const struct doctor_facts *facts,
			   struct doctor_items *items)
{
	const char *service = doctor_routing_service(facts);
	const struct netconf *all =
	    hostnet_conf(&facts->net, AF_INET, NETCONF_ALL);
	int64_t on = all && all->forwarding >= 0 ? all->forwarding
						 : facts->host.ip_forward;
	struct doctor_item *item;

	(void)check;
	if (!service) {
		doctor_add(items, DOCTOR_OK,
			   "not needed: no service routes for others");
	} else if (on == DOCTOR_UNKNOWN) {
		doctor_add(items, DOCTOR_SKIPPED, "the kernel does not tell");
	} else if (on) {
		doctor_add(items, DOCTOR_OK, "net.ipv4.ip_forward=1");
	} else {
		item = doctor_add(items, DOCTOR_FAILURE,
				  "net.ipv4.ip_forward=0, and %s routes for "
				  "its clients",
				  service);
		item->effect = xstrdup("Clients connect but get no internet.");
		item->commands = xstrdup(
		    "echo 'net.ipv4.ip_forward=1' | sudo tee "
		    "/etc/sysctl.d/90-traversal.conf && sudo sysctl --system");
		item->avoid = xstrdup("sysctl -w alone: it is lost at reboot");
	}
}

/* How many links the IPv4 default routes leave by. */
static size_t count_uplinks(const struct hostnet *net)
{
	size_t count = 0;

	for (size_t i = 0; i < net->route_count; i++) {
		bool is_new = net->routes[i].family == AF_INET;

		for (size_t k = 0; k < i; k++)
			is_new = is_new && !(net->routes[k].family == AF_INET &&
					     net->routes[k].ifindex ==
						 net->routes[i].ifindex);
		count += is_new;
	}
	return count;
}

/* The stricter of the switch of all interfaces and of this one counts. */
static int rp_filter_of(const struct hostnet *net, unsigned int ifindex)
{
	const struct netconf *all = hostnet_conf(net, AF_INET, NETCONF_ALL);
	const struct netconf *own = hostnet_conf(net, AF_INET, (int)ifindex);
	int of_all = all ? all->rp_filter : -1,
	    of_own = own ? own->rp_filter : -1;

	return of_all > of_own ? of_all : of_own;
}

static void run_rp_filter(const struct doctor_check *check,
			  const struct doctor_facts *facts,
			  struct doctor_items *items)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);
	struct doctor_item *item;
	int filter;

	(void)check;
	if (!route) {
		doctor_add(items, DOCTOR_OK, "no default route");
		return;
	}
	filter = rp_filter_of(&facts->net, route->ifindex);
	if (filter < 0) {
		doctor_add(items, DOCTOR_SKIPPED, "the kernel does not tell");
	} else if (filter == 1 && count_uplinks(&facts->net) > 1) {
		item = doctor_add(items, DOCTOR_WARNING,
				  "rp_filter is strict and there are %zu ways "
				  "to the internet",
				  count_uplinks(&facts->net));
		item->effect = xstrdup("Packets that come in by another way "
				       "than the answers take are dropped "
				       "without a trace.");
		item->commands =
		    xstrdup("echo 'net.ipv4.conf.all.rp_filter=2' | sudo tee "
			    "/etc/sysctl.d/90-traversal-rp.conf && sudo sysctl "
			    "--system");
	} else {
		doctor_add(items, DOCTOR_OK, "%s",
			   filter == 0   ? "off"
			   : filter == 1 ? "strict, with one way out"
					 : "loose");
	}
}

static void run_conntrack(const struct doctor_check *check,
			  const struct doctor_facts *facts,
			  struct doctor_items *items)
{
	const struct doctor_host_facts *host = &facts->host;
	struct doctor_item *item;

	(void)check;
	if (host->conntrack_max <= 0) {
		doctor_add(items, DOCTOR_OK, "connections are not tracked");
		return;
	}
	if (host->conntrack_count * 100 >=
	    host->conntrack_max * CONNTRACK_FULL_PERCENT) {
		item = doctor_add(items, DOCTOR_FAILURE,
				  "the connection table is full: %" PRId64
				  " of %" PRId64,
				  host->conntrack_count, host->conntrack_max);
		item->effect = xstrdup("New connections are dropped.");
		item->commands = xasprintf(
		    "echo 'net.netfilter.nf_conntrack_max=%" PRId64
		    "' | sudo tee /etc/sysctl.d/90-traversal-ct.conf && sudo "
		    "sysctl --system",
		    host->conntrack_max * 4);
	} else if (host->conntrack_udp_s >= 0 &&
		   host->conntrack_udp_s < CONNTRACK_UDP_LEAST_S) {
		item = doctor_add(items, DOCTOR_WARNING,
				  "UDP connections are forgotten after %" PRId64
				  " s",
				  host->conntrack_udp_s);
		item->commands = xstrdup(
		    "echo 'net.netfilter.nf_conntrack_udp_timeout_stream=120' "
		    "| sudo tee /etc/sysctl.d/90-traversal-ct.conf && sudo "
		    "sysctl --system");
	} else {
		doctor_add(items, DOCTOR_OK, "%" PRId64 " of %" PRId64 " used",
			   host->conntrack_count < 0 ? 0
						     : host->conntrack_count,
			   host->conntrack_max);
	}
}

/* Another default route with the same metric, which the kernel may prefer. */
static const struct rtnl_route *find_rival(const struct hostnet *net,
					   const struct rtnl_route *best)
{
	for (size_t i = 0; i < net->route_count; i++) {
		const struct rtnl_route *route = &net->routes[i];

		if (route != best && route->family == AF_INET &&
		    !route->is_down && route->metric == best->metric &&
		    route->ifindex != best->ifindex)
			return route;
	}
	return NULL;
}

static void run_multihome(const struct doctor_check *check,
			  const struct doctor_facts *facts,
			  struct doctor_items *items)
{
	const struct rtnl_route *best = hostnet_default(&facts->net, AF_INET);
	const struct rtnl_route *rival =
	    best ? find_rival(&facts->net, best) : NULL;
	char gateway[ADDR_TEXT_BYTES], other[ADDR_TEXT_BYTES];
	struct doctor_item *item;

	(void)check;
	if (rival) {
		addr_format(&best->gateway, gateway, sizeof(gateway));
		addr_format(&rival->gateway, other, sizeof(other));
		item = doctor_add(items, DOCTOR_WARNING,
				  "two default routes with metric %" PRIu32
				  ": by %s and by %s",
				  best->metric, gateway, other);
		item->effect = xstrdup("Mappings are made in one router while "
				       "answers may leave by the other.");
		item->fix = xasprintf("give them different metrics, or write "
				      "--gateway=%s",
				      gateway);
	} else if (count_uplinks(&facts->net) > 1) {
		doctor_add(items, DOCTOR_OK,
			   "%zu ways to the internet; the one with the lowest "
			   "metric is used",
			   count_uplinks(&facts->net));
	} else if (best) {
		doctor_add(items, DOCTOR_OK, "one default route");
	} else {
		item = doctor_add(items, DOCTOR_FAILURE,
				  "there is no IPv4 default route");
		item->effect = xstrdup("Nothing reaches the internet.");
		item->fix = xstrdup("connect this host to its router: ip "
				    "route, or the DHCP client, tells more");
	}
}

/* Is a service carried by a forward that a person made in the router? */
static const char *find_manual(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->port_count; i++)
		if (strcmp(pick_text(facts->ports[i].service, "method", ""),
			   "manual") == 0)
			return facts->ports[i].name;
	return NULL;
}

static void run_lan_ip(const struct doctor_check *check,
		       const struct doctor_facts *facts,
		       struct doctor_items *items)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);
	const struct rtnl_addr *a =
	    route ? hostnet_addr(&facts->net, AF_INET, route->ifindex,
				 ADDR_PRIVATE)
		  : NULL;
	const char *manual = find_manual(facts);
	char address[ADDR_TEXT_BYTES];
	struct doctor_item *item;

	(void)check;
	if (!a) {
		doctor_add(items, DOCTOR_OK, "no private address to lose");
		return;
	}
	addr_format(&a->addr, address, sizeof(address));
	if (a->flags & IFA_F_PERMANENT) {
		doctor_add(items, DOCTOR_OK, "%s is fixed", address);
	} else if (!manual) {
		doctor_add(items, DOCTOR_OK,
			   "%s is leased by DHCP; no forward by hand points "
			   "to it",
			   address);
	} else {
		item = doctor_add(items, DOCTOR_WARNING,
				  "%s is leased by DHCP, and the router "
				  "forwards %s to it",
				  address, manual);
		item->effect = xstrdup("With another address the forward leads "
				       "nowhere.");
		item->fix = xasprintf("reserve %s for the MAC address %s in "
				      "the router's DHCP page",
				      address,
				      facts->uplink_mac[0] ? facts->uplink_mac
							   : "of this host");
	}
}

static void run_suspend(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	int64_t slept_s = facts->host.suspended_s;
	struct doctor_item *item;

	(void)check;
	if (slept_s < SLEPT_LEAST_S) {
		doctor_add(items, DOCTOR_OK, "awake since it booted");
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "this host slept for %" PRId64 " min since it booted",
			  slept_s / 60);
	item->effect = xstrdup("Asleep it is not reachable, and its mappings "
			       "run out.");
	item->commands = xstrdup("sudo systemctl mask sleep.target "
				 "suspend.target hibernate.target "
				 "hybrid-sleep.target");
}

#define HOST(name, worst_, title_, cause_, fix_, run_)                         \
	{                                                                      \
		.id = "host." name, .place = DOCTOR_HERE,                      \
		.worst = DOCTOR_##worst_, .title = (title_),                   \
		.cause = (cause_), .fix = (fix_), .run = (run_)                \
	}

static const struct doctor_check checks[] = {
    HOST(
	"ip_forward", FAILURE, "the kernel forwards packets of a VPN service",
	"A VPN server routes for its clients. With forwarding off they connect "
	"and get no further.",
	"echo 'net.ipv4.ip_forward=1' | sudo tee "
	"/etc/sysctl.d/90-traversal.conf && sudo sysctl --system. sysctl -w "
	"alone is lost at reboot.",
	run_ip_forward),
    HOST("rp_filter", WARNING, "no filter drops packets by their way in",
	 "Strict reverse path filtering drops a packet that comes in by "
	 "another interface than its answer would leave by.",
	 "Set net.ipv4.conf.all.rp_filter=2 (loose) below /etc/sysctl.d.",
	 run_rp_filter),
    HOST("conntrack", FAILURE, "the connection table has room",
	 "A full table drops new connections; a short timeout closes the way "
	 "for peers that are quiet.",
	 "Raise net.netfilter.nf_conntrack_max, or the UDP timeout.",
	 run_conntrack),
    HOST(
	"multihome", FAILURE, "there is one way to the internet",
	"With several default routes a mapping may be made in one router while "
	"the answers leave by the other.",
	"Give the routes different metrics, or write --gateway=ADDRESS.",
	run_multihome),
    HOST("lan_ip_stable", WARNING,
	 "the address that a forward points to stays the same",
	 "A forward in the router names an address. One that is leased by DHCP "
	 "can change.",
	 "Reserve the address in the router's DHCP page, or set a fixed one.",
	 run_lan_ip),
    HOST("suspend", WARNING, "this host does not go to sleep",
	 "A host that sleeps is not reachable, and its mappings run out.",
	 "sudo systemctl mask sleep.target suspend.target hibernate.target "
	 "hybrid-sleep.target.",
	 run_suspend),
};

const struct doctor_area doctor_host = {checks, COUNT_OF(checks)};
