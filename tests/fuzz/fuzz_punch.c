/*
 * fuzz_punch: the reader of punching messages, and the machine behind it: two
 * roles are fed with datagrams from anywhere and must keep to their limits.
 *
 * Each step of the input is: what (a message, raw bytes, or ICMP), the socket,
 * the sender, and how much time passes before it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "punch_core.h"
#include "wire.h"

#define PORTS     6
#define RAW_BYTES 8
#define SENT_MOST 1400 /* in 10 s: the plan, and 50 answers a second */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct punch_core *core;
	uint64_t now_ms;
	unsigned int sent;
};

static int on_send(void *arg, size_t index, const struct endpoint *to,
		   const uint8_t *bytes, size_t len, unsigned int ttl)
{
	struct run *run = arg;

	(void)bytes;
	if (index >= PORTS || !addr_is_set(&to->addr) || to->port == 0 ||
	    len == 0 || len > PUNCH_MESSAGE_BYTES || ttl == 0)
		abort();
	if (++run->sent > SENT_MOST)
		abort();
	return 0;
}

static struct punch_core *make_core(struct run *run, uint8_t setup)
{
	const uint8_t peer[] = {11, 22, 1, 2}, other[] = {11, 22, 1, 3};
	struct punch_core_options options = {
	    .policy = &punch_policy_mysterium,
	    .role = setup & 1 ? PUNCH_CONSUMER : PUNCH_PROVIDER,
	    .wanted = 1 + (setup >> 1) % PORTS,
	    .ports = PORTS,
	    .targets = {addr_from_ipv4(peer), addr_from_ipv4(other)},
	    .target_count = 1 + (setup >> 7),
	    .send = on_send,
	    .arg = run,
	};

	for (size_t i = 0; i < PORTS; i++)
		options.target_ports[0][i] = options.target_ports[1][i] =
		    (uint16_t)(1000 + i);
	return punch_core_new(&options, run->now_ms);
}

static void step(struct run *run, struct wire_reader *r)
{
	static const enum punch_message messages[] = {PUNCH_PING, PUNCH_OK,
						      PUNCH_ACK};
	uint8_t what = wire_get_u8(r), who = wire_get_u8(r);
	const uint8_t sender[] = {11, 22, 1, (uint8_t)(2 + who % 4)};
	struct endpoint from = {.addr = addr_from_ipv4(sender),
				.port = (uint16_t)(1000 + who % 8)};
	uint8_t bytes[PUNCH_MESSAGE_BYTES];
	size_t index = (what >> 2) % PORTS, len = RAW_BYTES;

	run->now_ms += wire_get_u8(r);
	punch_core_run(run->core, run->now_ms);
	if (what & 0x80) {
		punch_core_icmp(
		    run->core, run->now_ms, index,
		    &(struct punch_icmp){.destination = from,
					 .error = what & 1 ? ECONNREFUSED
							   : EHOSTUNREACH,
					 .is_ttl_exceeded = (what & 2) != 0});
		return;
	}
	if ((what & 3) == 3)
		wire_get_bytes(r, bytes, RAW_BYTES);
	else
		len = punch_codec_mysterium.encode(NULL, messages[what & 3],
						   &from, bytes);
	punch_core_receive(run->core, run->now_ms, index, &from, bytes, len);
}

static void check(const struct punch_core *core, unsigned int wanted)
{
	unsigned int done = 0;

	for (size_t i = 0; i < PORTS; i++) {
		const struct punch_path *path = punch_core_path(core, i);

		done += path->state == PUNCH_DONE;
		if ((path->state == PUNCH_DONE) !=
			(path->proof != PUNCH_PROOF_NONE) &&
		    path->state != PUNCH_CLOSED)
			abort();
	}
	if (done > wanted ||
	    (punch_core_outcome(core) == PUNCH_CONNECTED && done != wanted))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_reader r = wire_reader_init(data, size);
	struct run run = {.now_ms = 1000};
	uint8_t setup = wire_get_u8(&r);

	(void)punch_codec_mysterium.classify(NULL, data, size);
	run.core = make_core(&run, setup);
	while (wire_remaining(&r) > 0 && run.now_ms < 11000) {
		step(&run, &r);
		check(run.core, 1 + (setup >> 1) % PORTS);
	}
	punch_core_free(run.core);
	return 0;
}
