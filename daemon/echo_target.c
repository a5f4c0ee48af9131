#include "echo_target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"
#include "udp.h"

/* Datagrams and errors read before the loop gets its turn. */
#define READ_MOST 16

struct echo_target {
	struct echo_target_options options;
	struct echo_target_status status;
	struct echo_request request; /* extended; its cookie once granted */
	bool has_cookie;
	bool is_done;                        /* the echo came: send no more */
	uint64_t sent_ms[ECHO_TARGET_SENDS]; /* by sequence */
	int fd;
	struct loop_io *io;
	struct loop_timer *again;
};

static void fill_random(void *buf, size_t len)
{
	/* Up to 256 bytes come whole or, before the pool is ready, wait. */
	if (getrandom(buf, len, 0) != (ssize_t)len)
		abort();
}

static int send_request(struct echo_target *t, bool is_extended)
{
	struct echo_request request = t->request;
	uint8_t buf[ECHO_EXTENDED_BYTES];
	int len;

	request.is_extended = is_extended;
	len = echo_request_encode(&request, buf, sizeof(buf));
	return udp_send(t->fd, &t->options.server, buf, (size_t)len, 0);
}

/* One round: the plain request for any server, the extended for those that
 * know it. Returns what became of the plain one. */
static int send_round(struct echo_target *t)
{
	int r = send_request(t, false);

	if (r < 0)
		return r;
	t->request.sequence = (uint8_t)t->status.sends;
	t->sent_ms[t->status.sends] = loop_now_ms(t->options.loop);
	t->status.sends++;
	(void)send_request(t, true);
	return 0;
}

static bool may_send(const struct echo_target *t)
{
	return !t->is_done && t->status.state == ECHO_TARGET_ASKED &&
	       t->status.sends < ECHO_TARGET_SENDS;
}

/* The rounds leave at 0, at a quarter and at half of the wait: what a burst of
 * loss takes once it does not take thrice, and the last one still has as long
 * as one and a half round trips. */
