/*
 * go_pinger: a stand-in for the hole punching of Mysterium nodes.
 *
 * Not their program: a small restatement of how it behaves on the wire, for
 * labs where no Go program is at hand. Each socket sends
 * "continuously pinging to ADDRESS:PORT" every 5 ms, the provider with the TTL
 * 1 + i mod (ports / 2), the consumer with 128, until an "OK" or such a ping is
 * heard; adopts the sender, whoever it is; closes the socket and opens it anew,
 * connected; sends "OK". The provider sends it again each 100 ms until "OK_ACK"
 * comes; the consumer waits for another "OK" and acknowledges it, once. The
 * first two sockets that are done win, the others are closed; after 10 s it
 * gives up.
 *
 * usage and output: as punch_peer. Attempts run one after the other.
 */
#include "punch_peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PING_MS     5
#define OK_MS       100
#define HEARD_TTL   128
#define BUFFER      64
#define DATA_MS     25
#define LATE_MS     10
#define READS_MOST  64
#define ERRORS_MOST 3998 /* of a connected socket, then it is given up */

static const char usage_text[] =
    "go_pinger: a stand-in for the pinger of Mysterium nodes, not it\n"
    "usage: go_pinger provider|consumer PEER [OPTION...]\n";

enum state { PINGING, WAITING, DONE, CLOSED };

struct socket_state {
	enum state state;
	int fd;
	unsigned int index;
	unsigned int ttl;
	unsigned int errors;
	struct endpoint local, remote;
	uint64_t due_us;
	bool has_data;
};

struct pinger {
	const struct peer_options *options;
	struct socket_state sockets[PUNCH_PORTS_MOST];
	unsigned int sent;
	unsigned int done;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void open_socket(struct socket_state *s, bool is_connected)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&s->local, &sa);
	int ttl = (int)s->ttl;

	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&sa, sa_len) < 0) {
		fprintf(stderr, "go_pinger: port %u: %s\n", s->local.port,
			strerror(errno));
		exit(EXIT_FAILURE);
	}
	sa_len = endpoint_to_sockaddr(&s->remote, &sa);
	if (is_connected)
		(void)connect(s->fd, (struct sockaddr *)&sa, sa_len);
	(void)setsockopt(s->fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
}

static void transmit(struct pinger *p, struct socket_state *s, const char *text)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&s->remote, &sa);

	p->sent++;
	if (s->state == PINGING)
		(void)!sendto(s->fd, text, strlen(text), 0,
			      (struct sockaddr *)&sa, sa_len);
	else
		(void)!send(s->fd, text, strlen(text), 0);
}

static void send_ping(struct pinger *p, struct socket_state *s)
{
	char text[BUFFER + ENDPOINT_TEXT_BYTES], to[ENDPOINT_TEXT_BYTES];

	snprintf(text, sizeof(text), "continuously pinging to %s",
		 endpoint_format(&s->remote, to, sizeof(to)));
	transmit(p, s, text);
	s->due_us = now_us() + PING_MS * 1000;
}

static void send_ok(struct pinger *p, struct socket_state *s)
{
	transmit(p, s, "OK");
	s->due_us =
	    p->options->is_provider ? now_us() + OK_MS * 1000 : UINT64_MAX;
}

static void adopt(struct pinger *p, struct socket_state *s,
		  const struct endpoint *from)
{
	s->state = WAITING;
	s->remote = *from;
	s->ttl = HEARD_TTL;
	close(s->fd);
	open_socket(s, true);
	send_ok(p, s);
}

static bool is_text(const char *bytes, ssize_t len, const char *text)
{
	return len == (ssize_t)strlen(text) &&
	       memcmp(bytes, text, strlen(text)) == 0;
}

static void take(struct pinger *p, struct socket_state *s, const char *bytes,
		 ssize_t len, const struct endpoint *from)
{
	static const char ping[] = "continuously pinging to ";
	bool is_ping = len >= (ssize_t)strlen(ping) &&
		       memcmp(bytes, ping, strlen(ping)) == 0;

	if (s->state == PINGING) {
		if (is_ping || is_text(bytes, len, "OK"))
			adopt(p, s, from);
		return;
	}
	if (s->state != WAITING ||
	    !is_text(bytes, len, p->options->is_provider ? "OK_ACK" : "OK"))
		return;
	s->state = DONE;
	s->due_us = UINT64_MAX;
	p->done++;
	if (!p->options->is_provider)
		transmit(p, s, "OK_ACK");
}

static void read_socket(struct pinger *p, struct socket_state *s)
{
	struct sockaddr_storage sa;
	struct endpoint from;
	char bytes[BUFFER];

	for (int i = 0; i < READS_MOST && p->done < PEER_WANTED; i++) {
		socklen_t sa_len = sizeof(sa);
		ssize_t len = recvfrom(s->fd, bytes, sizeof(bytes), 0,
				       (struct sockaddr *)&sa, &sa_len);

		if (len < 0 && errno == ECONNREFUSED &&
		    ++s->errors < ERRORS_MOST)
			continue;
		if (len < 0)
			return;
		if (s->state == DONE)
			return;
		if (endpoint_from_sockaddr((struct sockaddr *)&sa, sa_len,
					   &from) == 0)
			take(p, s, bytes, len, &from);
	}
}

