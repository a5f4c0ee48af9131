#include "ssdp_search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

/* Datagrams read in one callback. */
#define READ_MOST 16

struct ssdp_search {
	struct loop *loop;
	struct log *log;
	struct ssdp_search_options options;
	int ask_fd;   /* -1: not to be had */
	int group_fd; /* below 0: -errno, announcements are not heard */
	struct loop_io *ask_io;
	struct loop_io *group_io;
	struct loop_timer *send_timer;
	struct loop_timer *silence_timer;
	unsigned int round;
	unsigned int strangers;
};

/* When the rounds of a search are sent, in ms after the one before: SSDP is
 * lossy (UDA 1.1 section 1.3.2 wants more than one), and 0.25 s is a verdict's
 * third. */
static const unsigned int round_gaps_ms[] = {0, 250, 500, 1000};

#define ROUNDS (sizeof(round_gaps_ms) / sizeof(round_gaps_ms[0]))

static struct endpoint group_endpoint(void)
{
	struct endpoint group = {.port = SSDP_PORT};

	addr_parse(SSDP_GROUP, &group.addr);
	return group;
}

static int open_bound(const struct endpoint *local)
{
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(local, &sa);
	int fd, on = 1;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Other programs of this host hear the group as well. */
	if (local->port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sa, len) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static struct ip_mreqn membership(const struct ssdp_search *s)
{
	struct ip_mreqn m = {.imr_ifindex = (int)s->options.ifindex};
	struct endpoint group = group_endpoint();

	memcpy(&m.imr_multiaddr, group.addr.bytes, 4);
	memcpy(&m.imr_address, s->options.local.bytes, 4);
	return m;
}

static void on_readable(void *arg, int fd, unsigned int events);

static void open_ask(struct ssdp_search *s)
{
	struct endpoint local = {.addr = s->options.local};
	struct ip_mreqn via = membership(s);
	int ttl = SSDP_TTL, off = 0;

	s->ask_fd = open_bound(&local);
	if (s->ask_fd < 0) {
		log_warn(s->log, "ssdp: no socket: error=\"%s\"",
			 strerror(-s->ask_fd));
		return;
	}
	setsockopt(s->ask_fd, IPPROTO_IP, IP_MULTICAST_IF, &via, sizeof(via));
	setsockopt(s->ask_fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl));
	/* Else our own searches come back as strangers'. */
	setsockopt(s->ask_fd, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off));
	s->ask_io = loop_io_new(s->loop, s->ask_fd, LOOP_READ, on_readable, s);
}

static void open_group(struct ssdp_search *s)
{
	struct endpoint group = group_endpoint();
	struct ip_mreqn at = membership(s);
	int off = 0, err;

	s->group_fd = open_bound(&group);
	if (s->group_fd >= 0 &&
	    (setsockopt(s->group_fd, IPPROTO_IP, IP_MULTICAST_ALL, &off,
			sizeof(off)) < 0 ||
	     setsockopt(s->group_fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &at,
			sizeof(at)) < 0)) {
		err = -errno;
		close(s->group_fd);
		s->group_fd = err;
	}
	if (s->group_fd < 0) {
		log_info(s->log, "ssdp: announcements not heard: error=\"%s\"",
			 strerror(-s->group_fd));
		return;
	}
	s->group_io =
	    loop_io_new(s->loop, s->group_fd, LOOP_READ, on_readable, s);
}

/* Takes one datagram of the gateway. Returns its length, -EAGAIN when there is
 * none, -EPERM for a stranger's. */
static ssize_t receive(struct ssdp_search *s, int fd, char *buf, size_t cap)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	struct endpoint from;
	ssize_t len;
	char text[ENDPOINT_TEXT_BYTES];

	len = recvfrom(fd, buf, cap, 0, (struct sockaddr *)&sa, &sa_len);
	if (len < 0)
		return -EAGAIN;
	if (endpoint_from_sockaddr((struct sockaddr *)&sa, sa_len, &from) < 0 ||
	    !addr_equal(&from.addr, &s->options.gateway)) {
		s->strangers++;
		if (addr_is_set(&from.addr))
			log_debug(s->log, "ssdp: dropped from=%s",
				  endpoint_format(&from, text, sizeof(text)));
		return -EPERM;
	}
	return len;
}

