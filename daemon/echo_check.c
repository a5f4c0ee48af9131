#include "echo_check.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "echo.h"
#include "echo_port.h"
#include "echo_target.h"
#include "mem.h"
#include "udp.h"

#define TARGETS_MOST (ECHO_CHECK_SERVERS * RESOLVE_MOST)
/* Datagrams read before the loop gets its turn. */
#define READ_MOST 16

/* A server of the list, and the question for its addresses. */
struct server {
	struct echo_check *check;
	struct host_port name;
	struct resolve_query *query; /* NULL: answered */
	char error[64];              /* why there is no address; or "" */
};

struct echo_check {
	struct echo_check_options options;
	echo_check_fn done;
	void *arg;
	struct server servers[ECHO_CHECK_SERVERS];
	size_t server_count;
	struct echo_target *targets[TARGETS_MOST];
	const struct server *target_servers[TARGETS_MOST];
	size_t target_count;
	struct echo_rtt own_rtt;
	sa_family_t family;
	int fd; /* the port under test; owned unless it was lent */
	struct loop_io *io;
	struct loop_timer *deadline; /* of the whole check */
	struct loop_timer *wait;     /* for the echo */
	struct loop_timer *finish;   /* delivers the result from the loop */
	uint64_t began_ms;
	bool is_concluded;
	struct echo_result result;
};

const char *echo_outcome_name(enum echo_outcome outcome)
{
	static const char *const names[] = {
	    [ECHO_RECEIVED] = "received",
	    [ECHO_SILENT] = "silent",
	    [ECHO_PORT_IN_USE] = "port-in-use",
	    [ECHO_CANNOT_LISTEN] = "cannot-listen",
	    [ECHO_NO_SERVER] = "no-server",
	    [ECHO_UNRESOLVED] = "unresolved",
	    [ECHO_UNSENDABLE] = "unsendable",
	    [ECHO_SERVER_DOWN] = "server-down",
	};

	return names[outcome];
}

static uint32_t elapsed_ms(const struct echo_check *c)
{
	return (uint32_t)(loop_now_ms(c->options.loop) - c->began_ms);
}

/* Stops all that asks and listens; what was learnt stays. */
static void quiet_down(struct echo_check *c)
{
	for (size_t i = 0; i < c->server_count; i++) {
		resolve_cancel(c->servers[i].query);
		c->servers[i].query = NULL;
	}
	loop_timer_stop(c->deadline);
	loop_timer_stop(c->wait);
	loop_io_free(c->io);
	c->io = NULL;
	if (c->fd >= 0 && !c->options.has_fd)
		close(c->fd);
	c->fd = -1;
}

/* Targets may be on the stack above: they go when the result is delivered. */
static void __attribute__((format(printf, 3, 4)))
conclude(struct echo_check *c, enum echo_outcome outcome, const char *format,
	 ...)
{
	va_list args;

	assert(!c->is_concluded);
	c->is_concluded = true;
	c->result.outcome = outcome;
	c->result.took_ms = elapsed_ms(c);
	va_start(args, format);
	vsnprintf(c->result.detail, sizeof(c->result.detail), format, args);
	va_end(args);
	for (size_t i = 0; i < c->target_count; i++)
		if (echo_target_status(c->targets[i])->is_alive)
			c->result.is_server_alive = true;
	quiet_down(c);
	loop_timer_start(c->finish, 0);
}

static void free_check(struct echo_check *c)
{
	if (!c->is_concluded)
		quiet_down(c);
	for (size_t i = 0; i < c->target_count; i++)
		echo_target_free(c->targets[i]);
	loop_timer_free(c->deadline);
	loop_timer_free(c->wait);
	loop_timer_free(c->finish);
	free(c);
}

static void on_finish(void *arg)
{
	struct echo_check *c = arg;
	struct echo_result result = c->result;
	echo_check_fn done = c->done;
	void *done_arg = c->arg;

	log_debug(c->options.log,
		  "echo: port=%u outcome=%s took_ms=%u mismatches=%u: %s",
		  c->options.port, echo_outcome_name(result.outcome),
		  result.took_ms, result.mismatches, result.detail);
	free_check(c);
	done(done_arg, &result);
}

static bool is_asked(const struct echo_target *target)
{
	return echo_target_status(target)->state == ECHO_TARGET_ASKED;
}

static size_t count_pending(const struct echo_check *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->server_count; i++)
		n += c->servers[i].query != NULL;
	return n;
}

static void conclude_silent(struct echo_check *c)
{
	unsigned int asked = 0, alive = 0;

	for (size_t i = 0; i < c->target_count; i++) {
		asked += is_asked(c->targets[i]);
		alive += echo_target_status(c->targets[i])->is_alive;
	}
	conclude(c, ECHO_SILENT,
		 "no echo came in within %u ms; asked %u server address%s, "
		 "%u %s known to answer",
		 elapsed_ms(c), asked, asked == 1 ? "" : "es", alive,
		 alive == 1 ? "is" : "are");
}