void echo_target_pace(struct echo_target *target)
{
	uint64_t now_ms = loop_now_ms(target->options.loop);
	uint64_t due_ms;

	loop_timer_stop(target->again);
	if (!may_send(target))
		return;
	due_ms =
	    target->status.first_sent_ms +
	    echo_rtt_wait_ms(target->options.rtt) * target->status.sends / 4;
	loop_timer_start(target->again, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void on_again(void *arg)
{
	struct echo_target *t = arg;

	/* Only the first failure to send counts. */
	if (send_round(t) < 0)
		t->status.sends++;
	echo_target_pace(t);
}

static void on_icmp(struct echo_target *t, const struct udp_icmp *icmp)
{
	char server[ENDPOINT_TEXT_BYTES], offender[ADDR_TEXT_BYTES];
	bool by_server = addr_equal(&icmp->offender, &t->options.server.addr);

	log_debug(t->options.log, "echo: server=%s icmp=\"%s\" from=%s",
		  endpoint_format(&t->options.server, server, sizeof(server)),
		  strerror(icmp->error),
		  addr_format(&icmp->offender, offender, sizeof(offender)));
	/* A server that has answered is there, whatever somebody says. */
	if (t->status.is_alive || t->status.state != ECHO_TARGET_ASKED)
		return;
	t->status.state = by_server && icmp->error == ECONNREFUSED
			      ? ECHO_TARGET_REFUSED
			      : ECHO_TARGET_BLOCKED;
	t->status.error = -icmp->error;
	t->status.offender = icmp->offender;
	loop_timer_stop(t->again);
}

static void on_grant(struct echo_target *t, const struct echo_grant *grant)
{
	uint64_t now_ms = loop_now_ms(t->options.loop);
	bool is_first = !t->has_cookie;

	if (memcmp(grant->token, t->request.token, ECHO_TOKEN_BYTES) != 0 ||
	    grant->sequence >= t->status.sends || t->is_done)
		return;
	t->status.is_alive = true;
	t->status.state = ECHO_TARGET_ASKED;
	memcpy(t->request.cookie, grant->cookie, ECHO_COOKIE_BYTES);
	t->has_cookie = true;
	echo_rtt_sample(t->options.rtt,
			(uint32_t)(now_ms - t->sent_ms[grant->sequence]));
	/* The server may have wanted the cookie for its echo. */
	if (is_first)
		(void)send_request(t, true);
	echo_target_pace(t);
}

/* The queue of ICMP errors is read first: a refusal that is followed by an
 * answer is history. */
static void on_readable(void *arg, int fd, unsigned int events)
{
	struct echo_target *t = arg;
	struct udp_icmp icmp;
	struct echo_grant grant;
	struct endpoint from;
	uint8_t buf[ECHO_GRANT_BYTES + 1];
	long n;
	int r;

	(void)events;
	for (int i = 0; i < READ_MOST; i++) {
		r = udp_receive_icmp(fd, &icmp);
		if (r == 0)
			on_icmp(t, &icmp);
		else if (r != -ENOMSG)
			break;
	}
	for (int i = 0; i < READ_MOST; i++) {
		n = udp_receive(fd, buf, sizeof(buf), &from);
		if (n < 0)
			break;
		if (echo_grant_decode(buf, (size_t)n, &grant) == 0)
			on_grant(t, &grant);
	}
	t->options.changed(t->options.arg);
}

/* Connected, so that only the server itself can send a cookie, and that the
 * kernel hands ICMP errors over. */
static int open_socket(struct echo_target *t)
{
	struct endpoint local = {.addr = t->options.bind_address};
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&t->options.server, &sa);
	int error;

	if (!addr_is_set(&local.addr))
		local.addr.family = t->options.server.addr.family;
	t->fd = udp_open(&local);
	if (t->fd < 0)
		return t->fd;
	if (connect(t->fd, (const struct sockaddr *)&sa, sa_len) == 0)
		return 0;
	error = errno;
	close(t->fd);
	t->fd = -1;
	return -error;
}

struct echo_target *echo_target_new(const struct echo_target_options *options)
{
	struct echo_target *t = xcalloc(1, sizeof(*t));
	int r;

	t->options = *options;
	t->status.server = options->server;
	t->status.first_sent_ms = loop_now_ms(options->loop);
	t->request.port = options->port;
	fill_random(t->request.token, sizeof(t->request.token));
	t->again = loop_timer_new(options->loop, on_again, t);
	r = open_socket(t);
	if (r == 0)
		r = send_round(t);
	if (r < 0) {
		t->status.state = ECHO_TARGET_UNSENDABLE;
		t->status.error = r;
		return t;
	}
	t->io = loop_io_new(options->loop, t->fd, LOOP_READ, on_readable, t);
	echo_target_pace(t);
	return t;
}

void echo_target_free(struct echo_target *target)
{
	if (!target)
		return;
	loop_io_free(target->io);
	loop_timer_free(target->again);
	if (target->fd >= 0)
		close(target->fd);
	free(target);
}

const struct echo_target_status *echo_target_status(
    const struct echo_target *target)
{
	return &target->status;
}

bool echo_target_take(struct echo_target *target, const void *buf, size_t len,
		      uint32_t *ret_rtt_ms)
{
	uint64_t rtt_ms;

	if (!echo_reply_matches(buf, len, target->request.token))
		return false;
	rtt_ms =
	    loop_now_ms(target->options.loop) - target->status.first_sent_ms;
	if (target->status.sends == 1 && !target->has_cookie)
		echo_rtt_sample(target->options.rtt, (uint32_t)rtt_ms);
	target->status.is_alive = true;
	target->is_done = true;
	loop_timer_stop(target->again);
	*ret_rtt_ms = (uint32_t)rtt_ms;
	return true;
}
