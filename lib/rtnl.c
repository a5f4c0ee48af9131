#include "rtnl.h"

#include <assert.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* NLA_TYPE_MASK of linux/netlink.h, without its sign. */
#define ATTR_TYPE_MASK 0x3fffu

/* One attribute; BYTES is borrowed from the buffer. */
struct attr {
	uint16_t type;
	const uint8_t *bytes;
	size_t len;
};

/* What is left of a run of attributes. */
struct attrs {
	const uint8_t *bytes;
	size_t len;
};

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Takes the next attribute off. Trailing bytes that are no attribute end the
 * run, as in the kernel's own parser. */
static bool next_attr(struct attrs *rest, struct attr *ret_attr)
{
	struct rtattr header;
	size_t taken;

	if (rest->len < sizeof(header))
		return false;
	memcpy(&header, rest->bytes, sizeof(header));
	if (header.rta_len < sizeof(header) || header.rta_len > rest->len)
		return false;
	ret_attr->type = (uint16_t)(header.rta_type & ATTR_TYPE_MASK);
	ret_attr->bytes = rest->bytes + sizeof(header);
	ret_attr->len = header.rta_len - sizeof(header);
	taken = align4(header.rta_len);
	if (taken > rest->len)
		taken = rest->len;
	rest->bytes += taken;
	rest->len -= taken;
	return true;
}

static uint32_t attr_u32(const struct attr *a, uint32_t otherwise)
{
	uint32_t v;

	if (a->len < sizeof(v))
		return otherwise;
	memcpy(&v, a->bytes, sizeof(v));
	return v;
}

/* An address of FAMILY; an all-zero or too short one stays unset. */
static struct addr addr_of(sa_family_t family, const uint8_t *bytes, size_t len)
{
	static const uint8_t zeros[16];
	size_t wanted = family == AF_INET ? 4 : 16;

	if (len < wanted || memcmp(bytes, zeros, wanted) == 0)
		return (struct addr){.family = AF_UNSPEC};
	if (family == AF_INET)
		return addr_from_ipv4(bytes);
	if (family == AF_INET6)
		return addr_from_ipv6(bytes);
	return (struct addr){.family = AF_UNSPEC};
}

static struct addr attr_addr(sa_family_t family, const struct attr *a)
{
	return addr_of(family, a->bytes, a->len);
}

/* A gateway of the other family (RFC 8950: IPv4 by way of IPv6). */
static struct addr via_of(const struct attr *a)
{
	struct addr none = {.family = AF_UNSPEC};
	sa_family_t family = AF_UNSPEC;

	if (a->len < sizeof(family))
		return none;
	memcpy(&family, a->bytes, sizeof(family));
	return addr_of(family, a->bytes + sizeof(family),
		       a->len - sizeof(family));
}

static void attr_text(const struct attr *a, char *out, size_t out_bytes)
{
	size_t len = strnlen((const char *)a->bytes, a->len);

	if (len >= out_bytes)
		len = out_bytes - 1;
	memcpy(out, a->bytes, len);
	out[len] = '\0';
}

static bool is_down(unsigned int flags)
{
	return (flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) != 0;
}

static void read_nexthop(struct rtnl_route *route, const struct rtnexthop *hop,
			 struct attrs rest)
{
	struct attr a;

	route->ifindex = (unsigned int)hop->rtnh_ifindex;
	route->is_down = is_down(hop->rtnh_flags);
	route->gateway = (struct addr){.family = AF_UNSPEC};
	while (next_attr(&rest, &a)) {
		if (a.type == RTA_GATEWAY)
			route->gateway = attr_addr(route->family, &a);
		else if (a.type == RTA_VIA)
			route->gateway = via_of(&a);
	}
}

