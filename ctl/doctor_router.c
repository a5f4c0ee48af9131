/* The checks of the router: what it maps, and for whom. */
#include "doctor_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_facts.h"
#include "mem.h"
#include "pick.h"

#define COUNT_OF(array)  (sizeof(array) / sizeof((array)[0]))
#define WELL_KNOWN_PORTS 1024

static bool is_behind_router(const struct doctor_facts *facts)
{
	const json_t *nat = json_object_get(facts->status, "nat");
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);

	return route && addr_is_set(&route->gateway) &&
	       pick_int_or(nat, "layers", -1) != 0;
}

/* Is a forward in this router of no use, since another NAT comes first? */
static bool is_behind_another(const struct doctor_facts *facts)
{
	const json_t *nat = json_object_get(facts->status, "nat");

	return json_is_true(json_object_get(nat, "cgnat")) ||
	       pick_int_or(nat, "layers", 1) > 1;
}

static bool is_reached(const json_t *service)
{
	const char *state = pick_text(service, "state", "");

	return strcmp(state, "reachable") == 0 || strcmp(state, "likely") == 0;
}

/* The outcome of asking the router, of the first service that asked it. */
static const json_t *find_upnp(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->port_count; i++) {
		const json_t *attempt =
		    doctor_attempt(facts->ports[i].service, "upnp");

		if (attempt)
			return attempt;
	}
	return NULL;
}

static bool is_any_unreached(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->port_count; i++)
		if (!is_reached(facts->ports[i].service))
			return true;
	return false;
}

/* --- router.portmap ---------------------------------------------------------
 */

static const struct outcome {
	const char *word;
	const char *seen; /* takes the gateway */
	const char *fix;  /* takes this host's address */
} outcomes[] = {
    {"absent", "the router %s answers neither PCP, NAT-PMP nor UPnP",
     "switch on \"UPnP\", \"NAT-PMP\" or \"allow programs to change port "
     "forwarding\" in the router for %s"},
    {"no-reply", "the router %s mapped a port, but nothing came in",
     "look after a second router or a firewall in front of it, and after the "
     "firewall of this host, %s"},
    {"timeout", "the router %s does not answer in time",
     "restart the router; then: sudo traversalctl probe (this host is %s)"},
    {"refused", "the router %s refuses to map ports",
     "allow changes for this host in the router (\"independent port "
     "sharing\", UPnP error 606): %s"},
    {"conflict", "the ports are taken in the router %s",
     "find who holds them: traversalctl mappings --router (this host is "
     "%s)"},
    {"private-address",
     "the router %s maps ports, but its outer address is "
     "private",
     "see net.double_nat and net.cgnat (this host is %s)"},
    {"broken", "the router %s answers nonsense",
     "update the router's firmware, or forward the port by hand to %s"},
};

static const struct outcome *find_outcome(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(outcomes); i++)
		if (strcmp(outcomes[i].word, word) == 0)
			return &outcomes[i];
	return NULL;
}

/* The formats are those of the table above, each with one text. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static char *fill(const char *format, const char *value)
{
	return xasprintf(format, value);
}
#pragma GCC diagnostic pop

static void run_portmap(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	const json_t *attempt = find_upnp(facts);
	const struct outcome *outcome =
	    find_outcome(pick_text(attempt, "outcome", ""));
	char gateway[ADDR_TEXT_BYTES], local[ADDR_TEXT_BYTES];
	struct doctor_item *item;
	char *seen;

	(void)check;
	doctor_gateway(facts, gateway, sizeof(gateway));
	doctor_local_address(facts, local, sizeof(local));
	if (!is_behind_router(facts)) {
		doctor_add(items, DOCTOR_OK, "no router to ask");
	} else if (strcmp(pick_text(attempt, "outcome", ""), "ok") == 0) {
		doctor_add(items, DOCTOR_OK, "%s maps ports", gateway);
	} else if (!outcome) {
		doctor_add(items, DOCTOR_SKIPPED, "%s",
			   attempt ? "still being asked"
				   : "upnp is not in --traversal");
	} else {
		seen = fill(outcome->seen, gateway);
		item = doctor_add(
		    items, is_any_unreached(facts) ? DOCTOR_FAILURE : DOCTOR_OK,
		    "%s", seen);
		free(seen);
		item->effect = xstrdup(pick_text(attempt, "detail", ""));
		item->fix = fill(outcome->fix, local);
	}
}

/* --- router.manual_forward --------------------------------------------------
 */

