#include "net_layers.h"

#include <stdio.h>

#include "nat_watch.h"
#include "nested_nat.h"

static bool is_shared(const struct addr *a)
{
	enum addr_class class = addr_classify(a);

	return class == ADDR_CGNAT || class == ADDR_DSLITE;
}

static bool is_hidden(const struct addr *a)
{
	return addr_is_set(a) && addr_classify(a) != ADDR_PUBLIC &&
	       addr_classify(a) != ADDR_UNSPECIFIED;
}

static int count_layers(const struct net_layers *l)
{
	if (is_hidden(&l->outer))
		return is_hidden(&l->second_outer) ? 3 : 2;
	if (!addr_is_set(&l->outer) || !addr_is_set(&l->seen))
		return -1;
	return addr_equal(&l->outer, &l->seen) ? 1 : 2;
}

struct net_layers net_layers(const struct app *app)
{
	const struct nat_watch_view *nat = nat_watch_view(app->env.nat);
	struct net_layers l = {.count = -1, .cgnat = NAT_UNKNOWN};
	struct portmap *second = nested_nat_portmap(app->env.nested);

	if (nat->state == NAT_WATCH_KNOWN)
		l.seen = nat->result.nat.external.addr;
	if (app->env.portmap)
		l.outer = portmap_external(app->env.portmap);
	l.second = nested_nat_router(app->env.nested);
	if (second)
		l.second_outer = portmap_external(second);
	if (addr_is_set(&l.outer))
		l.cgnat = is_shared(&l.outer) || is_shared(&l.second_outer)
			      ? NAT_YES
			      : NAT_NO;
	if (nat->state == NAT_WATCH_KNOWN &&
	    nat->result.nat.mapping == NAT_MAPPING_NONE)
		l.count = 0;
	else
		l.count = count_layers(&l);
	return l;
}

static bool is_reached(const struct app *app)
{
	return app->verdict.reachable == REACHABLE_YES ||
	       app->verdict.reachable == REACHABLE_LIKELY;
}

static void add_cgnat(const struct app *app, const struct net_layers *l,
		      struct findings *list)
{
	const struct addr *shared =
	    is_shared(&l->outer) ? &l->outer : &l->second_outer;
	char detail[256], text[ADDR_TEXT_BYTES];

	snprintf(detail, sizeof(detail),
		 "The outer address of your router, %s, is itself one of a "
		 "provider's NAT: several customers share one public address. "
		 "A port forward in your router cannot work here.",
		 addr_format(shared, text, sizeof(text)));
	findings_add(list, "net.cgnat",
		     is_reached(app) ? FINDING_INFO : FINDING_FAILURE, NULL, 0,
		     "the provider shares its public address (CGNAT)", detail,
		     "Ask the provider for a public IPv4 address (\"no "
		     "CGNAT\"), or use IPv6.");
}

static void describe_double(const struct app *app, const struct net_layers *l,
			    char *detail, size_t cap)
{
	char first[ADDR_TEXT_BYTES], outer[ADDR_TEXT_BYTES];
	char second[ADDR_TEXT_BYTES], seen[ADDR_TEXT_BYTES];

	addr_format(&app->netview.ipv4.gateway, first, sizeof(first));
	addr_format(&l->outer, outer, sizeof(outer));
	addr_format(&l->second, second, sizeof(second));
	addr_format(&l->seen, seen, sizeof(seen));
	if (!is_hidden(&l->outer))
		snprintf(detail, cap,
			 "The router %s says that its outer address is %s, but "
			 "the internet sees %s.",
			 first, outer, seen);
	else if (addr_is_set(&l->second))
		snprintf(detail, cap,
			 "The outer address %s of the router %s is %s: it "
			 "stands behind another router, %s.",
			 outer, first,
			 addr_class_name(addr_classify(&l->outer)), second);
	else
		snprintf(detail, cap,
			 "The outer address %s of the router %s is %s: it "
			 "stands behind another router.",
			 outer, first,
			 addr_class_name(addr_classify(&l->outer)));
}

