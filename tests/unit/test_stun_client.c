#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "stun_client.h"
#include "stun_map.h"
#include "udp.h"
#include "wire.h"

#define SERVERS_MOST 3

/* How a server of the test answers. */
struct manner {
	bool is_silent;
	bool has_wrong_id;
	bool has_wrong_port; /* answers from another socket */
	bool is_error;
	unsigned int lost; /* requests that it does not hear first */
	unsigned int junk; /* guessed answers before the right one */
	const char *mapped;
};

struct server {
	int fd;
	int other_fd;
	struct loop_io *io;
	struct endpoint at;
	struct manner manner;
	unsigned int heard;
};

/* A client, its servers, and what came out. */
struct bench {
	struct loop *loop;
	struct stun_socket *socket;
	struct server servers[SERVERS_MOST];
	struct loop_timer *deadline;
	struct stun_answer answer;
	struct stun_map_result map;
	unsigned int calls;
	unsigned int datagrams;
	unsigned int icmp;
	char text[64];
	bool frees_socket;
	bool asks_again;
};

static size_t build_answer(const struct manner *manner, const uint8_t *id,
			   uint8_t *buf, size_t cap)
{
	struct wire_writer w = wire_writer_init(buf, cap);
	struct endpoint mapped;

	assert_int_equal(endpoint_parse(manner->mapped, &mapped), 0);
	wire_put_u16(&w, manner->is_error ? 0x0111 : 0x0101);
	wire_put_u16(&w, manner->is_error ? 8 : 12);
	wire_put_u32(&w, 0x2112a442);
	wire_put_bytes(&w, id, STUN_ID_BYTES);
	if (manner->is_error) {
		wire_put_u64(&w, 0x0009000400000500);
	} else {
		wire_put_u32(&w, 0x00010008);
		wire_put_u16(&w, 1);
		wire_put_u16(&w, mapped.port);
		wire_put_bytes(&w, mapped.addr.bytes, 4);
	}
	assert_true(wire_writer_is_ok(&w));
	return w.at;
}

static void on_request(void *arg, int fd, unsigned int events)
{
	struct server *server = arg;
	struct manner *manner = &server->manner;
	uint8_t request[64], answer[64];
	uint8_t *id = request + 8;
	struct endpoint from;
	size_t len;

	(void)events;
	if (udp_receive(fd, request, sizeof(request), &from) < 20)
		return;
	server->heard++;
	if (manner->is_silent || server->heard <= manner->lost)
		return;
	if (manner->has_wrong_id)
		id[11] ^= 1;
	len = build_answer(manner, id, answer, sizeof(answer));
	for (unsigned int i = 0; i < manner->junk; i++) {
		memcpy(answer + 8, &i, sizeof(i));
		(void)udp_send(fd, &from, answer, len, 0);
	}
	memcpy(answer + 8, id, STUN_ID_BYTES);
	(void)udp_send(manner->has_wrong_port ? server->other_fd : fd, &from,
		       answer, len, 0);
}

static void on_deadline(void *arg)
{
	loop_stop(arg);
}

static void on_datagram(void *arg, const struct endpoint *from,
			const uint8_t *bytes, size_t len)
{
	struct bench *bench = arg;

	(void)from;
	bench->datagrams++;
	snprintf(bench->text, sizeof(bench->text), "%.*s", (int)len,
		 (const char *)bytes);
	loop_stop(bench->loop);
}

static void on_icmp(void *arg, const struct udp_icmp *icmp)
{
	struct bench *bench = arg;

	bench->icmp++;
	assert_int_equal(icmp->error, ECONNREFUSED);
}

static struct endpoint parse(const char *text)
{
	struct endpoint e;

