/*
 * Scenarios of the chain in fake time: who carries the service, when a spare
 * takes over, what is tried again. The methods are scripted by the test.
 */
#include "../unit/unit.h"

#include <stdlib.h>

#include "chain.h"
#include "loop_fake.h"
#include "mem.h"
#include "netview.h"

struct method_run {
	struct chain_slot *slot;
	enum method_id id;
	unsigned int agains[CAUSE_SCHEDULE + 1];
	unsigned int sibling_calls;
	uint16_t leased_port;
	bool is_stopped;
};

struct scene {
	struct loop *loop;
	struct log *log;
	struct netview netview;
	struct method_env env;
	struct method_service service;
	struct chain *chain;
	unsigned int changes;
	unsigned int stops;
};

/* The runs of the chain under test: the ops have no other way to hand them to
 * the scenario. */
static struct method_run *runs[METHOD_COUNT];

static struct method_run *start_run(enum method_id id, struct chain_slot *slot)
{
	struct method_run *run = xcalloc(1, sizeof(*run));

	run->slot = slot;
	run->id = id;
	runs[id] = run;
	return run;
}

static struct method_run *start_manual(const struct method_env *env,
				       const struct method_service *service,
				       struct chain_slot *slot)
{
	(void)env;
	(void)service;
	return start_run(METHOD_MANUAL, slot);
}

static struct method_run *start_upnp(const struct method_env *env,
				     const struct method_service *service,
				     struct chain_slot *slot)
{
	(void)env;
	(void)service;
	return start_run(METHOD_UPNP, slot);
}

static struct method_run *start_punch(const struct method_env *env,
				      const struct method_service *service,
				      struct chain_slot *slot)
{
	(void)env;
	(void)service;
	return start_run(METHOD_HOLEPUNCHING, slot);
}

static void again(struct method_run *run, enum method_cause cause)
{
	run->agains[cause]++;
}

static void sibling_changed(struct method_run *run)
{
	run->sibling_calls++;
}

static size_t externals(const struct method_run *run,
			struct method_external *ret_externals)
{
	if (!run->leased_port)
		return 0;
	ret_externals[0] = (struct method_external){
	    .via = "pcp",
	    .endpoint = {.addr.family = AF_INET, .port = run->leased_port},
	    .has_lease = true};
	return 1;
}

static void stop(struct method_run *run, void (*done)(void *arg), void *arg)
{
	runs[run->id] = NULL;
	free(run);
	done(arg);
}

#define SCRIPTED(method, start_function, retry_ms)                             \
	{                                                                      \
		.id = method, .retry_first_ms = retry_ms,                      \
		.retry_most_ms = 8 * (retry_ms), .start = start_function,      \
		.again = again, .sibling_changed = sibling_changed,            \
		.externals = externals, .stop = stop                           \
	}

static const struct method_ops scripted_manual =
    SCRIPTED(METHOD_MANUAL, start_manual, 60000);
static const struct method_ops scripted_upnp =
    SCRIPTED(METHOD_UPNP, start_upnp, 0);
static const struct method_ops scripted_punch =
    SCRIPTED(METHOD_HOLEPUNCHING, start_punch, 60000);

static const struct method_ops *const table[METHOD_COUNT] = {
    [METHOD_MANUAL] = &scripted_manual,
    [METHOD_UPNP] = &scripted_upnp,
    [METHOD_HOLEPUNCHING] = &scripted_punch,
};

static void on_changed(void *arg, struct chain *chain)
{
	struct scene *scene = arg;

	(void)chain;
	scene->changes++;
}

static void start_chain(struct scene *scene, const enum method_id *order,
			size_t count)
{
	const struct chain_options options = {
	    .env = &scene->env,
	    .service = &scene->service,
	    .table = table,
	    .order = order,
	    .count = count,
	    .changed = on_changed,
	    .arg = scene,
	};

	scene->chain = chain_new(&options);
}

