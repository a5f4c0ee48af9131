#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "natpmp_client.h"
#include "natpmp_wire.h"
#include "pcp.h"
#include "pcp_client.h"
#include "wire.h"

#define SERVER_PORT   5351
#define REQUESTS_MOST 256
#define DEADLINE_MS   5000

struct bench;

/* How the gateway of a test answers one request. */
typedef void (*answer_fn)(struct bench *bench, const uint8_t *request,
			  size_t len);

/* A client, its gateway, and what came out. */
struct bench {
	struct loop *loop;
	struct log *log;
	struct map_client *client;
	struct map_client_options options;
	struct loop_timer *deadline;
	struct loop_timer *later;
	struct loop_io *io;
	int fd;
	struct sockaddr_storage peer;
	socklen_t peer_len;
	answer_fn answer;
	unsigned int heard;
	unsigned int heard_maps;
	uint8_t last[PCP_MESSAGE_BYTES];
	size_t last_len;
	uint32_t epoch_s;
	unsigned int code; /* for answer_error() */
	struct map_result result;
	unsigned int calls;
	unsigned int changes;
	unsigned int restarts;
	unsigned int calls_wanted;
	unsigned int changes_wanted;
	bool is_in_call;
	bool frees_client;
	uint16_t order[REQUESTS_MOST];
};

static void stop_when_done(struct bench *b)
{
	if (b->calls >= b->calls_wanted && b->changes >= b->changes_wanted)
		loop_stop(b->loop);
}

static void on_done(void *arg, const struct map_result *result)
{
	struct bench *b = arg;

	assert_false(b->is_in_call);
	b->calls++;
	b->result = *result;
	if (b->frees_client) {
		b->client->ops->free(b->client);
		b->client = NULL;
	}
	stop_when_done(b);
}

static void on_changed(void *arg, struct map_client *client)
{
	struct bench *b = arg;

	assert_false(b->is_in_call);
	assert_ptr_equal(client, b->client);
	b->changes++;
	stop_when_done(b);
}

static void on_restarted(void *arg, struct map_client *client)
{
	struct bench *b = arg;

	(void)client;
	assert_false(b->is_in_call);
	b->restarts++;
}

static void on_deadline(void *arg)
{
	struct bench *b = arg;

	loop_stop(b->loop);
}

/* --- the gateway --- */

static void reply(struct bench *b, const void *bytes, size_t len)
{
	assert_int_equal(sendto(b->fd, bytes, len, 0,
				(const struct sockaddr *)&b->peer, b->peer_len),
			 len);
}

static void on_request(void *arg, int fd, unsigned int events)
{
	struct bench *b = arg;
	ssize_t len;

	(void)events;
	b->peer_len = sizeof(b->peer);
	len = recvfrom(fd, b->last, sizeof(b->last), 0,
		       (struct sockaddr *)&b->peer, &b->peer_len);
	if (len <= 0)
		return;
	b->last_len = (size_t)len;
	b->heard++;
	if (b->last[1] != 0 && b->heard_maps < REQUESTS_MOST) {
		size_t at = b->last[0] == 2 ? 40 : 4;
		b->order[b->heard_maps] =
		    (uint16_t)(b->last[at] << 8 | b->last[at + 1]);
	}
	b->heard_maps += b->last[1] != 0;
	if (b->answer)
		b->answer(b, b->last, b->last_len);
}

static struct pcp_response pcp_grant(struct bench *b, const uint8_t *bytes,
				     size_t len)
{
	struct pcp_request request;
	struct pcp_response response = {.epoch_s = b->epoch_s};

	assert_int_equal(pcp_decode_request(bytes, len, &request), 0);
	response.opcode = request.opcode;
	response.has_map = request.opcode == PCP_MAP;
	response.map = request.map;
	if (request.lifetime_s) {
		response.lifetime_s = 600;
		response.map.external_port = 4000;
		addr_parse("11.22.33.2", &response.map.external);
	}
	return response;
}

static void reply_pcp(struct bench *b, const struct pcp_response *response)
{
	uint8_t buf[PCP_MESSAGE_BYTES];
	int len = pcp_encode_response(response, buf, sizeof(buf));

	assert_true(len > 0);
	reply(b, buf, (size_t)len);
}

