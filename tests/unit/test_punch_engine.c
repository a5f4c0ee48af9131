#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"
#include "punch.h"
#include "punch_filter.h"
#include "udp.h"

/* Both ends of the punching on the loopback, in one loop. */

#define PORTS  4
#define WANTED 2

struct end {
	struct bench *bench;
	struct punch *punch;
	struct punch_result result;
	int fds[WANTED];
	bool is_done, has_ended;
};

struct bench {
	struct loop *loop;
	struct end ends[2]; /* provider, consumer */
	uint16_t ports[2][PORTS];
};

static struct endpoint loopback(uint16_t port)
{
	const uint8_t bytes[] = {127, 0, 0, 1};

	return (struct endpoint){.addr = addr_from_ipv4(bytes), .port = port};
}

/* Ports that were free a moment ago. */
static void pick_ports(uint16_t *ret_ports)
{
	int fds[PORTS];
	struct endpoint any = loopback(0);

	for (size_t i = 0; i < PORTS; i++) {
		fds[i] = udp_open(&any);
		assert_true(fds[i] >= 0);
		ret_ports[i] = udp_local(fds[i]).port;
	}
	for (size_t i = 0; i < PORTS; i++)
		close(fds[i]);
}

static int setup(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));

	bench->loop = loop_new();
	pick_ports(bench->ports[0]);
	pick_ports(bench->ports[1]);
	bench->ends[0].bench = bench->ends[1].bench = bench;
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 2; i++) {
		punch_free(bench->ends[i].punch);
		for (size_t c = 0; c < bench->ends[i].result.count; c++)
			close(bench->ends[i].fds[c]);
	}
	loop_free(bench->loop);
	free(bench);
	return 0;
}

static void on_done(void *arg, const struct punch_result *result)
{
	struct end *end = arg;

	end->is_done = true;
	end->result = *result;
	for (size_t i = 0; i < result->count; i++)
		end->fds[i] = dup(result->connections[i].fd);
}

static void on_ended(void *arg)
{
	struct end *end = arg;
	struct bench *bench = end->bench;

	end->has_ended = true;
	if ((bench->ends[0].has_ended || !bench->ends[0].punch) &&
	    (bench->ends[1].has_ended || !bench->ends[1].punch))
		loop_stop(bench->loop);
}

static int start(struct bench *bench, int side, unsigned int limit_ms,
		 size_t *ret_index)
{
	struct punch_options options = {
	    .loop = bench->loop,
	    .policy = &punch_policy_mysterium,
	    .role = side == 0 ? PUNCH_PROVIDER : PUNCH_CONSUMER,
	    .wanted = WANTED,
	    .limit_ms = limit_ms,
	    .bind = loopback(0).addr,
	    .ports = PORTS,
	    .targets = {loopback(0).addr},
	    .target_count = 1,
	};
	const struct punch_listener listener = {
	    .done = on_done, .ended = on_ended, .arg = &bench->ends[side]};

	for (size_t i = 0; i < PORTS; i++) {
		options.local_ports[i] = bench->ports[side][i];
		options.target_ports[0][i] = bench->ports[!side][i];
	}
	return punch_new(&options, &listener, &bench->ends[side].punch,
			 ret_index);
}

static void punch_when_both_punch_then_data_passes(void **state)
{
	struct bench *bench = *state;
	const struct punch_connection *a = bench->ends[0].result.connections;
	const struct punch_connection *b = bench->ends[1].result.connections;
	char bytes[16];
	size_t index;

	assert_int_equal(start(bench, 0, 0, &index), 0);
	assert_int_equal(start(bench, 1, 0, &index), 0);
	loop_run(bench->loop);
	assert_int_equal(bench->ends[0].result.outcome, PUNCH_CONNECTED);
	assert_int_equal(bench->ends[1].result.outcome, PUNCH_CONNECTED);
	for (size_t i = 0; i < WANTED; i++) {
		assert_int_equal(a[i].index, b[i].index);
		assert_true(endpoint_equal(&a[i].local, &b[i].remote));
		assert_true(endpoint_equal(&b[i].local, &a[i].remote));
		assert_int_equal(send(bench->ends[0].fds[i], "hello", 5, 0), 5);
		while (recv(bench->ends[1].fds[i], bytes, sizeof(bytes), 0) !=
			   5 ||
		       memcmp(bytes, "hello", 5) != 0)
			;
	}
	assert_true(a[0].index < a[1].index);
}