static void add_forward(const struct doctor_facts *facts,
			const struct doctor_port *port,
			struct doctor_items *items)
{
	char gateway[ADDR_TEXT_BYTES], local[ADDR_TEXT_BYTES];
	struct doctor_item *item =
	    doctor_add(items, DOCTOR_WARNING,
		       "%s: a forward by hand would let peers in", port->name);

	doctor_gateway(facts, gateway, sizeof(gateway));
	doctor_local_address(facts, local, sizeof(local));
	item->fix = xasprintf(
	    "open http://%s/ and there \"port forwarding\" (\"virtual "
	    "server\", \"NAT\"). Enter: protocol %s, external %u, internal IP "
	    "%s, internal %u. Then: traversalctl check %s",
	    gateway, port->transport == TRANSPORT_TCP ? "TCP" : "UDP",
	    port->port, local, port->port, port->name);
}

static void run_manual(const struct doctor_check *check,
		       const struct doctor_facts *facts,
		       struct doctor_items *items)
{
	(void)check;
	if (!is_behind_router(facts) || is_behind_another(facts)) {
		doctor_add(items, DOCTOR_OK,
			   is_behind_another(facts)
			       ? "of no use here: another NAT comes first"
			       : "no router to set up");
		return;
	}
	for (size_t i = 0; i < facts->port_count; i++) {
		const json_t *service = facts->ports[i].service;
		const char *state = pick_text(service, "state", "trying");

		if (!is_reached(service) && strcmp(state, "trying") != 0)
			add_forward(facts, &facts->ports[i], items);
	}
	if (items->count == 0)
		doctor_add(items, DOCTOR_OK, "not needed");
}

/* --- the router's table -----------------------------------------------------
 */

static int64_t outer_port(const json_t *mapping)
{
	return pick_int_or(json_object_get(mapping, "external"), "port", 0);
}

static const char *inner_address(const json_t *mapping)
{
	return pick_text(json_object_get(mapping, "internal"), "address", "?");
}

static void run_exposure(const struct doctor_check *check,
			 const struct doctor_facts *facts,
			 struct doctor_items *items)
{
	size_t i, foreign = 0, odd = 0, used = 0;
	struct doctor_item *item;
	const json_t *mapping;
	char list[256] = "";

	(void)check;
	if (!json_is_array(facts->router_table)) {
		doctor_add(items, DOCTOR_SKIPPED,
			   facts->is_offline
			       ? "not asked: --offline"
			       : "the router does not show its table");
		return;
	}
	json_array_foreach (facts->router_table, i, mapping) {
		if (!json_is_false(json_object_get(mapping, "ours")))
			continue;
		foreign++;
		if (outer_port(mapping) >= WELL_KNOWN_PORTS)
			continue;
		odd++;
		if (used < sizeof(list))
			used += (size_t)snprintf(
			    list + used, sizeof(list) - used,
			    "%s%s %" PRId64 " to %s", odd > 1 ? ", " : "",
			    pick_text(mapping, "protocol", "?"),
			    outer_port(mapping), inner_address(mapping));
	}
	if (odd == 0) {
		doctor_add(items, DOCTOR_OK,
			   "%zu mappings of other devices, none below port %d",
			   foreign, WELL_KNOWN_PORTS);
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "%zu mappings of other devices, well-known ports: %s",
			  foreign, list);
	item->effect = xstrdup("UPnP trusts every device of the network; "
			       "malware can open ports as well.");
	item->fix = xstrdup("delete those that you do not know in the router: "
			    "traversalctl mappings --router lists all");
}