	assert_int_equal(endpoint_parse(text, &e), 0);
	return e;
}

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	const struct stun_listener listener = {
	    .datagram = on_datagram, .icmp = on_icmp, .arg = bench};
	struct endpoint local = parse("127.0.0.1:1");
	char address[32];

	bench->loop = loop_new();
	bench->deadline = loop_timer_new(bench->loop, on_deadline, bench->loop);
	loop_timer_start(bench->deadline, 5000);
	local.port = 0;
	assert_int_equal(
	    stun_socket_open(bench->loop, &local, &listener, &bench->socket),
	    0);
	for (int i = 0; i < SERVERS_MOST; i++) {
		struct server *server = &bench->servers[i];

		snprintf(address, sizeof(address), "127.0.0.%d", i + 1);
		assert_int_equal(addr_parse(address, &local.addr), 0);
		server->fd = udp_open(&local);
		server->other_fd = udp_open(&local);
		assert_true(server->fd >= 0 && server->other_fd >= 0);
		server->at = udp_local(server->fd);
		server->manner.mapped = "8.8.8.8:4711";
		server->io = loop_io_new(bench->loop, server->fd, LOOP_READ,
					 on_request, server);
	}
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < SERVERS_MOST; i++) {
		loop_io_free(bench->servers[i].io);
		close(bench->servers[i].fd);
		close(bench->servers[i].other_fd);
	}
	stun_socket_free(bench->socket);
	loop_timer_free(bench->deadline);
	loop_free(bench->loop);
	free(bench);
	return 0;
}

static void on_done(void *arg, const struct stun_answer *answer)
{
	struct bench *bench = arg;

	bench->answer = *answer;
	bench->calls++;
	if (bench->frees_socket) {
		stun_socket_free(bench->socket);
		bench->socket = NULL;
	}
	if (bench->asks_again && bench->calls < 3) {
		const struct stun_query query = {.server = answer->server,
						 .budget_ms = 2000};

		stun_socket_ask(bench->socket, &query, on_done, bench);
		return;
	}
	loop_stop(bench->loop);
}

static void ask(struct bench *bench, unsigned int budget_ms)
{
	const struct stun_query query = {.server = bench->servers[0].at,
					 .budget_ms = budget_ms};

	assert_true(stun_socket_ask(bench->socket, &query, on_done, bench) > 0);
	assert_int_equal(bench->calls, 0);
	loop_run(bench->loop);
}

static void stun_socket_ask_when_server_answers_then_mapped(void **state)
{
	struct bench *bench = *state;
	char text[ENDPOINT_TEXT_BYTES];

	ask(bench, 2000);
	assert_int_equal(bench->answer.outcome, STUN_ANSWERED);
	assert_int_equal(bench->answer.sent, 1);
	assert_string_equal(
	    endpoint_format(&bench->answer.message.mapped, text, sizeof(text)),
	    "8.8.8.8:4711");
}

static void stun_socket_ask_when_requests_lost_then_sent_again(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.lost = 2;
	ask(bench, 2000);
	assert_int_equal(bench->answer.outcome, STUN_ANSWERED);
	assert_int_equal(bench->answer.sent, 3);
	assert_in_range(bench->answer.took_ms, 295, 400);
}

static void stun_socket_ask_when_silent_then_timeout_in_budget(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.is_silent = true;
	ask(bench, 250);
	assert_int_equal(bench->answer.outcome, STUN_TIMEOUT);
	assert_int_equal(bench->answer.sent, 2);
	assert_in_range(bench->answer.took_ms, 249, 350);
}

static void stun_socket_ask_when_wrong_id_then_not_taken(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.has_wrong_id = true;
	ask(bench, 250);
	assert_int_equal(bench->answer.outcome, STUN_TIMEOUT);
	assert_int_equal(stun_socket_counts(bench->socket).rejected, 2);
}

static void stun_socket_ask_when_ids_guessed_then_none_taken(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.junk = 100;
	ask(bench, 2000);
	assert_int_equal(bench->answer.outcome, STUN_ANSWERED);
	assert_int_equal(stun_socket_counts(bench->socket).rejected, 100);
	assert_int_equal(stun_socket_counts(bench->socket).answers, 1);
}

static void stun_socket_ask_when_from_wrong_port_then_not_taken(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.has_wrong_port = true;
	ask(bench, 250);
	assert_int_equal(bench->answer.outcome, STUN_TIMEOUT);
	assert_int_equal(stun_socket_counts(bench->socket).rejected, 2);
}

