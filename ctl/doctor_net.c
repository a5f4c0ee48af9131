/* The checks of the line: addresses, NATs in a row, what leaves it. */
#include "doctor_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_facts.h"
#include "mem.h"
#include "pick.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const json_t *nat_of(const struct doctor_facts *facts)
{
	return json_object_get(facts->status, "nat");
}

static const char *reachable_of(const struct doctor_facts *facts)
{
	return pick_text(json_object_get(facts->status, "verdict"), "reachable",
			 "unknown");
}

/* Takes over a finding of the daemon that has the id of this check. One of
 * severity info tells that there is nothing to do. */
static bool take_finding(const struct doctor_check *check,
			 const struct doctor_facts *facts,
			 struct doctor_items *items)
{
	const json_t *f = doctor_finding(facts, check->id);
	const char *severity = pick_text(f, "severity", "info");
	struct doctor_item *item;

	if (!f)
		return false;
	item = doctor_add(items,
			  strcmp(severity, "failure") == 0   ? DOCTOR_FAILURE
			  : strcmp(severity, "warning") == 0 ? DOCTOR_WARNING
							     : DOCTOR_OK,
			  "%s", pick_text(f, "title", check->title));
	item->effect = xstrdup(pick_text(f, "detail", ""));
	item->fix = xstrdup(pick_text(f, "fix", ""));
	return true;
}

/* --- addresses --------------------------------------------------------------
 */

static const char *class_of(const char *text)
{
	struct addr a;

	return addr_parse(text, &a) < 0 ? "not known"
					: addr_class_name(addr_classify(&a));
}

static void run_addr_class(const struct doctor_check *check,
			   const struct doctor_facts *facts,
			   struct doctor_items *items)
{
	const char *outer = pick_text(nat_of(facts), "external", "-");
	char local[ADDR_TEXT_BYTES];
	struct doctor_item *item;
	struct addr a;

	(void)check;
	doctor_local_address(facts, local, sizeof(local));
	if (addr_parse(local, &a) < 0) {
		item = doctor_add(items, DOCTOR_FAILURE,
				  "this host has no IPv4 address to the "
				  "internet");
		item->fix = xstrdup("connect it to its router; ip address and "
				    "ip route tell more");
	} else if (addr_classify(&a) == ADDR_LINK_LOCAL) {
		item = doctor_add(items, DOCTOR_FAILURE,
				  "%s is an address that this host gave itself",
				  local);
		item->effect = xstrdup("The router's DHCP server did not "
				       "answer.");
		item->fix = xstrdup("look after the cable or the wireless "
				    "network and the router's DHCP server");
	} else {
		doctor_add(items, DOCTOR_OK, "here %s (%s), outside %s (%s)",
			   local, class_of(local), outer, class_of(outer));
	}
}

static void run_cgnat(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	const json_t *cgnat = json_object_get(nat_of(facts), "cgnat");

	if (take_finding(check, facts, items))
		return;
	if (json_is_true(cgnat))
		doctor_add(items, DOCTOR_FAILURE, "%s",
			   "the provider shares its public address (CGNAT)");
	else if (json_is_false(cgnat))
		doctor_add(items, DOCTOR_OK,
			   "the router's outer address is not shared");
	else
		doctor_add(items, DOCTOR_OK,
			   "nothing tells of a provider's NAT");
}

static void run_double_nat(const struct doctor_check *check,
			   const struct doctor_facts *facts,
			   struct doctor_items *items)
{
	int64_t layers;

	if (take_finding(check, facts, items))
		return;
	if (pick_int(nat_of(facts), "layers", &layers) && layers <= 1)
		doctor_add(items, DOCTOR_OK, "%s",
			   layers == 0 ? "no NAT at all" : "one NAT");
	else
		doctor_add(items, DOCTOR_OK,
			   "nothing tells of a second router");
}

static void run_ipv6(const struct doctor_check *check,
		     const struct doctor_facts *facts,
		     struct doctor_items *items)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET6);
	const struct rtnl_addr *a =
	    route ? hostnet_addr(&facts->net, AF_INET6, route->ifindex,
				 ADDR_PUBLIC)
		  : NULL;
	char address[ADDR_TEXT_BYTES];
	struct doctor_item *item;

	(void)check;
	if (!a) {
		doctor_add(items, DOCTOR_OK, "no public IPv6 address here");
		return;
	}
	addr_format(&a->addr, address, sizeof(address));
	if (strcmp(reachable_of(facts), "no") != 0 || facts->port_count == 0) {
		doctor_add(items, DOCTOR_OK, "%s", address);
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "%s is public, though IPv4 lets nobody in", address);
	item->effect = xstrdup("IPv6 needs no NAT; only firewalls stand in the "
			       "way.");
	item->fix = xasprintf(
	    "allow %s port %u to %s in the router's IPv6 "
	    "firewall (\"pinhole\", \"host exposure\") and "
	    "give peers that address",
	    facts->ports[0].transport == TRANSPORT_TCP ? "TCP" : "UDP",
	    facts->ports[0].port, address);
}

