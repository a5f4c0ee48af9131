/*
 * Scenarios of leases in fake time: which protocol wins, when it is renewed,
 * and what becomes of it when the router misbehaves.
 */
#include "../unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "fake_gateway.h"
#include "lease.h"
#include "loop_fake.h"
#include "mem.h"

#define HOUR_MS 3600000u

struct scene {
	struct loop *loop;
	struct log *log;
	struct fake_gateway *gateway;
	struct portmap *portmap;
	struct lease *lease;
	unsigned int changes;
	unsigned int renewals;
	unsigned int releases;
	bool confirmed;
};

static void on_changed(void *arg, struct lease *lease)
{
	struct scene *scene = arg;

	(void)lease;
	scene->changes++;
}

static void on_news(void *arg, const char *event, const struct lease *lease)
{
	struct scene *scene = arg;

	(void)lease;
	scene->renewals += strcmp(event, "mapping-renewed") == 0;
}

static void on_released(void *arg, bool confirmed)
{
	struct scene *scene = arg;

	scene->releases++;
	scene->confirmed = confirmed;
}

static int setup(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));

	scene->loop = loop_new();
	scene->log = log_new(LEVEL_ERR, false);
	scene->gateway = fake_gateway_new(scene->loop);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	unsigned int timers;

	lease_free(scene->lease);
	portmap_retire(scene->portmap);
	loop_fake_advance(scene->loop, 0);
	timers = loop_fake_timer_count(scene->loop);
	fake_gateway_free(scene->gateway);
	log_free(scene->log);
	loop_free(scene->loop);
	free(scene);
	return timers == 0 ? 0 : -1;
}

static void start_with(struct scene *scene, struct lease_wish wish)
{
	struct portmap_options options =
	    fake_gateway_options(scene->gateway, scene->log);

	options.news = on_news;
	options.news_arg = scene;
	scene->portmap = portmap_new(&options);
	scene->lease = lease_new(scene->portmap, &wish, on_changed, scene);
}

static void start(struct scene *scene)
{
	start_with(scene,
		   (struct lease_wish){.name = "wg", .internal_port = 51820});
}

static void has_all(struct scene *scene)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		scene->gateway->via[via].is_there = true;
}

static struct lease_view view_of(struct scene *scene)
{
	return lease_view(scene->lease);
}

static void lease_when_all_answer_then_pcp_alone(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 5);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	assert_int_equal(view_of(scene).via, MAP_VIA_PCP);
	assert_int_equal(view_of(scene).external.port, 51820);
	assert_int_equal(scene->gateway->via[MAP_VIA_NATPMP].maps, 0);
	assert_int_equal(scene->gateway->via[MAP_VIA_UPNP].maps, 0);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
}

static void lease_when_pcp_is_dropped_then_natpmp_without_wait(void **state)
{
	struct scene *scene = *state;

	scene->gateway->via[MAP_VIA_NATPMP].is_there = true;
	start(scene);
	loop_fake_advance(scene->loop, 5);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	assert_int_equal(view_of(scene).via, MAP_VIA_NATPMP);
}

static void lease_when_only_upnp_then_as_soon_as_it_answers(void **state)
{
	struct scene *scene = *state;

	scene->gateway->via[MAP_VIA_UPNP].is_there = true;
	scene->gateway->via[MAP_VIA_UPNP].delay_ms = 50;
	start(scene);
	loop_fake_advance(scene->loop, 99);
	assert_int_equal(view_of(scene).state, LEASE_SEARCHING);
	loop_fake_advance(scene->loop, 2);
	assert_int_equal(view_of(scene).via, MAP_VIA_UPNP);
}

static void lease_when_pcp_refuses_then_next_protocol(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	scene->gateway->via[MAP_VIA_PCP].status = MAP_NO_RESOURCES;
	start(scene);
	loop_fake_advance(scene->loop, 20);
	assert_int_equal(view_of(scene).via, MAP_VIA_NATPMP);
}

