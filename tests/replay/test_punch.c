#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "punch_sim.h"

#define SEEDS 200

/* Round trip 40 ms; the consumer comes 50 ms later, as its model does. */
static struct sim_setup setup_of(enum sim_nat provider, enum sim_nat consumer)
{
	return (struct sim_setup){
	    .sides = {{.nat = provider}, {.nat = consumer, .start_ms = 50}},
	    .delay_ms = 20,
	    .seed = 1,
	    .limit_ms = 3000,
	};
}

static struct sim_result run(const struct sim_setup *setup)
{
	struct sim_result result;

	sim_run(setup, &result);
	return result;
}

static void expect_connected(const struct sim_result *result)
{
	assert_true(result->is_connected[0]);
	assert_true(result->is_connected[1]);
	assert_true(result->is_same);
}

/* How many of SEEDS attempts connect. */
static unsigned int count_connected(struct sim_setup setup)
{
	unsigned int count = 0;

	for (setup.seed = 1; setup.seed <= SEEDS; setup.seed++) {
		struct sim_result result = run(&setup);

		count += result.is_connected[0] && result.is_connected[1] &&
			 result.is_same;
	}
	return count;
}

static void ours_when_any_possible_pair_then_connected(void **state)
{
	static const enum sim_nat pairs[][2] = {
	    {SIM_NAT_NONE, SIM_NAT_NONE},
	    {SIM_NAT_CONE, SIM_NAT_CONE},
	    {SIM_NAT_FULL, SIM_NAT_CONE},
	    {SIM_NAT_CONE, SIM_NAT_FULL},
	    {SIM_NAT_FULL, SIM_NAT_SYMMETRIC},
	    {SIM_NAT_SYMMETRIC, SIM_NAT_FULL},
	    {SIM_NAT_NONE, SIM_NAT_SYMMETRIC},
	    {SIM_NAT_SYMMETRIC, SIM_NAT_NONE},
	};

	(void)state;
	for (unsigned int go = 0; go < 3; go++)
		for (size_t i = 0; i < COUNT_OF(pairs); i++) {
			struct sim_setup setup =
			    setup_of(pairs[i][0], pairs[i][1]);
			struct sim_result result;

			setup.sides[0].is_go = go == 1;
			setup.sides[1].is_go = go == 2;
			result = run(&setup);
			expect_connected(&result);
		}
}

static void ours_when_cone_on_both_sides_then_few_packets(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_CONE);
	struct sim_result result = run(&setup);

	(void)state;
	expect_connected(&result);
	assert_true(result.done_ms[0] <= 115);
	assert_true(result.done_ms[1] <= 95);
	assert_true(result.sent[0] <= 12);
	assert_true(result.sent[1] <= 8);
}

static void consumer_with_a_sprayer_then_115_ms_and_8_packets(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_CONE);
	struct sim_result result;

	(void)state;
	setup.sides[0].is_go = true;
	result = run(&setup);
	expect_connected(&result);
	assert_true(result.done_ms[0] <= 115);
	assert_true(result.done_ms[1] <= 115);
	/* Two pings, two OKs, two ACKs and two ACKs again: while the two are
	 * being proven the others keep still. */
	assert_true(result.sent[1] <= 8);
}

static void provider_with_a_sprayer_then_135_ms_and_12_packets(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_CONE);
	struct sim_result result;

	(void)state;
	setup.sides[1].is_go = true;
	result = run(&setup);
	expect_connected(&result);
	assert_true(result.done_ms[0] <= 135);
	assert_true(result.done_ms[1] <= 135);
	assert_true(result.sent[0] <= 12);
}

static void provider_when_the_ack_is_lost_then_connected(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_CONE);
	struct sim_result result;

	(void)state;
	setup.sides[1].is_go = true;
	setup.is_acks_lost = true;
	result = run(&setup);
	expect_connected(&result);
	assert_true(result.done_ms[0] < 700);
}

static void consumer_when_the_ack_is_lost_then_acknowledges_again(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_CONE);
	struct sim_result result;

	(void)state;
	setup.sides[0].is_go = true;
	setup.is_acks_lost = true;
	result = run(&setup);
	expect_connected(&result);
	assert_true(result.done_ms[0] < 200);
}

static void each_pairing_when_a_third_is_lost_then_connected(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_CONE);
	unsigned int ours, consumer, provider;

	(void)state;
	setup.loss_percent = 20; /* at each NAT: 36 % each way */
	setup.limit_ms = 6000;
	ours = count_connected(setup);
	setup.sides[0].is_go = true;
	consumer = count_connected(setup);
	setup.sides[0].is_go = false;
	setup.sides[1].is_go = true;
	provider = count_connected(setup);
	printf("of %d: ours %u, as consumer %u, as provider %u\n", SEEDS, ours,
	       consumer, provider);
	assert_int_equal(ours, SEEDS);
	assert_int_equal(consumer, SEEDS);
	assert_int_equal(provider, SEEDS);
}

static void attempt_when_impossible_then_fails_politely(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_SYMMETRIC, SIM_NAT_CONE);
	struct sim_result result;

	(void)state;
	setup.limit_ms = 0;
	result = run(&setup);
	for (size_t side = 0; side < 2; side++) {
		assert_false(result.is_connected[side]);
		assert_true(result.sent[side] <= 130);
		assert_true(result.sent_most_in_second[side] <= 58);
		for (size_t i = 0; i < SIM_PORTS; i++)
			assert_int_equal(result.paths[side][i].state,
					 PUNCH_CLOSED);
	}
}