static void run_vpn(const struct doctor_check *check,
		    const struct doctor_facts *facts,
		    struct doctor_items *items)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);
	const struct rtnl_link *link =
	    route ? hostnet_link(&facts->net, route->ifindex) : NULL;
	struct doctor_item *item;

	(void)check;
	if (!link || !rtnl_kind_is_vpn(link->kind)) {
		doctor_add(items, DOCTOR_OK, "%s",
			   link ? "the default route is no tunnel"
				: "no default route");
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "the default route leaves by the tunnel %s (%s)",
			  link->name, link->kind);
	item->effect = xstrdup("What is told of the NAT is true of the VPN's "
			       "exit, not of your line, and no port of your "
			       "router is used.");
	item->fix = xstrdup("write --bind.address=ADDRESS and "
			    "--gateway=ADDRESS of your own network, or take "
			    "the default route away from the VPN");
}

/* --- what gets through ------------------------------------------------------
 */

static void describe_services(const struct doctor_facts *facts, char *buf,
			      size_t cap)
{
	if (facts->port_count > 0)
		snprintf(buf, cap, "UDP port %u", facts->ports[0].port);
	else
		snprintf(buf, cap, "UDP");
}

/* The outcome of hole punching tells whether STUN servers answered. */
static const char *punch_outcome(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->port_count; i++) {
		const json_t *attempt =
		    doctor_attempt(facts->ports[i].service, "holepunching");

		if (attempt)
			return pick_text(attempt, "outcome", "");
	}
	return "";
}

static bool is_any_proven(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->port_count; i++)
		if (doctor_is_proven(facts->ports[i].service))
			return true;
	return false;
}

static void run_udp_egress(const struct doctor_check *check,
			   const struct doctor_facts *facts,
			   struct doctor_items *items)
{
	const struct config *config = facts->config;
	const char *outcome = punch_outcome(facts);
	int64_t samples = pick_int_or(nat_of(facts), "samples", 0);
	struct doctor_item *item;
	char what[32];

	(void)check;
	if (samples > 0 || is_any_proven(facts)) {
		doctor_add(items, DOCTOR_OK,
			   "UDP leaves: %" PRId64 " answers from STUN servers",
			   samples);
	} else if (config && config->stun_servers.count == 0) {
		doctor_add(items, DOCTOR_SKIPPED, "--stun-servers is empty");
	} else if (strcmp(outcome, "timeout") != 0 &&
		   strcmp(outcome, "no-reply") != 0) {
		doctor_add(items, DOCTOR_SKIPPED,
			   "no STUN server has been heard yet");
	} else {
		describe_services(facts, what, sizeof(what));
		item = doctor_add(items, DOCTOR_FAILURE,
				  "no UDP leaves this network: none of %zu "
				  "STUN servers answers",
				  config ? config->stun_servers.count : 0);
		item->effect = xstrdup("Neither mappings nor hole punching can "
				       "be proven; traversald cannot help.");
		item->fix = xasprintf("ask the provider of this network to "
				      "open %s, or run OpenVPN over TCP: "
				      "--openvpn.proto=TCP",
				      what);
	}
}

static bool is_open(const struct doctor_port_test *test)
{
	return strcmp(pick_text(test->result, "reachable", ""), "yes") == 0;
}

static void run_port_specific(const struct doctor_check *check,
			      const struct doctor_facts *facts,
			      struct doctor_items *items)
{
	struct doctor_item *item;
	bool is_tested = false;

	(void)check;
	for (size_t i = 0; i < DOCTOR_PORT_TESTS; i++) {
		uint16_t port = facts->tests[i].port;

		is_tested = is_tested || facts->tests[i].result;
		if (!is_open(&facts->tests[i]) || facts->port_count == 0)
			continue;
		item = doctor_add(items, DOCTOR_WARNING,
				  "port %u is blocked on the way in, but %u "
				  "is open",
				  facts->ports[0].port, port);
		item->fix = xasprintf("write --map=%u/udp and ListenPort = %u "
				      "(WireGuard), or --openvpn.port=%u",
				      port, port, port);
		return;
	}
	doctor_add(items, DOCTOR_OK, "%s",
		   is_tested ? "no other port is open either"
			     : "not needed: the port itself is open, or a "
			       "router comes first");
}