static void reply_natpmp(struct bench *b, const uint8_t *request,
			 unsigned int code, uint32_t lifetime_s)
{
	uint8_t buf[NATPMP_WIRE_MAP_BYTES];
	struct wire_writer w = wire_writer_init(buf, sizeof(buf));

	wire_put_u8(&w, 0);
	wire_put_u8(&w, (uint8_t)(request[1] | 0x80));
	wire_put_u16(&w, (uint16_t)code);
	wire_put_u32(&w, b->epoch_s);
	if (request[1] == NATPMP_WIRE_ADDRESS) {
		wire_put_bytes(&w, "\x0b\x16\x21\x02", 4);
	} else {
		wire_put_bytes(&w, request + 4, 2);
		wire_put_u16(&w, lifetime_s ? 4000 : 0);
		wire_put_u32(&w, lifetime_s);
	}
	reply(b, buf, w.at);
}

static uint32_t natpmp_lifetime_s(const uint8_t *request, size_t len)
{
	struct wire_reader r = wire_reader_init(request, len);

	wire_skip(&r, 8);
	return wire_get_u32(&r) ? 600 : 0;
}

static void answer_grant(struct bench *b, const uint8_t *bytes, size_t len)
{
	struct pcp_response response;

	if (bytes[0] == 0) {
		reply_natpmp(b, bytes, 0, natpmp_lifetime_s(bytes, len));
		return;
	}
	response = pcp_grant(b, bytes, len);
	reply_pcp(b, &response);
}

static void answer_error(struct bench *b, const uint8_t *bytes, size_t len)
{
	struct pcp_response response;

	if (bytes[0] == 0) {
		reply_natpmp(b, bytes, bytes[1] ? b->code : 0, 600);
		return;
	}
	response = pcp_grant(b, bytes, len);
	response.result = (uint8_t)b->code;
	response.lifetime_s = 30;
	response.map.external_port = 0;
	addr_parse("100.64.0.2", &response.map.external);
	reply_pcp(b, &response);
}

/* --- the bench --- */

/* An address of the loopback that no other run of this test uses now. */
static struct addr own_gateway(void)
{
	const uint8_t bytes[] = {127, (uint8_t)(getpid() >> 8 | 0x40),
				 (uint8_t)getpid(), 77};

	return addr_from_ipv4(bytes);
}

static int open_gateway(const struct addr *addr)
{
	struct endpoint e = {.addr = *addr, .port = SERVER_PORT};
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&e, &sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, len), 0);
	return fd;
}

static void open_bench(struct bench *b, enum map_via via, answer_fn answer)
{
	*b = (struct bench){.answer = answer, .epoch_s = 1000};
	b->loop = loop_new();
	b->log = log_new(LEVEL_ERR, false);
	b->options.gateway = own_gateway();
	addr_parse("127.0.0.1", &b->options.local);
	b->options.listener =
	    (struct map_client_listener){on_changed, on_restarted, b};
	b->fd = open_gateway(&b->options.gateway);
	b->io = loop_io_new(b->loop, b->fd, LOOP_READ, on_request, b);
	b->deadline = loop_timer_new(b->loop, on_deadline, b);
	b->client = via == MAP_VIA_PCP
			? pcp_client_new(b->loop, b->log, &b->options)
			: natpmp_client_new(b->loop, b->log, &b->options);
	assert_non_null(b->client);
	assert_int_equal(b->client->via, via);
}

