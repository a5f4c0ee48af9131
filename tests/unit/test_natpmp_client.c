#include "pmp_bench.h"

static void natpmp_map_when_error_then_status(void **state)
{
	static const struct {
		unsigned int code;
		enum map_status status;
	} rows[] = {
	    {2, MAP_REFUSED}, {3, MAP_NO_NETWORK}, {4, MAP_NO_RESOURCES},
	    {99, MAP_BROKEN}, {5, MAP_ABSENT},     {1, MAP_ABSENT},
	};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		open_bench(&b, MAP_VIA_NATPMP, answer_error);
		b.code = rows[i].code;
		ask(&b, 4000);
		run(&b);
		if (b.result.status != rows[i].status)
			fail_msg("code %u is %s", rows[i].code,
				 map_status_name(b.result.status));
		/* The lifetime of an error is an echo. */
		assert_int_equal(b.result.lifetime_s, 0);
		assert_int_equal(b.result.retry_after_s, 0);
		close_bench(&b);
	}
}

static void answer_offline(struct bench *b, const uint8_t *bytes, size_t len)
{
	reply_natpmp(b, bytes, bytes[1] ? 0 : 3, natpmp_lifetime_s(bytes, len));
}

static void natpmp_map_when_no_outer_address_then_not_asked(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_NATPMP, answer_offline);
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_NO_NETWORK);
	assert_int_equal(b.heard_maps, 0);
	/* It is asked again, and then believed. */
	b.answer = answer_grant;
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_OK);
	close_bench(&b);
}

static void answer_natpmp_lies_then_grant(struct bench *b, const uint8_t *bytes,
					  size_t len)
{
	uint8_t other[12];

	(void)len;
	if (bytes[1] == NATPMP_WIRE_ADDRESS) {
		reply(b, "\x00\x80\x00\x00", 4);
		reply_natpmp(b, bytes, 0, 0);
		return;
	}
	memcpy(other, bytes, sizeof(other));
	reply(b, "\x00\x81\x00\x00", 4);
	reply(b, "\x00\x81\x00\x00\x00\x00\x03\xe8\x0f\xa0\x1a\x0a\x00\x00\x02",
	      15);
	reply_natpmp(b, bytes, 0, 0); /* a late answer to a deletion */
	other[5]++;
	reply_natpmp(b, other, 0, 7777); /* for another port */
	reply_natpmp(b, other, 2, 7777);
	other[5]--;
	other[1] = NATPMP_WIRE_MAP_TCP;
	reply_natpmp(b, other, 0, 7777);
	other[1] = NATPMP_WIRE_ADDRESS;
	reply_natpmp(b, other, 0, 0);
	reply_natpmp(b, bytes, 0, 600);
}

static void natpmp_map_when_forged_answers_then_only_own(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_NATPMP, answer_natpmp_lies_then_grant);
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_OK);
	assert_int_equal(b.result.lifetime_s, 600);
	assert_int_equal(b.calls, 1);
	close_bench(&b);
}

static void natpmp_unmap_when_sent_then_no_lifetime_and_port(void **state)
{
	/* RFC 6886 section 3.4: internal port 4000 alone. */
	static const uint8_t vector[] = {0, 1, 0, 0, 0x0f, 0xa0,
					 0, 0, 0, 0, 0,    0};
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_NATPMP, answer_grant);
	ask_unmap(&b, 4000);
	run(&b);
	assert_int_equal(b.last_len, sizeof(vector));
	assert_memory_equal(b.last, vector, sizeof(vector));
	close_bench(&b);
}

static void natpmp_map_when_silent_then_sent_again_as_rfc(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_NATPMP, NULL);
	b.client->ops->probe(b.client);
	/* At 0, 250 and 750 ms: RFC 6886 section 3.1. */
	run_for(&b, 200);
	assert_int_equal(b.heard, 1);
	run_for(&b, 300);
	assert_int_equal(b.heard, 2);
	close_bench(&b);
}

static void natpmp_client_new_when_gateway_is_ipv6_then_null(void **state)
{
	struct bench b = {.loop = loop_new(), .log = log_new(LEVEL_ERR, false)};

	(void)state;
	addr_parse("fe80::1%1", &b.options.gateway);
	assert_null(natpmp_client_new(b.loop, b.log, &b.options));
	loop_free(b.loop);
	log_free(b.log);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(natpmp_map_when_error_then_status),
	    cmocka_unit_test(natpmp_map_when_no_outer_address_then_not_asked),
	    cmocka_unit_test(natpmp_map_when_forged_answers_then_only_own),
	    cmocka_unit_test(natpmp_unmap_when_sent_then_no_lifetime_and_port),
	    cmocka_unit_test(natpmp_map_when_silent_then_sent_again_as_rfc),
	    cmocka_unit_test(natpmp_client_new_when_gateway_is_ipv6_then_null),
	};

	return cmocka_run_group_tests_name("natpmp_client", tests, NULL, NULL);
}
