/*
 * Scenarios of the upnp method in fake time: the gate, the proof, the twin, and
 * what becomes of a mapping whose router or whose proof is lost.
 */
#include "../unit/unit.h"

#include <string.h>

#include "method_scene.h"

#define MINUTE_MS 60000u

static const enum method_id alone[] = {METHOD_UPNP};
static const enum method_id usual[] = {METHOD_MANUAL, METHOD_UPNP};

static struct method_report report_of(const struct method_scene *scene)
{
	return method_scene_report(scene, METHOD_UPNP);
}

static struct fake_protocol *pcp_of(struct method_scene *scene)
{
	return &scene->gateway->via[MAP_VIA_PCP];
}

static void start_proven(struct method_scene *scene)
{
	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_RECEIVED;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void set_outer(struct method_scene *scene, const char *address)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		addr_parse(address, &scene->gateway->via[via].external);
}

static void upnp_when_granted_and_proven_then_reachable(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
	assert_int_equal(pcp_of(scene)->last_external, 5000);
}

static void upnp_when_nobody_outside_then_likely(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_NO_SERVER;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(report_of(scene).outcome, METHOD_OK);
	assert_int_equal(chain_state(scene->chain), CHAIN_LIKELY);
}

static void upnp_when_outside_is_silent_then_unreachable(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 200);
	assert_int_equal(report_of(scene).outcome, METHOD_NO_REPLY);
	assert_int_equal(chain_state(scene->chain), CHAIN_UNREACHABLE);
}

/* --- the gate --- */

static void upnp_gate_when_manual_is_slow_then_mapped_after_450_ms(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	scene->outside.delay_ms = 2000;
	method_scene_start(scene, usual, COUNT_OF(usual));
	loop_fake_advance(scene->loop, 440);
	assert_int_equal(pcp_of(scene)->maps, 0);
	assert_true(pcp_of(scene)->probes > 0);
	loop_fake_advance(scene->loop, 20);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
}

static void upnp_gate_when_manual_fails_then_mapped_at_once(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	method_scene_start(scene, usual, COUNT_OF(usual));
	loop_fake_advance(scene->loop, 30);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
}

static void upnp_gate_when_manual_is_proven_then_another_port(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_RECEIVED;
	method_scene_start(scene, usual, COUNT_OF(usual));
	loop_fake_advance(scene->loop, 1000);
	assert_int_equal(method_scene_carrier(scene), METHOD_MANUAL);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
	assert_int_not_equal(pcp_of(scene)->last_external, 5000);
}

static void upnp_gate_when_late_echo_is_our_own_then_conflict(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_RECEIVED;
	scene->outside.delay_ms = 1000;
	method_scene_start(scene, usual, COUNT_OF(usual));
	loop_fake_advance(scene->loop, 3000);
	assert_int_equal(method_scene_report(scene, METHOD_MANUAL).outcome,
			 METHOD_CONFLICT);
	assert_int_equal(method_scene_carrier(scene), METHOD_UPNP);
}

/* Only a forward that a person made is in the way of ours. */
static void upnp_gate_when_punching_comes_first_then_wished_port(void **state)
{
	static const enum method_id order[] = {METHOD_HOLEPUNCHING,
					       METHOD_MANUAL, METHOD_UPNP};
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	method_scene_start(scene, order, COUNT_OF(order));
	loop_fake_advance(scene->loop, 1000);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
	assert_int_equal(pcp_of(scene)->last_external, 5000);
}

/* --- the twin --- */

static void upnp_when_service_holds_port_then_twin_proves(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_PORT_IN_USE;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 500);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
	assert_non_null(strstr(report_of(scene).detail, "second mapping"));
	/* The twin is gone, the mapping stays. */
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
	assert_int_equal(scene->gateway->entries[5000], 1);
	assert_int_equal(scene->outside.living, 1);
}

static void upnp_when_twin_is_silent_then_unreachable(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_PORT_IN_USE;
	scene->outside.held_outcome = PROVE_SILENT;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 500);
	assert_int_equal(report_of(scene).outcome, METHOD_NO_REPLY);
}

static void upnp_when_stopped_while_twin_runs_then_nothing_stays(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_PORT_IN_USE;
	scene->outside.delay_ms = 300;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 400);
	assert_int_equal(fake_gateway_held(scene->gateway), 2);
	method_scene_change_network(scene);
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
}

/* --- what the router says of itself --- */