static const enum method_id usual[] = {METHOD_MANUAL, METHOD_UPNP,
				       METHOD_HOLEPUNCHING};

static int setup(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));

	scene->loop = loop_new();
	scene->log = log_new(LEVEL_ERR, false);
	scene->env.loop = scene->loop;
	scene->env.log = scene->log;
	scene->env.netview = &scene->netview;
	start_chain(scene, usual, COUNT_OF(usual));
	*state = scene;
	return 0;
}

static void on_stopped(void *arg)
{
	struct scene *scene = arg;

	scene->stops++;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	unsigned int timers;

	if (scene->chain)
		chain_stop(scene->chain, on_stopped, scene);
	timers = loop_fake_timer_count(scene->loop);
	log_free(scene->log);
	loop_free(scene->loop);
	free(scene);
	return timers == 0 ? 0 : -1;
}

static void say(enum method_id id, enum method_outcome outcome, bool is_proven,
		bool is_partial)
{
	const struct method_report report = {.outcome = outcome,
					     .is_proven = is_proven,
					     .is_partial = is_partial};

	chain_report(runs[id]->slot, &report);
}

static void say_proven(enum method_id id)
{
	say(id, METHOD_OK, true, false);
}

static void say_fails(enum method_id id)
{
	say(id, METHOD_NO_REPLY, false, false);
}

static int carrier(const struct scene *scene)
{
	int index = chain_carrier(scene->chain);

	return index < 0 ? -1
			 : (int)chain_attempt(scene->chain, (size_t)index).id;
}

static void chain_new_when_started_then_all_methods_run(void **state)
{
	struct scene *scene = *state;

	for (int id = 0; id < METHOD_COUNT; id++)
		assert_non_null(runs[id]);
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	assert_int_equal(carrier(scene), -1);
}

static void chain_when_manual_proven_then_it_carries(void **state)
{
	struct scene *scene = *state;

	say_proven(METHOD_MANUAL);
	say_proven(METHOD_UPNP);
	assert_int_equal(carrier(scene), METHOD_MANUAL);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
}

static void chain_when_later_is_proven_first_then_it_carries_now(void **state)
{
	struct scene *scene = *state;

	say_proven(METHOD_UPNP);
	assert_int_equal(carrier(scene), METHOD_UPNP);
	say_proven(METHOD_MANUAL);
	assert_int_equal(carrier(scene), METHOD_MANUAL);
}

static void chain_when_partial_then_waits_for_the_earlier(void **state)
{
	struct scene *scene = *state;

	say(METHOD_HOLEPUNCHING, METHOD_OK, false, true);
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	say_fails(METHOD_MANUAL);
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	say_fails(METHOD_UPNP);
	assert_int_equal(carrier(scene), METHOD_HOLEPUNCHING);
	assert_int_equal(chain_state(scene->chain), CHAIN_LIMITED);
}

static void chain_when_unproven_then_likely_after_the_earlier(void **state)
{
	struct scene *scene = *state;

	say(METHOD_UPNP, METHOD_OK, false, false);
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	say_fails(METHOD_MANUAL);
	assert_int_equal(chain_state(scene->chain), CHAIN_LIKELY);
}

static void chain_when_all_fail_then_unreachable(void **state)
{
	struct scene *scene = *state;

	say_fails(METHOD_MANUAL);
	say_fails(METHOD_UPNP);
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	say_fails(METHOD_HOLEPUNCHING);
	assert_int_equal(chain_state(scene->chain), CHAIN_UNREACHABLE);
}

static void chain_when_carrier_lost_then_spare_at_once(void **state)
{
	struct scene *scene = *state;

	say_proven(METHOD_MANUAL);
	say_proven(METHOD_UPNP);
	say(METHOD_HOLEPUNCHING, METHOD_OK, false, true);
	say_fails(METHOD_MANUAL);
	assert_int_equal(carrier(scene), METHOD_UPNP);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
	say(METHOD_UPNP, METHOD_TIMEOUT, false, false);
	assert_int_equal(carrier(scene), METHOD_HOLEPUNCHING);
	assert_int_equal(chain_state(scene->chain), CHAIN_LIMITED);
}