/* Of several next hops the first that is alive speaks for the route. */
static void read_multipath(struct rtnl_route *route, const struct attr *a)
{
	const uint8_t *p = a->bytes;
	size_t left = a->len, taken;
	struct rtnexthop hop;
	bool chosen = false;

	while (left >= sizeof(hop) && !chosen) {
		memcpy(&hop, p, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			return;
		read_nexthop(route, &hop,
			     (struct attrs){p + sizeof(hop),
					    hop.rtnh_len - sizeof(hop)});
		chosen = !route->is_down;
		taken = align4(hop.rtnh_len);
		if (taken > left)
			taken = left;
		p += taken;
		left -= taken;
	}
}

static void read_route_attr(struct rtnl_route *route, const struct attr *a)
{
	switch (a->type) {
	case RTA_DST:
		route->destination = attr_addr(route->family, a);
		break;
	case RTA_GATEWAY:
		route->gateway = attr_addr(route->family, a);
		break;
	case RTA_VIA:
		route->gateway = via_of(a);
		break;
	case RTA_PREFSRC:
		route->source = attr_addr(route->family, a);
		break;
	case RTA_OIF:
		route->ifindex = attr_u32(a, 0);
		break;
	case RTA_PRIORITY:
		route->metric = attr_u32(a, 0);
		break;
	case RTA_TABLE:
		route->table = attr_u32(a, route->table);
		break;
	case RTA_MULTIPATH:
		read_multipath(route, a);
		break;
	default:
		break;
	}
}

/* A link-local gateway means nothing without its link. */
static void scope_gateway(struct rtnl_route *route)
{
	if (route->gateway.family == AF_INET6 &&
	    addr_classify(&route->gateway) == ADDR_LINK_LOCAL)
		route->gateway.scope = route->ifindex;
}

static bool read_route(struct attrs body, struct rtnl_route *ret_route)
{
	struct rtnl_route route = {0};
	struct rtmsg header;
	struct attr a;

	if (body.len < sizeof(header))
		return false;
	memcpy(&header, body.bytes, sizeof(header));
	body.bytes += sizeof(header);
	body.len -= sizeof(header);
	route.family = header.rtm_family;
	route.prefix_bits = header.rtm_dst_len;
	route.type = header.rtm_type;
	route.table = header.rtm_table;
	route.is_down = is_down(header.rtm_flags);
	route.is_cloned = (header.rtm_flags & RTM_F_CLONED) != 0;
	while (next_attr(&body, &a))
		read_route_attr(&route, &a);
	scope_gateway(&route);
	*ret_route = route;
	return true;
}

/* On a point-to-point link IFA_LOCAL is ours and IFA_ADDRESS the peer's; IPv6
 * without a peer has only IFA_ADDRESS. */
static bool read_addr(struct attrs body, struct rtnl_addr *ret_addr)
{
	struct rtnl_addr addr = {0};
	struct ifaddrmsg header;
	bool has_local = false;
	struct attr a;

	if (body.len < sizeof(header))
		return false;
	memcpy(&header, body.bytes, sizeof(header));
	body.bytes += align4(sizeof(header));
	body.len -= sizeof(header);
	addr.family = header.ifa_family;
	addr.prefix_bits = header.ifa_prefixlen;
	addr.ifindex = header.ifa_index;
	addr.flags = header.ifa_flags;
	while (next_attr(&body, &a)) {
		if (a.type == IFA_LOCAL) {
			addr.addr = attr_addr(addr.family, &a);
			has_local = true;
		} else if (a.type == IFA_ADDRESS && !has_local) {
			addr.addr = attr_addr(addr.family, &a);
		} else if (a.type == IFA_FLAGS) {
			addr.flags = attr_u32(&a, addr.flags);
		}
	}
	if (addr.addr.family == AF_INET6 &&
	    addr_classify(&addr.addr) == ADDR_LINK_LOCAL)
		addr.addr.scope = addr.ifindex;
	*ret_addr = addr;
	return true;
}

static void read_link_info(struct rtnl_link *link, const struct attr *info)
{
	struct attrs rest = {info->bytes, info->len};
	struct attr a;

	while (next_attr(&rest, &a))
		if (a.type == IFLA_INFO_KIND)
			attr_text(&a, link->kind, sizeof(link->kind));
}

static bool read_link(struct attrs body, struct rtnl_link *ret_link)
{
	struct rtnl_link link = {0};
	struct ifinfomsg header;
	struct attr a;

	if (body.len < sizeof(header))
		return false;
	memcpy(&header, body.bytes, sizeof(header));
	body.bytes += sizeof(header);
	body.len -= sizeof(header);
	link.ifindex = (unsigned int)header.ifi_index;
	link.is_up =
	    (header.ifi_flags & IFF_UP) && (header.ifi_flags & IFF_RUNNING);
	link.is_loopback = (header.ifi_flags & IFF_LOOPBACK) != 0;
	while (next_attr(&body, &a)) {
		if (a.type == IFLA_IFNAME)
			attr_text(&a, link.name, sizeof(link.name));
		else if (a.type == IFLA_LINKINFO)
			read_link_info(&link, &a);
		else if (a.type == IFLA_LINK_NETNSID)
			link.has_peer_ns = true;
	}
	*ret_link = link;
	return true;
}

/* Both NLMSG_DONE and NLMSG_ERROR begin with an int: 0 or -E... */
static int read_error(struct attrs body)
{
	int32_t error;

	if (body.len < sizeof(error))
		return 0;
	memcpy(&error, body.bytes, sizeof(error));
	return error > 0 ? -EPROTO : error;
}

static bool read_body(uint16_t type, struct attrs body, struct rtnl_message *m)
{
	switch (type) {
	case NLMSG_DONE:
		m->type = RTNL_DONE;
		m->error = read_error(body);
		return true;
	case NLMSG_ERROR:
		m->type = RTNL_ERROR;
		m->error = read_error(body);
		return body.len >= sizeof(int32_t);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		m->type = RTNL_ROUTE;
		m->is_removal = type == RTM_DELROUTE;
		return read_route(body, &m->route);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		m->type = RTNL_ADDR;
		m->is_removal = type == RTM_DELADDR;
		return read_addr(body, &m->addr);
	case RTM_NEWLINK:
	case RTM_DELLINK:
		m->type = RTNL_LINK;
		m->is_removal = type == RTM_DELLINK;
		return read_link(body, &m->link);
	case RTM_NEWRULE:
	case RTM_DELRULE:
		m->type = RTNL_RULE;
		m->is_removal = type == RTM_DELRULE;
		return true;
	default:
		return true;
	}
}

struct rtnl_reader rtnl_reader_init(const void *bytes, size_t len)
{
	return (struct rtnl_reader){.bytes = bytes, .len = len};
}

bool rtnl_next(struct rtnl_reader *reader, struct rtnl_message *ret_message)
{
	struct rtnl_message m = {.type = RTNL_OTHER};
	size_t left = reader->len - reader->at;
	struct nlmsghdr header;
	struct attrs body;

	if (reader->is_broken || left == 0)
		return false;
	reader->is_broken = true;
	if (left < sizeof(header))
		return false;
	memcpy(&header, reader->bytes + reader->at, sizeof(header));
	if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > left)
		return false;
	body.bytes = reader->bytes + reader->at + sizeof(header);
	body.len = header.nlmsg_len - sizeof(header);
	m.sequence = header.nlmsg_seq;
	m.is_interrupted = (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	if (!read_body(header.nlmsg_type, body, &m))
		return false;
	reader->is_broken = false;
	reader->at +=
	    align4(header.nlmsg_len) < left ? align4(header.nlmsg_len) : left;
	*ret_message = m;
	return true;
}

/* Appends to a request and keeps its length up to date. */
static void append(uint8_t *buf, struct nlmsghdr *header, const void *bytes,
		   size_t len)
{
	assert(header->nlmsg_len + align4(len) <= RTNL_REQUEST_BYTES);
	memcpy(buf + header->nlmsg_len, bytes, len);
	header->nlmsg_len += (uint32_t)align4(len);
}

static void append_attr(uint8_t *buf, struct nlmsghdr *header, uint16_t type,
			const void *bytes, size_t len)
{
	struct rtattr a = {.rta_type = type,
			   .rta_len = (uint16_t)(sizeof(a) + len)};

	append(buf, header, &a, sizeof(a));
	append(buf, header, bytes, len);
}

static size_t finish(uint8_t *buf, const struct nlmsghdr *header)
{
	memcpy(buf, header, sizeof(*header));
	return header->nlmsg_len;
}

size_t rtnl_write_dump(enum rtnl_dump dump, sa_family_t family,
		       uint32_t sequence, uint8_t buf[RTNL_REQUEST_BYTES])
{
	const struct ifinfomsg link = {.ifi_family = (uint8_t)family};
	const struct ifaddrmsg addr = {.ifa_family = (uint8_t)family};
	const struct rtmsg route = {.rtm_family = (uint8_t)family};
	struct nlmsghdr header = {.nlmsg_len = sizeof(header),
				  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
				  .nlmsg_seq = sequence};
	const uint32_t table = RT_TABLE_MAIN;
	const uint32_t mask = RTEXT_FILTER_SKIP_STATS;

	memset(buf, 0, RTNL_REQUEST_BYTES);
	switch (dump) {
	case RTNL_DUMP_LINKS:
		header.nlmsg_type = RTM_GETLINK;
		append(buf, &header, &link, sizeof(link));
		append_attr(buf, &header, IFLA_EXT_MASK, &mask, sizeof(mask));
		break;
	case RTNL_DUMP_ADDRS:
		header.nlmsg_type = RTM_GETADDR;
		append(buf, &header, &addr, sizeof(addr));
		break;
	case RTNL_DUMP_ROUTES:
		header.nlmsg_type = RTM_GETROUTE;
		append(buf, &header, &route, sizeof(route));
		append_attr(buf, &header, RTA_TABLE, &table, sizeof(table));
		break;
	}
	return finish(buf, &header);
}

static size_t addr_bytes(const struct addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

size_t rtnl_write_lookup(const struct addr *destination,
			 const struct addr *source, uint32_t sequence,
			 uint8_t buf[RTNL_REQUEST_BYTES])
{
	struct nlmsghdr header = {.nlmsg_len = sizeof(header),
				  .nlmsg_type = RTM_GETROUTE,
				  .nlmsg_flags = NLM_F_REQUEST,
				  .nlmsg_seq = sequence};
	struct rtmsg route = {.rtm_family = (uint8_t)destination->family,
			      .rtm_dst_len =
				  (uint8_t)(addr_bytes(destination) * 8)};
	const uint32_t oif = destination->scope;

	if (addr_is_set(source))
		route.rtm_src_len = (uint8_t)(addr_bytes(source) * 8);
	memset(buf, 0, RTNL_REQUEST_BYTES);
	append(buf, &header, &route, sizeof(route));
	append_attr(buf, &header, RTA_DST, destination->bytes,
		    addr_bytes(destination));
	if (addr_is_set(source))
		append_attr(buf, &header, RTA_SRC, source->bytes,
			    addr_bytes(source));
	if (oif)
		append_attr(buf, &header, RTA_OIF, &oif, sizeof(oif));
	return finish(buf, &header);
}

bool rtnl_kind_is_vpn(const char *kind)
{
	static const char *const kinds[] = {
	    "tun",  "wireguard", "amneziawg", "ovpn", "ovpn-dco",
	    "xfrm", "vti",       "vti6",      "ipip", "gre",
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}
