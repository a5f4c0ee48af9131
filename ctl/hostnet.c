#include "hostnet.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "mem.h"

#define BUFFER_BYTES 32768
#define WAIT_MS      300
#define SEQUENCE     1
/* Of any list: more says nothing new. */
#define ITEMS_MOST 16384

/* Reads one datagram of a dump. Returns 1 at its end, 0 or -E... . */
typedef int (*take_fn)(struct hostnet *net, const void *bytes, size_t len,
		       enum transport transport);

static int open_netlink(int protocol)
{
	const struct timeval wait = {.tv_usec = WAIT_MS * 1000};
	const int on = 1;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
			 sizeof(on));
	return fd;
}

/* Appends a copy of ITEM to LIST. */
static void *append(void *list, size_t *count, const void *item, size_t size)
{
	char *grown = list;

	if (*count >= ITEMS_MOST)
		return list;
	if ((*count & (*count - 1)) == 0)
		grown = xreallocarray(list, *count ? *count * 2 : 1, size);
	memcpy(grown + *count * size, item, size);
	(*count)++;
	return grown;
}

static void take_message(struct hostnet *net, const struct rtnl_message *m)
{
	if (m->type == RTNL_LINK)
		net->links = append(net->links, &net->link_count, &m->link,
				    sizeof(m->link));
	else if (m->type == RTNL_ADDR)
		net->addrs = append(net->addrs, &net->addr_count, &m->addr,
				    sizeof(m->addr));
	else if (m->type == RTNL_ROUTE && m->route.prefix_bits == 0 &&
		 m->route.type == RTN_UNICAST && !m->route.is_cloned &&
		 m->route.table == RT_TABLE_MAIN)
		net->routes = append(net->routes, &net->route_count, &m->route,
				     sizeof(m->route));
}

static int take_rtnl(struct hostnet *net, const void *bytes, size_t len,
		     enum transport transport)
{
	struct rtnl_reader reader = rtnl_reader_init(bytes, len);
	struct rtnl_message m;

	(void)transport;
	while (rtnl_next(&reader, &m)) {
		if (m.type == RTNL_DONE || m.type == RTNL_ERROR)
			return m.error ? m.error : 1;
		take_message(net, &m);
	}
	return reader.is_broken ? -EPROTO : 0;
}

static int take_diag(struct hostnet *net, const void *bytes, size_t len,
		     enum transport transport)
{
	struct nl_reader reader = nl_reader_init(bytes, len);
	struct host_socket s = {.transport = transport};
	struct nl_message m;
	struct netconf conf;
	int error;

	while (nl_next(&reader, &m)) {
		if (nl_is_end(&m, &error))
			return error ? error : 1;
		if (netconf_read(&m, &conf))
			net->confs = append(net->confs, &net->conf_count, &conf,
					    sizeof(conf));
		else if (sockdiag_read(&m, &s.diag))
			net->sockets = append(net->sockets, &net->socket_count,
					      &s, sizeof(s));
	}
	return reader.is_broken ? -EPROTO : 0;
}

