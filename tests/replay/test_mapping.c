/*
 * Scenarios of mappings through one router and through two, in fake time. No
 * datagram finds the second router here: it is guessed.
 */
#include "../unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "fake_gateway.h"
#include "loop_fake.h"
#include "mapping.h"
#include "mem.h"

struct scene {
	struct loop *loop;
	struct log *log;
	struct fake_gateway *inner;
	struct fake_gateway *outer;
	struct portmap *portmap;
	struct nested_nat *nested;
	struct mapping *mapping;
	unsigned int changes;
	unsigned int releases;
	bool confirmed;
};

static void on_changed(void *arg, struct mapping *mapping)
{
	struct scene *scene = arg;

	(void)mapping;
	scene->changes++;
}

static void on_released(void *arg, bool confirmed)
{
	struct scene *scene = arg;

	scene->mapping = NULL;
	scene->releases++;
	scene->confirmed = confirmed;
}

static int setup(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));

	scene->loop = loop_new();
	scene->log = log_new(LEVEL_ERR, false);
	scene->inner = fake_gateway_new(scene->loop);
	scene->outer = fake_gateway_new(scene->loop);
	scene->nested = nested_nat_new(scene->loop, scene->log);
	*state = scene;
	return 0;
}

static void release(struct scene *scene)
{
	mapping_release(scene->mapping, on_released, scene);
	loop_fake_advance(scene->loop, 2 * LEASE_RELEASE_MS);
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	unsigned int timers;

	if (scene->mapping)
		release(scene);
	nested_nat_free(scene->nested);
	portmap_retire(scene->portmap);
	loop_fake_advance(scene->loop, 0);
	timers = loop_fake_timer_count(scene->loop);
	fake_gateway_free(scene->inner);
	fake_gateway_free(scene->outer);
	log_free(scene->log);
	loop_free(scene->loop);
	free(scene);
	return timers == 0 ? 0 : -1;
}

static void speak(struct fake_gateway *gateway, enum map_via via,
		  const char *external)
{
	gateway->via[via].is_there = true;
	addr_parse(external, &gateway->via[via].external);
}

static void start(struct scene *scene)
{
	struct portmap_options options =
	    fake_gateway_options(scene->inner, scene->log);
	struct lease_wish wish = {.name = "wg", .internal_port = 51820};

	scene->portmap = portmap_new(&options);
	options.factory_arg = scene->outer;
	/* Not ours: the probe gets no socket, so that no test sends one. */
	addr_parse("192.0.2.77", &options.link.local);
	nested_nat_reset(scene->nested, &options);
	scene->mapping = mapping_new(scene->portmap, scene->nested, &wish,
				     on_changed, scene);
	loop_fake_advance(scene->loop, 5);
}

static struct lease_view view_of(struct scene *scene)
{
	return mapping_view(scene->mapping);
}

static void assert_external(struct scene *scene, const char *address,
			    uint16_t port)
{
	struct lease_view view = view_of(scene);
	char text[ADDR_TEXT_BYTES];

	assert_int_equal(view.state, LEASE_HELD);
	addr_format(&view.external.addr, text, sizeof(text));
	assert_string_equal(text, address);
	assert_int_equal(view.external.port, port);
}

static void mapping_when_gateway_is_public_then_nobody_else_is_asked(
    void **state)
{
	struct scene *scene = *state;

	speak(scene->inner, MAP_VIA_PCP, "11.22.33.2");
	speak(scene->outer, MAP_VIA_PCP, "11.22.44.2");
	start(scene);
	assert_external(scene, "11.22.33.2", 51820);
	assert_int_equal(mapping_layers(scene->mapping), 1);
	assert_int_equal(nested_nat_state(scene->nested), NESTED_NAT_IDLE);
	assert_int_equal(fake_gateway_held(scene->outer), 0);
}

