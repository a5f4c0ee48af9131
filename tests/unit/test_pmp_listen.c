/*
 * What a gateway announces to all hosts, and what others announce in its name,
 * over real sockets on the loopback.
 */
#include "pmp_bench.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "pmp_engine.h"

static const enum map_via both[] = {MAP_VIA_PCP, MAP_VIA_NATPMP};

/* RFC 6887 section 14.1.2 and RFC 6886 section 3.2.1: epoch 0. */
static const uint8_t pcp_announce[PCP_HEADER_BYTES] = {2, 0x80};
static const uint8_t natpmp_announce[] = {0, 0x80, 0,    0,    0,    0,
					  0, 0,    0x0b, 0x16, 0x2c, 0x02};

static void send_group(int fd, enum map_via via)
{
	const bool is_pcp = via == MAP_VIA_PCP;
	struct endpoint to = {.port = PMP_LISTEN_PORT};
	const struct in_addr out = {htonl(INADDR_LOOPBACK)};
	struct sockaddr_storage sa;
	socklen_t len;

	addr_parse(PMP_LISTEN_GROUP, &to.addr);
	len = endpoint_to_sockaddr(&to, &sa);
	assert_int_equal(
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out)), 0);
	assert_true(
	    sendto(fd, is_pcp ? pcp_announce : natpmp_announce,
		   is_pcp ? sizeof(pcp_announce) : sizeof(natpmp_announce), 0,
		   (const struct sockaddr *)&sa, len) > 0);
}

/* A client that knows its gateway, whose epoch stands at 1000. */
static void open_known(struct bench *b, enum map_via via)
{
	open_bench(b, via, answer_grant);
	assert_int_equal(b->client->deaf_error, 0);
	probe_and_run(b);
	assert_int_equal(b->client->state, MAP_CLIENT_READY);
}

static void listen_when_gateway_restarted_then_asked_and_told(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_known(&b, both[i]);
		b.epoch_s = 0;
		send_group(b.fd, both[i]);
		run_for(&b, 100);
		assert_int_equal(b.heard, 2);
		assert_int_equal(b.restarts, 1);
		close_bench(&b);
	}
}

static void listen_when_forged_then_asked_and_nothing_believed(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_known(&b, both[i]);
		send_group(b.fd, both[i]);
		run_for(&b, 100);
		assert_int_equal(b.heard, 2);
		assert_int_equal(b.restarts, 0);
		close_bench(&b);
	}
}

static void listen_when_a_storm_then_few_questions(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_known(&b, both[i]);
		for (int n = 0; n < 20; n++) {
			for (int k = 0; k < 50; k++)
				send_group(b.fd, both[i]);
			run_for(&b, 10);
		}
		assert_in_range(b.heard, 2, 1 + PMP_HINT_BURST + 1);
		close_bench(&b);
	}
}

static void listen_when_a_stranger_announces_then_nothing_asked(void **state)
{
	const struct addr stranger = own_gateway();
	struct bench b;
	int fd = open_gateway(&stranger);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_known(&b, both[i]);
		send_group(fd, both[i]);
		run_for(&b, 50);
		assert_int_equal(b.heard, 1);
		close_bench(&b);
	}
	close(fd);
}

static void listen_when_the_other_protocol_speaks_then_nothing_asked(
    void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_known(&b, both[i]);
		send_group(b.fd, both[1 - i]);
		run_for(&b, 50);
		assert_int_equal(b.heard, 1);
		close_bench(&b);
	}
}

static void enter_own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		skip();
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
}

/* Last: it changes the network of the process. */
static void listen_when_port_is_taken_then_deaf_and_working(void **state)
{
	struct endpoint any = {.port = PMP_LISTEN_PORT};
	struct sockaddr_storage sa;
	socklen_t len;
	struct bench b;
	int fd;

	(void)state;
	enter_own_network();
	addr_parse("0.0.0.0", &any.addr);
	len = endpoint_to_sockaddr(&any, &sa);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, len), 0);
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		assert_int_equal(b.client->deaf_error, -EADDRINUSE);
		ask(&b, 4000);
		run(&b);
		assert_int_equal(b.result.status, MAP_OK);
		close_bench(&b);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(listen_when_gateway_restarted_then_asked_and_told),
	    cmocka_unit_test(
		listen_when_forged_then_asked_and_nothing_believed),
	    cmocka_unit_test(listen_when_a_storm_then_few_questions),
	    cmocka_unit_test(
		listen_when_a_stranger_announces_then_nothing_asked),
	    cmocka_unit_test(
		listen_when_the_other_protocol_speaks_then_nothing_asked),
	    cmocka_unit_test(listen_when_port_is_taken_then_deaf_and_working),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
