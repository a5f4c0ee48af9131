/*
 * Events without sockets: the control plane is played by the functions below,
 * which note what a subscriber would get.
 */
#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "rfc3339.h"

#define GOT_MOST 4096

struct control_call {
	bool more;
	bool slow; /* drops what it is sent */
	json_t *got[GOT_MOST];
	size_t count;
	char ended[64]; /* "reply", or the error */
	control_gone_fn gone;
	void *gone_arg;
	struct loop *stop_on_next;
};

static void note(struct control_call *call, json_t *parameters)
{
	assert_true(call->count < GOT_MOST);
	call->got[call->count++] = parameters;
	if (call->stop_on_next)
		loop_stop(call->stop_on_next);
}

bool control_continue(struct control_call *call, json_t *parameters)
{
	if (call->slow)
		json_decref(parameters);
	else
		note(call, parameters);
	return !call->slow;
}

void control_reply(struct control_call *call, json_t *parameters)
{
	note(call, parameters);
	strcpy(call->ended, "reply");
}

void control_error(struct control_call *call, const char *error,
		   json_t *parameters)
{
	json_decref(parameters);
	strcpy(call->ended, error);
}

void control_invalid(struct control_call *call, const char *field)
{
	strcpy(call->ended, field);
}

bool control_wants_more(const struct control_call *call)
{
	return call->more;
}

void control_on_gone(struct control_call *call, control_gone_fn fn, void *arg)
{
	call->gone = fn;
	call->gone_arg = arg;
}

/* --- fixture ----------------------------------------------------------------
 */

struct bench {
	struct loop *loop;
	struct events *events;
	struct control_call call;
};

static json_t *snapshot(void *arg)
{
	(void)arg;
	return json_pack("{s:i}", "schema", 1);
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->loop = loop_new();
	bench->events = events_new(bench->loop, snapshot, NULL);
	bench->call.more = true;
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	events_free(bench->events);
	for (size_t i = 0; i < bench->call.count; i++)
		json_decref(bench->call.got[i]);
	loop_free(bench->loop);
	free(bench);
	return 0;
}

static void subscribe(struct bench *bench, json_t *parameters)
{
	events_subscribe(bench->events, &bench->call, parameters);
	json_decref(parameters);
}

/* What the Nth reply is: the name of its event, or "status". */
static const char *got(const struct bench *bench, size_t n)
{
	const json_t *event = json_object_get(bench->call.got[n], "event");

	assert_true(n < bench->call.count);
	if (json_is_null(event)) {
		assert_true(json_is_object(
		    json_object_get(bench->call.got[n], "status")));
		return "status";
	}
	assert_true(
	    json_is_null(json_object_get(bench->call.got[n], "status")));
	return json_string_value(json_object_get(event, "event"));
}

static json_int_t seq_of(const struct bench *bench, size_t n)
{
	return json_integer_value(json_object_get(bench->call.got[n], "seq"));
}

static void emit_many(struct bench *bench, size_t count)
{
	for (size_t i = 0; i < count; i++)
		events_emit(bench->events, EVENT_MAPPING_RENEWED, "wg", NULL);
}

/* --- tests ------------------------------------------------------------------
 */

static void events_emit_when_subscribed_then_snapshot_and_event(void **state)
{
	struct bench *bench = *state;
	const json_t *event;
	int64_t unix_s;

	emit_many(bench, 1);
	subscribe(bench, json_object());
	events_emit(bench->events, EVENT_MAPPING_LOST, "wg",
		    json_pack("{s:i}", "port", 7));
	assert_int_equal(bench->call.count, 2);
	assert_string_equal(got(bench, 0), "status");
	assert_int_equal(seq_of(bench, 0), 1);
	assert_string_equal(got(bench, 1), "mapping-lost");
	event = json_object_get(bench->call.got[1], "event");
	assert_int_equal(json_integer_value(json_object_get(event, "seq")), 2);
	assert_int_equal(json_integer_value(json_object_get(event, "port")), 7);
	assert_string_equal(
	    json_string_value(json_object_get(event, "service")), "wg");
	assert_int_equal(
	    rfc3339_parse(json_string_value(json_object_get(event, "time")),
			  &unix_s),
	    0);
}

static void events_emit_when_no_service_then_null_not_missing(void **state)
{
	struct bench *bench = *state;

	subscribe(bench, json_object());
	events_emit(bench->events, EVENT_STARTED, NULL,
		    json_pack("{s:s}", "event", "forged"));
	assert_string_equal(got(bench, 1), "started");
	assert_true(json_is_null(json_object_get(
	    json_object_get(bench->call.got[1], "event"), "service")));
}

static void events_subscribe_when_since_then_only_later_ones(void **state)
{
	struct bench *bench = *state;

	emit_many(bench, 5);
	subscribe(bench, json_pack("{s:i}", "since", 3));
	assert_int_equal(bench->call.count, 3);
	assert_string_equal(got(bench, 0), "status");
	assert_int_equal(seq_of(bench, 1), 4);
	assert_int_equal(seq_of(bench, 2), 5);
}