static void mapping_when_gateway_is_private_then_both_are_held(void **state)
{
	struct scene *scene = *state;
	struct addr router;
	char text[ADDR_TEXT_BYTES];

	speak(scene->inner, MAP_VIA_PCP, "192.168.178.2");
	speak(scene->outer, MAP_VIA_NATPMP, "11.22.33.2");
	scene->inner->via[MAP_VIA_PCP].other_port = 40001;
	start(scene);
	assert_external(scene, "11.22.33.2", 51820);
	assert_int_equal(view_of(scene).via, MAP_VIA_NATPMP);
	assert_int_equal(mapping_layers(scene->mapping), 2);
	assert_int_equal(fake_gateway_held(scene->inner), 1);
	assert_int_equal(fake_gateway_held(scene->outer), 1);
	router = nested_nat_router(scene->nested);
	assert_string_equal(addr_format(&router, text, sizeof(text)),
			    "192.168.178.1");
	assert_int_equal(scene->changes, 1);
}

static void mapping_when_both_are_held_then_the_shorter_date_counts(
    void **state)
{
	struct scene *scene = *state;

	speak(scene->inner, MAP_VIA_PCP, "192.168.178.2");
	speak(scene->outer, MAP_VIA_NATPMP, "11.22.33.2");
	scene->inner->via[MAP_VIA_PCP].lifetime_s = 600;
	start(scene);
	assert_int_equal(view_of(scene).lifetime_s, 600);
	assert_true(view_of(scene).expires_in_ms <= 600000);
	assert_true(view_of(scene).renew_in_ms < 600000);
}

static void mapping_when_a_day_passes_then_neither_is_lost(void **state)
{
	struct scene *scene = *state;

	speak(scene->inner, MAP_VIA_PCP, "192.168.178.2");
	speak(scene->outer, MAP_VIA_NATPMP, "11.22.33.2");
	start(scene);
	loop_fake_advance(scene->loop, 24 * 3600000u);
	assert_external(scene, "11.22.33.2", 51820);
	assert_int_equal(scene->changes, 1);
}

static void mapping_release_when_both_are_held_then_both_are_deleted(
    void **state)
{
	struct scene *scene = *state;

	speak(scene->inner, MAP_VIA_PCP, "192.168.178.2");
	speak(scene->outer, MAP_VIA_NATPMP, "11.22.33.2");
	start(scene);
	release(scene);
	assert_int_equal(scene->releases, 1);
	assert_true(scene->confirmed);
	assert_int_equal(fake_gateway_held(scene->inner), 0);
	assert_int_equal(fake_gateway_held(scene->outer), 0);
}

static void mapping_when_outer_maps_nothing_then_private_and_in_words(
    void **state)
{
	struct scene *scene = *state;
	char words[96];

	speak(scene->inner, MAP_VIA_PCP, "192.168.178.2");
	start(scene);
	assert_int_equal(view_of(scene).state, LEASE_SEARCHING);
	assert_int_equal(scene->changes, 0);
	loop_fake_advance(scene->loop, 1000);
	assert_external(scene, "192.168.178.2", 51820);
	assert_true(scene->changes > 0);
	mapping_describe_outer(scene->mapping, words, sizeof(words));
	assert_non_null(strstr(words, "192.168.178.1"));
	assert_non_null(strstr(words, "neither"));
}

static void mapping_when_outer_is_public_then_it_is_never_asked(void **state)
{
	struct scene *scene = *state;
	struct addr outer;

	speak(scene->inner, MAP_VIA_PCP, "100.64.3.2");
	speak(scene->outer, MAP_VIA_NATPMP, "11.22.33.2");
	start(scene);
	/* No guess in a provider's network. */
	assert_int_equal(nested_nat_state(scene->nested), NESTED_NAT_NONE);
	assert_external(scene, "100.64.3.2", 51820);
	assert_int_equal(scene->outer->via[MAP_VIA_NATPMP].probes, 0);
	addr_parse("8.8.8.8", &outer);
	outer = nested_nat_guess(&outer);
	assert_false(addr_is_set(&outer));
}

