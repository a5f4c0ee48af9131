#include "udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define ICMP_TIME_EXCEEDED  11 /* RFC 792 */
#define ICMP6_TIME_EXCEEDED 3  /* RFC 4443 section 3.3 */
/* Pending errors that are passed over before a call is given up. */
#define RETRIES_MOST 8
/* Random ports that are tried before a range counts as full. */
#define PORT_TRIES 16

void udp_queue_errors(int fd, int family)
{
	const int on = 1;

	/* Without it errors are only lost, so a refusal is no failure. */
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on,
				 sizeof(on));
	else
		(void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

int udp_open(const struct endpoint *local)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(local, &sa);
	const int on = 1;
	int fd, error;

	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
				 sizeof(on));
	udp_queue_errors(fd, sa.ss_family);
	if (bind(fd, (const struct sockaddr *)&sa, sa_len) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

int udp_open_within(const struct addr *local, uint16_t first, uint16_t last)
{
	struct endpoint e = {.addr = *local};
	uint32_t r = 0;
	int fd = -EADDRINUSE;

	for (int i = 0; i < PORT_TRIES && fd == -EADDRINUSE; i++) {
		if (getrandom(&r, sizeof(r), 0) != sizeof(r))
			return -EIO;
		if (first)
			e.port = (uint16_t)(first + r % (last - first + 1u));
		fd = udp_open(&e);
	}
	return fd;
}

struct endpoint udp_local(int fd)
{
	struct endpoint e = {.port = 0};
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &sa_len) == 0)
		(void)endpoint_from_sockaddr((const struct sockaddr *)&sa,
					     sa_len, &e);
	return e;
}

int udp_source_for(const struct endpoint *to, struct addr *ret_addr)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(to, &sa);
	int fd, error = 0;

	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Connecting a UDP socket sends nothing, it only looks up the route. */
	if (connect(fd, (const struct sockaddr *)&sa, sa_len) < 0)
		error = -errno;
	else
		*ret_addr = udp_local(fd).addr;
	close(fd);
	return error;
}

static void add_ttl(struct msghdr *msg, sa_family_t family, int ttl)
{
	struct cmsghdr *c;

	msg->msg_controllen = CMSG_SPACE(sizeof(int));
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = family == AF_INET6 ? IPV6_HOPLIMIT : IP_TTL;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &ttl, sizeof(ttl));
}

/* Does this errno tell of an earlier datagram? sendmsg(2) and recvmsg(2) give
 * and clear the pending error of the socket first. */
static bool is_pending(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH ||
	       error == ENETUNREACH || error == EPROTO || error == EINTR ||
	       error == EHOSTDOWN || error == ENOPROTOOPT ||
	       error == EOPNOTSUPP || error == EACCES || error == EMSGSIZE;
}

int udp_send(int fd, const struct endpoint *to, const void *bytes, size_t len,
	     unsigned int ttl)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	struct iovec iov = {.iov_len = len};
	struct sockaddr_storage sa;
	struct msghdr msg = {.msg_name = &sa, .msg_iov = &iov};
	int tries = 0;

	/* sendmsg(2) only reads what iov_base points to. */
	memcpy(&iov.iov_base, &bytes, sizeof(iov.iov_base));
	msg.msg_iovlen = 1;
	msg.msg_namelen = endpoint_to_sockaddr(to, &sa);
	if (ttl) {
		msg.msg_control = control.bytes;
		add_ttl(&msg, sa.ss_family, (int)ttl);
	}
	while (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0)
		if (!is_pending(errno) || ++tries == RETRIES_MOST)
			return -errno;
	return 0;
}

long udp_receive(int fd, void *buf, size_t cap, struct endpoint *ret_from)
{
	struct sockaddr_storage sa;
	socklen_t sa_len;
	ssize_t len;
	int tries = 0;

	do {
		sa_len = sizeof(sa);
		len =
		    recvfrom(fd, buf, cap, 0, (struct sockaddr *)&sa, &sa_len);
	} while (len < 0 && is_pending(errno) && ++tries < RETRIES_MOST);
	if (len < 0)
		return -errno;
	if (endpoint_from_sockaddr((const struct sockaddr *)&sa, sa_len,
				   ret_from) < 0)
		return -ENOMSG;
	return len;
}

static void read_offender(const struct sock_extended_err *e,
			  struct udp_icmp *icmp)
{
	/* SO_EE_OFFENDER() of the kernel's header drops the const. */
	const struct sockaddr *sa =
	    (const struct sockaddr *)(const void *)(e + 1);
	struct endpoint offender;
	socklen_t sa_len = sa->sa_family == AF_INET6
			       ? sizeof(struct sockaddr_in6)
			       : sizeof(struct sockaddr_in);

	if (endpoint_from_sockaddr(sa, sa_len, &offender) == 0)
		icmp->offender = offender.addr;
}

static int read_icmp(struct msghdr *msg, struct udp_icmp *icmp)
{
	const struct sock_extended_err *e;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if ((c->cmsg_level != IPPROTO_IP ||
		     c->cmsg_type != IP_RECVERR) &&
		    (c->cmsg_level != IPPROTO_IPV6 ||
		     c->cmsg_type != IPV6_RECVERR))
			continue;
		e = (const struct sock_extended_err *)(const void *)CMSG_DATA(
		    c);
		if (e->ee_origin != SO_EE_ORIGIN_ICMP &&
		    e->ee_origin != SO_EE_ORIGIN_ICMP6)
			continue;
		icmp->error = (int)e->ee_errno;
		icmp->is_ttl_exceeded =
		    e->ee_type == (e->ee_origin == SO_EE_ORIGIN_ICMP6
				       ? ICMP6_TIME_EXCEEDED
				       : ICMP_TIME_EXCEEDED);
		read_offender(e, icmp);
		return 0;
	}
	return -ENOMSG;
}

int udp_receive_icmp(int fd, struct udp_icmp *ret_icmp)
{
	/* Room for the error, the offender and the interface. */
	union {
		char bytes[512];
		struct cmsghdr align;
	} control;
	struct udp_icmp icmp = {.error = 0};
	struct sockaddr_storage sa;
	struct msghdr msg = {
	    .msg_name = &sa,
	    .msg_namelen = sizeof(sa),
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes),
	};

	if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
		return -errno;
	if (read_icmp(&msg, &icmp) < 0 ||
	    endpoint_from_sockaddr((const struct sockaddr *)&sa,
				   msg.msg_namelen, &icmp.destination) < 0)
		return -ENOMSG;
	*ret_icmp = icmp;
	return 0;
}
