#include "pmp_listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

/* Datagrams read in one callback. */
#define READ_MOST 16
/* RFC 6887 section 7: no message of either protocol is longer. */
#define DATAGRAM_BYTES 1100

struct pmp_listen {
	int fd;
	struct loop_io *io;
	struct addr gateway;
	pmp_heard_fn heard;
	void *arg;
	unsigned int strangers;
};

/* Only this group, and only on this link: the kernel would hand over what other
 * programs have joined on other links. */
static int join(int fd, const struct map_client_options *options,
		const struct addr *group)
{
	struct ip_mreqn at = {.imr_ifindex = (int)options->ifindex};
	struct ipv6_mreq at6 = {.ipv6mr_interface = options->ifindex};
	const int off = 0;

	if (group->family == AF_INET6) {
		memcpy(&at6.ipv6mr_multiaddr, group->bytes,
		       sizeof(at6.ipv6mr_multiaddr));
		return setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &at6,
				  sizeof(at6)) < 0
			   ? -errno
			   : 0;
	}

	memcpy(&at.imr_multiaddr, group->bytes, sizeof(at.imr_multiaddr));
	memcpy(&at.imr_address, options->local.bytes, sizeof(at.imr_address));
	if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off)) <
		0 ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &at, sizeof(at)) < 0)
		return -errno;
	return 0;
}

static int bind_shared(int fd, const struct endpoint *at)
{
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(at, &sa);
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&sa, len) < 0)
		return -errno;
	return 0;
}

static int open_group(const struct map_client_options *options)
{
	struct endpoint group = {.port = PMP_LISTEN_PORT};
	int fd, error;

	if (!addr_is_set(&options->gateway) ||
	    options->gateway.family != options->local.family)
		return -EAFNOSUPPORT;
	if (options->gateway.family == AF_INET6) {
		addr_parse(PMP_LISTEN_GROUP6, &group.addr);
		group.addr.scope = options->ifindex;
	} else {
		addr_parse(PMP_LISTEN_GROUP, &group.addr);
	}
	fd = socket(group.addr.family,
		    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = bind_shared(fd, &group);
	if (error == 0)
		error = join(fd, options, &group.addr);
	if (error < 0) {
		close(fd);
		return error;
	}
	return fd;
}

/* A scope is a matter of the link, which the socket is bound to. */
static bool is_from(const struct endpoint *from, const struct addr *gateway)
{
	struct addr sender = from->addr, expected = *gateway;

	sender.scope = expected.scope = 0;
	return addr_equal(&sender, &expected);
}

static void on_readable(void *arg, int fd, unsigned int events)
{
	struct pmp_listen *ears = arg;
	uint8_t buf[DATAGRAM_BYTES + 1];
	struct sockaddr_storage sa;
	struct endpoint from;
	socklen_t sa_len;
	ssize_t len;

	(void)events;
	for (int i = 0; i < READ_MOST; i++) {
		sa_len = sizeof(sa);
		len = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&sa,
			       &sa_len);
		if (len < 0)
			return;
		if (endpoint_from_sockaddr((const struct sockaddr *)&sa, sa_len,
					   &from) < 0 ||
		    !is_from(&from, &ears->gateway))
			ears->strangers++;
		else if (len <= DATAGRAM_BYTES)
			ears->heard(ears->arg, buf, (size_t)len);
	}
}

int pmp_listen_new(struct loop *loop, const struct map_client_options *options,
		   pmp_heard_fn heard, void *arg, struct pmp_listen **ret_ears)
{
	struct pmp_listen *ears;
	int fd = open_group(options);

	if (fd < 0)
		return fd;
	ears = xcalloc(1, sizeof(*ears));
	ears->fd = fd;
	ears->gateway = options->gateway;
	ears->heard = heard;
	ears->arg = arg;
	ears->io = loop_io_new(loop, fd, LOOP_READ, on_readable, ears);
	*ret_ears = ears;
	return 0;
}

void pmp_listen_free(struct pmp_listen *ears)
{
	if (!ears)
		return;
	loop_io_free(ears->io);
	close(ears->fd);
	free(ears);
}

unsigned int pmp_listen_strangers(const struct pmp_listen *ears)
{
	return ears->strangers;
}