static void close_gateway(struct bench *b)
{
	loop_io_free(b->io);
	b->io = NULL;
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

static void close_bench(struct bench *b)
{
	if (b->client)
		b->client->ops->free(b->client);
	close_gateway(b);
	loop_timer_free(b->later);
	loop_timer_free(b->deadline);
	loop_free(b->loop);
	log_free(b->log);
}

static struct map_request request_for(uint16_t port)
{
	struct map_request request = {
	    .internal_port = port, .lifetime_s = 7200, .nonce = {1, 2, 3}};

	request.nonce[11] = (uint8_t)port;
	return request;
}

static uint64_t ask(struct bench *b, uint16_t port)
{
	struct map_request request = request_for(port);
	uint64_t id;

	b->is_in_call = true;
	id = b->client->ops->map(b->client, &request, on_done, b);
	b->is_in_call = false;
	assert_true(id > 0);
	b->calls_wanted++;
	return id;
}

static void ask_unmap(struct bench *b, uint16_t port)
{
	struct map_request request = request_for(port);

	request.external_port = 4000;
	b->client->ops->unmap(b->client, &request, on_done, b);
	b->calls_wanted++;
}

/* Runs until all that was asked has ended. */
static void run(struct bench *b)
{
	loop_timer_start(b->deadline, DEADLINE_MS);
	loop_run(b->loop);
	if (!loop_timer_is_running(b->deadline))
		fail_msg("nothing happened in %d ms", DEADLINE_MS);
	loop_timer_stop(b->deadline);
}

static void run_for(struct bench *b, uint64_t ms)
{
	b->calls_wanted = UINT32_MAX;
	loop_timer_start(b->deadline, ms);
	loop_run(b->loop);
	b->calls_wanted = b->calls;
}

static void probe_and_run(struct bench *b)
{
	b->changes_wanted = b->changes + 1;
	b->is_in_call = true;
	b->client->ops->probe(b->client);
	b->is_in_call = false;
	run(b);
}

/* --- both protocols --- */

static const enum map_via both[] = {MAP_VIA_PCP, MAP_VIA_NATPMP};

static void client_map_when_granted_then_endpoint(void **state)
{
	char text[ENDPOINT_TEXT_BYTES];
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		assert_int_equal(b.client->state, MAP_CLIENT_UNKNOWN);
		ask(&b, 51820);
		assert_int_equal(b.client->state, MAP_CLIENT_PROBING);
		run(&b);
		assert_int_equal(b.result.status, MAP_OK);
		assert_string_equal(
		    endpoint_format(&b.result.external, text, sizeof(text)),
		    "11.22.33.2:4000");
		assert_int_equal(b.result.lifetime_s, 600);
		assert_int_equal(b.client->state, MAP_CLIENT_READY);
		assert_true(
		    addr_equal(&b.client->external, &b.result.external.addr));
		close_bench(&b);
	}
}

static void client_unmap_when_granted_then_ok_and_no_done_needed(void **state)
{
	struct map_request request = request_for(4000);
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		b.client->ops->unmap(b.client, &request, NULL, NULL);
		ask_unmap(&b, 4000);
		run(&b);
		assert_int_equal(b.result.status, MAP_OK);
		assert_int_equal(b.heard_maps, 2);
		close_bench(&b);
	}
}

static void client_map_when_refused_then_absent_at_once(void **state)
{
	struct bench b;
	uint64_t began_ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], NULL);
		close_gateway(&b);
		began_ms = loop_now_ms(b.loop);
		ask(&b, 4000);
		ask(&b, 4001);
		run(&b);
		assert_int_equal(b.result.status, MAP_ABSENT);
		assert_int_equal(b.client->state, MAP_CLIENT_ABSENT);
		assert_true(loop_now_ms(b.loop) - began_ms < 500);
		close_bench(&b);
	}
}

static void client_map_when_silent_then_timeout_in_budget(void **state)
{
	struct bench b;
	uint64_t began_ms, took_ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], NULL);
		began_ms = loop_now_ms(b.loop);
		for (uint16_t port = 1; port <= 30; port++)
			ask(&b, port);
		run(&b);
		took_ms = loop_now_ms(b.loop) - began_ms;
		assert_int_equal(b.calls, 30);
		assert_int_equal(b.result.status, MAP_TIMEOUT);
		assert_int_equal(b.client->state, MAP_CLIENT_ABSENT);
		assert_in_range(took_ms, 745, 1500);
		close_bench(&b);
	}
}

static void on_later(void *arg)
{
	struct bench *b = arg;

	answer_grant(b, b->last, b->last_len);
}

static void client_probe_when_answered_late_then_ready_after_all(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], NULL);
		b.later = loop_timer_new(b.loop, on_later, &b);
		loop_timer_start(b.later, 900);
		probe_and_run(&b);
		assert_int_equal(b.client->state, MAP_CLIENT_ABSENT);
		b.changes_wanted = b.changes + 1;
		run(&b);
		assert_int_equal(b.client->state, MAP_CLIENT_READY);
		close_bench(&b);
	}
}

static void client_restarted_when_epoch_falls_then_once(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		ask(&b, 4000);
		run(&b);
		probe_and_run(&b);
		assert_int_equal(b.restarts, 0);
		b.epoch_s = 0;
		probe_and_run(&b);
		probe_and_run(&b);
		assert_int_equal(b.restarts, 1);
		close_bench(&b);
	}
}