static void stun_socket_ask_when_answer_from_named_then_taken(void **state)
{
	struct bench *bench = *state;
	struct stun_query query = {.server = bench->servers[0].at,
				   .answer_from =
				       udp_local(bench->servers[0].other_fd),
				   .change_port = true,
				   .budget_ms = 2000};

	bench->servers[0].manner.has_wrong_port = true;
	stun_socket_ask(bench->socket, &query, on_done, bench);
	loop_run(bench->loop);
	assert_int_equal(bench->answer.outcome, STUN_ANSWERED);
}

static void stun_socket_ask_when_error_then_refused(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.is_error = true;
	ask(bench, 2000);
	assert_int_equal(bench->answer.outcome, STUN_REFUSED);
	assert_int_equal(bench->answer.message.error_code, 500);
}

static void stun_socket_ask_when_port_closed_then_unreachable(void **state)
{
	struct bench *bench = *state;

	loop_io_free(bench->servers[0].io);
	bench->servers[0].io = NULL;
	close(bench->servers[0].fd);
	bench->servers[0].fd = -1;
	ask(bench, 2000);
	assert_int_equal(bench->answer.outcome, STUN_UNREACHABLE);
	assert_int_equal(bench->answer.error, ECONNREFUSED);
	assert_true(bench->answer.took_ms < 90);
	assert_int_equal(bench->icmp, 1);
}

static void stun_socket_ask_when_refused_and_again_then_each_asks(void **state)
{
	struct bench *bench = *state;

	loop_io_free(bench->servers[0].io);
	bench->servers[0].io = NULL;
	close(bench->servers[0].fd);
	bench->servers[0].fd = -1;
	bench->asks_again = true;
	ask(bench, 2000);
	assert_int_equal(bench->calls, 3);
	assert_int_equal(bench->icmp, 3);
}

static void stun_socket_ask_when_no_route_then_unreachable(void **state)
{
	struct bench *bench = *state;
	struct stun_query query = {.server = parse("255.255.255.255:9"),
				   .budget_ms = 2000};

	stun_socket_ask(bench->socket, &query, on_done, bench);
	loop_run(bench->loop);
	assert_int_equal(bench->answer.outcome, STUN_UNREACHABLE);
	assert_true(bench->answer.error != 0);
	assert_true(bench->answer.took_ms < 90);
}

static void stun_socket_ask_when_freed_in_callback_then_no_harm(void **state)
{
	struct bench *bench = *state;

	bench->frees_socket = true;
	ask(bench, 2000);
	assert_int_equal(bench->calls, 1);
	assert_null(bench->socket);
}

static void stun_socket_cancel_when_pending_then_no_call(void **state)
{
	struct bench *bench = *state;
	const struct stun_query query = {.server = bench->servers[0].at,
					 .budget_ms = 300};
	uint64_t id;

	id = stun_socket_ask(bench->socket, &query, on_done, bench);
	stun_socket_cancel(bench->socket, id);
	stun_socket_cancel(bench->socket, id);
	loop_timer_start(bench->deadline, 50);
	loop_run(bench->loop);
	assert_int_equal(bench->calls, 0);
}

static void stun_socket_listen_when_other_traffic_then_given(void **state)
{
	struct bench *bench = *state;
	struct endpoint to = stun_socket_local(bench->socket);

	assert_int_equal(udp_send(bench->servers[1].fd, &to, "punch", 5, 0), 0);
	loop_run(bench->loop);
	assert_int_equal(bench->datagrams, 1);
	assert_string_equal(bench->text, "punch");
}

static void stun_socket_send_when_error_pending_then_sent(void **state)
{
	struct bench *bench = *state;
	struct endpoint closed = udp_local(bench->servers[2].other_fd);
	struct endpoint open = bench->servers[1].at;

	close(bench->servers[2].other_fd);
	bench->servers[2].other_fd = -1;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    stun_socket_send(bench->socket, &closed, "x", 1, 5), 0);
		assert_int_equal(
		    stun_socket_send(bench->socket, &open, "x", 1, 0), 0);
	}
}