/* --- mobile networks --------------------------------------------------------
 */

static bool is_mobile_name(const char *name)
{
	static const char *const prefixes[] = {"wwan", "wwp", "wwx", "ppp",
					       "rmnet"};

	for (size_t i = 0; i < COUNT_OF(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void run_mobile(const struct doctor_check *check,
		       const struct doctor_facts *facts,
		       struct doctor_items *items)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);
	const struct rtnl_link *link =
	    route ? hostnet_link(&facts->net, route->ifindex) : NULL;
	struct doctor_item *item;

	(void)check;
	if (!link || !is_mobile_name(link->name)) {
		doctor_add(items, DOCTOR_OK,
			   "the uplink is no mobile network, as far as its "
			   "name tells");
		return;
	}
	if (strcmp(reachable_of(facts), "yes") == 0) {
		doctor_add(items, DOCTOR_OK, "%s, and it lets peers in",
			   link->name);
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "the uplink %s is a mobile network", link->name);
	item->effect = xstrdup("Most mobile networks are behind a provider's "
			       "NAT.");
	item->fix = xstrdup(
	    "in the mobile router look after, in this order: the NAT type "
	    "(cone, not symmetric); the firewall; IP filters; filters by MAC "
	    "address. If the provider's NAT stays, use IPv6 or another uplink");
}

#define NET(name, place_, worst_, title_, cause_, fix_, run_)                  \
	{                                                                      \
		.id = "net." name, .place = DOCTOR_##place_,                   \
		.worst = DOCTOR_##worst_, .title = (title_),                   \
		.cause = (cause_), .fix = (fix_), .run = (run_)                \
	}

static const struct doctor_check checks[] = {
    NET("addr_class", HERE, FAILURE, "which kind of address this host has",
	"Only a public address can be reached from the internet. 10.0.0.0/8, "
	"172.16.0.0/12 and 192.168.0.0/16 are private (RFC 1918), "
	"100.64.0.0/10 "
	"belongs to providers' NATs (RFC 6598), 192.0.0.0/29 to DS-Lite "
	"(RFC 6333), 169.254.0.0/16 is what a host gives itself (RFC 3927).",
	"None by itself: the other checks tell which NAT stands in the way.",
	run_addr_class),
    NET("cgnat", DAEMON, FAILURE, "the router has an address of its own",
	"A provider that has too few IPv4 addresses puts many customers behind "
	"one NAT. No setting of your router opens a port there.",
	"Ask the provider for a public IPv4 address, or use IPv6. Meanwhile "
	"hole punching reaches the peers that traversalctl nat lists.",
	run_cgnat),
    NET("double_nat", DAEMON, FAILURE, "there is one router, not two in a row",
	"A router behind a router, often the provider's box, needs a mapping "
	"in "
	"both.",
	"Put the inner one in bridge or access point mode, or forward the "
	"ports "
	"in the outer one to it (\"exposed host\", \"DMZ\").",
	run_double_nat),
    NET("udp_egress", DAEMON, FAILURE, "UDP can leave this network",
	"Some hosting providers and company networks block UDP, even outgoing.",
	"Ask for UDP to be opened, or run OpenVPN over TCP: "
	"--openvpn.proto=TCP.",
	run_udp_egress),
    {.id = "net.port_specific",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_WARNING,
     .is_active = true,
     .title = "the provider blocks no single ports",
     .cause =
	 "Some hosting providers let only well-known ports in. Where this "
	 "host has a public address and its port is not reached, UDP 1194, "
	 "4500 and 51820 are tested from outside.",
     .fix = "Use a port that is open.",
     .run = run_port_specific},
    NET("vpn_default", HERE, WARNING, "the default route is no VPN",
	"With the default route in a tunnel, what is measured is the VPN's "
	"exit. Its NAT belongs to the VPN's operator.",
	"Write --bind.address and --gateway of your own network, or change the "
	"route.",
	run_vpn),
    NET("ipv6", HERE, WARNING, "a public IPv6 address is put to use",
	"IPv6 needs no NAT, but the router's firewall still keeps packets out.",
	"Open the port for this host's address in the router's IPv6 firewall.",
	run_ipv6),
    NET("mobile", HERE, WARNING, "the uplink is no mobile network",
	"Mobile routers often have a symmetric NAT and filters of their own, "
	"and mobile providers put a NAT of theirs in front.",
	"Look after the NAT type (cone), the firewall, the IP filter and the "
	"MAC address filter of the mobile router; else use IPv6 or another "
	"uplink.",
	run_mobile),
};

const struct doctor_area doctor_net = {checks, COUNT_OF(checks)};