static void client_cancel_when_in_flight_then_no_call(void **state)
{
	struct bench b;
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		id = ask(&b, 4000);
		b.client->ops->cancel(b.client, id);
		b.client->ops->cancel(b.client, id);
		b.client->ops->cancel(b.client, 999);
		run_for(&b, 60);
		assert_int_equal(b.calls, 0);
		ask(&b, 4001);
		run(&b);
		assert_int_equal(b.result.status, MAP_OK);
		close_bench(&b);
	}
}

static void client_free_when_called_from_done_then_safe(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		b.frees_client = true;
		ask(&b, 4000);
		ask(&b, 4001);
		b.calls_wanted = 1;
		run(&b);
		assert_null(b.client);
		close_bench(&b);
	}
}

static void client_map_when_many_then_in_order_and_once_each(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		for (uint16_t port = 1; port <= 200; port++)
			ask(&b, port);
		run(&b);
		assert_int_equal(b.calls, 200);
		assert_int_equal(b.heard_maps, 200);
		for (uint16_t port = 1; port <= 200; port++)
			assert_int_equal(b.order[port - 1], port);
		close_bench(&b);
	}
}

static void client_map_when_port_is_zero_then_broken_unsent(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		ask(&b, 0);
		ask_unmap(&b, 0);
		run(&b);
		assert_int_equal(b.result.status, MAP_BROKEN);
		assert_int_equal(b.heard_maps, 0);
		close_bench(&b);
	}
}

/* --- PCP --- */

static void pcp_map_when_error_then_status(void **state)
{
	static const struct {
		unsigned int code;
		enum map_status status;
	} rows[] = {
	    {PCP_NOT_AUTHORIZED, MAP_REFUSED},
	    {PCP_MALFORMED_REQUEST, MAP_BROKEN},
	    {PCP_UNSUPP_OPCODE, MAP_ABSENT},
	    {PCP_NETWORK_FAILURE, MAP_NO_NETWORK},
	    {PCP_NO_RESOURCES, MAP_NO_RESOURCES},
	    {PCP_UNSUPP_PROTOCOL, MAP_REFUSED},
	    {PCP_USER_EX_QUOTA, MAP_NO_RESOURCES},
	    {PCP_CANNOT_PROVIDE_EXTERNAL, MAP_CONFLICT},
	    {PCP_ADDRESS_MISMATCH, MAP_MISMATCH},
	    {99, MAP_BROKEN},
	};
	char text[ADDR_TEXT_BYTES];
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_error);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		b.code = rows[i].code;
		ask(&b, 4000);
		run(&b);
		assert_int_equal(b.result.status, rows[i].status);
		assert_int_equal(b.result.code, rows[i].code);
		assert_int_equal(b.result.retry_after_s, 30);
		assert_int_equal(b.client->state, MAP_CLIENT_READY);
	}
	/* The address that an error shows is a hint of a NAT above. */
	assert_string_equal(
	    addr_format(&b.client->external, text, sizeof(text)), "100.64.0.2");
	close_bench(&b);
}

static void pcp_map_when_error_echoes_suggestion_then_no_hint(void **state)
{
	struct map_request request = request_for(4000);
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_error);
	b.code = PCP_NO_RESOURCES;
	addr_parse("100.64.0.2", &request.external_addr);
	b.client->ops->map(b.client, &request, on_done, &b);
	b.calls_wanted = 1;
	run(&b);
	assert_false(addr_is_set(&b.client->external));
	close_bench(&b);
}

static void answer_natpmp_refusal(struct bench *b, const uint8_t *bytes,
				  size_t len)
{
	const uint8_t refusal[] = {0, (uint8_t)(bytes[1] | 0x80), 0, 1, 0, 0, 0,
				   9};

	(void)len;
	reply(b, refusal, sizeof(refusal));
}

static void client_map_when_version_refused_then_absent(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_natpmp_refusal);
		ask(&b, 4000);
		ask(&b, 4001);
		run(&b);
		assert_int_equal(b.result.status, MAP_ABSENT);
		assert_int_equal(b.client->state, MAP_CLIENT_ABSENT);
		close_bench(&b);
	}
}