static void mapping_when_gateway_moves_then_outer_leads_to_the_new(void **state)
{
	struct scene *scene = *state;

	speak(scene->inner, MAP_VIA_PCP, "192.168.178.2");
	speak(scene->outer, MAP_VIA_NATPMP, "11.22.33.2");
	start(scene);
	fake_gateway_readdress(scene->inner, MAP_VIA_PCP, "192.168.99.7");
	loop_fake_advance(scene->loop, 50);
	assert_external(scene, "11.22.33.2", 51820);
	assert_int_equal(nested_nat_router(scene->nested).bytes[2], 99);
	assert_int_equal(mapping_layers(scene->mapping), 2);
}

static void mapping_when_inner_is_lost_then_outer_is_given_back(void **state)
{
	struct scene *scene = *state;

	speak(scene->inner, MAP_VIA_PCP, "192.168.178.2");
	speak(scene->outer, MAP_VIA_NATPMP, "11.22.33.2");
	start(scene);
	fake_gateway_vanish(scene->inner, MAP_VIA_PCP);
	loop_fake_advance(scene->loop, 3 * 3600000u);
	assert_int_not_equal(view_of(scene).state, LEASE_HELD);
	assert_int_equal(fake_gateway_held(scene->outer), 0);
}

static void mapping_deepen_when_nobody_is_beyond_then_nothing_changes(
    void **state)
{
	struct scene *scene = *state;

	speak(scene->inner, MAP_VIA_PCP, "11.22.99.9");
	start(scene);
	mapping_deepen(scene->mapping);
	loop_fake_advance(scene->loop, 2000);
	assert_external(scene, "11.22.99.9", 51820);
	assert_int_equal(scene->changes, 1);
}

static void nested_nat_may_ask_when_not_a_second_router_then_false(void **state)
{
	static const struct {
		const char *hop;
		bool may;
	} cases[] = {
	    {"192.168.178.1", true},  {"10.0.0.138", true},
	    {"100.64.0.1", true},     {"11.22.33.1", false},
	    {"192.168.1.1", false},   {"192.168.1.20", false},
	    {"192.168.178.2", false}, {"127.0.0.1", false},
	    {"169.254.1.1", false},   {"224.0.0.1", false},
	    {"0.0.0.0", false},       {"fe80::1", false},
	};
	struct portmap_link link = {.ifindex = 2};
	struct addr hop, outer;

	(void)state;
	addr_parse("192.168.1.1", &link.gateway);
	addr_parse("192.168.1.20", &link.local);
	addr_parse("192.168.178.2", &outer);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		addr_parse(cases[i].hop, &hop);
		assert_int_equal(nested_nat_may_ask(&hop, &outer, &link),
				 cases[i].may);
	}
	hop = (struct addr){0};
	assert_false(nested_nat_may_ask(&hop, &outer, &link));
}

#define SCENARIO(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENARIO(mapping_when_gateway_is_public_then_nobody_else_is_asked),
	    SCENARIO(mapping_when_gateway_is_private_then_both_are_held),
	    SCENARIO(mapping_when_both_are_held_then_the_shorter_date_counts),
	    SCENARIO(mapping_when_a_day_passes_then_neither_is_lost),
	    SCENARIO(mapping_release_when_both_are_held_then_both_are_deleted),
	    SCENARIO(mapping_when_outer_maps_nothing_then_private_and_in_words),
	    SCENARIO(mapping_when_outer_is_public_then_it_is_never_asked),
	    SCENARIO(mapping_when_gateway_moves_then_outer_leads_to_the_new),
	    SCENARIO(mapping_when_inner_is_lost_then_outer_is_given_back),
	    SCENARIO(mapping_deepen_when_nobody_is_beyond_then_nothing_changes),
	    cmocka_unit_test(
		nested_nat_may_ask_when_not_a_second_router_then_false),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
