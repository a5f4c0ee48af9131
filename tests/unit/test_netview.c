#include "unit.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>

#include "netview.h"

static struct addr parse(const char *text)
{
	struct addr a = {.family = AF_UNSPEC};

	if (text && addr_parse(text, &a) < 0)
		fail_msg("bad address %s", text);
	return a;
}

static struct rtnl_message link_message(unsigned int ifindex, const char *name,
					const char *kind, bool is_up)
{
	struct rtnl_message m = {.type = RTNL_LINK};

	m.link.ifindex = ifindex;
	m.link.is_up = is_up;
	memcpy(m.link.name, name, strlen(name));
	memcpy(m.link.kind, kind, strlen(kind));
	return m;
}

static struct rtnl_message addr_message(unsigned int ifindex, const char *text,
					uint8_t prefix_bits)
{
	struct rtnl_message m = {.type = RTNL_ADDR};

	m.addr.ifindex = ifindex;
	m.addr.addr = parse(text);
	m.addr.family = m.addr.addr.family;
	m.addr.prefix_bits = prefix_bits;
	return m;
}

static struct rtnl_message route_message(sa_family_t family,
					 unsigned int ifindex,
					 const char *gateway, uint32_t metric)
{
	struct rtnl_message m = {.type = RTNL_ROUTE};

	m.route.family = family;
	m.route.type = RTN_UNICAST;
	m.route.table = RT_TABLE_MAIN;
	m.route.metric = metric;
	m.route.gateway = parse(gateway);
	m.route.ifindex = ifindex;
	return m;
}

static void add(struct nettable *t, struct rtnl_message m)
{
	nettable_add(t, &m);
}

static void find(struct netlookup *lookup, unsigned int ifindex,
		 const char *gateway, const char *source)
{
	struct rtnl_message m = route_message(
	    strchr(source, ':') ? AF_INET6 : AF_INET, ifindex, gateway, 0);

	lookup->is_found = true;
	lookup->route = m.route;
	lookup->route.source = parse(source);
	lookup->route.is_cloned = true;
}

/* A home: eth0 (2) with the router, wlan0 (3) with a worse one, tun0 (4). */
static struct nettable home(void)
{
	struct nettable t = {0};

	add(&t, link_message(2, "eth0", "", true));
	add(&t, link_message(3, "wlan0", "", true));
	add(&t, link_message(4, "tun0", "tun", true));
	add(&t, addr_message(2, "192.168.1.20", 24));
	add(&t, addr_message(3, "192.168.2.30", 25));
	add(&t, addr_message(4, "10.8.0.2", 32));
	add(&t, addr_message(2, "fe80::20%2", 64));
	add(&t, addr_message(2, "2001:db8::20", 64));
	add(&t, route_message(AF_INET, 3, "192.168.2.1", 600));
	add(&t, route_message(AF_INET, 2, "192.168.1.1", 100));
	add(&t, route_message(AF_INET6, 2, "fe80::1%2", 1024));
	find(&t.lookup4, 2, "192.168.1.1", "192.168.1.20");
	find(&t.lookup6, 2, "fe80::1%2", "2001:db8::20");
	return t;
}

static void expect_addr(const char *text, const struct addr *a)
{
	char buf[ADDR_TEXT_BYTES];

	assert_string_equal(addr_format(a, buf, sizeof(buf)), text);
}

static void netview_build_when_home_then_the_best_way_out(void **state)
{
	static const struct netmon_options none;
	struct nettable t = home();
	struct netview v = netview_build(&t, &none);

	(void)state;
	assert_true(v.has_ipv4);
	expect_addr("192.168.1.1", &v.ipv4.gateway);
	expect_addr("192.168.1.20", &v.ipv4.local);
	assert_int_equal(v.ipv4.prefix_bits, 24);
	assert_string_equal(v.ipv4.ifname, "eth0");
	assert_int_equal(v.ipv4.metric, 100);
	assert_true(v.ipv4.is_up);
	assert_false(v.ipv4.is_vpn);
	assert_true(v.has_ipv6);
	expect_addr("fe80::1%2", &v.ipv6.gateway);
	expect_addr("2001:db8::20", &v.ipv6.local);
	assert_int_equal(v.route_count, 3);
	expect_addr("192.168.1.1", &v.routes[0].gateway);
	expect_addr("192.168.2.1", &v.routes[1].gateway);
	expect_addr("192.168.2.30", &v.routes[1].local);
	assert_int_equal(v.routes[1].prefix_bits, 25);
	expect_addr("fe80::1%2", &v.routes[2].gateway);
	nettable_clear(&t);
}

/* A VPN that covers the internet with two halves leaves the default route: only
 * the lookup knows. */
