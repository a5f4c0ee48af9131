/*
 * One verdict for all services: the worst decides, and its words say why.
 */
#include "unit.h"

#include "verdict.h"

static struct verdict judge_one(struct verdict_input input)
{
	return verdict_judge(&input, 1);
}

static void verdict_judge_when_no_service_then_unknown(void **state)
{
	struct verdict v = verdict_judge(NULL, 0);

	(void)state;
	assert_int_equal(v.reachable, REACHABLE_UNKNOWN);
	assert_string_equal(v.code, "no-service");
}

static void verdict_judge_when_trying_then_starting(void **state)
{
	struct verdict v = judge_one((struct verdict_input){.state = CHAIN_TRYING});

	(void)state;
	assert_int_equal(v.reachable, REACHABLE_UNKNOWN);
	assert_string_equal(v.code, "starting");
}

static void verdict_judge_when_proven_then_code_names_the_carrier(void **state)
{
	static const struct {
		enum method_id carrier;
		const char *code;
	} rows[] = {
	    {METHOD_MANUAL, "manual-proven"},
	    {METHOD_UPNP, "mapped-proven"},
	    {METHOD_HOLEPUNCHING, "open-nat"},
	};
	struct verdict_input input = {.state = CHAIN_REACHABLE,
				      .has_carrier = true};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		input.carrier = rows[i].carrier;
		assert_int_equal(judge_one(input).reachable, REACHABLE_YES);
		assert_string_equal(judge_one(input).code, rows[i].code);
	}
}

static void verdict_judge_when_likely_then_code_names_the_carrier(void **state)
{
	struct verdict_input input = {
	    .state = CHAIN_LIKELY, .has_carrier = true, .carrier = METHOD_UPNP};

	(void)state;
	assert_int_equal(judge_one(input).reachable, REACHABLE_LIKELY);
	assert_string_equal(judge_one(input).code, "mapped-unproven");
	input.carrier = METHOD_MANUAL;
	assert_int_equal(judge_one(input).reachable, REACHABLE_LIKELY);
	assert_string_equal(judge_one(input).code, "manual-unproven");
}

static void verdict_judge_when_unreachable_then_code_says_why(void **state)
{
	static const struct {
		enum method_outcome outcome;
		const char *code;
	} rows[] = {
	    {METHOD_RUNNING, "no-path"},
	    {METHOD_OK, "no-path"},
	    {METHOD_NO_REPLY, "mapped-silent"},
	    {METHOD_REFUSED, "mapping-refused"},
	    {METHOD_ABSENT, "no-router-help"},
	    {METHOD_CONFLICT, "mapping-conflict"},
	    {METHOD_TIMEOUT, "no-router-help"},
	    {METHOD_PRIVATE_ADDRESS, "private-address"},
	    {METHOD_BROKEN, "no-path"},
	};
	struct verdict_input input = {.state = CHAIN_UNREACHABLE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		input.upnp_outcome = rows[i].outcome;
		assert_int_equal(judge_one(input).reachable, REACHABLE_NO);
		assert_string_equal(judge_one(input).code, rows[i].code);
	}
}

static void verdict_judge_when_several_then_the_worst_decides(void **state)
{
	/* From the best to the worst. */
	static const struct {
		enum chain_state state;
		enum reachable reachable;
	} ladder[] = {
	    {CHAIN_REACHABLE, REACHABLE_YES},
	    {CHAIN_LIKELY, REACHABLE_LIKELY},
	    {CHAIN_LIMITED, REACHABLE_LIMITED},
	    {CHAIN_TRYING, REACHABLE_UNKNOWN},
	    {CHAIN_UNREACHABLE, REACHABLE_NO},
	};
	struct verdict_input pair[2] = {{0}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ladder); i++)
		for (size_t k = 0; k < COUNT_OF(ladder); k++) {
			size_t worst = i > k ? i : k;

			pair[0].state = ladder[i].state;
			pair[1].state = ladder[k].state;
			assert_int_equal(verdict_judge(pair, 2).reachable,
					 ladder[worst].reachable);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verdict_judge_when_no_service_then_unknown),
	    cmocka_unit_test(verdict_judge_when_trying_then_starting),
	    cmocka_unit_test(
		verdict_judge_when_proven_then_code_names_the_carrier),
	    cmocka_unit_test(
		verdict_judge_when_likely_then_code_names_the_carrier),
	    cmocka_unit_test(verdict_judge_when_unreachable_then_code_says_why),
	    cmocka_unit_test(verdict_judge_when_several_then_the_worst_decides),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