static void lease_when_all_refuse_then_refused_and_patient(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	has_all(scene);
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		scene->gateway->via[via].status = MAP_REFUSED;
	pcp->retry_after_s = 1800;
	scene->gateway->via[MAP_VIA_NATPMP].retry_after_s = 1800;
	scene->gateway->via[MAP_VIA_UPNP].retry_after_s = 1800;
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	assert_int_equal(view_of(scene).state, LEASE_FAILED);
	assert_int_equal(view_of(scene).failure.status, MAP_REFUSED);
	assert_int_equal(pcp->maps, 1);
	loop_fake_advance(scene->loop, 1700 * 1000);
	assert_int_equal(pcp->maps, 1);
	loop_fake_advance(scene->loop, 200 * 1000);
	assert_int_equal(pcp->maps, 2);
}

static void lease_when_silence_then_absent_within_a_second(void **state)
{
	struct scene *scene = *state;

	start(scene);
	loop_fake_advance(scene->loop, 999);
	assert_int_equal(view_of(scene).state, LEASE_FAILED);
	assert_int_equal(view_of(scene).failure.status, MAP_ABSENT);
}

static void lease_when_router_appears_later_then_held(void **state)
{
	struct scene *scene = *state;

	start(scene);
	loop_fake_advance(scene->loop, 60000);
	assert_int_equal(view_of(scene).state, LEASE_FAILED);
	fake_gateway_appear(scene->gateway, MAP_VIA_NATPMP);
	loop_fake_advance(scene->loop, 10);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
}

static void lease_when_router_boots_unheard_then_held_in_a_minute(void **state)
{
	struct scene *scene = *state;

	start(scene);
	loop_fake_advance(scene->loop, 600000);
	scene->gateway->via[MAP_VIA_PCP].is_there = true;
	loop_fake_advance(scene->loop, 70000);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
}

static void lease_when_half_life_then_renewed_once(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, HOUR_MS - 1000);
	assert_int_equal(scene->renewals, 0);
	loop_fake_advance(scene->loop, 1000 + 900 * 1000 + 100);
	assert_int_equal(scene->renewals, 1);
	assert_int_equal(scene->changes, 1);
	assert_true(view_of(scene).expires_in_ms > HOUR_MS);
}

static void lease_when_a_day_passes_then_never_lost(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	scene->gateway->via[MAP_VIA_PCP].lifetime_s = 60;
	start(scene);
	for (int minute = 0; minute < 24 * 60; minute++) {
		loop_fake_advance(scene->loop, 60000);
		assert_int_equal(view_of(scene).state, LEASE_HELD);
	}
	assert_int_equal(scene->changes, 1);
	assert_in_range(scene->renewals, 24 * 60, 24 * 60 * 2);
}

static void lease_when_renewal_is_unanswered_then_tried_thrice(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	pcp->is_there = true;
	pcp->lifetime_s = 1000;
	start(scene);
	loop_fake_advance(scene->loop, 10);
	pcp->is_there = false;
	loop_fake_advance(scene->loop, 640 * 1000);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	assert_in_range(pcp->maps, 2, 3);
	loop_fake_advance(scene->loop, 350 * 1000);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	assert_true(pcp->maps >= 4);
	pcp->is_there = true;
	loop_fake_advance(scene->loop, 9 * 1000);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	assert_int_equal(scene->changes, 1);
}

static void lease_when_never_renewed_then_lost_at_expiry(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	pcp->is_there = true;
	pcp->lifetime_s = 600;
	start(scene);
	loop_fake_advance(scene->loop, 10);
	pcp->is_there = false;
	loop_fake_advance(scene->loop, 599 * 1000);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	loop_fake_advance(scene->loop, 3000);
	assert_int_not_equal(view_of(scene).state, LEASE_HELD);
	assert_true(scene->changes >= 2);
}

static void lease_when_protocol_dies_then_another_renews_it(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 10);
	assert_int_equal(view_of(scene).via, MAP_VIA_PCP);
	scene->gateway->via[MAP_VIA_PCP].is_there = false;
	loop_fake_advance(scene->loop, HOUR_MS + 1000 * 1000);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	assert_int_equal(view_of(scene).via, MAP_VIA_NATPMP);
	assert_int_equal(view_of(scene).external.port, 51820);
}

