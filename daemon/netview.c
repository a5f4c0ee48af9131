#include "netview.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* Addresses out on the internet that no host gives a route of its own: those
 * of a root name server. Nothing is ever sent there. */
static const struct addr outside4 = {.family = AF_INET,
				     .bytes = {193, 0, 14, 129}};
static const struct addr outside6 = {
    .family = AF_INET6,
    .bytes = {0x20, 0x01, 0x07, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

static const struct rtnl_link *find_link(const struct nettable *table,
					 unsigned int ifindex)
{
	for (size_t i = 0; i < table->link_count; i++)
		if (table->links[i].ifindex == ifindex)
			return &table->links[i];
	return NULL;
}

static const struct rtnl_addr *find_own(const struct nettable *table,
					const struct addr *a)
{
	for (size_t i = 0; i < table->addr_count; i++)
		if (addr_equal(&table->addrs[i].addr, a))
			return &table->addrs[i];
	return NULL;
}

/* An address that packets may be sent from, for a route that names none. */
static const struct rtnl_addr *first_usable(const struct nettable *table,
					    sa_family_t family,
					    unsigned int ifindex)
{
	const uint32_t bad =
	    IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED;

	for (size_t i = 0; i < table->addr_count; i++) {
		const struct rtnl_addr *a = &table->addrs[i];

		if (a->family == family && a->ifindex == ifindex &&
		    !(a->flags & bad) &&
		    addr_classify(&a->addr) != ADDR_LINK_LOCAL)
			return a;
	}
	return NULL;
}

static void set_local(struct netpath *path, const struct nettable *table,
		      const struct rtnl_route *route)
{
	const struct rtnl_addr *own;

	if (addr_is_set(&route->source))
		own = find_own(table, &route->source);
	else
		own = first_usable(table, route->family, route->ifindex);
	path->local = own ? own->addr : route->source;
	path->prefix_bits = own ? own->prefix_bits : 0;
}

static struct netpath path_of(const struct nettable *table,
			      const struct rtnl_route *route)
{
	const struct rtnl_link *link = find_link(table, route->ifindex);
	struct netpath path;

	/* Whole views are compared and printed: no stray bytes. */
	memset(&path, 0, sizeof(path));
	path.gateway = route->gateway;
	path.ifindex = route->ifindex;
	path.metric = route->metric;
	set_local(&path, table, route);
	if (link) {
		memcpy(path.ifname, link->name, sizeof(path.ifname));
		path.is_up = link->is_up && !route->is_down;
		path.is_vpn = rtnl_kind_is_vpn(link->kind);
	}
	return path;
}

/* The best default route, of interface IFINDEX unless that is 0. */
static const struct rtnl_route *best_default(const struct nettable *table,
					     sa_family_t family,
					     unsigned int ifindex)
{
	const struct rtnl_route *best = NULL;

	for (size_t i = 0; i < table->route_count; i++) {
		const struct rtnl_route *r = &table->routes[i];

		if (r->family == family &&
		    (!ifindex || r->ifindex == ifindex) &&
		    (!best || r->metric < best->metric))
			best = r;
	}
	return best;
}

/* The answer to a lookup has no metric: it is that of the default route which
 * it came from. */
static uint32_t metric_of(const struct nettable *table,
			  const struct rtnl_route *found)
{
	for (size_t i = 0; i < table->route_count; i++)
		if (table->routes[i].ifindex == found->ifindex &&
		    addr_equal(&table->routes[i].gateway, &found->gateway))
			return table->routes[i].metric;
	return found->metric;
}

static bool is_way_out(const struct netlookup *lookup)
{
	return lookup->is_found && lookup->route.type == RTN_UNICAST &&
	       lookup->route.ifindex != 0;
}

/*
 * The kernel routes by destination: with an address of another interface bound
 * it still names the best link. Packets from that address belong on its own.
 */
static void prefer_bound_link(const struct nettable *table,
			      const struct addr *bind_address,
			      struct netpath *path)
{
	const struct rtnl_addr *own = find_own(table, bind_address);
	const struct rtnl_route *r;

	if (!own)
		return;
	if (own->ifindex != path->ifindex) {
		r = best_default(table, own->family, own->ifindex);
		if (r)
			*path = path_of(table, r);
	}
	path->local = own->addr;
	path->prefix_bits = own->prefix_bits;
}

/* Can packets from this address come back from the internet? */
static bool is_usable_source(const struct addr *local)
{
	return addr_is_set(local) && !(local->family == AF_INET6 &&
				       addr_classify(local) == ADDR_LINK_LOCAL);
}

static bool build_path(const struct nettable *table,
		       const struct netmon_options *options, sa_family_t family,
		       const struct netlookup *lookup, struct netpath *ret_path)
{
	struct netpath path;

	if (!is_way_out(lookup))
		return false;
	path = path_of(table, &lookup->route);
	path.metric = metric_of(table, &lookup->route);
	if (options->bind_address.family == family)
		prefer_bound_link(table, &options->bind_address, &path);
	if (options->gateway.family == family)
		path.gateway = options->gateway;
	if (!is_usable_source(&path.local))
		return false;
	*ret_path = path;
	return true;
}

static bool is_stable(const struct rtnl_addr *a)
{
	const uint32_t bad = IFA_F_TENTATIVE | IFA_F_DADFAILED |
			     IFA_F_DEPRECATED | IFA_F_TEMPORARY;

	return !(a->flags & bad) && addr_classify(&a->addr) == ADDR_PUBLIC;
}

/* The address that packets leave from, if it is one that stays. */
static struct addr stable_ipv6(const struct nettable *table,
			       const struct netpath *path)
{
	struct addr found = {.family = AF_UNSPEC};

	for (size_t i = 0; i < table->addr_count; i++) {
		const struct rtnl_addr *a = &table->addrs[i];

		if (a->family != AF_INET6 || a->ifindex != path->ifindex ||
		    !is_stable(a))
			continue;
		if (addr_equal(&a->addr, &path->local))
			return a->addr;
		if (!addr_is_set(&found))
			found = a->addr;
	}
	return found;
}

/* Inserts in order of metric; the worst falls off the end. */
static void insert_route(struct netview *view, size_t from,
			 const struct netpath *path)
{
	size_t at = from;

	while (at < view->route_count &&
	       view->routes[at].metric <= path->metric)
		at++;
	if (at == NETVIEW_MOST_ROUTES)
		return;
	if (view->route_count < NETVIEW_MOST_ROUTES)
		view->route_count++;
	memmove(&view->routes[at + 1], &view->routes[at],
		(view->route_count - 1 - at) * sizeof(view->routes[0]));
	view->routes[at] = *path;
}

static void build_routes(const struct nettable *table, sa_family_t family,
			 struct netview *view)
{
	size_t from = view->route_count;
	struct netpath path;

	for (size_t i = 0; i < table->route_count; i++) {
		if (table->routes[i].family != family)
			continue;
		path = path_of(table, &table->routes[i]);
		insert_route(view, from, &path);
	}
}

struct addr netview_probe(const struct netmon_options *options,
			  sa_family_t family)
{
	if (addr_is_set(&options->bind_address) &&
	    options->bind_address.family != family)
		return (struct addr){.family = AF_UNSPEC};
	if (options->gateway.family == family)
		return options->gateway;
	return family == AF_INET ? outside4 : outside6;
}

struct netview netview_build(const struct nettable *table,
			     const struct netmon_options *options)
{
	struct netview view;

	memset(&view, 0, sizeof(view));
	view.has_ipv4 =
	    build_path(table, options, AF_INET, &table->lookup4, &view.ipv4);
	view.has_ipv6 =
	    build_path(table, options, AF_INET6, &table->lookup6, &view.ipv6);
	if (view.has_ipv6)
		view.stable_ipv6 = stable_ipv6(table, &view.ipv6);
	build_routes(table, AF_INET, &view);
	build_routes(table, AF_INET6, &view);
	return view;
}

bool netpath_equal(const struct netpath *a, const struct netpath *b)
{
	return addr_equal(&a->gateway, &b->gateway) &&
	       addr_equal(&a->local, &b->local) &&
	       a->prefix_bits == b->prefix_bits && a->ifindex == b->ifindex &&
	       strcmp(a->ifname, b->ifname) == 0 && a->metric == b->metric &&
	       a->is_up == b->is_up && a->is_vpn == b->is_vpn;
}

bool netview_equal(const struct netview *a, const struct netview *b)
{
	if (a->has_ipv4 != b->has_ipv4 || a->has_ipv6 != b->has_ipv6 ||
	    a->route_count != b->route_count ||
	    !netpath_equal(&a->ipv4, &b->ipv4) ||
	    !netpath_equal(&a->ipv6, &b->ipv6) ||
	    !addr_equal(&a->stable_ipv6, &b->stable_ipv6))
		return false;
	for (size_t i = 0; i < a->route_count; i++)
		if (!netpath_equal(&a->routes[i], &b->routes[i]))
			return false;
	return true;
}