static void conclude_unresolved(struct echo_check *c)
{
	const struct server *s = &c->servers[0];

	conclude(c, ECHO_UNRESOLVED, "no address for %.96s%s: %s", s->name.host,
		 c->server_count > 1 ? " and the others" : "",
		 s->error[0] ? s->error : "no answer in time");
}

/* No target is left that may still answer: says why. */
static void conclude_failed(struct echo_check *c)
{
	const struct echo_target_status *worst = NULL, *s;
	char server[ENDPOINT_TEXT_BYTES], offender[ADDR_TEXT_BYTES];

	for (size_t i = 0; i < c->target_count; i++) {
		s = echo_target_status(c->targets[i]);
		/* The one that came furthest says most. */
		if (!worst || s->state < worst->state)
			worst = s;
	}
	if (!worst) {
		conclude_unresolved(c);
		return;
	}
	endpoint_format(&worst->server, server, sizeof(server));
	addr_format(&worst->offender, offender, sizeof(offender));
	if (worst->state == ECHO_TARGET_REFUSED)
		conclude(c, ECHO_SERVER_DOWN,
			 "no port-check server runs at %s (port unreachable)",
			 server);
	else if (worst->state == ECHO_TARGET_BLOCKED)
		conclude(c, ECHO_UNSENDABLE,
			 "the request to %s was turned back by %s: %s", server,
			 offender, strerror(-worst->error));
	else
		conclude(c, ECHO_UNSENDABLE,
			 "the request to %s could not be sent: %s", server,
			 strerror(-worst->error));
}

/* When the first server that may still answer was asked; 0 = there is none. */
static uint64_t first_asked_ms(const struct echo_check *c)
{
	uint64_t first_ms = 0, ms;

	for (size_t i = 0; i < c->target_count; i++) {
		if (!is_asked(c->targets[i]))
			continue;
		ms = echo_target_status(c->targets[i])->first_sent_ms;
		if (!first_ms || ms < first_ms)
			first_ms = ms;
	}
	return first_ms;
}

/* Sets the end of the wait by what is known now, or concludes. */
static void review(struct echo_check *c)
{
	uint64_t now_ms = loop_now_ms(c->options.loop);
	uint64_t due_ms = first_asked_ms(c);

	if (c->is_concluded)
		return;
	if (due_ms) {
		due_ms += echo_rtt_wait_ms(c->options.rtt);
		loop_timer_start(c->wait,
				 due_ms > now_ms ? due_ms - now_ms : 0);
	} else if (count_pending(c) == 0) {
		conclude_failed(c);
	} else {
		loop_timer_stop(c->wait);
	}
}

static void on_target(void *arg)
{
	struct echo_check *c = arg;

	if (c->is_concluded)
		return;
	for (size_t i = 0; i < c->target_count; i++)
		echo_target_pace(c->targets[i]);
	review(c);
}

static void on_wait(void *arg)
{
	conclude_silent(arg);
}

static void on_deadline(void *arg)
{
	struct echo_check *c = arg;

	if (first_asked_ms(c))
		conclude_silent(c);
	else
		conclude_failed(c);
}

static void conclude_received(struct echo_check *c, size_t at,
			      const struct endpoint *from)
{
	const struct host_port *name = &c->target_servers[at]->name;
	char source[ADDR_TEXT_BYTES];

	c->result.vantage = echo_target_status(c->targets[at])->server;
	c->result.source = *from;
	snprintf(c->result.server, sizeof(c->result.server), "%s:%u",
		 name->host, name->port);
	conclude(c, ECHO_RECEIVED,
		 "the echo of %.96s came in from %s after %u ms", name->host,
		 addr_format(&from->addr, source, sizeof(source)),
		 c->result.rtt_ms);
}

static void on_datagram(struct echo_check *c, const void *buf, size_t len,
			const struct endpoint *from)
{
	for (size_t i = 0; i < c->target_count; i++)
		if (echo_target_take(c->targets[i], buf, len,
				     &c->result.rtt_ms)) {
			conclude_received(c, i, from);
			return;
		}
	c->result.mismatches++;
}

static void on_readable(void *arg, int fd, unsigned int events)
{
	struct echo_check *c = arg;
	uint8_t buf[ECHO_REPLY_BYTES + 1];
	struct endpoint from;
	long n;

	(void)events;
	for (int i = 0; i < READ_MOST && !c->is_concluded; i++) {
		n = udp_receive(fd, buf, sizeof(buf), &from);
		if (n < 0)
			return;
		on_datagram(c, buf, (size_t)n, &from);
	}
}

