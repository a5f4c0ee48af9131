#include "pmp_bench.h"
#include "pmp_engine.h"

static const enum map_via both[] = {MAP_VIA_PCP, MAP_VIA_NATPMP};

static void client_map_when_granted_then_endpoint(void **state)
{
	char text[ENDPOINT_TEXT_BYTES];
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		assert_int_equal(b.client->state, MAP_CLIENT_UNKNOWN);
		ask(&b, 51820);
		assert_int_equal(b.client->state, MAP_CLIENT_PROBING);
		run(&b);
		assert_int_equal(b.result.status, MAP_OK);
		assert_string_equal(
		    endpoint_format(&b.result.external, text, sizeof(text)),
		    "11.22.33.2:4000");
		assert_int_equal(b.result.lifetime_s, 600);
		assert_int_equal(b.client->state, MAP_CLIENT_READY);
		assert_true(
		    addr_equal(&b.client->external, &b.result.external.addr));
		close_bench(&b);
	}
}

static void client_unmap_when_granted_then_ok_and_no_done_needed(void **state)
{
	struct map_request request = request_for(4000);
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		b.client->ops->unmap(b.client, &request, NULL, NULL);
		ask_unmap(&b, 4000);
		run(&b);
		assert_int_equal(b.result.status, MAP_OK);
		assert_int_equal(b.heard_maps, 2);
		close_bench(&b);
	}
}

static void client_map_when_refused_then_absent_at_once(void **state)
{
	struct bench b;
	uint64_t began_ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], NULL);
		close_gateway(&b);
		began_ms = loop_now_ms(b.loop);
		ask(&b, 4000);
		ask(&b, 4001);
		run(&b);
		assert_int_equal(b.result.status, MAP_ABSENT);
		assert_int_equal(b.client->state, MAP_CLIENT_ABSENT);
		assert_true(loop_now_ms(b.loop) - began_ms < 500);
		close_bench(&b);
	}
}

static void client_map_when_silent_then_timeout_in_budget(void **state)
{
	struct bench b;
	uint64_t began_ms, took_ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], NULL);
		began_ms = loop_now_ms(b.loop);
		for (uint16_t port = 1; port <= 30; port++)
			ask(&b, port);
		run(&b);
		took_ms = loop_now_ms(b.loop) - began_ms;
		assert_int_equal(b.calls, 30);
		assert_int_equal(b.result.status, MAP_TIMEOUT);
		assert_int_equal(b.client->state, MAP_CLIENT_ABSENT);
		assert_in_range(took_ms, 745, 1500);
		close_bench(&b);
	}
}

static void on_later(void *arg)
{
	struct bench *b = arg;

	answer_grant(b, b->last, b->last_len);
}

static void client_probe_when_answered_late_then_ready_after_all(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], NULL);
		b.later = loop_timer_new(b.loop, on_later, &b);
		loop_timer_start(b.later, 900);
		probe_and_run(&b);
		assert_int_equal(b.client->state, MAP_CLIENT_ABSENT);
		b.changes_wanted = b.changes + 1;
		run(&b);
		assert_int_equal(b.client->state, MAP_CLIENT_READY);
		close_bench(&b);
	}
}

static void client_restarted_when_epoch_falls_then_once(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		ask(&b, 4000);
		run(&b);
		probe_and_run(&b);
		assert_int_equal(b.restarts, 0);
		b.epoch_s = 0;
		probe_and_run(&b);
		probe_and_run(&b);
		assert_int_equal(b.restarts, 1);
		close_bench(&b);
	}
}

static void client_cancel_when_in_flight_then_no_call(void **state)
{
	struct bench b;
	uint64_t id;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		id = ask(&b, 4000);
		b.client->ops->cancel(b.client, id);
		b.client->ops->cancel(b.client, id);
		b.client->ops->cancel(b.client, 999);
		run_for(&b, 60);
		assert_int_equal(b.calls, 0);
		ask(&b, 4001);
		run(&b);
		assert_int_equal(b.result.status, MAP_OK);
		close_bench(&b);
	}
}