static void on_readable(void *arg, int fd, unsigned int events)
{
	struct ssdp_search *s = arg;
	char buf[SSDP_DATAGRAM_BYTES + 1];
	struct ssdp_message message;
	ssize_t len;

	(void)events;
	for (int i = 0; i < READ_MOST; i++) {
		len = receive(s, fd, buf, sizeof(buf));
		if (len == -EAGAIN)
			return;
		if (len >= 0 && ssdp_parse(buf, (size_t)len, &message) == 0)
			s->options.heard(s->options.arg, &message);
	}
}

static void send_search(struct ssdp_search *s, enum ssdp_target target,
			const struct addr *host)
{
	struct endpoint to = {.addr = *host, .port = SSDP_PORT};
	char buf[SSDP_SEARCH_BYTES], text[ADDR_TEXT_BYTES];
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&to, &sa);
	int len = ssdp_search_format(target, host, buf, sizeof(buf));

	if (len < 0)
		return;
	if (sendto(s->ask_fd, buf, (size_t)len, MSG_NOSIGNAL,
		   (struct sockaddr *)&sa, sa_len) < 0)
		log_debug(s->log, "ssdp: not sent: to=%s error=\"%s\"",
			  addr_format(host, text, sizeof(text)),
			  strerror(errno));
}

static void on_send(void *arg)
{
	struct ssdp_search *s = arg;
	struct endpoint group = group_endpoint();

	if (s->ask_fd < 0)
		open_ask(s);
	if (s->ask_fd < 0)
		return;
	for (unsigned int t = 0; t < SSDP_TARGET_COUNT; t++) {
		/* Some answer only the one, some only the other. */
		send_search(s, (enum ssdp_target)t, &group.addr);
		send_search(s, (enum ssdp_target)t, &s->options.gateway);
	}
	if (++s->round < ROUNDS)
		loop_timer_start(s->send_timer, round_gaps_ms[s->round]);
}

static void on_silence(void *arg)
{
	struct ssdp_search *s = arg;

	s->options.silent(s->options.arg);
}

struct ssdp_search *ssdp_search_new(struct loop *loop, struct log *log,
				    const struct ssdp_search_options *options)
{
	struct ssdp_search *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->log = log;
	s->options = *options;
	s->ask_fd = s->group_fd = -1;
	s->send_timer = loop_timer_new(loop, on_send, s);
	s->silence_timer = loop_timer_new(loop, on_silence, s);
	open_group(s);
	return s;
}

void ssdp_search_free(struct ssdp_search *search)
{
	if (!search)
		return;
	loop_timer_free(search->send_timer);
	loop_timer_free(search->silence_timer);
	loop_io_free(search->ask_io);
	loop_io_free(search->group_io);
	if (search->ask_fd >= 0)
		close(search->ask_fd);
	if (search->group_fd >= 0)
		close(search->group_fd);
	free(search);
}

void ssdp_search_start(struct ssdp_search *search)
{
	search->round = 0;
	loop_timer_start(search->send_timer, round_gaps_ms[0]);
	loop_timer_start(search->silence_timer, SSDP_SEARCH_SILENCE_MS);
}

void ssdp_search_stop(struct ssdp_search *search)
{
	loop_timer_stop(search->send_timer);
	loop_timer_stop(search->silence_timer);
}

int ssdp_search_deaf_error(const struct ssdp_search *search)
{
	return search->group_fd < 0 ? search->group_fd : 0;
}

unsigned int ssdp_search_strangers(const struct ssdp_search *search)
{
	return search->strangers;
}