/* Each part that must fit is wrong once; each lie grants port 6666. */
static void answer_lies_then_grant(struct bench *b, const uint8_t *bytes,
				   size_t len)
{
	struct pcp_response good = pcp_grant(b, bytes, len), bad;

	bad = good;
	bad.map.external_port = 6666;
	good.map.external_port = 7777;
	for (size_t i = 0; i < PCP_NONCE_BYTES; i++) {
		bad.map.nonce[i] ^= 1;
		reply_pcp(b, &bad);
		bad.map.nonce[i] ^= 1;
	}
	bad.map.protocol = 6;
	reply_pcp(b, &bad);
	bad.map.protocol = 17;
	bad.map.internal_port++;
	reply_pcp(b, &bad);
	bad.map.internal_port--;
	bad.lifetime_s = 0; /* a late answer to a deletion */
	reply_pcp(b, &bad);
	bad.opcode = PCP_ANNOUNCE;
	bad.has_map = false;
	reply_pcp(b, &bad);
	reply(b, bytes, len);
	reply(b, "", 0);
	reply_pcp(b, &good);
}

static void pcp_map_when_forged_answers_then_only_own(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_lies_then_grant);
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_OK);
	assert_int_equal(b.result.external.port, 7777);
	assert_int_equal(b.calls, 1);
	close_bench(&b);
}

static void answer_portless(struct bench *b, const uint8_t *bytes, size_t len)
{
	struct pcp_response response = pcp_grant(b, bytes, len);

	response.map.external_port = 0;
	reply_pcp(b, &response);
}

static void pcp_map_when_granted_port_zero_then_broken(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_portless);
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_BROKEN);
	close_bench(&b);
}

static void pcp_map_when_silent_then_window_bounds_what_is_sent(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_grant);
	for (uint16_t port = 1; port <= 30; port++)
		ask(&b, port);
	run(&b);
	b.answer = NULL;
	b.heard_maps = 0;
	for (uint16_t port = 1; port <= 100; port++)
		ask(&b, port);
	run_for(&b, 100);
	assert_int_equal(b.heard_maps, 16);
	close_bench(&b);
}

/* --- NAT-PMP --- */

static void natpmp_map_when_error_then_status(void **state)
{
	static const struct {
		unsigned int code;
		enum map_status status;
	} rows[] = {
	    {2, MAP_REFUSED}, {3, MAP_NO_NETWORK}, {4, MAP_NO_RESOURCES},
	    {99, MAP_BROKEN}, {5, MAP_ABSENT},     {1, MAP_ABSENT},
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		open_bench(&b, MAP_VIA_NATPMP, answer_error);
		b.code = rows[i].code;
		ask(&b, 4000);
		run(&b);
		if (b.result.status != rows[i].status)
			fail_msg("code %u is %s", rows[i].code,
				 map_status_name(b.result.status));
		/* The lifetime of an error is an echo. */
		assert_int_equal(b.result.lifetime_s, 0);
		assert_int_equal(b.result.retry_after_s, 0);
		close_bench(&b);
	}
}

static void answer_offline(struct bench *b, const uint8_t *bytes, size_t len)
{
	reply_natpmp(b, bytes, bytes[1] ? 0 : 3, natpmp_lifetime_s(bytes, len));
}

static void natpmp_map_when_no_outer_address_then_not_asked(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_NATPMP, answer_offline);
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_NO_NETWORK);
	assert_int_equal(b.heard_maps, 0);
	/* It is asked again, and then believed. */
	b.answer = answer_grant;
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_OK);
	close_bench(&b);
}

static void answer_natpmp_lies_then_grant(struct bench *b, const uint8_t *bytes,
					  size_t len)
{
	uint8_t other[12];

	(void)len;
	if (bytes[1] == NATPMP_WIRE_ADDRESS) {
		reply(b, "\x00\x80\x00\x00", 4);
		reply_natpmp(b, bytes, 0, 0);
		return;
	}
	memcpy(other, bytes, sizeof(other));
	reply(b, "\x00\x81\x00\x00", 4);
	reply(b, "\x00\x81\x00\x00\x00\x00\x03\xe8\x0f\xa0\x1a\x0a\x00\x00\x02",
	      15);
	reply_natpmp(b, bytes, 0, 0); /* a late answer to a deletion */
	other[5]++;
	reply_natpmp(b, other, 0, 7777); /* for another port */
	reply_natpmp(b, other, 2, 7777);
	other[5]--;
	other[1] = NATPMP_WIRE_MAP_TCP;
	reply_natpmp(b, other, 0, 7777);
	other[1] = NATPMP_WIRE_ADDRESS;
	reply_natpmp(b, other, 0, 0);
	reply_natpmp(b, bytes, 0, 600);
}