static void run_timers(struct pinger *p)
{
	for (unsigned int i = 0; i < p->options->ports; i++) {
		struct socket_state *s = &p->sockets[i];

		if (now_us() < s->due_us)
			continue;
		if (s->state == PINGING)
			send_ping(p, s);
		else if (s->state == WAITING)
			send_ok(p, s);
	}
}

static void wait_and_read(struct pinger *p)
{
	struct pollfd pfds[PUNCH_PORTS_MOST];
	uint64_t next_us = UINT64_MAX, at_us = now_us();
	struct timespec ts = {.tv_sec = 0};

	for (unsigned int i = 0; i < p->options->ports; i++) {
		pfds[i] =
		    (struct pollfd){.fd = p->sockets[i].fd, .events = POLLIN};
		if (p->sockets[i].state == DONE)
			pfds[i].fd = -1;
		if (p->sockets[i].due_us < next_us)
			next_us = p->sockets[i].due_us;
	}
	if (next_us > at_us + LATE_MS * 1000)
		next_us = at_us + LATE_MS * 1000;
	if (next_us > at_us)
		ts.tv_nsec = (long)(next_us - at_us) * 1000;
	if (ppoll(pfds, p->options->ports, &ts, NULL) <= 0)
		return;
	for (unsigned int i = 0; i < p->options->ports; i++)
		if (pfds[i].revents && p->done < PEER_WANTED)
			read_socket(p, &p->sockets[i]);
}

static void sleep_until(uint64_t wall_ms)
{
	uint64_t at_us = now_us();

	if (wall_ms * 1000 > at_us)
		usleep((useconds_t)(wall_ms * 1000 - at_us));
}

static void start(struct pinger *p, unsigned int k)
{
	const struct peer_options *o = p->options;
	unsigned int classes = o->ports / 2;

	memset(p->sockets, 0, sizeof(p->sockets));
	p->sent = p->done = 0;
	for (unsigned int i = 0; i < o->ports; i++) {
		struct socket_state *s = &p->sockets[i];
		unsigned int at = k * o->ports + i;

		s->index = i;
		s->local.addr.family = AF_INET;
		s->local.port = (uint16_t)(o->local + at);
		s->remote.addr = o->peer;
		s->remote.port = (uint16_t)(o->remote + at);
		s->ttl = o->is_provider ? 1 + i % classes : HEARD_TTL;
		open_socket(s, false);
	}
}

static void close_losers(struct pinger *p)
{
	for (unsigned int i = 0; i < p->options->ports; i++) {
		struct socket_state *s = &p->sockets[i];
		char local[ENDPOINT_TEXT_BYTES], remote[ENDPOINT_TEXT_BYTES];

		if (s->state == DONE && p->done >= PEER_WANTED) {
			printf("path index=%u local=%s remote=%s\n", i,
			       endpoint_format(&s->local, local, sizeof(local)),
			       endpoint_format(&s->remote, remote,
					       sizeof(remote)));
			continue;
		}
		close(s->fd);
		s->state = CLOSED;
	}
}

static bool try_data(struct pinger *p)
{
	unsigned int good = 0;
	char bytes[BUFFER];

	for (unsigned int t = 0; t <= p->options->tries; t++) {
		for (unsigned int i = 0; i < p->options->ports; i++) {
			struct socket_state *s = &p->sockets[i];

			if (s->state != DONE)
				continue;
			(void)!send(s->fd, "data", 4, MSG_NOSIGNAL);
			while (recv(s->fd, bytes, sizeof(bytes), 0) >= 0)
				if (memcmp(bytes, "data", 4) == 0)
					s->has_data = true;
		}
		usleep(DATA_MS * 1000);
	}
	for (unsigned int i = 0; i < p->options->ports; i++) {
		if (p->sockets[i].state != DONE)
			continue;
		good += p->sockets[i].has_data;
		close(p->sockets[i].fd);
	}
	return good == PEER_WANTED;
}

static bool run_trial(struct pinger *p, unsigned int k)
{
	const struct peer_options *o = p->options;
	uint64_t start_ms = peer_start_ms(o, k);
	bool is_good;

	sleep_until(start_ms + (o->is_provider ? 0 : CONSUMER_MS));
	start(p, k);
	while (p->done < PEER_WANTED &&
	       peer_wall_ms() < start_ms + o->limit_ms) {
		run_timers(p);
		wait_and_read(p);
	}
	printf("trial=%u outcome=%s took_ms=%d sent=%u cause=%s\n", k,
	       p->done >= PEER_WANTED ? "connected" : "failed",
	       (int)(peer_wall_ms() - start_ms), p->sent,
	       p->done >= PEER_WANTED ? "none" : "too few connections");
	close_losers(p);
	if (p->done < PEER_WANTED)
		return false;
	sleep_until(start_ms + o->data_ms);
	is_good = try_data(p);
	printf("data trial=%u passes=%s\n", k, is_good ? "yes" : "no");
	return is_good;
}

int main(int argc, char **argv)
{
	struct peer_options options;
	struct pinger pinger = {.options = &options};
	unsigned int good = 0;

	peer_parse(argc, argv, usage_text, &options);
	for (unsigned int k = 0; k < options.trials; k++)
		good += run_trial(&pinger, k);
	return good == options.trials ? 0 : 1;
}
