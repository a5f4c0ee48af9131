#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"
#include "relay.h"
#include "udp.h"

#define BURST 100

/* peer -- (fd of the relay) relay -- service */
struct bench {
	struct loop *loop;
	struct relay *relay;
	struct loop_timer *timer;
	struct endpoint relay_end;
	int peer, service;
	bool has_ended;
};

static struct endpoint loopback(void)
{
	const uint8_t bytes[] = {127, 0, 0, 1};

	return (struct endpoint){.addr = addr_from_ipv4(bytes)};
}

static void aim(int fd, const struct endpoint *to)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(to, &sa);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sa_len), 0);
}

static bool is_noise(void *arg, int fd, const uint8_t *bytes, size_t len)
{
	(void)arg;
	(void)fd;
	return len == 2 && memcmp(bytes, "OK", 2) == 0;
}

static void on_ended(void *arg, struct relay *relay)
{
	struct bench *bench = arg;

	assert_ptr_equal(relay, bench->relay);
	bench->has_ended = true;
	loop_stop(bench->loop);
}

static void on_timer(void *arg)
{
	loop_stop(arg);
}

static void run_ms(struct bench *bench, unsigned int ms)
{
	loop_timer_start(bench->timer, ms);
	loop_run(bench->loop);
}

static int setup(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct endpoint any = loopback(), service, peer;
	struct relay_options options = {.filter = is_noise,
					.ended = on_ended,
					.idle_ms = 100,
					.arg = bench};

	bench->loop = loop_new();
	bench->timer = loop_timer_new(bench->loop, on_timer, bench->loop);
	bench->peer = udp_open(&any);
	bench->service = udp_open(&any);
	service = udp_local(bench->service);
	peer = udp_local(bench->peer);
	options.loop = bench->loop;
	options.fd = udp_open(&any);
	options.service = service;
	bench->relay_end = udp_local(options.fd);
	aim(options.fd, &peer);
	aim(bench->peer, &bench->relay_end);
	assert_int_equal(relay_new(&options, &bench->relay), 0);
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	relay_free(bench->relay);
	loop_timer_free(bench->timer);
	loop_free(bench->loop);
	close(bench->peer);
	close(bench->service);
	free(bench);
	return 0;
}

static void relay_when_both_sides_speak_then_all_is_passed(void **state)
{
	struct bench *bench = *state;
	struct endpoint from;
	struct relay_counts counts;
	char bytes[16];

	for (int i = 0; i < BURST; i++)
		assert_int_equal(send(bench->peer, "to", 2, 0), 2);
	run_ms(bench, 20);
	for (int i = 0; i < BURST; i++)
		assert_int_equal(
		    udp_receive(bench->service, bytes, sizeof(bytes), &from),
		    2);
	for (int i = 0; i < BURST; i++)
		assert_int_equal(udp_send(bench->service, &from, "back", 4, 0),
				 0);
	run_ms(bench, 20);
	for (int i = 0; i < BURST; i++)
		assert_int_equal(recv(bench->peer, bytes, sizeof(bytes), 0), 4);
	counts = relay_counts(bench->relay);
	assert_int_equal(counts.in_packets, BURST);
	assert_int_equal(counts.in_bytes, 2 * BURST);
	assert_int_equal(counts.out_packets, BURST);
	assert_int_equal(counts.out_bytes, 4 * BURST);
	assert_int_equal(counts.dropped, 0);
}

static void relay_when_the_filter_says_so_then_it_is_not_passed(void **state)
{
	struct bench *bench = *state;
	struct endpoint from;
	char bytes[16];

	assert_int_equal(send(bench->peer, "OK", 2, 0), 2);
	assert_int_equal(send(bench->peer, "data", 4, 0), 4);
	assert_int_equal(send(bench->peer, "OK", 2, 0), 2);
	run_ms(bench, 20);
	assert_int_equal(
	    udp_receive(bench->service, bytes, sizeof(bytes), &from), 4);
	assert_memory_equal(bytes, "data", 4);
	assert_true(udp_receive(bench->service, bytes, sizeof(bytes), &from) <
		    0);
	assert_int_equal(relay_counts(bench->relay).filtered, 2);
}

static void relay_when_the_service_is_gone_then_goes_on(void **state)
{
	struct bench *bench = *state;

	close(bench->service);
	bench->service = -1;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(send(bench->peer, "data", 4, 0), 4);
		run_ms(bench, 2);
	}
	assert_false(bench->has_ended);
	assert_true(relay_counts(bench->relay).in_packets > 0);
}

static void relay_when_a_datagram_is_too_long_then_it_is_not_cut(void **state)
{
	struct bench *bench = *state;
	struct endpoint from;
	char bytes[4096] = {0};

	assert_int_equal(send(bench->peer, bytes, sizeof(bytes), 0),
			 sizeof(bytes));
	run_ms(bench, 10);
	assert_true(udp_receive(bench->service, bytes, sizeof(bytes), &from) <
		    0);
	assert_int_equal(relay_counts(bench->relay).dropped, 1);
}

static void relay_when_the_peer_is_silent_then_ends(void **state)
{
	struct bench *bench = *state;

	run_ms(bench, 1000);
	assert_true(bench->has_ended);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(relay_when_both_sides_speak_then_all_is_passed),
	    CASE(relay_when_the_filter_says_so_then_it_is_not_passed),
	    CASE(relay_when_the_service_is_gone_then_goes_on),
	    CASE(relay_when_a_datagram_is_too_long_then_it_is_not_cut),
	    CASE(relay_when_the_peer_is_silent_then_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