static bool wants_port(const struct doctor_facts *facts, int64_t port)
{
	for (size_t i = 0; i < facts->port_count; i++)
		if (facts->ports[i].port == port)
			return true;
	return false;
}

static void run_forward_range(const struct doctor_check *check,
			      const struct doctor_facts *facts,
			      struct doctor_items *items)
{
	char local[ADDR_TEXT_BYTES];
	struct doctor_item *item;
	const json_t *mapping;
	size_t i;

	(void)check;
	doctor_local_address(facts, local, sizeof(local));
	json_array_foreach (facts->router_table, i, mapping) {
		if (!json_is_false(json_object_get(mapping, "ours")) ||
		    !wants_port(facts, outer_port(mapping)) ||
		    strcmp(inner_address(mapping), local) == 0)
			continue;
		item = doctor_add(
		    items, DOCTOR_WARNING,
		    "the router forwards %s %" PRId64 " to %s, this host is %s",
		    pick_text(mapping, "protocol", "?"), outer_port(mapping),
		    inner_address(mapping), local);
		item->fix = xasprintf("change the forward to %s, and reserve "
				      "that address (MAC %s) in the router's "
				      "DHCP page",
				      local, facts->uplink_mac);
	}
	if (items->count == 0 && json_is_array(facts->router_table))
		doctor_add(items, DOCTOR_OK,
			   "no forward of our ports leads elsewhere");
	else if (items->count == 0)
		doctor_add(items, DOCTOR_SKIPPED,
			   facts->is_offline
			       ? "not asked: --offline"
			       : "the router does not show its table");
}

static void run_unheard(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	const json_t *f = doctor_finding(facts, check->id);
	struct doctor_item *item;

	if (!f)
		return;
	item = doctor_add(items, DOCTOR_OK, "%s",
			  pick_text(f, "title", check->title));
	item->effect = xstrdup(pick_text(f, "detail", ""));
	item->fix = xstrdup(pick_text(f, "fix", ""));
}

static const struct doctor_check checks[] = {
    {.id = "router.portmap",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_FAILURE,
     .title = "the router maps ports when it is asked",
     .cause = "PCP, NAT-PMP and UPnP let a host open a port by itself. Some "
	      "routers have them switched on, some do not, some refuse them to "
	      "single devices (UPnP errors 606, 718 and 725).",
     .fix = "Switch on UPnP or NAT-PMP in the router, or forward the port by "
	    "hand.",
     .run = run_portmap},
    {.id = "router.manual_forward",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_WARNING,
     .title = "a forward by hand where nothing else helps",
     .cause = "Where the router maps nothing by itself, a person can: it is "
	      "called port forwarding, virtual server or NAT.",
     .fix = "Enter protocol, outer port, this host's address and inner port "
	    "in the router's menu; then traversalctl check.",
     .run = run_manual},
    {.id = "router.upnp_exposure",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_WARNING,
     .is_active = true,
     .title = "no other device has opened well-known ports",
     .cause = "UPnP trusts every device of the network. Malware that runs on "
	      "one of them can open ports as well.",
     .fix =
	 "Delete the mappings that you do not know. A router that has PCP or "
	 "NAT-PMP can go without UPnP.",
     .run = run_exposure},
    {.id = "router.forward_range",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_WARNING,
     .is_active = true,
     .title = "forwards of our ports lead to this host",
     .cause = "A forward names an address. After this host got another one, it "
	      "leads elsewhere.",
     .fix = "Change the forward, and reserve the address in the router's DHCP "
	    "page. The range that is forwarded must be that of --udp.ports.",
     .run = run_forward_range},
    {.id = "router.unheard",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_OK,
     .title = "announcements of the router are heard",
     .cause = "Another program holds UDP port 5350 or 1900 alone. A restart of "
	      "the router is noticed by asking, within half a minute.",
     .fix = "ss -lunp shows the program.",
     .run = run_unheard},
};

const struct doctor_area doctor_router = {checks, COUNT_OF(checks)};