/* Asks ADDRS of FAMILY. Returns whether a request left. */
static bool ask(struct server *s, const struct addr *addrs, size_t count,
		sa_family_t family)
{
	struct echo_check *c = s->check;
	struct echo_target_options options = {
	    .loop = c->options.loop,
	    .log = c->options.log,
	    .rtt = c->options.rtt,
	    .bind_address = c->options.bind_address,
	    .port = c->options.external_port,
	    .changed = on_target,
	    .arg = c,
	};
	bool has_left = false;

	for (size_t i = 0; i < count; i++) {
		if (addrs[i].family != family ||
		    c->target_count == TARGETS_MOST)
			continue;
		options.server.addr = addrs[i];
		options.server.port = s->name.port;
		c->targets[c->target_count] = echo_target_new(&options);
		c->target_servers[c->target_count] = s;
		has_left |= is_asked(c->targets[c->target_count]);
		c->target_count++;
		c->result.servers_asked++;
	}
	return has_left;
}

static void ask_server(struct server *s, const struct addr *addrs, size_t count)
{
	sa_family_t family = s->check->family;
	bool has_left = false;

	snprintf(s->error, sizeof(s->error), "no address of the right family");
	if (family != AF_INET6)
		has_left = ask(s, addrs, count, AF_INET);
	if (!has_left && family != AF_INET)
		(void)ask(s, addrs, count, AF_INET6);
}

static void on_resolved(void *arg, const struct addr *addrs, size_t count,
			const char *error)
{
	struct server *s = arg;

	s->query = NULL;
	if (error)
		snprintf(s->error, sizeof(s->error), "%s", error);
	else
		ask_server(s, addrs, count);
	review(s->check);
}

/* Asks by name; an address needs no resolver, least of all one that takes its
 * time over an address of the other family. */
static void start_server(struct server *s)
{
	struct echo_check *c = s->check;
	struct addr literal;

	if (addr_parse(s->name.host, &literal) == 0)
		ask_server(s, &literal, 1);
	else
		s->query =
		    resolve_start(c->options.resolver, s->name.host, c->family,
				  ECHO_CHECK_MOST_MS, on_resolved, s);
}

/* Which family the echo may come over. */
static sa_family_t family_of(const struct echo_check *c)
{
	sa_family_t reachable = echo_port_family(c->fd);

	return reachable != AF_UNSPEC ? reachable : c->options.family;
}

static void ask_all(struct echo_check *c)
{
	c->family = family_of(c);
	if (c->options.family != AF_UNSPEC && c->options.family != c->family) {
		conclude(c, ECHO_CANNOT_LISTEN,
			 "port %u is not open for that family of addresses",
			 c->options.port);
		return;
	}
	c->io = loop_io_new(c->options.loop, c->fd, LOOP_READ, on_readable, c);
	loop_timer_start(c->deadline, ECHO_CHECK_MOST_MS);
	for (size_t i = 0; i < c->server_count; i++)
		start_server(&c->servers[i]);
	review(c);
}

static void begin(struct echo_check *c)
{
	if (c->server_count == 0) {
		conclude(c, ECHO_NO_SERVER,
			 "no port-check server is configured");
		return;
	}
	c->fd = c->options.has_fd
		    ? c->options.fd
		    : echo_port_open(&c->options.bind_address, c->options.port);
	if (c->fd == -EADDRINUSE)
		conclude(c, ECHO_PORT_IN_USE,
			 "UDP port %u is held by another program",
			 c->options.port);
	else if (c->fd < 0)
		conclude(c, ECHO_CANNOT_LISTEN,
			 "cannot listen on UDP port %u: %s", c->options.port,
			 strerror(-c->fd));
	else
		ask_all(c);
}

static void copy_servers(struct echo_check *c, const struct host_list *list)
{
	for (size_t i = 0; i < list->count && i < ECHO_CHECK_SERVERS; i++) {
		c->servers[i].check = c;
		c->servers[i].name = list->items[i];
		c->server_count++;
	}
}

struct echo_check *echo_check_start(const struct echo_check_options *options,
				    echo_check_fn done, void *arg)
{
	struct echo_check *c = xcalloc(1, sizeof(*c));

	c->options = *options;
	if (!c->options.port && options->has_fd)
		c->options.port = udp_local(options->fd).port;
	assert(c->options.port);
	c->done = done;
	c->arg = arg;
	c->fd = -1;
	if (c->options.external_port == 0)
		c->options.external_port = c->options.port;
	if (!c->options.rtt) {
		echo_rtt_init(&c->own_rtt, options->rtt_ms);
		c->options.rtt = &c->own_rtt;
	}
	c->deadline = loop_timer_new(options->loop, on_deadline, c);
	c->wait = loop_timer_new(options->loop, on_wait, c);
	c->finish = loop_timer_new(options->loop, on_finish, c);
	c->began_ms = loop_now_ms(options->loop);
	copy_servers(c, options->servers);
	c->options.servers = NULL;
	begin(c);
	return c;
}

void echo_check_cancel(struct echo_check *check)
{
	if (check)
		free_check(check);
}
