#include "netview.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* Far more than a host has; a kernel that tells of more fills no memory. */
#define MOST_ENTRIES 4096

/* Makes room for one more of SIZE bytes. Returns the array, or NULL at the
 * bound. */
static void *grown(void *items, size_t count, size_t *cap, size_t size)
{
	if (count >= MOST_ENTRIES)
		return NULL;
	if (count < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 16;
	return xreallocarray(items, *cap, size);
}

static void add_link(struct nettable *t, const struct rtnl_link *link)
{
	struct rtnl_link *items =
	    grown(t->links, t->link_count, &t->link_cap, sizeof(*items));

	if (!items)
		return;
	t->links = items;
	t->links[t->link_count++] = *link;
}

static void add_addr(struct nettable *t, const struct rtnl_addr *addr)
{
	struct rtnl_addr *items;

	if (!addr_is_set(&addr->addr))
		return;
	items = grown(t->addrs, t->addr_count, &t->addr_cap, sizeof(*items));
	if (!items)
		return;
	t->addrs = items;
	t->addrs[t->addr_count++] = *addr;
}

static bool is_default(const struct rtnl_route *r)
{
	return r->prefix_bits == 0 && r->table == RT_TABLE_MAIN &&
	       r->type == RTN_UNICAST && !r->is_cloned && r->ifindex != 0;
}

static void add_route(struct nettable *t, const struct rtnl_route *route)
{
	struct rtnl_route *items =
	    grown(t->routes, t->route_count, &t->route_cap, sizeof(*items));

	if (!items)
		return;
	t->routes = items;
	t->routes[t->route_count++] = *route;
}

void nettable_add(struct nettable *table, const struct rtnl_message *m)
{
	switch (m->type) {
	case RTNL_LINK:
		add_link(table, &m->link);
		break;
	case RTNL_ADDR:
		add_addr(table, &m->addr);
		break;
	case RTNL_ROUTE:
		if (is_default(&m->route))
			add_route(table, &m->route);
		break;
	case RTNL_OTHER:
	case RTNL_RULE:
	case RTNL_DONE:
	case RTNL_ERROR:
		break;
	}
}

static bool knows_link(const struct nettable *t, const struct rtnl_link *link)
{
	for (size_t i = 0; i < t->link_count; i++)
		if (t->links[i].ifindex == link->ifindex)
			return t->links[i].is_up == link->is_up &&
			       strcmp(t->links[i].name, link->name) == 0 &&
			       strcmp(t->links[i].kind, link->kind) == 0;
	return false;
}

static const struct rtnl_addr *find_addr(const struct nettable *t,
					 const struct addr *a,
					 unsigned int ifindex)
{
	for (size_t i = 0; i < t->addr_count; i++)
		if (t->addrs[i].ifindex == ifindex &&
		    addr_equal(&t->addrs[i].addr, a))
			return &t->addrs[i];
	return NULL;
}

static bool knows_addr(const struct nettable *t, const struct rtnl_addr *addr)
{
	const struct rtnl_addr *known =
	    find_addr(t, &addr->addr, addr->ifindex);

	return known && known->prefix_bits == addr->prefix_bits &&
	       known->flags == addr->flags;
}

/* Any route may be the one that a lookup finds: a VPN often covers the
 * internet with two halves and leaves the default route alone. */
static bool may_matter(const struct rtnl_route *r)
{
	return !r->is_cloned && r->table != RT_TABLE_LOCAL &&
	       r->type != RTN_BROADCAST && r->type != RTN_MULTICAST;
}

bool nettable_is_news(const struct nettable *table,
		      const struct rtnl_message *m)
{
	switch (m->type) {
	case RTNL_LINK:
		return m->is_removal || !knows_link(table, &m->link);
	case RTNL_ADDR:
		return m->is_removal || !knows_addr(table, &m->addr);
	case RTNL_ROUTE:
		return may_matter(&m->route);
	case RTNL_RULE:
		return true;
	case RTNL_OTHER:
	case RTNL_DONE:
	case RTNL_ERROR:
		return false;
	}
	return false;
}

void nettable_clear(struct nettable *table)
{
	free(table->links);
	free(table->addrs);
	free(table->routes);
	*table = (struct nettable){0};
}

bool nettable_is_own(const struct nettable *table, const struct addr *a)
{
	for (size_t i = 0; i < table->addr_count; i++)
		if (addr_equal(&table->addrs[i].addr, a))
			return true;
	return false;
}

bool nettable_is_on_link(const struct nettable *table, const struct addr *a)
{
	for (size_t i = 0; i < table->addr_count; i++)
		if (addr_same_prefix(&table->addrs[i].addr, a,
				     table->addrs[i].prefix_bits))
			return true;
	return false;
}