static void upnp_when_address_is_private_then_given_back(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	set_outer(scene, "192.168.178.2");
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 1000);
	assert_int_equal(report_of(scene).outcome, METHOD_PRIVATE_ADDRESS);
	assert_int_equal(fake_gateway_held(scene->gateway), 0);
	scene->outside.outcome = PROVE_RECEIVED;
	set_outer(scene, "11.22.33.9");
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		fake_gateway_readdress(scene->gateway, (enum map_via)via,
				       "11.22.33.9");
	loop_fake_advance(scene->loop, 2 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void upnp_when_there_is_no_router_then_absent(void **state)
{
	struct method_scene *scene = *state;

	portmap_retire(scene->env.portmap);
	scene->env.portmap = NULL;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(report_of(scene).outcome, METHOD_ABSENT);
	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_RECEIVED;
	method_scene_change_network(scene);
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

/* --- loss --- */

static void upnp_when_proof_is_lost_then_unreachable_until_back(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	scene->outside.outcome = PROVE_SILENT;
	loop_fake_advance(scene->loop, 6 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_UNREACHABLE);
	scene->outside.outcome = PROVE_RECEIVED;
	loop_fake_advance(scene->loop, 2 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void upnp_when_network_changes_while_proving_then_anew(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	scene->outside.outcome = PROVE_RECEIVED;
	scene->outside.delay_ms = 500;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(scene->outside.asked, 1);
	method_scene_change_network(scene);
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	loop_fake_advance(scene->loop, 450);
	/* The answer of the network before is not taken for this one's. */
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	loop_fake_advance(scene->loop, 200);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
}

static void upnp_when_network_flaps_then_one_mapping(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	for (int i = 0; i < 50; i++) {
		method_scene_change_network(scene);
		loop_fake_advance(scene->loop, (uint64_t)i * 3);
	}
	loop_fake_advance(scene->loop, 5000);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
}

static void upnp_when_mapping_expires_then_timeout_then_back(void **state)
{
	struct method_scene *scene = *state;

	start_proven(scene);
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		scene->gateway->via[via].is_there = false;
	loop_fake_advance(scene->loop, 125 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_UNREACHABLE);
	method_scene_router_speaks(scene);
	loop_fake_advance(scene->loop, 2 * MINUTE_MS);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void upnp_when_stopped_while_asking_then_nothing_stays(void **state)
{
	struct method_scene *scene = *state;

	method_scene_router_speaks(scene);
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		scene->gateway->via[via].delay_ms = 100;
	method_scene_start(scene, alone, COUNT_OF(alone));
	loop_fake_advance(scene->loop, 50);
	chain_stop(scene->chain, NULL, NULL);
	scene->chain = NULL;
	loop_fake_advance(scene->loop, 1000);
	assert_int_equal(fake_gateway_held(scene->gateway), 0);
}

#define SCENARIO(function)                                                     \
	cmocka_unit_test_setup_teardown(function, method_scene_setup,          \
					method_scene_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    SCENARIO(upnp_when_granted_and_proven_then_reachable),
	    SCENARIO(upnp_when_nobody_outside_then_likely),
	    SCENARIO(upnp_when_outside_is_silent_then_unreachable),
	    SCENARIO(upnp_gate_when_manual_is_slow_then_mapped_after_450_ms),
	    SCENARIO(upnp_gate_when_manual_fails_then_mapped_at_once),
	    SCENARIO(upnp_gate_when_manual_is_proven_then_another_port),
	    SCENARIO(upnp_gate_when_late_echo_is_our_own_then_conflict),
	    SCENARIO(upnp_gate_when_punching_comes_first_then_wished_port),
	    SCENARIO(upnp_when_service_holds_port_then_twin_proves),
	    SCENARIO(upnp_when_twin_is_silent_then_unreachable),
	    SCENARIO(upnp_when_stopped_while_twin_runs_then_nothing_stays),
	    SCENARIO(upnp_when_address_is_private_then_given_back),
	    SCENARIO(upnp_when_there_is_no_router_then_absent),
	    SCENARIO(upnp_when_proof_is_lost_then_unreachable_until_back),
	    SCENARIO(upnp_when_network_changes_while_proving_then_anew),
	    SCENARIO(upnp_when_network_flaps_then_one_mapping),
	    SCENARIO(upnp_when_mapping_expires_then_timeout_then_back),
	    SCENARIO(upnp_when_stopped_while_asking_then_nothing_stays),
	};

	return cmocka_run_group_tests_name("upnp", tests, NULL, NULL);
}