static void events_subscribe_when_since_is_gone_then_overflow(void **state)
{
	struct bench *bench = *state;

	emit_many(bench, EVENTS_KEPT + 2);
	subscribe(bench, json_pack("{s:i}", "since", 1));
	assert_int_equal(bench->call.count, 2);
	assert_string_equal(got(bench, 0), "overflow");
	assert_string_equal(got(bench, 1), "status");
	assert_int_equal(seq_of(bench, 1), EVENTS_KEPT + 2);
}

static void events_subscribe_when_oldest_kept_then_no_overflow(void **state)
{
	struct bench *bench = *state;

	emit_many(bench, EVENTS_KEPT + 2);
	subscribe(bench, json_pack("{s:i}", "since", 2));
	assert_int_equal(bench->call.count, EVENTS_KEPT + 1);
	assert_string_equal(got(bench, 0), "status");
	assert_int_equal(seq_of(bench, 1), 3);
}

static void events_subscribe_when_since_of_another_life_then_overflow(
    void **state)
{
	struct bench *bench = *state;

	emit_many(bench, 2);
	subscribe(bench, json_pack("{s:i}", "since", 900));
	emit_many(bench, 1);
	assert_int_equal(bench->call.count, 3);
	assert_string_equal(got(bench, 0), "overflow");
	assert_string_equal(got(bench, 1), "status");
	assert_int_equal(seq_of(bench, 2), 3);
}

static void events_subscribe_when_since_is_wrong_then_invalid(void **state)
{
	static const char *const texts[] = {
	    "{\"since\":-1}", "{\"since\":\"1\"}", "{\"since\":1.0}"};
	struct bench *bench = *state;

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		bench->call.ended[0] = '\0';
		subscribe(bench, json_loads(texts[i], 0, NULL));
		assert_string_equal(bench->call.ended, "since");
	}
	subscribe(bench, json_pack("{s:n}", "since"));
	assert_int_equal(bench->call.count, 1);
}

static void events_subscribe_when_not_more_then_one_reply(void **state)
{
	struct bench *bench = *state;

	bench->call.more = false;
	subscribe(bench, json_object());
	emit_many(bench, 1);
	assert_string_equal(bench->call.ended, "reply");
	assert_int_equal(bench->call.count, 1);
	assert_string_equal(got(bench, 0), "status");
}

static void events_emit_when_slow_for_a_while_then_nothing_lost(void **state)
{
	struct bench *bench = *state;

	subscribe(bench, json_object());
	bench->call.slow = true;
	emit_many(bench, EVENTS_KEPT);
	assert_int_equal(bench->call.count, 1);
	bench->call.slow = false;
	bench->call.stop_on_next = bench->loop;
	loop_run(bench->loop);
	assert_int_equal(bench->call.count, 1 + EVENTS_KEPT);
	assert_int_equal(seq_of(bench, 1), 1);
}

static void events_emit_when_too_slow_then_overflow_and_snapshot(void **state)
{
	struct bench *bench = *state;

	subscribe(bench, json_object());
	bench->call.slow = true;
	emit_many(bench, EVENTS_KEPT + 1);
	bench->call.slow = false;
	emit_many(bench, 1);
	assert_int_equal(bench->call.count, 3);
	assert_string_equal(got(bench, 1), "overflow");
	assert_string_equal(got(bench, 2), "status");
	assert_int_equal(seq_of(bench, 2), EVENTS_KEPT + 2);
}

static void events_emit_when_subscriber_gone_then_not_sent(void **state)
{
	struct bench *bench = *state;

	subscribe(bench, json_object());
	bench->call.gone(bench->call.gone_arg);
	emit_many(bench, 3);
	assert_int_equal(bench->call.count, 1);
}

static void events_free_when_subscribed_then_call_ends(void **state)
{
	struct bench *bench = *state;

	subscribe(bench, json_object());
	events_free(bench->events);
	bench->events = NULL;
	assert_string_equal(bench->call.ended, "NotReady");
}

static void events_subscribe_when_seventeenth_then_busy(void **state)
{
	struct bench *bench = *state;
	struct control_call *calls = calloc(17, sizeof(*calls));

	for (int i = 0; i < 17; i++) {
		calls[i].more = true;
		events_subscribe(bench->events, &calls[i], NULL);
		assert_string_equal(calls[i].ended, i < 16 ? "" : "Busy");
	}
	events_free(bench->events);
	bench->events = NULL;
	for (int i = 0; i < 16; i++)
		json_decref(calls[i].got[0]);
	free(calls);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(events_emit_when_subscribed_then_snapshot_and_event),
	    TEST(events_emit_when_no_service_then_null_not_missing),
	    TEST(events_subscribe_when_since_then_only_later_ones),
	    TEST(events_subscribe_when_since_is_gone_then_overflow),
	    TEST(events_subscribe_when_oldest_kept_then_no_overflow),
	    TEST(events_subscribe_when_since_of_another_life_then_overflow),
	    TEST(events_subscribe_when_since_is_wrong_then_invalid),
	    TEST(events_subscribe_when_not_more_then_one_reply),
	    TEST(events_emit_when_slow_for_a_while_then_nothing_lost),
	    TEST(events_emit_when_too_slow_then_overflow_and_snapshot),
	    TEST(events_emit_when_subscriber_gone_then_not_sent),
	    TEST(events_free_when_subscribed_then_call_ends),
	    TEST(events_subscribe_when_seventeenth_then_busy),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