static void lease_when_another_port_replaces_it_then_old_is_deleted(
    void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 10);
	scene->gateway->via[MAP_VIA_PCP].status = MAP_NO_RESOURCES;
	scene->gateway->via[MAP_VIA_NATPMP].other_port = 40002;
	loop_fake_advance(scene->loop, HOUR_MS + 1000 * 1000);
	assert_int_equal(view_of(scene).external.port, 40002);
	assert_int_equal(scene->gateway->via[MAP_VIA_PCP].unmaps, 1);
	assert_int_equal(scene->gateway->via[MAP_VIA_PCP].last_unmapped, 51820);
}

static void lease_when_short_and_unanswered_then_4_s_between(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	pcp->is_there = true;
	pcp->lifetime_s = 20;
	start(scene);
	loop_fake_advance(scene->loop, 10);
	pcp->status = MAP_NO_RESOURCES;
	/* First at 10 to 12.5 s, then at the least 4 s apart: twice at most,
	 * and each time the other protocols are asked too. */
	loop_fake_advance(scene->loop, 19 * 1000);
	assert_in_range(pcp->maps, 2, 5);
}

static void lease_when_refused_for_a_day_then_asked_in_an_hour(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	pcp->is_there = true;
	pcp->status = MAP_REFUSED;
	pcp->retry_after_s = 86400;
	start(scene);
	loop_fake_advance(scene->loop, 3500 * 1000);
	assert_int_equal(pcp->maps, 1);
	loop_fake_advance(scene->loop, 200 * 1000);
	assert_int_equal(pcp->maps, 2);
}

static void lease_when_router_restarts_then_mapped_at_once(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 10);
	fake_gateway_restart(scene->gateway, MAP_VIA_PCP);
	assert_int_equal(fake_gateway_held(scene->gateway), 0);
	loop_fake_advance(scene->loop, 500);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
	assert_int_equal(view_of(scene).external.port, 51820);
}

static void lease_when_address_changes_then_told_with_same_port(void **state)
{
	struct scene *scene = *state;
	struct lease_view view;
	struct addr want;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 10);
	fake_gateway_readdress(scene->gateway, MAP_VIA_PCP, "11.22.44.9");
	addr_parse("11.22.44.9", &want);
	view = view_of(scene);
	assert_true(addr_equal(&view.external.addr, &want));
	assert_int_equal(scene->changes, 2);
}

static void lease_when_port_is_taken_then_another_and_stable(void **state)
{
	struct scene *scene = *state;
	uint16_t first;

	scene->gateway->via[MAP_VIA_UPNP].is_there = true;
	scene->gateway->via[MAP_VIA_UPNP].taken_port = 51820;
	start(scene);
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	first = view_of(scene).external.port;
	assert_int_not_equal(first, 51820);
	lease_free(scene->lease);
	scene->lease = lease_new(
	    scene->portmap,
	    &(struct lease_wish){.name = "wg", .internal_port = 51820},
	    on_changed, scene);
	loop_fake_advance(scene->loop, 100);
	assert_int_equal(view_of(scene).external.port, first);
}

static void lease_when_another_port_is_granted_then_it_is_kept(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	pcp->is_there = true;
	pcp->other_port = 40001;
	start(scene);
	loop_fake_advance(scene->loop, 10);
	assert_int_equal(view_of(scene).external.port, 40001);
	loop_fake_advance(scene->loop, HOUR_MS + 950 * 1000);
	assert_int_equal(pcp->last_external, 40001);
}

static void lease_when_port_is_avoided_then_never_asked_for(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	start_with(scene, (struct lease_wish){.name = "wg",
					      .internal_port = 51820,
					      .avoid_port = 51820});
	loop_fake_advance(scene->loop, 10);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	assert_int_not_equal(view_of(scene).external.port, 51820);
}

static void lease_when_permanent_then_refreshed_and_never_lost(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *upnp = &scene->gateway->via[MAP_VIA_UPNP];

	upnp->is_there = true;
	upnp->is_permanent = true;
	start(scene);
	loop_fake_advance(scene->loop, 10);
	assert_true(view_of(scene).is_permanent);
	upnp->is_there = false;
	loop_fake_advance(scene->loop, 48 * HOUR_MS);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
	assert_true(upnp->maps > 4);
}

static void lease_release_when_held_then_deleted_and_confirmed(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 10);
	lease_release(scene->lease, on_released, scene);
	scene->lease = NULL;
	loop_fake_advance(scene->loop, 10);
	assert_int_equal(scene->releases, 1);
	assert_true(scene->confirmed);
	assert_int_equal(fake_gateway_held(scene->gateway), 0);
}

