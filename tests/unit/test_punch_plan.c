#include "unit.h"

#include <stdbool.h>

#include "punch_plan.h"

static const struct punch_policy *const policy = &punch_policy_mysterium;

static struct punch_plan build(enum punch_role role, size_t ports,
			       size_t targets, unsigned int ttl)
{
	const struct punch_plan_input input = {
	    .role = role,
	    .ports = ports,
	    .targets = targets,
	    .primer_ttl = ttl,
	};
	struct punch_plan plan;

	punch_plan_build(policy, &input, &plan);
	return plan;
}

static size_t count_at(const struct punch_plan *plan, uint32_t at_ms)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->steps[i].at_ms == at_ms;
	return count;
}

static void order_of_twenty_starts_with_the_middle_ttls(void **state)
{
	const uint8_t want[] = {3, 13, 4, 14, 2, 12, 5, 15, 1, 11,
				6, 16, 7, 17, 8, 18, 9, 19, 0, 10};
	uint8_t order[PUNCH_PORTS_MOST];

	(void)state;
	punch_plan_order(20, order);
	assert_memory_equal(order, want, sizeof(want));
}

static void order_of_any_count_holds_each_index_once(void **state)
{
	(void)state;
	for (size_t ports = 1; ports <= PUNCH_PORTS_MOST; ports++) {
		uint8_t order[PUNCH_PORTS_MOST];
		bool seen[PUNCH_PORTS_MOST] = {false};

		punch_plan_order(ports, order);
		for (size_t i = 0; i < ports; i++) {
			assert_true(order[i] < ports);
			assert_false(seen[order[i]]);
			seen[order[i]] = true;
		}
	}
}

static void build_provider_opens_with_eight_primers_of_four_ttls(void **state)
{
	struct punch_plan plan = build(PUNCH_PROVIDER, 20, 1, 0);

	(void)state;
	assert_int_equal(count_at(&plan, 0), 8);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(plan.steps[i].ttl, 5 - i / 2);
	assert_int_equal(plan.steps[8].at_ms, 200);
}

static void build_provider_sends_nothing_of_full_ttl_in_600_ms(void **state)
{
	struct punch_plan plan = build(PUNCH_PROVIDER, 20, 1, 3);
	bool full[20] = {false};
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < plan.count; i++) {
		if (plan.steps[i].at_ms < 600)
			assert_true(plan.steps[i].ttl >= 3 &&
				    plan.steps[i].ttl <= 6);
		if (plan.steps[i].at_ms >= 600 && plan.steps[i].at_ms < 1100 &&
		    plan.steps[i].ttl == 128)
			full[plan.steps[i].index] = true;
	}
	for (size_t i = 0; i < 20; i++)
		count += full[i];
	assert_int_equal(count, 12);
}

static void build_consumer_sends_two_each_40_ms_at_full_ttl(void **state)
{
	struct punch_plan plan = build(PUNCH_CONSUMER, 20, 1, 0);

	(void)state;
	for (uint32_t at = 0; at < 400; at += 40)
		assert_int_equal(count_at(&plan, at), 2);
	for (size_t i = 0; i < plan.count; i++)
		assert_int_equal(plan.steps[i].ttl, 128);
	assert_int_equal(plan.steps[0].index, 3);
	assert_int_equal(plan.steps[1].index, 13);
}

static void expect_polite(const struct punch_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		size_t count = 0;

		if (plan->steps[i].at_ms == 0)
			continue;
		for (size_t j = i; j < plan->count; j++)
			count +=
			    plan->steps[j].at_ms < plan->steps[i].at_ms + 1000;
		assert_true(count <= 50);
	}
	assert_true(count_at(plan, 0) <= 16);
}

static void build_any_plan_sends_at_most_fifty_a_second(void **state)
{
	(void)state;
	for (size_t ports = 1; ports <= PUNCH_PORTS_MOST; ports++)
		for (size_t targets = 1; targets <= PUNCH_TARGETS_MOST;
		     targets++) {
			struct punch_plan plan;

			plan = build(PUNCH_PROVIDER, ports, targets, 0);
			expect_polite(&plan);
			plan = build(PUNCH_CONSUMER, ports, targets, 0);
			expect_polite(&plan);
		}
}

static void build_any_plan_is_in_order_and_within_the_limit(void **state)
{
	(void)state;
	for (size_t ports = 1; ports <= PUNCH_PORTS_MOST; ports++) {
		struct punch_plan plan = build(PUNCH_CONSUMER, ports, 2, 0);

		for (size_t i = 0; i < plan.count; i++) {
			assert_true(plan.steps[i].at_ms < policy->limit_ms);
			assert_true(plan.steps[i].index < ports);
			if (i)
				assert_true(plan.steps[i - 1].at_ms <=
					    plan.steps[i].at_ms);
		}
	}
}

static void build_other_address_gets_two_sockets_at_once(void **state)
{
	struct punch_plan plan = build(PUNCH_PROVIDER, 20, 2, 0);
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < plan.count && plan.steps[i].at_ms == 0; i++)
		count += plan.steps[i].target == 1 && plan.steps[i].ttl == 128;
	assert_int_equal(count, 2);
}

static void ttl_of_a_socket_is_that_of_its_first_packet(void **state)
{
	struct punch_plan plan = build(PUNCH_PROVIDER, 20, 1, 0);

	(void)state;
	assert_int_equal(punch_plan_ttl(&plan, 3), 2);
	assert_int_equal(punch_plan_ttl(&plan, 15), 5);
	assert_int_equal(punch_plan_ttl(&plan, 0), 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_of_twenty_starts_with_the_middle_ttls),
	    cmocka_unit_test(order_of_any_count_holds_each_index_once),
	    cmocka_unit_test(
		build_provider_opens_with_eight_primers_of_four_ttls),
	    cmocka_unit_test(
		build_provider_sends_nothing_of_full_ttl_in_600_ms),
	    cmocka_unit_test(build_consumer_sends_two_each_40_ms_at_full_ttl),
	    cmocka_unit_test(build_any_plan_sends_at_most_fifty_a_second),
	    cmocka_unit_test(build_any_plan_is_in_order_and_within_the_limit),
	    cmocka_unit_test(build_other_address_gets_two_sockets_at_once),
	    cmocka_unit_test(ttl_of_a_socket_is_that_of_its_first_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
