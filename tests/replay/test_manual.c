/*
 * Scenarios of the manual method in fake time: when a forward counts, and what
 * becomes of it when it can be proven no more.
 */
#include "../unit/unit.h"

#include "method_scene.h"
#include "verdict.h"

#define MINUTE_MS 60000u

static const enum method_id alone[] = {METHOD_MANUAL};

static struct method_report report_of(const struct method_scene *scene)
{
	return method_scene_report(scene, METHOD_MANUAL);
}

static void start_proven(struct method_scene *scene)
{
	scene->outside.outcome = PROVE_RECEIVED;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void manual_when_echo_arrives_then_reachable(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	assert_int_equal(method_scene_carrier(scene), METHOD_MANUAL);
	assert_int_equal(scene->outside.last_outer_port, 5000);
}

static void manual_when_silent_then_unreachable_and_asked_again(void **state)
{
	struct method_scene *scene = *state;

	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(report_of(scene).outcome, METHOD_NO_REPLY);
	assert_int_equal(chain_state(scene->chain), CHAIN_UNREACHABLE);
	scene->outside.outcome = PROVE_RECEIVED;
	loop_fake_advance(scene->loop, 2 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void manual_when_one_echo_is_lost_then_stays(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	scene->outside.outcome = PROVE_SILENT;
	loop_fake_advance(scene->loop, MINUTE_MS - 100 + 30);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
	scene->outside.outcome = PROVE_RECEIVED;
	loop_fake_advance(scene->loop, 5 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void manual_when_two_echoes_are_lost_then_unreachable(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	scene->outside.outcome = PROVE_SILENT;
	loop_fake_advance(scene->loop, MINUTE_MS + 1000);
	assert_int_equal(chain_state(scene->chain), CHAIN_UNREACHABLE);
}

static void manual_when_service_starts_later_then_likely(void **state)
{
	struct method_scene *scene = *state;
	struct verdict_input input;

	start_proven(scene);
	scene->outside.outcome = PROVE_PORT_IN_USE;
	loop_fake_advance(scene->loop, 10 * MINUTE_MS);
	assert_int_equal(method_scene_carrier(scene), METHOD_MANUAL);
	assert_int_equal(chain_state(scene->chain), CHAIN_LIKELY);
	input = verdict_input_of(scene->chain);
	assert_string_equal(verdict_judge(&input, 1).code, "manual-unproven");
	scene->outside.outcome = PROVE_RECEIVED;
	loop_fake_advance(scene->loop, 2 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void manual_when_port_server_is_out_then_likely(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	scene->outside.outcome = PROVE_NO_SERVER;
	loop_fake_advance(scene->loop, 10 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_LIKELY);
	scene->outside.outcome = PROVE_SILENT;
	loop_fake_advance(scene->loop, 3 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_UNREACHABLE);
}

static void manual_when_never_proven_and_in_use_then_conflict(void **state)
{
	struct method_scene *scene = *state;

	scene->outside.outcome = PROVE_PORT_IN_USE;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(report_of(scene).outcome, METHOD_CONFLICT);
	assert_int_equal(chain_state(scene->chain), CHAIN_UNREACHABLE);
}

static void manual_when_network_changes_then_proven_anew(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	scene->outside.outcome = PROVE_PORT_IN_USE;
	method_scene_change_network(scene);
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	loop_fake_advance(scene->loop, 100);
	/* The proof of the network before says nothing about this one. */
	assert_int_equal(report_of(scene).outcome, METHOD_CONFLICT);
}

#define SCENARIO(function)                                                     \
	cmocka_unit_test_setup_teardown(function, method_scene_setup,          \
					method_scene_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    SCENARIO(manual_when_echo_arrives_then_reachable),
	    SCENARIO(manual_when_silent_then_unreachable_and_asked_again),
	    SCENARIO(manual_when_one_echo_is_lost_then_stays),
	    SCENARIO(manual_when_two_echoes_are_lost_then_unreachable),
	    SCENARIO(manual_when_service_starts_later_then_likely),
	    SCENARIO(manual_when_port_server_is_out_then_likely),
	    SCENARIO(manual_when_never_proven_and_in_use_then_conflict),
	    SCENARIO(manual_when_network_changes_then_proven_anew),
	};

	return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
