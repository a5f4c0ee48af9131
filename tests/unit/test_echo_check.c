#include "unit.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "echo_check.h"
#include "echo_port.h"
#include "echo_server.h"
#include "udp.h"

/* Real sockets on loopback and the real loop: nothing here waits longer than
 * the 300 ms that silence takes. */

struct fixture {
	struct loop *loop;
	struct log *log;
	struct resolver *resolver;
	struct echo_server *server;
	struct host_port servers[4];
	struct host_list list;
	struct echo_check_options options;
	struct echo_rtt rtt;
	int port_fd; /* the port under test, lent */
	struct echo_result result;
	unsigned int results;
};

static struct endpoint loopback(uint16_t port)
{
	struct endpoint e = {
	    .addr = {.family = AF_INET, .bytes = {127, 0, 0, 1}}, .port = port};

	return e;
}

static const struct addr loopback4 = {.family = AF_INET,
				      .bytes = {127, 0, 0, 1}};

static void add_server(struct fixture *f, uint16_t port)
{
	struct host_port *s = &f->servers[f->list.count++];

	strcpy(s->host, "127.0.0.1");
	s->port = port;
}

static void serve(struct fixture *f, bool require_cookie)
{
	struct echo_server_options o = {.loop = f->loop,
					.log = f->log,
					.listen_count = 1,
					.require_cookie = require_cookie};

	o.listen[0] = loopback(0);
	o.answer_from4 =
	    (struct addr){.family = AF_INET, .bytes = {127, 0, 0, 9}};
	assert_int_equal(echo_server_new(&o, &f->server), 0);
	add_server(f, echo_server_endpoint(f->server, 0).port);
}

static int setup(void **state)
{
	static struct fixture fixture;
	struct fixture *f = &fixture;
	struct addr any = {.family = AF_UNSPEC};

	*f = (struct fixture){0};
	f->loop = loop_new();
	f->log = log_new(LEVEL_WARN, false);
	f->resolver = resolver_new(f->loop);
	f->list.items = f->servers;
	f->port_fd = echo_port_open(&any, 0);
	f->options.loop = f->loop;
	f->options.log = f->log;
	f->options.resolver = f->resolver;
	f->options.servers = &f->list;
	f->options.rtt = &f->rtt;
	f->options.has_fd = true;
	f->options.fd = f->port_fd;
	*state = f;
	return f->port_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	echo_server_free(f->server);
	resolver_free(f->resolver);
	loop_free(f->loop);
	log_free(f->log);
	if (f->port_fd >= 0)
		close(f->port_fd);
	return 0;
}

static void on_done(void *arg, const struct echo_result *result)
{
	struct fixture *f = arg;

	f->result = *result;
	f->results++;
	loop_stop(f->loop);
}

static void check(struct fixture *f)
{
	unsigned int before = f->results;

	(void)echo_check_start(&f->options, on_done, f);
	assert_int_equal(f->results, before); /* never before it returns */
	loop_run(f->loop);
	assert_int_equal(f->results, before + 1);
}

static void echo_check_when_echoed_then_received_and_learnt(void **state)
{
	struct fixture *f = *state;
	char text[ADDR_TEXT_BYTES];

	serve(f, false);
	check(f);
	assert_int_equal(f->result.outcome, ECHO_RECEIVED);
	assert_string_equal(
	    addr_format(&f->result.source.addr, text, sizeof(text)),
	    "127.0.0.9");
	assert_int_equal(f->result.vantage.port, f->servers[0].port);
	assert_true(f->result.is_server_alive);
	assert_true(f->rtt.samples >= 1);
	assert_int_equal(f->result.mismatches, 0);
}

static void echo_check_when_cookie_is_required_then_received(void **state)
{
	struct fixture *f = *state;

	serve(f, true);
	check(f);
	assert_int_equal(f->result.outcome, ECHO_RECEIVED);
	assert_int_equal(echo_server_stats(f->server)->bare, 1);
	assert_int_equal(echo_server_stats(f->server)->cookies, 1);
}

/* The outer port is the one that the request carries. */
static void echo_check_when_outer_port_differs_then_sent_there(void **state)
{
	struct fixture *f = *state;
	struct addr any = {.family = AF_UNSPEC};
	int outer_fd = echo_port_open(&any, 0);
	struct endpoint from;
	uint8_t buf[64];

	serve(f, false);
	f->options.external_port = udp_local(outer_fd).port;
	check(f);
	assert_int_equal(f->result.outcome, ECHO_SILENT);
	assert_in_range(f->result.took_ms, 300, 600);
	assert_true(f->result.is_server_alive);
	assert_int_equal(udp_receive(outer_fd, buf, sizeof(buf), &from), 16);
	close(outer_fd);
}

static void send_to_port(struct fixture *f, size_t len)
{
	struct endpoint to = loopback(udp_local(f->port_fd).port);
	struct endpoint local = loopback(0);
	uint8_t junk[64] = {0};
	int fd = udp_open(&local);

	assert_int_equal(udp_send(fd, &to, junk, len, 0), 0);
	close(fd);
}