static void lease_release_when_router_is_gone_then_ends_unconfirmed(
    void **state)
{
	struct scene *scene = *state;

	scene->gateway->via[MAP_VIA_PCP].is_there = true;
	start(scene);
	loop_fake_advance(scene->loop, 10);
	scene->gateway->via[MAP_VIA_PCP].is_there = false;
	lease_release(scene->lease, on_released, scene);
	scene->lease = NULL;
	loop_fake_advance(scene->loop, LEASE_RELEASE_MS + 1);
	assert_int_equal(scene->releases, 1);
	assert_false(scene->confirmed);
}

static void lease_when_same_port_then_same_nonce_after_restart(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];
	uint8_t before[MAP_NONCE_BYTES];

	pcp->is_there = true;
	start(scene);
	loop_fake_advance(scene->loop, 10);
	memcpy(before, pcp->last_nonce, sizeof(before));
	lease_free(scene->lease);
	scene->lease = lease_new(
	    scene->portmap,
	    &(struct lease_wish){.name = "renamed", .internal_port = 51820},
	    on_changed, scene);
	loop_fake_advance(scene->loop, 10);
	assert_memory_equal(before, pcp->last_nonce, sizeof(before));
}

#define SCENARIO(function)                                                     \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

static void lease_when_held_then_its_protocol_is_polled(void **state)
{
	struct scene *scene = *state;
	unsigned int pcp, natpmp;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	pcp = scene->gateway->via[MAP_VIA_PCP].probes;
	natpmp = scene->gateway->via[MAP_VIA_NATPMP].probes;
	loop_fake_advance(scene->loop, 27 * 100 * 1000);
	assert_in_range(scene->gateway->via[MAP_VIA_PCP].probes - pcp, 100,
			180);
	assert_int_equal(scene->gateway->via[MAP_VIA_NATPMP].probes, natpmp);
}

static void lease_when_router_was_away_unheard_then_renewed(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	pcp->is_there = true;
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	fake_gateway_vanish(scene->gateway, MAP_VIA_PCP);
	loop_fake_advance(scene->loop, 60000);
	assert_int_equal(fake_gateway_held(scene->gateway), 0);
	pcp->is_there = true;
	loop_fake_advance(scene->loop, 13000);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
	assert_int_equal(view_of(scene).state, LEASE_HELD);
}

static void lease_when_restarts_are_a_storm_then_twice_a_minute(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];
	unsigned int maps;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	maps = pcp->maps;
	for (int i = 0; i < 6000; i++) {
		fake_gateway_restart(scene->gateway,
				     (enum map_via)(i % MAP_VIA_COUNT));
		loop_fake_advance(scene->loop, 10);
	}
	assert_in_range(pcp->maps - maps, 2, 3);
}

static void lease_when_another_protocol_sees_it_then_renewed_too(void **state)
{
	struct scene *scene = *state;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	fake_gateway_restart(scene->gateway, MAP_VIA_UPNP);
	assert_int_equal(fake_gateway_held(scene->gateway), 0);
	loop_fake_advance(scene->loop, 10);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
}

static void lease_when_readdressed_then_old_and_new_known(void **state)
{
	struct scene *scene = *state;
	struct lease_view view;
	char text[ADDR_TEXT_BYTES];

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	addr_parse("11.22.44.2", &scene->gateway->via[MAP_VIA_PCP].external);
	fake_gateway_readdress(scene->gateway, MAP_VIA_NATPMP, "11.22.44.2");
	loop_fake_advance(scene->loop, 10);
	view = view_of(scene);
	addr_format(&view.external.addr, text, sizeof(text));
	assert_string_equal(text, "11.22.44.2");
	addr_format(&view.previous.addr, text, sizeof(text));
	assert_string_equal(text, "11.22.33.2");
}

static void lease_when_pcp_moves_the_port_then_not_deleted(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	pcp->is_there = true;
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	pcp->other_port = 4444;
	fake_gateway_restart(scene->gateway, MAP_VIA_PCP);
	loop_fake_advance(scene->loop, 1000);
	assert_int_equal(view_of(scene).external.port, 4444);
	assert_int_equal(pcp->unmaps, 0);
}

