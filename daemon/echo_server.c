#include "echo_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "echo.h"
#include "echo_cookie.h"
#include "echo_limit.h"
#include "echo_port.h"
#include "mem.h"
#include "udp.h"

/* Datagrams read before the loop gets its turn. */
#define READ_MOST 64

struct listener {
	struct echo_server *server;
	struct endpoint bound;
	int fd;
	struct loop_io *io;
};

struct echo_server {
	struct echo_server_options options;
	struct listener listeners[ECHO_SERVER_LISTENERS];
	size_t listener_count;
	struct echo_cookie_key key;
	struct echo_limit *bare;    /* for plain requests */
	struct echo_limit *cookies; /* so that these do not starve */
	struct echo_limit *proven;
	struct echo_server_stats stats;
};

/* One datagram on its way in. */
struct arrival {
	struct endpoint from;
	struct addr to; /* the local address that it was sent to */
	uint8_t bytes[ECHO_EXTENDED_BYTES + 1];
	size_t len;
};

/* Room for the packet information of either family. */
union control {
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct cmsghdr align;
};

bool echo_server_may_answer(const struct addr *bound, const struct addr *to,
			    const struct endpoint *source)
{
	static const struct addr broadcast = {.family = AF_INET,
					      .bytes = {255, 255, 255, 255}};
	enum addr_class class = addr_classify(&source->addr);

	if (source->port == 0 || class == ADDR_MULTICAST ||
	    class == ADDR_UNSPECIFIED || addr_equal(&source->addr, &broadcast))
		return false;
	if (class == ADDR_LOOPBACK)
		return addr_classify(bound) == ADDR_LOOPBACK;
	return !addr_equal(&source->addr, to) &&
	       !addr_equal(&source->addr, bound);
}

static void read_packet_info(struct msghdr *m, struct addr *ret_to)
{
	struct in6_pktinfo info6;
	struct in_pktinfo info4;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info4, CMSG_DATA(c), sizeof(info4));
			*ret_to = addr_from_ipv4(&info4.ipi_addr);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			*ret_to = addr_from_ipv6(&info6.ipi6_addr);
		}
	}
}

/* Takes one datagram. Returns 0, -EAGAIN when there is none, or -E... for one
 * that cannot be used. */
static int receive(const struct listener *l, struct arrival *ret_arrival)
{
	struct arrival a = {.to = l->bound.addr};
	struct sockaddr_storage sa;
	struct iovec iov = {.iov_base = a.bytes, .iov_len = sizeof(a.bytes)};
	union control control;
	struct msghdr m = {.msg_name = &sa,
			   .msg_namelen = sizeof(sa),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = sizeof(control.bytes)};
	ssize_t n = recvmsg(l->fd, &m, 0);

	if (n < 0)
		return -errno;
	a.len = (size_t)n;
	read_packet_info(&m, &a.to);
	if (endpoint_from_sockaddr((struct sockaddr *)&sa, m.msg_namelen,
				   &a.from) < 0)
		return -EAFNOSUPPORT;
	*ret_arrival = a;
	return 0;
}

/* A fresh port for each echo: from one that was used before, a router that
 * remembers the flow would let it in without a forward. */
static int open_answering(const struct echo_server_options *o,
			  sa_family_t family)
{
	struct addr from =
	    family == AF_INET ? o->answer_from4 : o->answer_from6;

	from.family = family;
	return echo_port_open(&from, 0);
}

static void send_echo(struct listener *l, const struct arrival *a,
		      const struct echo_request *request)
{
	struct endpoint to = {.addr = a->from.addr, .port = request->port};
	int fd = open_answering(&l->server->options, a->from.addr.family);

	if (fd < 0 ||
	    udp_send(fd, &to, request->token, ECHO_REPLY_BYTES, 0) < 0)
		l->server->stats.unsent++;
	else
		l->server->stats.echoes++;
	if (fd >= 0)
		close(fd);
}

static void write_packet_info(struct msghdr *m, const struct addr *from)
{
	struct in6_pktinfo info6 = {.ipi6_ifindex = from->scope};
	struct in_pktinfo info4 = {.ipi_ifindex = 0};
	bool is_ipv6 = from->family == AF_INET6;
	size_t len = is_ipv6 ? sizeof(info6) : sizeof(info4);
	struct cmsghdr *c;

	m->msg_controllen = CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = is_ipv6 ? IPV6_PKTINFO : IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(&info6.ipi6_addr, from->bytes, sizeof(info6.ipi6_addr));
	memcpy(&info4.ipi_spec_dst, from->bytes, sizeof(info4.ipi_spec_dst));
	memcpy(CMSG_DATA(c), is_ipv6 ? (void *)&info6 : (void *)&info4, len);
}