static void client_free_when_called_from_done_then_safe(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		b.frees_client = true;
		ask(&b, 4000);
		ask(&b, 4001);
		b.calls_wanted = 1;
		run(&b);
		assert_null(b.client);
		close_bench(&b);
	}
}

static void client_map_when_many_then_in_order_and_once_each(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		for (uint16_t port = 1; port <= 200; port++)
			ask(&b, port);
		run(&b);
		assert_int_equal(b.calls, 200);
		assert_int_equal(b.heard_maps, 200);
		for (uint16_t port = 1; port <= 200; port++)
			assert_int_equal(b.order[port - 1], port);
		close_bench(&b);
	}
}

static void client_map_when_port_is_zero_then_broken_unsent(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		ask(&b, 0);
		ask_unmap(&b, 0);
		run(&b);
		assert_int_equal(b.result.status, MAP_BROKEN);
		assert_int_equal(b.heard_maps, 0);
		close_bench(&b);
	}
}

static void answer_natpmp_refusal(struct bench *b, const uint8_t *bytes,
				  size_t len)
{
	const uint8_t refusal[] = {0, (uint8_t)(bytes[1] | 0x80), 0, 1, 0, 0, 0,
				   9};

	(void)len;
	reply(b, refusal, sizeof(refusal));
}

static void client_map_when_version_refused_then_absent(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_natpmp_refusal);
		ask(&b, 4000);
		ask(&b, 4001);
		run(&b);
		assert_int_equal(b.result.status, MAP_ABSENT);
		assert_int_equal(b.client->state, MAP_CLIENT_ABSENT);
		close_bench(&b);
	}
}

static void client_new_when_local_is_not_ours_then_null(void **state)
{
	struct bench b = {.loop = loop_new(), .log = log_new(LEVEL_ERR, false)};

	(void)state;
	b.options.gateway = own_gateway();
	addr_parse("203.0.113.99", &b.options.local);
	assert_null(pcp_client_new(b.loop, b.log, &b.options));
	assert_null(natpmp_client_new(b.loop, b.log, &b.options));
	loop_free(b.loop);
	log_free(b.log);
}

static void client_map_when_known_server_is_silent_then_patient(void **state)
{
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(both); i++) {
		open_bench(&b, both[i], answer_grant);
		ask(&b, 4000);
		run(&b);
		b.answer = NULL;
		ask(&b, 4001);
		run_for(&b, PMP_BUDGET_UNKNOWN_MS + 250);
		assert_int_equal(b.calls, 1);
		assert_int_equal(b.client->state, MAP_CLIENT_READY);
		close_bench(&b);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(client_map_when_granted_then_endpoint),
	    cmocka_unit_test(
		client_unmap_when_granted_then_ok_and_no_done_needed),
	    cmocka_unit_test(client_map_when_refused_then_absent_at_once),
	    cmocka_unit_test(client_map_when_silent_then_timeout_in_budget),
	    cmocka_unit_test(
		client_probe_when_answered_late_then_ready_after_all),
	    cmocka_unit_test(client_restarted_when_epoch_falls_then_once),
	    cmocka_unit_test(client_cancel_when_in_flight_then_no_call),
	    cmocka_unit_test(client_free_when_called_from_done_then_safe),
	    cmocka_unit_test(client_map_when_many_then_in_order_and_once_each),
	    cmocka_unit_test(client_map_when_port_is_zero_then_broken_unsent),
	    cmocka_unit_test(client_map_when_version_refused_then_absent),
	    cmocka_unit_test(client_new_when_local_is_not_ours_then_null),
	    cmocka_unit_test(
		client_map_when_known_server_is_silent_then_patient),
	};

	return cmocka_run_group_tests_name("pmp_client", tests, NULL, NULL);
}