static void chain_when_carrier_lost_then_failed_are_asked_again(void **state)
{
	struct scene *scene = *state;

	(void)scene;
	say_fails(METHOD_MANUAL);
	say_proven(METHOD_UPNP);
	assert_int_equal(runs[METHOD_MANUAL]->agains[CAUSE_LOST], 0);
	say(METHOD_UPNP, METHOD_TIMEOUT, false, false);
	assert_int_equal(runs[METHOD_MANUAL]->agains[CAUSE_LOST], 1);
	assert_int_equal(runs[METHOD_UPNP]->agains[CAUSE_LOST], 0);
}

static void chain_when_earlier_recovers_then_it_takes_back(void **state)
{
	struct scene *scene = *state;

	say_fails(METHOD_MANUAL);
	say_proven(METHOD_UPNP);
	assert_int_equal(carrier(scene), METHOD_UPNP);
	say_proven(METHOD_MANUAL);
	assert_int_equal(carrier(scene), METHOD_MANUAL);
}

static void chain_when_failed_then_retried_with_backoff(void **state)
{
	struct scene *scene = *state;
	struct method_run *run = runs[METHOD_MANUAL];

	say_fails(METHOD_MANUAL);
	loop_fake_advance(scene->loop, 50000);
	assert_int_equal(run->agains[CAUSE_SCHEDULE], 0);
	loop_fake_advance(scene->loop, 20000);
	assert_int_equal(run->agains[CAUSE_SCHEDULE], 1);
	say_fails(METHOD_MANUAL);
	loop_fake_advance(scene->loop, 100000);
	assert_int_equal(run->agains[CAUSE_SCHEDULE], 1);
	loop_fake_advance(scene->loop, 40000);
	assert_int_equal(run->agains[CAUSE_SCHEDULE], 2);
}

static void chain_when_it_keeps_itself_then_no_schedule(void **state)
{
	struct scene *scene = *state;

	say_fails(METHOD_UPNP);
	loop_fake_advance(scene->loop, 3600000);
	assert_int_equal(runs[METHOD_UPNP]->agains[CAUSE_SCHEDULE], 0);
}

static void chain_again_when_network_changed_then_all_stale(void **state)
{
	struct scene *scene = *state;

	say_proven(METHOD_MANUAL);
	chain_again(scene->chain, CAUSE_NETWORK);
	assert_int_equal(chain_state(scene->chain), CHAIN_TRYING);
	assert_int_equal(carrier(scene), -1);
	for (int id = 0; id < METHOD_COUNT; id++)
		assert_int_equal(runs[id]->agains[CAUSE_NETWORK], 1);
}

static void chain_again_when_checked_then_state_stays(void **state)
{
	struct scene *scene = *state;

	say_proven(METHOD_MANUAL);
	chain_again(scene->chain, CAUSE_CHECK);
	assert_int_equal(chain_state(scene->chain), CHAIN_REACHABLE);
	assert_int_equal(runs[METHOD_MANUAL]->agains[CAUSE_CHECK], 1);
}

static void chain_when_order_begins_with_punching_then_limited(void **state)
{
	static const enum method_id order[] = {METHOD_HOLEPUNCHING,
					       METHOD_MANUAL, METHOD_UPNP};
	struct scene *scene = *state;

	chain_stop(scene->chain, on_stopped, scene);
	start_chain(scene, order, COUNT_OF(order));
	say(METHOD_HOLEPUNCHING, METHOD_OK, false, true);
	say_proven(METHOD_UPNP);
	assert_int_equal(carrier(scene), METHOD_HOLEPUNCHING);
	assert_int_equal(chain_state(scene->chain), CHAIN_LIMITED);
}

