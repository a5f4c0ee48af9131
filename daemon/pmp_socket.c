#include "pmp_socket.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <string.h>
#include <unistd.h>

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif

struct endpoint pmp_socket_server(const struct map_client_options *options)
{
	struct endpoint server = {.addr = options->gateway,
				  .port = PMP_SERVER_PORT};

	if (server.addr.family == AF_INET6 && server.addr.scope == 0 &&
	    addr_classify(&server.addr) == ADDR_LINK_LOCAL)
		server.addr.scope = options->ifindex;
	return server;
}

static int set_options(int fd, sa_family_t family, unsigned int ifindex)
{
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int name = family == AF_INET6 ? IPV6_RECVERR : IP_RECVERR;
	const int one = 1;
	const int index = (int)ifindex;

	if (setsockopt(fd, level, name, &one, sizeof(one)) < 0)
		return -errno;
	/* The route decides where this is not allowed (before Linux 5.7). */
	if (ifindex)
		(void)setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index,
				 sizeof(index));
	return 0;
}

static int bind_and_connect(int fd, const struct map_client_options *options)
{
	struct endpoint local = {.addr = options->local};
	struct endpoint server = pmp_socket_server(options);
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&local, &sa);

	if (addr_is_set(&local.addr) &&
	    bind(fd, (const struct sockaddr *)&sa, len) < 0)
		return -errno;
	len = endpoint_to_sockaddr(&server, &sa);
	if (connect(fd, (const struct sockaddr *)&sa, len) < 0)
		return -errno;
	return 0;
}

int pmp_socket_open(const struct map_client_options *options)
{
	sa_family_t family = options->gateway.family;
	int error, fd;

	if (!addr_is_set(&options->gateway))
		return -EDESTADDRREQ;
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = set_options(fd, family, options->ifindex);
	if (error == 0)
		error = bind_and_connect(fd, options);
	if (error < 0) {
		close(fd);
		return error;
	}
	return fd;
}

static int read_error(struct msghdr *msg)
{
	struct sock_extended_err e;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_len < CMSG_LEN(sizeof(e)))
			continue;
		if ((c->cmsg_level == IPPROTO_IP &&
		     c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == IPPROTO_IPV6 &&
		     c->cmsg_type == IPV6_RECVERR)) {
			memcpy(&e, CMSG_DATA(c), sizeof(e));
			return (int)e.ee_errno;
		}
	}
	return EPROTO;
}

int pmp_socket_take_error(int fd)
{
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct msghdr msg = {.msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};

	if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return 0;
	return read_error(&msg);
}

static ssize_t receive(int fd, void *buf, size_t buf_bytes, int flags,
		       struct endpoint *ret_from)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	struct endpoint from = {.port = 0};
	ssize_t len = recvfrom(fd, buf, buf_bytes, flags,
			       (struct sockaddr *)&sa, &sa_len);

	if (len < 0)
		return -errno;
	(void)endpoint_from_sockaddr((const struct sockaddr *)&sa, sa_len,
				     &from);
	*ret_from = from;
	return len;
}

ssize_t pmp_socket_receive(int fd, void *buf, size_t buf_bytes,
			   struct endpoint *ret_from)
{
	return receive(fd, buf, buf_bytes, MSG_TRUNC | MSG_DONTWAIT, ret_from);
}

ssize_t pmp_socket_peek(int fd, void *buf, size_t buf_bytes,
			struct endpoint *ret_from)
{
	return receive(fd, buf, buf_bytes, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT,
		       ret_from);
}

void pmp_socket_discard(int fd)
{
	char byte;

	(void)!recv(fd, &byte, sizeof(byte), MSG_DONTWAIT);
}