static void echo_check_when_others_send_then_counted_not_taken(void **state)
{
	struct fixture *f = *state;

	serve(f, false);
	send_to_port(f, 16);
	send_to_port(f, 0);
	send_to_port(f, 18);
	check(f);
	assert_int_equal(f->result.outcome, ECHO_RECEIVED);
	assert_int_equal(f->result.mismatches, 3);
}

static void echo_check_when_port_is_held_then_port_in_use(void **state)
{
	struct fixture *f = *state;

	serve(f, false);
	f->options.has_fd = false;
	f->options.port = udp_local(f->port_fd).port;
	check(f);
	assert_int_equal(f->result.outcome, ECHO_PORT_IN_USE);
	/* held for one family by an address of its own */
	close(f->port_fd);
	f->port_fd = echo_port_open(&loopback4, f->options.port);
	check(f);
	assert_int_equal(f->result.outcome, ECHO_PORT_IN_USE);
	close(f->port_fd);
	f->port_fd = -1;
	check(f);
	assert_int_equal(f->result.outcome, ECHO_RECEIVED);
}

/* A port of loopback where nobody listens. */
static uint16_t dead_port(void)
{
	struct endpoint local = loopback(0);
	int fd = udp_open(&local);
	uint16_t port = udp_local(fd).port;

	close(fd);
	return port;
}

static void echo_check_when_every_server_is_dead_then_down(void **state)
{
	struct fixture *f = *state;

	add_server(f, dead_port());
	add_server(f, dead_port());
	check(f);
	assert_int_equal(f->result.outcome, ECHO_SERVER_DOWN);
	assert_in_range(f->result.took_ms, 0, 250);
	assert_false(f->result.is_server_alive);
	assert_int_equal(f->result.servers_asked, 2);
}

static void echo_check_when_one_server_is_dead_then_the_other(void **state)
{
	struct fixture *f = *state;

	add_server(f, dead_port());
	serve(f, false);
	check(f);
	assert_int_equal(f->result.outcome, ECHO_RECEIVED);
	assert_int_equal(f->result.vantage.port, f->servers[1].port);
}

static void echo_check_when_no_server_then_said(void **state)
{
	struct fixture *f = *state;

	check(f);
	assert_int_equal(f->result.outcome, ECHO_NO_SERVER);
}

/* A reserved family: the lent socket can only hear the other. */
static void echo_check_when_family_differs_then_cannot_listen(void **state)
{
	struct fixture *f = *state;

	serve(f, false);
	close(f->port_fd);
	f->port_fd = echo_port_open(&loopback4, 0);
	f->options.fd = f->port_fd;
	f->options.family = AF_INET6;
	check(f);
	assert_int_equal(f->result.outcome, ECHO_CANNOT_LISTEN);
}

/* An address of the other family: known at once, no name server is asked. */
static void echo_check_when_literal_is_of_no_use_then_unresolved(void **state)
{
	struct fixture *f = *state;

	add_server(f, 4589);
	strcpy(f->servers[0].host, "::1");
	f->options.family = AF_INET;
	check(f);
	assert_int_equal(f->result.outcome, ECHO_UNRESOLVED);
	assert_in_range(f->result.took_ms, 0, 100);
}

static void on_end(void *arg)
{
	loop_stop(arg);
}

static void echo_check_cancel_when_under_way_then_no_call(void **state)
{
	struct fixture *f = *state;
	struct loop_timer *end = loop_timer_new(f->loop, on_end, f->loop);
	struct echo_check *checks[3];

	serve(f, false);
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		checks[i] = echo_check_start(&f->options, on_done, f);
	for (size_t i = 0; i < COUNT_OF(checks); i++)
		echo_check_cancel(checks[i]);
	echo_check_cancel(NULL);
	loop_timer_start(end, 20);
	loop_run(f->loop);
	loop_timer_free(end);
	assert_int_equal(f->results, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	static const struct CMUnitTest tests[] = {
	    CASE(echo_check_when_echoed_then_received_and_learnt),
	    CASE(echo_check_when_cookie_is_required_then_received),
	    CASE(echo_check_when_outer_port_differs_then_sent_there),
	    CASE(echo_check_when_others_send_then_counted_not_taken),
	    CASE(echo_check_when_port_is_held_then_port_in_use),
	    CASE(echo_check_when_every_server_is_dead_then_down),
	    CASE(echo_check_when_one_server_is_dead_then_the_other),
	    CASE(echo_check_when_no_server_then_said),
	    CASE(echo_check_when_family_differs_then_cannot_listen),
	    CASE(echo_check_when_literal_is_of_no_use_then_unresolved),
	    CASE(echo_check_cancel_when_under_way_then_no_call),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("echo_check", tests, NULL, NULL);
}