static void provider_when_a_sprayer_cannot_hear_then_fails(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_NONE, SIM_NAT_NONE);
	struct sim_result result;

	(void)state;
	setup.sides[1].is_go = true;
	setup.is_deaf[1] = true;
	setup.limit_ms = 0;
	result = run(&setup);
	assert_false(result.is_connected[0]);
	/* The answers are limited, however often the peer pings. */
	assert_true(result.sent_most_in_second[0] <= 130);
}

static void consumer_when_a_third_party_speaks_later_then_the_peer_wins(
    void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_NONE);
	struct sim_result result;

	(void)state;
	setup.injected_ms = 60;
	result = run(&setup);
	expect_connected(&result);
	assert_false(result.has_intruder);
}

static void consumer_when_only_a_third_party_speaks_then_it_is_taken(
    void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_NONE);
	struct sim_result result;

	(void)state;
	/* The dialect has no proof; this documents what that means. */
	setup.injected_ms = 60;
	setup.sides[0].start_ms = 5000;
	result = run(&setup);
	assert_true(result.is_connected[1]);
	assert_true(result.has_intruder);
	assert_true(result.done_ms[1] >= 550);
}

static void attempt_when_round_trip_is_400_ms_then_connected(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_CONE);
	struct sim_result result;

	(void)state;
	setup.delay_ms = 200;
	for (unsigned int go = 0; go < 3; go++) {
		setup.sides[0].is_go = go == 1;
		setup.sides[1].is_go = go == 2;
		result = run(&setup);
		expect_connected(&result);
		assert_true(result.done_ms[0] <= 1000);
	}
}

static void attempt_when_one_starts_3_s_late_then_connected(void **state)
{
	struct sim_setup setup = setup_of(SIM_NAT_CONE, SIM_NAT_CONE);
	struct sim_result result;

	(void)state;
	setup.limit_ms = 9000;
	setup.sides[1].start_ms = 3000;
	result = run(&setup);
	expect_connected(&result);
	setup.sides[1].start_ms = 0;
	setup.sides[0].start_ms = 3000;
	result = run(&setup);
	expect_connected(&result);
}

static int count_send(void *arg, size_t index, const struct endpoint *to,
		      const uint8_t *bytes, size_t len, unsigned int ttl)
{
	unsigned int *count = arg;

	(void)index;
	(void)to;
	(void)bytes;
	(void)len;
	(void)ttl;
	(*count)++;
	return 0;
}

static void consumer_when_flooded_with_oks_then_answers_are_limited(
    void **state)
{
	const uint8_t peer[] = {11, 22, 1, 2};
	unsigned int sent = 0;
	const struct punch_core_options options = {
	    .policy = &punch_policy_mysterium,
	    .role = PUNCH_CONSUMER,
	    .wanted = 2,
	    .ports = 2,
	    .targets = {addr_from_ipv4(peer)},
	    .target_count = 1,
	    .target_ports = {{1000, 1001}},
	    .send = count_send,
	    .arg = &sent,
	};
	const struct endpoint from = {.addr = options.targets[0], .port = 1000};
	struct punch_core *core = punch_core_new(&options, 0);

	(void)state;
	for (uint64_t now_ms = 0; now_ms < 1000; now_ms++) {
		punch_core_receive(core, now_ms, 0, &from,
				   (const uint8_t *)"OK", 2);
		punch_core_run(core, now_ms);
	}
	assert_int_equal(punch_core_path(core, 0)->state, PUNCH_DONE);
	/* 24 at once, then 50 a second, and the pings of the other path. */
	assert_true(sent <= 24 + 50 + 4);
	punch_core_free(core);
}

static void state_next_every_pair_is_a_state(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < PUNCH_STATE_COUNT; s++)
		for (unsigned int e = 0; e < PUNCH_EVENT_COUNT; e++) {
			enum punch_state next = punch_state_next(
			    (enum punch_state)s, (enum punch_event)e);

			assert_true(next < PUNCH_STATE_COUNT);
			/* What is proven or closed stays so. */
			if (s == PUNCH_DONE || s == PUNCH_CLOSED)
				assert_int_equal(next, s);
			/* Only what was chosen can be proven. */
			if (next == PUNCH_DONE && s != PUNCH_DONE)
				assert_true(s == PUNCH_CHOSEN &&
					    e == PUNCH_EVENT_PROVEN);
			if (e == PUNCH_EVENT_CLOSE)
				assert_true(next == PUNCH_CLOSED ||
					    next == PUNCH_DONE);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ours_when_any_possible_pair_then_connected),
	    cmocka_unit_test(ours_when_cone_on_both_sides_then_few_packets),
	    cmocka_unit_test(consumer_with_a_sprayer_then_115_ms_and_8_packets),
	    cmocka_unit_test(
		provider_with_a_sprayer_then_135_ms_and_12_packets),
	    cmocka_unit_test(provider_when_the_ack_is_lost_then_connected),
	    cmocka_unit_test(
		consumer_when_the_ack_is_lost_then_acknowledges_again),
	    cmocka_unit_test(each_pairing_when_a_third_is_lost_then_connected),
	    cmocka_unit_test(attempt_when_impossible_then_fails_politely),
	    cmocka_unit_test(provider_when_a_sprayer_cannot_hear_then_fails),
	    cmocka_unit_test(
		consumer_when_a_third_party_speaks_later_then_the_peer_wins),
	    cmocka_unit_test(
		consumer_when_only_a_third_party_speaks_then_it_is_taken),
	    cmocka_unit_test(attempt_when_round_trip_is_400_ms_then_connected),
	    cmocka_unit_test(attempt_when_one_starts_3_s_late_then_connected),
	    cmocka_unit_test(
		consumer_when_flooded_with_oks_then_answers_are_limited),
	    cmocka_unit_test(state_next_every_pair_is_a_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