static void netview_build_when_lookup_says_vpn_then_vpn(void **state)
{
	static const struct netmon_options none;
	struct nettable t = home();
	struct netview v;

	(void)state;
	find(&t.lookup4, 4, NULL, "10.8.0.2");
	v = netview_build(&t, &none);
	assert_true(v.has_ipv4);
	assert_true(v.ipv4.is_vpn);
	assert_false(addr_is_set(&v.ipv4.gateway));
	assert_string_equal(v.ipv4.ifname, "tun0");
	expect_addr("192.168.1.1", &v.routes[0].gateway);
	assert_false(v.routes[0].is_vpn);
	nettable_clear(&t);
}

static void netview_build_when_lookup_fails_then_no_way_out(void **state)
{
	static const struct netmon_options none;
	struct nettable t = home();
	struct netview v;

	(void)state;
	t.lookup4.is_found = false;
	t.lookup6.route.source = parse("fe80::20%2");
	v = netview_build(&t, &none);
	assert_false(v.has_ipv4);
	assert_false(v.has_ipv6); /* a link-local source leads nowhere */
	assert_false(addr_is_set(&v.ipv4.gateway));
	assert_int_equal(v.route_count, 3);
	t.lookup4.is_found = true;
	t.lookup4.route.type = RTN_LOCAL;
	assert_false(netview_build(&t, &none).has_ipv4);
	nettable_clear(&t);
}

static void netview_build_when_bound_then_that_link_and_address(void **state)
{
	struct netmon_options o = {.bind_address = parse("192.168.2.30")};
	struct nettable t = home();
	struct addr none6 = netview_probe(&o, AF_INET6);
	struct netview v;

	(void)state;
	assert_false(addr_is_set(&none6));
	t.lookup6.is_found = false;
	v = netview_build(&t, &o);
	assert_string_equal(v.ipv4.ifname, "wlan0");
	expect_addr("192.168.2.1", &v.ipv4.gateway);
	expect_addr("192.168.2.30", &v.ipv4.local);
	assert_int_equal(v.ipv4.prefix_bits, 25);
	assert_false(v.has_ipv6);
	nettable_clear(&t);
}

static void netview_build_when_gateway_forced_then_that_one(void **state)
{
	struct netmon_options o = {.gateway = parse("192.168.1.254")};
	struct addr probe = netview_probe(&o, AF_INET);
	struct nettable t = home();
	struct netview v;

	(void)state;
	expect_addr("192.168.1.254", &probe);
	/* on the link itself: the answer names no gateway */
	find(&t.lookup4, 2, NULL, "192.168.1.20");
	v = netview_build(&t, &o);
	expect_addr("192.168.1.254", &v.ipv4.gateway);
	expect_addr("192.168.1.20", &v.ipv4.local);
	assert_true(v.has_ipv6); /* the other family is left alone */
	nettable_clear(&t);
}

static void netview_build_when_many_defaults_then_the_best_eight(void **state)
{
	static const struct netmon_options none;
	struct nettable t = {0};
	struct netview v;

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		add(&t, route_message(AF_INET, 2, "192.168.1.1", (i * 7) % 20));
	add(&t, route_message(AF_INET6, 2, "fe80::1%2", 0));
	v = netview_build(&t, &none);
	assert_int_equal(v.route_count, NETVIEW_MOST_ROUTES);
	for (uint32_t i = 0; i < NETVIEW_MOST_ROUTES; i++)
		assert_int_equal(v.routes[i].metric, i);
	nettable_clear(&t);
}

static void netview_equal_when_anything_differs_then_false(void **state)
{
	static const struct netmon_options none;
	struct nettable t = home();
	struct netview v = netview_build(&t, &none), w = v;

	(void)state;
	w.generation = 9;
	assert_true(netview_equal(&v, &w));
	w.ipv4.is_up = false;
	assert_false(netview_equal(&v, &w));
	w = v;
	w.ipv6.local.bytes[15]++;
	assert_false(netview_equal(&v, &w));
	w = v;
	w.routes[1].metric++;
	assert_false(netview_equal(&v, &w));
	w = v;
	w.route_count--;
	assert_false(netview_equal(&v, &w));
	w = v;
	w.has_ipv6 = false;
	assert_false(netview_equal(&v, &w));
	nettable_clear(&t);
}

static void nettable_add_when_not_a_default_then_left_out(void **state)
{
	struct nettable t = {0};
	struct rtnl_message m = route_message(AF_INET, 2, "10.0.0.1", 0);

	(void)state;
	m.route.prefix_bits = 8;
	add(&t, m);
	m.route.prefix_bits = 0;
	m.route.table = 77;
	add(&t, m);
	m.route.table = RT_TABLE_MAIN;
	m.route.type = RTN_UNREACHABLE;
	add(&t, m);
	assert_int_equal(t.route_count, 0);
	nettable_clear(&t);
}

static void nettable_add_when_too_many_then_bounded(void **state)
{
	struct nettable t = {0};

	(void)state;
	for (unsigned int i = 0; i < 5000; i++)
		add(&t, addr_message(i, "10.0.0.1", 24));
	assert_int_equal(t.addr_count, 4096);
	nettable_clear(&t);
}