static void fix_double(const struct app *app, const struct net_layers *l,
		       char *fix, size_t cap)
{
	struct addr guess = nested_nat_guess(&l->outer);
	const struct addr *second =
	    addr_is_set(&l->second) ? &l->second : &guess;
	char first[ADDR_TEXT_BYTES], outer[ADDR_TEXT_BYTES];
	char other[ADDR_TEXT_BYTES], local[ADDR_TEXT_BYTES];

	if (!is_hidden(&l->outer) || !addr_is_set(second)) {
		snprintf(fix, cap,
			 "Put one of the two routers in bridge or access point "
			 "mode.");
		return;
	}
	addr_format(&app->netview.ipv4.gateway, first, sizeof(first));
	addr_format(&app->netview.ipv4.local, local, sizeof(local));
	addr_format(&l->outer, outer, sizeof(outer));
	addr_format(second, other, sizeof(other));
	snprintf(fix, cap,
		 "Put %s in bridge or access point mode. Or switch on UPnP or "
		 "NAT-PMP in %s. Or forward the ports by hand: in %s to %s, "
		 "and in %s to %s.",
		 first, other, other, outer, first, local);
}

static void add_double(const struct app *app, const struct net_layers *l,
		       struct findings *list)
{
	char detail[320], fix[640];

	describe_double(app, l, detail, sizeof(detail));
	if (is_reached(app)) {
		findings_add(list, "net.double_nat", FINDING_INFO, NULL, 0,
			     "there are two routers in a row, and both let the "
			     "services in",
			     detail, "");
		return;
	}
	fix_double(app, l, fix, sizeof(fix));
	findings_add(list, "net.double_nat", FINDING_FAILURE, NULL, 0,
		     "there is a second router in front of the first", detail,
		     fix);
}

static void name_path(const struct netpath *path, char *buf, size_t cap)
{
	char gateway[ADDR_TEXT_BYTES];

	if (addr_is_set(&path->gateway))
		snprintf(buf, cap, "%s (%s)",
			 addr_format(&path->gateway, gateway, sizeof(gateway)),
			 path->ifname);
	else
		snprintf(buf, cap, "%s", path->ifname);
}

/* Another way out than the one that is used. */
static const struct netpath *other_path(const struct netview *view)
{
	for (size_t i = 0; i < view->route_count; i++) {
		const struct netpath *route = &view->routes[i];

		if (route->local.family == AF_INET &&
		    (!addr_equal(&route->gateway, &view->ipv4.gateway) ||
		     route->ifindex != view->ipv4.ifindex))
			return route;
	}
	return NULL;
}

static void add_several(const struct app *app, struct findings *list)
{
	const struct netpath *other;
	char used[ADDR_TEXT_BYTES + IFNAMSIZ + 8];
	char spare[ADDR_TEXT_BYTES + IFNAMSIZ + 8];
	char detail[320];

	other = app->netview.has_ipv4 ? other_path(&app->netview) : NULL;
	if (!other)
		return;
	name_path(&app->netview.ipv4, used, sizeof(used));
	name_path(other, spare, sizeof(spare));
	snprintf(detail, sizeof(detail),
		 "Ports are mapped in %s alone; another default route leads "
		 "over %s. It takes over when the first one vanishes.",
		 used, spare);
	findings_add(list, "net.several_gateways", FINDING_INFO, NULL, 0,
		     "this host has more than one default route", detail,
		     "Choose another one with --gateway or --bind.address.");
}

/* Is the router that was chosen another than the one of the best route? */
static void add_off_route(const struct app *app, struct findings *list)
{
	const struct netview *view = &app->netview;
	const struct addr *chosen = &app->config->gateway;
	char detail[256], text[ADDR_TEXT_BYTES], best[ADDR_TEXT_BYTES];

	if (chosen->family != AF_INET || !view->has_ipv4 ||
	    view->route_count == 0 ||
	    view->routes[0].gateway.family != AF_INET ||
	    addr_equal(chosen, &view->routes[0].gateway))
		return;
	snprintf(detail, sizeof(detail),
		 "Ports are mapped in %s, but by default packets leave over "
		 "%s: an answer that goes there does not arrive, and neither "
		 "does the check from outside.",
		 addr_format(chosen, text, sizeof(text)),
		 addr_format(&view->routes[0].gateway, best, sizeof(best)));
	findings_add(list, "net.gateway_off_route", FINDING_WARNING, NULL, 0,
		     "--gateway is not the router that packets leave by",
		     detail,
		     "Route the services' packets over it as well (ip rule, ip "
		     "route), or leave --gateway out.");
}

void net_layers_findings(const struct app *app, struct findings *list)
{
	struct net_layers l = net_layers(app);

	if (l.cgnat == NAT_YES)
		add_cgnat(app, &l, list);
	else if (l.count > 1)
		add_double(app, &l, list);
	add_several(app, list);
	add_off_route(app, list);
}