static void natpmp_map_when_forged_answers_then_only_own(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_NATPMP, answer_natpmp_lies_then_grant);
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_OK);
	assert_int_equal(b.result.lifetime_s, 600);
	assert_int_equal(b.calls, 1);
	close_bench(&b);
}

static void natpmp_unmap_when_sent_then_no_lifetime_and_port(void **state)
{
	/* RFC 6886 section 3.4: internal port 4000 alone. */
	static const uint8_t vector[] = {0, 1, 0, 0, 0x0f, 0xa0,
					 0, 0, 0, 0, 0,    0};
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_NATPMP, answer_grant);
	ask_unmap(&b, 4000);
	run(&b);
	assert_int_equal(b.last_len, sizeof(vector));
	assert_memory_equal(b.last, vector, sizeof(vector));
	close_bench(&b);
}

static void natpmp_map_when_silent_then_sent_again_as_rfc(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_NATPMP, NULL);
	b.client->ops->probe(b.client);
	/* At 0, 250 and 750 ms: RFC 6886 section 3.1. */
	run_for(&b, 200);
	assert_int_equal(b.heard, 1);
	run_for(&b, 300);
	assert_int_equal(b.heard, 2);
	close_bench(&b);
}

static void natpmp_client_new_when_gateway_is_ipv6_then_null(void **state)
{
	struct bench b = {.loop = loop_new(), .log = log_new(LEVEL_ERR, false)};

	(void)state;
	addr_parse("fe80::1%1", &b.options.gateway);
	assert_null(natpmp_client_new(b.loop, b.log, &b.options));
	loop_free(b.loop);
	log_free(b.log);
}

static void client_new_when_local_is_not_ours_then_null(void **state)
{
	struct bench b = {.loop = loop_new(), .log = log_new(LEVEL_ERR, false)};

	(void)state;
	b.options.gateway = own_gateway();
	addr_parse("203.0.113.99", &b.options.local);
	assert_null(pcp_client_new(b.loop, b.log, &b.options));
	assert_null(natpmp_client_new(b.loop, b.log, &b.options));
	loop_free(b.loop);
	log_free(b.log);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(client_map_when_granted_then_endpoint),
	    cmocka_unit_test(
		client_unmap_when_granted_then_ok_and_no_done_needed),
	    cmocka_unit_test(client_map_when_refused_then_absent_at_once),
	    cmocka_unit_test(client_map_when_silent_then_timeout_in_budget),
	    cmocka_unit_test(
		client_probe_when_answered_late_then_ready_after_all),
	    cmocka_unit_test(client_restarted_when_epoch_falls_then_once),
	    cmocka_unit_test(client_cancel_when_in_flight_then_no_call),
	    cmocka_unit_test(client_free_when_called_from_done_then_safe),
	    cmocka_unit_test(client_map_when_many_then_in_order_and_once_each),
	    cmocka_unit_test(client_map_when_port_is_zero_then_broken_unsent),
	    cmocka_unit_test(client_map_when_version_refused_then_absent),
	    cmocka_unit_test(client_new_when_local_is_not_ours_then_null),
	    cmocka_unit_test(pcp_map_when_error_then_status),
	    cmocka_unit_test(pcp_map_when_error_echoes_suggestion_then_no_hint),
	    cmocka_unit_test(pcp_map_when_forged_answers_then_only_own),
	    cmocka_unit_test(pcp_map_when_granted_port_zero_then_broken),
	    cmocka_unit_test(
		pcp_map_when_silent_then_window_bounds_what_is_sent),
	    cmocka_unit_test(natpmp_map_when_error_then_status),
	    cmocka_unit_test(natpmp_map_when_no_outer_address_then_not_asked),
	    cmocka_unit_test(natpmp_map_when_forged_answers_then_only_own),
	    cmocka_unit_test(natpmp_unmap_when_sent_then_no_lifetime_and_port),
	    cmocka_unit_test(natpmp_map_when_silent_then_sent_again_as_rfc),
	    cmocka_unit_test(natpmp_client_new_when_gateway_is_ipv6_then_null),
	};

	return cmocka_run_group_tests_name("pmp_client", tests, NULL, NULL);
}