/* The client's socket is connected: only the address that it asked will do. */
static int send_from(int fd, const struct addr *from, const struct endpoint *to,
		     void *bytes, size_t len)
{
	union control control = {.bytes = {0}};
	struct sockaddr_storage sa;
	struct iovec iov = {.iov_base = bytes, .iov_len = len};
	struct msghdr m = {.msg_name = &sa,
			   .msg_namelen = endpoint_to_sockaddr(to, &sa),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes};

	write_packet_info(&m, from);
	return sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void send_cookie(struct listener *l, const struct arrival *a,
			const struct echo_request *request, uint64_t now_ms)
{
	struct echo_grant grant = {.sequence = request->sequence};
	uint8_t buf[ECHO_GRANT_BYTES];

	memcpy(grant.token, request->token, sizeof(grant.token));
	echo_cookie_make(&l->server->key, &a->from.addr, now_ms, grant.cookie);
	(void)echo_grant_encode(&grant, buf, sizeof(buf));
	if (send_from(l->fd, &a->to, &a->from, buf, sizeof(buf)) < 0)
		l->server->stats.unsent++;
	else
		l->server->stats.cookies++;
}

static void on_bare(struct listener *l, const struct arrival *a,
		    const struct echo_request *request, uint64_t now_ms)
{
	struct echo_server *s = l->server;

	if (s->options.require_cookie)
		s->stats.bare++;
	else if (!echo_limit_take(s->bare, &a->from.addr, now_ms))
		s->stats.limited++;
	else
		send_echo(l, a, request);
}

static void on_extended(struct listener *l, const struct arrival *a,
			const struct echo_request *request, uint64_t now_ms)
{
	struct echo_server *s = l->server;
	bool is_proven = echo_cookie_is_valid(&s->key, &a->from.addr, now_ms,
					      request->cookie);

	if (!echo_limit_take(is_proven ? s->proven : s->cookies, &a->from.addr,
			     now_ms))
		s->stats.limited++;
	else if (is_proven)
		send_echo(l, a, request);
	else
		send_cookie(l, a, request, now_ms);
}

static void on_arrival(struct listener *l, const struct arrival *a)
{
	uint64_t now_ms = loop_now_ms(l->server->options.loop);
	const struct echo_server_options *o = &l->server->options;
	struct echo_request request;

	l->server->stats.received++;
	if (!echo_server_may_answer(&l->bound.addr, &a->to, &a->from) ||
	    addr_equal(&a->from.addr, &o->answer_from4) ||
	    addr_equal(&a->from.addr, &o->answer_from6))
		l->server->stats.unfit++;
	else if (echo_request_decode(a->bytes, a->len, &request) < 0)
		l->server->stats.malformed++;
	else if (request.is_extended)
		on_extended(l, a, &request, now_ms);
	else
		on_bare(l, a, &request, now_ms);
}

static void on_readable(void *arg, int fd, unsigned int events)
{
	struct arrival arrival = {.len = 0};
	int r;

	(void)fd;
	(void)events;
	for (int i = 0; i < READ_MOST; i++) {
		r = receive(arg, &arrival);
		if (r == -EAGAIN)
			return;
		if (r == 0)
			on_arrival(arg, &arrival);
	}
}

static int open_listening(const struct endpoint *local)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(local, &sa);
	const int on = 1;
	int fd, error;

	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sa.ss_family == AF_INET6) {
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
				 sizeof(on));
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on,
				 sizeof(on));
	} else {
		(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	}
	if (bind(fd, (const struct sockaddr *)&sa, sa_len) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

static int add_listener(struct echo_server *s, const struct endpoint *local)
{
	struct listener *l = &s->listeners[s->listener_count];
	int answer_fd, fd = open_listening(local);

	if (fd < 0)
		return fd;
	/* That the address to answer from is ours shows now, not later. */
	answer_fd = open_answering(&s->options, local->addr.family);
	if (answer_fd < 0) {
		close(fd);
		return answer_fd;
	}
	close(answer_fd);
	l->server = s;
	l->fd = fd;
	l->bound = udp_local(fd);
	l->io = loop_io_new(s->options.loop, fd, LOOP_READ, on_readable, l);
	s->listener_count++;
	return 0;
}

static int add_listeners(struct echo_server *s)
{
	char text[ENDPOINT_TEXT_BYTES];
	int r;

	for (size_t i = 0; i < s->options.listen_count; i++) {
		const struct endpoint *local = &s->options.listen[i];

		r = add_listener(s, local);
		if (r < 0) {
			log_err(s->options.log,
				"cannot serve on %s (or answer from the "
				"address asked for): %s",
				endpoint_format(local, text, sizeof(text)),
				strerror(-r));
			return r;
		}
	}
	return 0;
}

int echo_server_new(const struct echo_server_options *options,
		    struct echo_server **ret_server)
{
	struct echo_server *s = xcalloc(1, sizeof(*s));
	unsigned int rate = options->rate ? options->rate : ECHO_SERVER_RATE;
	int r;

	s->options = *options;
	echo_cookie_key_init(&s->key);
	s->bare = echo_limit_new(rate);
	s->cookies = echo_limit_new(rate);
	s->proven = echo_limit_new(rate * ECHO_SERVER_PROVEN_FACTOR);
	r = add_listeners(s);
	if (r < 0) {
		echo_server_free(s);
		return r;
	}
	*ret_server = s;
	return 0;
}

void echo_server_free(struct echo_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < server->listener_count; i++) {
		loop_io_free(server->listeners[i].io);
		close(server->listeners[i].fd);
	}
	echo_limit_free(server->bare);
	echo_limit_free(server->cookies);
	echo_limit_free(server->proven);
	echo_cookie_key_fini(&server->key);
	free(server);
}

const struct echo_server_stats *echo_server_stats(
    const struct echo_server *server)
{
	return &server->stats;
}

struct endpoint echo_server_endpoint(const struct echo_server *server,
				     size_t index)
{
	return server->listeners[index].bound;
}