static int ask(struct hostnet *net, int fd, const uint8_t *request, size_t len,
	       take_fn take, enum transport transport)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	char *buf = xcalloc(1, BUFFER_BYTES);
	struct sockaddr_nl from;
	socklen_t from_len;
	ssize_t count;
	int r = 0;

	if (sendto(fd, request, len, 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		r = -errno;
	while (r == 0) {
		from_len = sizeof(from);
		count = recvfrom(fd, buf, BUFFER_BYTES, 0,
				 (struct sockaddr *)&from, &from_len);
		if (count < 0)
			r = -errno;
		else if (from.nl_pid == 0)
			r = take(net, buf, (size_t)count, transport);
	}
	free(buf);
	return r < 0 ? r : 0;
}

static const sa_family_t families[] = {AF_INET, AF_INET6};

static void read_routing(struct hostnet *net, int fd)
{
	uint8_t buf[RTNL_REQUEST_BYTES];
	size_t len = rtnl_write_dump(RTNL_DUMP_LINKS, AF_UNSPEC, SEQUENCE, buf);

	if (ask(net, fd, buf, len, take_rtnl, TRANSPORT_UDP) < 0)
		net->failed = "the links";
	len = rtnl_write_dump(RTNL_DUMP_ADDRS, AF_UNSPEC, SEQUENCE, buf);
	if (ask(net, fd, buf, len, take_rtnl, TRANSPORT_UDP) < 0)
		net->failed = "the addresses";
	for (size_t i = 0; i < 2; i++) {
		len = rtnl_write_dump(RTNL_DUMP_ROUTES, families[i], SEQUENCE,
				      buf);
		if (ask(net, fd, buf, len, take_rtnl, TRANSPORT_UDP) < 0 &&
		    families[i] == AF_INET)
			net->failed = "the routes";
		len = netconf_write_dump(families[i], SEQUENCE, buf);
		if (ask(net, fd, buf, len, take_diag, TRANSPORT_UDP) < 0 &&
		    families[i] == AF_INET)
			net->failed = "the switches of the interfaces";
	}
}

static void read_sockets(struct hostnet *net, int fd)
{
	static const enum transport transports[] = {TRANSPORT_UDP,
						    TRANSPORT_TCP};
	uint8_t buf[NL_REQUEST_BYTES];
	size_t len;

	for (size_t i = 0; i < 4; i++) {
		len = sockdiag_write_dump(families[i / 2], transports[i % 2],
					  SEQUENCE, buf);
		if (ask(net, fd, buf, len, take_diag, transports[i % 2]) < 0 &&
		    families[i / 2] == AF_INET)
			net->failed = "the sockets";
	}
}

void hostnet_read(struct hostnet *ret_net)
{
	int fd = open_netlink(NETLINK_ROUTE);

	*ret_net = (struct hostnet){0};
	if (fd < 0) {
		ret_net->failed = "the routing tables";
	} else {
		read_routing(ret_net, fd);
		close(fd);
	}
	fd = open_netlink(NETLINK_SOCK_DIAG);
	if (fd < 0) {
		ret_net->failed = "the sockets";
	} else {
		read_sockets(ret_net, fd);
		close(fd);
	}
}

void hostnet_fini(struct hostnet *net)
{
	free(net->links);
	free(net->addrs);
	free(net->routes);
	free(net->confs);
	free(net->sockets);
	*net = (struct hostnet){0};
}

const struct rtnl_link *hostnet_link(const struct hostnet *net,
				     unsigned int ifindex)
{
	for (size_t i = 0; i < net->link_count; i++)
		if (net->links[i].ifindex == ifindex)
			return &net->links[i];
	return NULL;
}

const struct rtnl_route *hostnet_default(const struct hostnet *net,
					 sa_family_t family)
{
	const struct rtnl_route *best = NULL;

	for (size_t i = 0; i < net->route_count; i++) {
		const struct rtnl_route *route = &net->routes[i];

		if (route->family == family && !route->is_down &&
		    (!best || route->metric < best->metric))
			best = route;
	}
	return best;
}

const struct rtnl_addr *hostnet_addr(const struct hostnet *net,
				     sa_family_t family, unsigned int ifindex,
				     enum addr_class class)
{
	for (size_t i = 0; i < net->addr_count; i++) {
		const struct rtnl_addr *a = &net->addrs[i];

		if (a->family == family &&
		    (ifindex == 0 || a->ifindex == ifindex) &&
		    addr_classify(&a->addr) == class)
			return a;
	}
	return NULL;
}

const struct netconf *hostnet_conf(const struct hostnet *net,
				   sa_family_t family, int ifindex)
{
	for (size_t i = 0; i < net->conf_count; i++)
		if (net->confs[i].family == family &&
		    net->confs[i].ifindex == ifindex)
			return &net->confs[i];
	return NULL;
}