static void lease_when_port_is_stolen_then_another_in_a_minute(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	pcp->is_there = true;
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	pcp->other_port = 4444;
	loop_fake_advance(scene->loop, 60000);
	assert_int_equal(view_of(scene).external.port, 4444);
	assert_int_equal(scene->changes, 2);
}

static void lease_when_looked_after_then_neither_news_nor_delay(void **state)
{
	struct scene *scene = *state;
	uint64_t renew_in_ms;

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	renew_in_ms = view_of(scene).renew_in_ms;
	loop_fake_advance(scene->loop, 600000);
	assert_int_equal(scene->renewals, 0);
	assert_int_equal(scene->changes, 1);
	assert_int_equal(view_of(scene).renew_in_ms, renew_in_ms - 600000);
	assert_in_range(scene->gateway->via[MAP_VIA_PCP].maps, 10, 16);
}

static void lease_when_remade_then_deleted_granted_and_told(void **state)
{
	struct scene *scene = *state;
	struct fake_protocol *pcp = &scene->gateway->via[MAP_VIA_PCP];

	has_all(scene);
	start(scene);
	loop_fake_advance(scene->loop, 1000);
	lease_remake(scene->lease);
	loop_fake_advance(scene->loop, 10);
	assert_int_equal(pcp->unmaps, 1);
	assert_int_equal(fake_gateway_held(scene->gateway), 1);
	assert_int_equal(scene->changes, 2);
	assert_int_equal(view_of(scene).external.port, 51820);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    SCENARIO(lease_when_all_answer_then_pcp_alone),
	    SCENARIO(lease_when_pcp_is_dropped_then_natpmp_without_wait),
	    SCENARIO(lease_when_only_upnp_then_as_soon_as_it_answers),
	    SCENARIO(lease_when_pcp_refuses_then_next_protocol),
	    SCENARIO(lease_when_all_refuse_then_refused_and_patient),
	    SCENARIO(lease_when_silence_then_absent_within_a_second),
	    SCENARIO(lease_when_router_appears_later_then_held),
	    SCENARIO(lease_when_router_boots_unheard_then_held_in_a_minute),
	    SCENARIO(lease_when_half_life_then_renewed_once),
	    SCENARIO(lease_when_a_day_passes_then_never_lost),
	    SCENARIO(lease_when_renewal_is_unanswered_then_tried_thrice),
	    SCENARIO(lease_when_never_renewed_then_lost_at_expiry),
	    SCENARIO(lease_when_protocol_dies_then_another_renews_it),
	    SCENARIO(lease_when_another_port_replaces_it_then_old_is_deleted),
	    SCENARIO(lease_when_short_and_unanswered_then_4_s_between),
	    SCENARIO(lease_when_refused_for_a_day_then_asked_in_an_hour),
	    SCENARIO(lease_when_router_restarts_then_mapped_at_once),
	    SCENARIO(lease_when_address_changes_then_told_with_same_port),
	    SCENARIO(lease_when_port_is_taken_then_another_and_stable),
	    SCENARIO(lease_when_another_port_is_granted_then_it_is_kept),
	    SCENARIO(lease_when_port_is_avoided_then_never_asked_for),
	    SCENARIO(lease_when_permanent_then_refreshed_and_never_lost),
	    SCENARIO(lease_release_when_held_then_deleted_and_confirmed),
	    SCENARIO(lease_release_when_router_is_gone_then_ends_unconfirmed),
	    SCENARIO(lease_when_same_port_then_same_nonce_after_restart),
	    SCENARIO(lease_when_held_then_its_protocol_is_polled),
	    SCENARIO(lease_when_router_was_away_unheard_then_renewed),
	    SCENARIO(lease_when_restarts_are_a_storm_then_twice_a_minute),
	    SCENARIO(lease_when_another_protocol_sees_it_then_renewed_too),
	    SCENARIO(lease_when_readdressed_then_old_and_new_known),
	    SCENARIO(lease_when_pcp_moves_the_port_then_not_deleted),
	    SCENARIO(lease_when_port_is_stolen_then_another_in_a_minute),
	    SCENARIO(lease_when_looked_after_then_neither_news_nor_delay),
	    SCENARIO(lease_when_remade_then_deleted_granted_and_told),
	};

	return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
