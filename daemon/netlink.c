#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

/* A burst of some thousand events fits; the kernel cuts it to its limit. */
#define EVENT_QUEUE_BYTES (1024 * 1024)

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static int join_groups(int fd)
{
	static const int groups[] = {
	    RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
	    RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_RULE,
	    RTNLGRP_IPV6_RULE,
	};
	const int queue_bytes = EVENT_QUEUE_BYTES;

	/* A smaller queue only makes a full reading more likely. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue_bytes,
			 sizeof(queue_bytes));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			       &groups[i], sizeof(groups[i])) < 0)
			return -errno;
	return 0;
}

int netlink_open(bool events)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	const int on = 1;
	int fd, r;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	/* Lets a dump be limited to one table; without it (before Linux 4.20)
	 * the reader throws the other tables away. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
			 sizeof(on));
	r = bind(fd, (struct sockaddr *)&self, sizeof(self)) < 0 ? -errno : 0;
	if (r == 0 && events)
		r = join_groups(fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int netlink_send(int fd, const void *bytes, size_t len)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	if (sendto(fd, bytes, len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

ssize_t netlink_receive(int fd, void *buf, size_t buf_bytes)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = buf, .iov_len = buf_bytes};
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof(from),
			   .msg_iov = &iov,
			   .msg_iovlen = 1};
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (m.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	/* Any process may send here; only port 0 is the kernel. */
	return from.nl_pid == 0 ? n : 0;
}