static void punch_when_connected_then_a_third_party_is_not_heard(void **state)
{
	struct bench *bench = *state;
	const struct punch_connection *b = bench->ends[1].result.connections;
	struct endpoint any = loopback(0);
	char bytes[16];
	size_t index;
	int stranger = udp_open(&any);

	assert_int_equal(start(bench, 0, 0, &index), 0);
	assert_int_equal(start(bench, 1, 0, &index), 0);
	loop_run(bench->loop);
	while (recv(bench->ends[1].fds[0], bytes, sizeof(bytes), 0) >= 0)
		;
	assert_int_equal(udp_send(stranger, &b[0].local, "OK", 2, 0), 0);
	assert_int_equal(send(bench->ends[0].fds[0], "peer", 4, 0), 4);
	assert_int_equal(recv(bench->ends[1].fds[0], bytes, sizeof(bytes), 0),
			 4);
	assert_memory_equal(bytes, "peer", 4);
	close(stranger);
}

static void punch_new_when_a_port_is_taken_then_names_it(void **state)
{
	struct bench *bench = *state;
	struct endpoint taken = loopback(bench->ports[0][2]);
	int fd = udp_open(&taken);
	size_t index = 99;

	assert_true(fd >= 0);
	assert_int_equal(start(bench, 0, 0, &index), -EADDRINUSE);
	assert_int_equal(index, 2);
	close(fd);
}

static void punch_when_nobody_is_there_then_fails_in_time(void **state)
{
	struct bench *bench = *state;
	const struct punch_surroundings around = {.mapping =
						      NAT_MAPPING_UNKNOWN};
	size_t index;

	assert_int_equal(start(bench, 1, 150, &index), 0);
	loop_run(bench->loop);
	assert_int_equal(bench->ends[1].result.outcome, PUNCH_FAILED);
	assert_int_equal(bench->ends[1].result.count, 0);
	assert_true(bench->ends[1].result.took_ms >= 150);
	/* The ports of the loopback say that they are closed. */
	assert_int_equal(punch_cause_of(punch_view(bench->ends[1].punch),
					PUNCH_CONSUMER, &around),
			 PUNCH_CAUSE_REFUSED);
}

static void filter_attach_each_word_of_the_dialect_is_dropped(void **state)
{
	static const struct {
		const char *text;
		bool passes;
	} rows[] = {
	    {"OK", false},
	    {"OK_ACK", false},
	    {"continuously pinging to 1.2.3.4:5", false},
	    {"continuously pinging to ", false},
	    {"", true},
	    {"O", true},
	    {"NO", true},
	    {"OK\n", true},
	    {"OK_AC", true},
	    {"OK_ACK!", true},
	    {"OK_NAK", true},
	    {"continuously pinging to", true},
	    {"continuously sending to 1.2.3.4", true},
	    {"a datagram of the service, of some length", true},
	};
	struct endpoint any = loopback(0), to;
	int fd = udp_open(&any), from = udp_open(&any);
	char bytes[64];

	(void)state;
	to = udp_local(fd);
	assert_int_equal(punch_filter_attach(fd), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t len = strlen(rows[i].text);

		assert_int_equal(udp_send(from, &to, rows[i].text, len, 0), 0);
		if ((recv(fd, bytes, sizeof(bytes), 0) == (ssize_t)len) !=
		    rows[i].passes)
			fail_msg("'%s'", rows[i].text);
	}
	close(fd);
	close(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		punch_when_both_punch_then_data_passes, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		punch_when_connected_then_a_third_party_is_not_heard, setup,
		teardown),
	    cmocka_unit_test_setup_teardown(
		punch_new_when_a_port_is_taken_then_names_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		punch_when_nobody_is_there_then_fails_in_time, setup, teardown),
	    cmocka_unit_test(filter_attach_each_word_of_the_dialect_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
