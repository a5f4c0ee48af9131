/*
 * pmp_bench: a PCP or NAT-PMP client and its gateway in one loop, for the unit
 * tests of the clients. The gateway is a socket on the loopback; each test says
 * how it answers.
 */
#ifndef TESTS_PMP_BENCH_H
#define TESTS_PMP_BENCH_H

#include "unit.h"

#include <stdbool.h>
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

static inline void stop_when_done(struct bench *b)
{
	if (b->calls >= b->calls_wanted && b->changes >= b->changes_wanted)
		loop_stop(b->loop);
}

static inline void on_done(void *arg, const struct map_result *result)
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

static inline void on_changed(void *arg, struct map_client *client)
{
	struct bench *b = arg;

	assert_false(b->is_in_call);
	assert_ptr_equal(client, b->client);
	b->changes++;
	stop_when_done(b);
}

static inline void on_restarted(void *arg, struct map_client *client)
{
	struct bench *b = arg;

	(void)client;
	assert_false(b->is_in_call);
	b->restarts++;
}

static inline void on_deadline(void *arg)
{
	struct bench *b = arg;

	loop_stop(b->loop);
}

/* --- the gateway --- */

static inline void reply(struct bench *b, const void *bytes, size_t len)
{
	assert_int_equal(sendto(b->fd, bytes, len, 0,
				(const struct sockaddr *)&b->peer, b->peer_len),
			 len);
}

static inline void on_request(void *arg, int fd, unsigned int events)
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

static inline struct pcp_response pcp_grant(struct bench *b,
					    const uint8_t *bytes, size_t len)
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

static inline void reply_pcp(struct bench *b,
			     const struct pcp_response *response)
{
	uint8_t buf[PCP_MESSAGE_BYTES];
	int len = pcp_encode_response(response, buf, sizeof(buf));

	assert_true(len > 0);
	reply(b, buf, (size_t)len);
}

static inline void reply_natpmp(struct bench *b, const uint8_t *request,
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

static inline uint32_t natpmp_lifetime_s(const uint8_t *request, size_t len)
{
	struct wire_reader r = wire_reader_init(request, len);

	wire_skip(&r, 8);
	return wire_get_u32(&r) ? 600 : 0;
}

static inline void answer_grant(struct bench *b, const uint8_t *bytes,
				size_t len)
{
	struct pcp_response response;

	if (bytes[0] == 0) {
		reply_natpmp(b, bytes, 0, natpmp_lifetime_s(bytes, len));
		return;
	}
	response = pcp_grant(b, bytes, len);
	reply_pcp(b, &response);
}

static inline void answer_error(struct bench *b, const uint8_t *bytes,
				size_t len)
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

/* An address of the loopback that no other test uses now, not even one that
 * failed and left its socket open. */
static inline struct addr own_gateway(void)
{
	static uint8_t last = 10;
	const uint8_t bytes[] = {127, (uint8_t)(getpid() >> 8 | 0x40),
				 (uint8_t)getpid(), ++last};

	return addr_from_ipv4(bytes);
}

static inline int open_gateway(const struct addr *addr)
{
	struct endpoint e = {.addr = *addr, .port = SERVER_PORT};
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&e, &sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, len), 0);
	return fd;
}

static inline void open_bench(struct bench *b, enum map_via via,
			      answer_fn answer)
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

static inline void close_gateway(struct bench *b)
{
	loop_io_free(b->io);
	b->io = NULL;
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

static inline void close_bench(struct bench *b)
{
	if (b->client)
		b->client->ops->free(b->client);
	close_gateway(b);
	loop_timer_free(b->later);
	loop_timer_free(b->deadline);
	loop_free(b->loop);
	log_free(b->log);
}

static inline struct map_request request_for(uint16_t port)
{
	struct map_request request = {
	    .internal_port = port, .lifetime_s = 7200, .nonce = {1, 2, 3}};

	request.nonce[11] = (uint8_t)port;
	return request;
}

static inline uint64_t ask(struct bench *b, uint16_t port)
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

static inline void ask_unmap(struct bench *b, uint16_t port)
{
	struct map_request request = request_for(port);

	request.external_port = 4000;
	b->client->ops->unmap(b->client, &request, on_done, b);
	b->calls_wanted++;
}

/* Runs until all that was asked has ended. */
static inline void run(struct bench *b)
{
	loop_timer_start(b->deadline, DEADLINE_MS);
	loop_run(b->loop);
	if (!loop_timer_is_running(b->deadline))
		fail_msg("nothing happened in %d ms", DEADLINE_MS);
	loop_timer_stop(b->deadline);
}

static inline void run_for(struct bench *b, uint64_t ms)
{
	b->calls_wanted = UINT32_MAX;
	loop_timer_start(b->deadline, ms);
	loop_run(b->loop);
	b->calls_wanted = b->calls;
}

static inline void probe_and_run(struct bench *b)
{
	b->changes_wanted = b->changes + 1;
	b->is_in_call = true;
	b->client->ops->probe(b->client);
	b->is_in_call = false;
	run(b);
}

#endif