static void on_mapped(void *arg, const struct stun_map_result *result)
{
	struct bench *bench = arg;

	bench->map = *result;
	bench->calls++;
	loop_stop(bench->loop);
}

static void map(struct bench *bench, size_t count)
{
	struct endpoint servers[SERVERS_MOST];

	for (size_t i = 0; i < SERVERS_MOST; i++)
		servers[i] = bench->servers[i].at;
	stun_map_start(bench->loop, bench->socket, servers, count, 1000,
		       on_mapped, bench);
	assert_int_equal(bench->calls, 0);
	loop_run(bench->loop);
	assert_int_equal(bench->calls, 1);
}

static void assert_mapped(const struct bench *bench, const char *want)
{
	char text[ENDPOINT_TEXT_BYTES];

	assert_int_equal(bench->map.vote.verdict, STUN_VERDICT_ENDPOINT);
	assert_string_equal(
	    endpoint_format(&bench->map.vote.external, text, sizeof(text)),
	    want);
}

static void stun_map_start_when_one_lies_then_verdict_stands(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.mapped = "1.1.1.1:1";
	map(bench, 3);
	assert_mapped(bench, "8.8.8.8:4711");
}

static void stun_map_start_when_one_is_silent_then_not_waited_for(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.is_silent = true;
	map(bench, 3);
	assert_mapped(bench, "8.8.8.8:4711");
	/* Two of three are a majority, whatever the third would say. */
	assert_true(bench->map.took_ms < STUN_MAP_GRACE_MS);
}

static void stun_map_start_when_alone_then_not_believed(void **state)
{
	struct bench *bench = *state;

	map(bench, 1);
	assert_int_equal(bench->map.vote.verdict, STUN_VERDICT_SINGLE);
}

static void stun_map_start_when_private_answer_then_rejected(void **state)
{
	struct bench *bench = *state;

	bench->servers[0].manner.mapped = "192.168.1.5:4711";
	bench->servers[1].manner.mapped = "192.168.1.5:4711";
	map(bench, 2);
	assert_int_equal(bench->map.vote.verdict, STUN_VERDICT_SILENT);
	assert_int_equal(bench->map.vote.rejected, 2);
}

static void stun_map_start_when_nobody_to_ask_then_silent(void **state)
{
	struct bench *bench = *state;

	map(bench, 0);
	assert_int_equal(bench->map.vote.verdict, STUN_VERDICT_SILENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(stun_socket_ask_when_server_answers_then_mapped),
	    TEST(stun_socket_ask_when_requests_lost_then_sent_again),
	    TEST(stun_socket_ask_when_silent_then_timeout_in_budget),
	    TEST(stun_socket_ask_when_wrong_id_then_not_taken),
	    TEST(stun_socket_ask_when_ids_guessed_then_none_taken),
	    TEST(stun_socket_ask_when_from_wrong_port_then_not_taken),
	    TEST(stun_socket_ask_when_answer_from_named_then_taken),
	    TEST(stun_socket_ask_when_error_then_refused),
	    TEST(stun_socket_ask_when_port_closed_then_unreachable),
	    TEST(stun_socket_ask_when_refused_and_again_then_each_asks),
	    TEST(stun_socket_ask_when_no_route_then_unreachable),
	    TEST(stun_socket_ask_when_freed_in_callback_then_no_harm),
	    TEST(stun_socket_cancel_when_pending_then_no_call),
	    TEST(stun_socket_listen_when_other_traffic_then_given),
	    TEST(stun_socket_send_when_error_pending_then_sent),
	    TEST(stun_map_start_when_one_lies_then_verdict_stands),
	    TEST(stun_map_start_when_one_is_silent_then_not_waited_for),
	    TEST(stun_map_start_when_alone_then_not_believed),
	    TEST(stun_map_start_when_private_answer_then_rejected),
	    TEST(stun_map_start_when_nobody_to_ask_then_silent),
	};

	return cmocka_run_group_tests_name("stun_client", tests, NULL, NULL);
}