/* The table had grown for it, and forgot where. */
static void nettable_add_when_address_is_unset_then_left_out(void **state)
{
	struct rtnl_message unset = {.type = RTNL_ADDR};
	struct nettable t = {0};

	(void)state;
	for (unsigned int i = 0; i < 16; i++)
		add(&t, addr_message(i + 1, "10.0.0.1", 24));
	add(&t, unset);
	assert_int_equal(t.addr_count, 16);
	assert_int_equal(t.addrs[15].ifindex, 16);
	nettable_clear(&t);
}

static void nettable_is_news_when_only_refreshed_then_false(void **state)
{
	struct nettable t = home();
	struct rtnl_message m = addr_message(2, "192.168.1.20", 24);

	(void)state;
	assert_false(nettable_is_news(&t, &m)); /* lifetimes renewed */
	m.addr.flags = IFA_F_DEPRECATED;
	assert_true(nettable_is_news(&t, &m));
	m = addr_message(2, "192.168.1.20", 24);
	m.is_removal = true;
	assert_true(nettable_is_news(&t, &m));
	m = link_message(3, "wlan0", "", true); /* as a scan sends it */
	assert_false(nettable_is_news(&t, &m));
	m = link_message(3, "wlan0", "", false);
	assert_true(nettable_is_news(&t, &m));
	m = route_message(AF_INET, 4, NULL, 0);
	m.route.prefix_bits = 1;
	assert_true(nettable_is_news(&t, &m));
	m.route.is_cloned = true;
	assert_false(nettable_is_news(&t, &m));
	m = route_message(AF_INET, 2, NULL, 0);
	m.route.table = RT_TABLE_LOCAL;
	assert_false(nettable_is_news(&t, &m));
	nettable_clear(&t);
}

static void nettable_is_own_when_asked_then_addresses_and_links(void **state)
{
	struct nettable t = home();
	struct addr own = parse("192.168.2.30"), near = parse("192.168.2.99");
	struct addr far = parse("192.168.2.200");

	(void)state;
	assert_true(nettable_is_own(&t, &own));
	assert_false(nettable_is_own(&t, &near));
	assert_true(nettable_is_on_link(&t, &near));
	assert_false(nettable_is_on_link(&t, &far));
	nettable_clear(&t);
}

static struct rtnl_message ipv6_message(const char *text, uint32_t flags)
{
	struct rtnl_message m = addr_message(2, text, 64);

	m.addr.flags = flags;
	return m;
}

static void netview_build_when_addresses_pass_then_one_that_stays(void **state)
{
	static const struct netmon_options none;
	struct nettable t = home();
	struct netview before, v;

	(void)state;
	/* Documentation's prefix is no way in. */
	before = netview_build(&t, &none);
	assert_false(addr_is_set(&before.stable_ipv6));
	add(&t, ipv6_message("2a00:1::1", IFA_F_TEMPORARY));
	add(&t, ipv6_message("2a00:1::2", IFA_F_DEPRECATED));
	add(&t, ipv6_message("2a00:1::3", IFA_F_TENTATIVE));
	add(&t, ipv6_message("fd00::4", IFA_F_PERMANENT));
	v = netview_build(&t, &none);
	assert_false(addr_is_set(&v.stable_ipv6));
	add(&t, ipv6_message("2a00:1::5", IFA_F_MANAGETEMPADDR));
	add(&t, ipv6_message("2a00:1::6", IFA_F_PERMANENT));
	v = netview_build(&t, &none);
	expect_addr("2a00:1::5", &v.stable_ipv6);
	assert_false(netview_equal(&before, &v));
	find(&t.lookup6, 2, "fe80::1%2", "2a00:1::6");
	v = netview_build(&t, &none);
	expect_addr("2a00:1::6", &v.stable_ipv6);
	nettable_clear(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(netview_build_when_home_then_the_best_way_out),
	    cmocka_unit_test(netview_build_when_lookup_says_vpn_then_vpn),
	    cmocka_unit_test(netview_build_when_lookup_fails_then_no_way_out),
	    cmocka_unit_test(
		netview_build_when_bound_then_that_link_and_address),
	    cmocka_unit_test(netview_build_when_gateway_forced_then_that_one),
	    cmocka_unit_test(
		netview_build_when_many_defaults_then_the_best_eight),
	    cmocka_unit_test(
		netview_build_when_addresses_pass_then_one_that_stays),
	    cmocka_unit_test(netview_equal_when_anything_differs_then_false),
	    cmocka_unit_test(nettable_add_when_not_a_default_then_left_out),
	    cmocka_unit_test(nettable_add_when_too_many_then_bounded),
	    cmocka_unit_test(nettable_add_when_address_is_unset_then_left_out),
	    cmocka_unit_test(nettable_is_news_when_only_refreshed_then_false),
	    cmocka_unit_test(
		nettable_is_own_when_asked_then_addresses_and_links),
	};

	return cmocka_run_group_tests_name("netview", tests, NULL, NULL);
}
