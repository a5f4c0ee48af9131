/* The checks of how the NAT behaves, and of who gets through it. */
#include "doctor_check.h"

#include <string.h>

#include "doctor_facts.h"
#include "mem.h"
#include "pick.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool is_mapped(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->port_count; i++) {
		const char *method =
		    pick_text(facts->ports[i].service, "method", "");

		if (strcmp(method, "manual") == 0 ||
		    strcmp(method, "upnp") == 0)
			return true;
	}
	return false;
}

static void run_type(const struct doctor_check *check,
		     const struct doctor_facts *facts,
		     struct doctor_items *items)
{
	const json_t *nat = json_object_get(facts->status, "nat");
	const char *mapping = pick_text(nat, "mapping", NULL);
	const char *filtering = pick_text(nat, "filtering", "not known");
	char gateway[ADDR_TEXT_BYTES];
	struct doctor_item *item;

	(void)check;
	if (!mapping) {
		doctor_add(items, DOCTOR_SKIPPED,
			   "not known: no STUN server has told enough");
		return;
	}
	if (strcmp(mapping, "none") == 0 ||
	    strcmp(mapping, "endpoint-independent") == 0 || is_mapped(facts)) {
		doctor_add(items, DOCTOR_OK, "mapping %s, filtering %s",
			   mapping, filtering);
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "the NAT uses another port for each destination "
			  "(\"symmetric\")");
	item->effect = xstrdup("Hole punching fails with peers behind port "
			       "restricted and symmetric NATs.");
	item->fix = xasprintf("have a port mapped: switch on UPnP or NAT-PMP "
			      "in the router, or forward it by hand: "
			      "http://%s/",
			      doctor_gateway(facts, gateway, sizeof(gateway)));
}

static void run_peers(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	const json_t *peers =
	    json_object_get(json_object_get(facts->status, "nat"), "peers");
	const char *key = is_mapped(facts) ? "with_mapping" : "punching";
	size_t i, yes = 0, all = json_array_size(peers);
	const json_t *peer;
	struct doctor_item *item;

	(void)check;
	json_array_foreach (peers, i, peer)
		yes += strcmp(pick_text(peer, key, ""), "yes") == 0;
	if (all == 0) {
		doctor_add(items, DOCTOR_SKIPPED, "not known yet");
	} else if (yes == all) {
		doctor_add(items, DOCTOR_OK, "peers behind every kind of NAT");
	} else {
		item = doctor_add(items, DOCTOR_WARNING,
				  "peers behind %zu of %zu kinds of NAT", yes,
				  all);
		item->fix = xstrdup("traversalctl nat shows which; a port "
				    "mapping or IPv6 lets in the others");
	}
}

static const struct doctor_check checks[] = {
    {.id = "nat.type",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_WARNING,
     .title = "the NAT can be punched through",
     .cause = "A NAT with endpoint-independent mapping (a \"cone\") keeps the "
	      "outer port of a socket for every destination, whether that port "
	      "equals the inner one or not. One that maps by destination "
	      "(\"symmetric\") gives each peer another port, which the peer "
	      "cannot know. Such NATs are common in mobile and providers' "
	      "networks.",
     .fix = "Have a port mapped by the router, or use IPv6.",
     .run = run_type},
    {.id = "nat.peers",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_WARNING,
     .title = "which peers can connect",
     .cause =
	 "Two NATs get through to each other unless both are symmetric, or "
	 "one is symmetric and the other filters by address and port. A "
	 "mapped port or an IPv6 pinhole lets in everybody.",
     .fix = "traversalctl nat shows the matrix.",
     .run = run_peers},
};

const struct doctor_area doctor_nat = {checks, COUNT_OF(checks)};
