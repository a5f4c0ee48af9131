#include "unit.h"

#include <errno.h>
#include <string.h>

#include "punch_cause.h"

#define PORTS 2

static int send_nowhere(void *arg, size_t index, const struct endpoint *to,
			const uint8_t *bytes, size_t len, unsigned int ttl)
{
	const int *error = arg;

	(void)index;
	(void)to;
	(void)bytes;
	(void)len;
	(void)ttl;
	return *error;
}

static const uint8_t peer_bytes[] = {11, 22, 1, 2};

static struct punch_core *start(enum punch_role role, int *error)
{
	struct punch_core_options options = {
	    .policy = &punch_policy_mysterium,
	    .role = role,
	    .wanted = PORTS,
	    .ports = PORTS,
	    .targets = {addr_from_ipv4(peer_bytes)},
	    .target_count = 1,
	    .target_ports = {{1000, 1001}},
	    .send = send_nowhere,
	    .arg = error,
	};
	struct punch_core *core = punch_core_new(&options, 0);

	punch_core_run(core, 0);
	return core;
}

static void hear(struct punch_core *core, uint64_t now_ms, size_t index,
		 const char *text)
{
	const struct endpoint from = {.addr = addr_from_ipv4(peer_bytes),
				      .port = (uint16_t)(1000 + index)};

	punch_core_receive(core, now_ms, index, &from, (const uint8_t *)text,
			   strlen(text));
}

static void run_out(struct punch_core *core)
{
	for (uint64_t now_ms = 0; now_ms <= 10000;)
		now_ms = punch_core_run(core, now_ms);
}

static void expect(struct punch_core *core, enum punch_role role,
		   struct punch_surroundings around, enum punch_cause cause)
{
	run_out(core);
	assert_int_equal(punch_core_outcome(core), PUNCH_FAILED);
	assert_string_equal(
	    punch_cause_name(punch_cause_of(core, role, &around)),
	    punch_cause_name(cause));
	assert_true(strlen(punch_cause_text(cause)) > 20);
	punch_core_free(core);
}

static const struct punch_surroundings nothing_known;

static void cause_when_nothing_is_heard_is_silent(void **state)
{
	int error = 0;

	(void)state;
	expect(start(PUNCH_PROVIDER, &error), PUNCH_PROVIDER, nothing_known,
	       PUNCH_CAUSE_SILENT);
}

static void cause_when_silent_and_our_nat_varies_is_symmetric(void **state)
{
	const struct punch_surroundings around = {.mapping =
						      NAT_MAPPING_ADDRESS_PORT};
	int error = 0;

	(void)state;
	expect(start(PUNCH_CONSUMER, &error), PUNCH_CONSUMER, around,
	       PUNCH_CAUSE_SYMMETRIC);
}

static void cause_when_silent_behind_our_own_nat_says_so(void **state)
{
	const struct punch_surroundings around = {
	    .mapping = NAT_MAPPING_INDEPENDENT, .is_same_nat = true};
	int error = 0;

	(void)state;
	expect(start(PUNCH_CONSUMER, &error), PUNCH_CONSUMER, around,
	       PUNCH_CAUSE_SAME_NAT);
}

static void cause_when_nothing_can_be_sent_is_sending(void **state)
{
	int error = -EPERM;

	(void)state;
	expect(start(PUNCH_CONSUMER, &error), PUNCH_CONSUMER, nothing_known,
	       PUNCH_CAUSE_SENDING);
}

static void cause_when_the_peer_never_confirms_is_one_way(void **state)
{
	int error = 0;
	struct punch_core *core = start(PUNCH_PROVIDER, &error);

	(void)state;
	hear(core, 10, 0, "continuously pinging to 1.2.3.4:5");
	expect(core, PUNCH_PROVIDER, nothing_known, PUNCH_CAUSE_ONE_WAY);
}

static void cause_when_one_of_two_stands_is_too_few(void **state)
{
	int error = 0;
	struct punch_core *core = start(PUNCH_CONSUMER, &error);

	(void)state;
	hear(core, 10, 1, "OK");
	expect(core, PUNCH_CONSUMER, nothing_known, PUNCH_CAUSE_TOO_FEW);
}

static void cause_when_every_port_is_closed_is_refused(void **state)
{
	int error = 0;
	struct punch_core *core = start(PUNCH_CONSUMER, &error);

	(void)state;
	for (size_t i = 0; i < PORTS; i++)
		punch_core_icmp(core, 10, i,
				&(struct punch_icmp){.error = ECONNREFUSED});
	expect(core, PUNCH_CONSUMER, nothing_known, PUNCH_CAUSE_REFUSED);
}

static void cause_of_path_whose_primer_died_on_the_way_is_silent(void **state)
{
	struct punch_path path = {.pings_sent = 1, .expired = 1};

	(void)state;
	assert_int_equal(punch_cause_of_path(&path, PUNCH_PROVIDER),
			 PUNCH_CAUSE_SILENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cause_when_nothing_is_heard_is_silent),
	    cmocka_unit_test(cause_when_silent_and_our_nat_varies_is_symmetric),
	    cmocka_unit_test(cause_when_silent_behind_our_own_nat_says_so),
	    cmocka_unit_test(cause_when_nothing_can_be_sent_is_sending),
	    cmocka_unit_test(cause_when_the_peer_never_confirms_is_one_way),
	    cmocka_unit_test(cause_when_one_of_two_stands_is_too_few),
	    cmocka_unit_test(cause_when_every_port_is_closed_is_refused),
	    cmocka_unit_test(
		cause_of_path_whose_primer_died_on_the_way_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