static void chain_is_earlier_running_when_first_answer_then_false(void **state)
{
	struct scene *scene = *state;

	(void)scene;
	assert_true(
	    chain_is_earlier_running(runs[METHOD_UPNP]->slot, METHOD_MANUAL));
	assert_false(
	    chain_is_earlier_running(runs[METHOD_MANUAL]->slot, METHOD_UPNP));
	say_fails(METHOD_MANUAL);
	assert_false(
	    chain_is_earlier_running(runs[METHOD_UPNP]->slot, METHOD_MANUAL));
	assert_true(runs[METHOD_UPNP]->sibling_calls > 0);
}

static void chain_is_port_leased_when_sibling_holds_then_true(void **state)
{
	struct scene *scene = *state;

	(void)scene;
	runs[METHOD_UPNP]->leased_port = 51820;
	assert_true(chain_is_port_leased(runs[METHOD_MANUAL]->slot, 51820));
	assert_false(chain_is_port_leased(runs[METHOD_MANUAL]->slot, 51821));
	assert_false(chain_is_port_leased(runs[METHOD_UPNP]->slot, 51820));
}

static void chain_report_when_same_state_then_since_stays(void **state)
{
	struct scene *scene = *state;
	uint64_t since_ms;

	say_proven(METHOD_MANUAL);
	since_ms = chain_since_ms(scene->chain);
	loop_fake_advance(scene->loop, 5000);
	say_proven(METHOD_MANUAL);
	assert_true(chain_since_ms(scene->chain) == since_ms);
	assert_true(chain_attempt(scene->chain, 0).reported_ms > since_ms);
}

static void chain_report_when_unasked_then_took_ms_stays(void **state)
{
	struct scene *scene = *state;

	loop_fake_advance(scene->loop, 70);
	say_proven(METHOD_MANUAL);
	loop_fake_advance(scene->loop, 3600000);
	say_proven(METHOD_MANUAL);
	assert_int_equal(chain_attempt(scene->chain, 0).took_ms, 70);
	chain_again(scene->chain, CAUSE_CHECK);
	loop_fake_advance(scene->loop, 30);
	say_proven(METHOD_MANUAL);
	assert_int_equal(chain_attempt(scene->chain, 0).took_ms, 30);
}

static void chain_stop_when_called_then_every_method_ends(void **state)
{
	struct scene *scene = *state;

	chain_stop(scene->chain, on_stopped, scene);
	scene->chain = NULL;
	assert_int_equal(scene->stops, 1);
	for (int id = 0; id < METHOD_COUNT; id++)
		assert_null(runs[id]);
}

#define SCENARIO(function)                                                     \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    SCENARIO(chain_new_when_started_then_all_methods_run),
	    SCENARIO(chain_when_manual_proven_then_it_carries),
	    SCENARIO(chain_when_later_is_proven_first_then_it_carries_now),
	    SCENARIO(chain_when_partial_then_waits_for_the_earlier),
	    SCENARIO(chain_when_unproven_then_likely_after_the_earlier),
	    SCENARIO(chain_when_all_fail_then_unreachable),
	    SCENARIO(chain_when_carrier_lost_then_spare_at_once),
	    SCENARIO(chain_when_carrier_lost_then_failed_are_asked_again),
	    SCENARIO(chain_when_earlier_recovers_then_it_takes_back),
	    SCENARIO(chain_when_failed_then_retried_with_backoff),
	    SCENARIO(chain_when_it_keeps_itself_then_no_schedule),
	    SCENARIO(chain_again_when_network_changed_then_all_stale),
	    SCENARIO(chain_again_when_checked_then_state_stays),
	    SCENARIO(chain_when_order_begins_with_punching_then_limited),
	    SCENARIO(chain_is_earlier_running_when_first_answer_then_false),
	    SCENARIO(chain_is_port_leased_when_sibling_holds_then_true),
	    SCENARIO(chain_report_when_same_state_then_since_stays),
	    SCENARIO(chain_report_when_unasked_then_took_ms_stays),
	    SCENARIO(chain_stop_when_called_then_every_method_ends),
	};

	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
