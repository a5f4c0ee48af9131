#include "pmp_bench.h"

static void pcp_map_when_error_then_status(void **state)
{
	static const struct {
		unsigned int code;
		enum map_status status;
	} rows[] = {
	    {PCP_NOT_AUTHORIZED, MAP_REFUSED},
	    {PCP_MALFORMED_REQUEST, MAP_BROKEN},
	    {PCP_UNSUPP_OPCODE, MAP_ABSENT},
	    {PCP_NETWORK_FAILURE, MAP_NO_NETWORK},
	    {PCP_NO_RESOURCES, MAP_NO_RESOURCES},
	    {PCP_UNSUPP_PROTOCOL, MAP_REFUSED},
	    {PCP_USER_EX_QUOTA, MAP_NO_RESOURCES},
	    {PCP_CANNOT_PROVIDE_EXTERNAL, MAP_CONFLICT},
	    {PCP_ADDRESS_MISMATCH, MAP_MISMATCH},
	    {99, MAP_BROKEN},
	};
	char text[ADDR_TEXT_BYTES];
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_error);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		b.code = rows[i].code;
		ask(&b, 4000);
		run(&b);
		assert_int_equal(b.result.status, rows[i].status);
		assert_int_equal(b.result.code, rows[i].code);
		assert_int_equal(b.result.retry_after_s, 30);
		assert_int_equal(b.client->state, MAP_CLIENT_READY);
	}
	/* The address that an error shows is a hint of a NAT above. */
	assert_string_equal(
	    addr_format(&b.client->external, text, sizeof(text)), "100.64.0.2");
	close_bench(&b);
}

static void pcp_map_when_error_echoes_suggestion_then_no_hint(void **state)
{
	struct map_request request = request_for(4000);
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_error);
	b.code = PCP_NO_RESOURCES;
	addr_parse("100.64.0.2", &request.external_addr);
	b.client->ops->map(b.client, &request, on_done, &b);
	b.calls_wanted = 1;
	run(&b);
	assert_false(addr_is_set(&b.client->external));
	close_bench(&b);
}

/* Each part that must fit is wrong once; each lie grants port 6666. */
static void answer_lies_then_grant(struct bench *b, const uint8_t *bytes,
				   size_t len)
{
	struct pcp_response good = pcp_grant(b, bytes, len), bad;

	bad = good;
	bad.map.external_port = 6666;
	good.map.external_port = 7777;
	for (size_t i = 0; i < PCP_NONCE_BYTES; i++) {
		bad.map.nonce[i] ^= 1;
		reply_pcp(b, &bad);
		bad.map.nonce[i] ^= 1;
	}
	bad.map.protocol = 6;
	reply_pcp(b, &bad);
	bad.map.protocol = 17;
	bad.map.internal_port++;
	reply_pcp(b, &bad);
	bad.map.internal_port--;
	bad.lifetime_s = 0; /* a late answer to a deletion */
	reply_pcp(b, &bad);
	bad.opcode = PCP_ANNOUNCE;
	bad.has_map = false;
	reply_pcp(b, &bad);
	reply(b, bytes, len);
	reply(b, "", 0);
	reply_pcp(b, &good);
}

static void pcp_map_when_forged_answers_then_only_own(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_lies_then_grant);
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_OK);
	assert_int_equal(b.result.external.port, 7777);
	assert_int_equal(b.calls, 1);
	close_bench(&b);
}

static void answer_portless(struct bench *b, const uint8_t *bytes, size_t len)
{
	struct pcp_response response = pcp_grant(b, bytes, len);

	response.map.external_port = 0;
	reply_pcp(b, &response);
}

static void pcp_map_when_granted_port_zero_then_broken(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_portless);
	ask(&b, 4000);
	run(&b);
	assert_int_equal(b.result.status, MAP_BROKEN);
	close_bench(&b);
}

static void pcp_map_when_silent_then_window_bounds_what_is_sent(void **state)
{
	struct bench b;

	(void)state;
	open_bench(&b, MAP_VIA_PCP, answer_grant);
	for (uint16_t port = 1; port <= 30; port++)
		ask(&b, port);
	run(&b);
	b.answer = NULL;
	b.heard_maps = 0;
	for (uint16_t port = 1; port <= 100; port++)
		ask(&b, port);
	run_for(&b, 100);
	assert_int_equal(b.heard_maps, 16);
	close_bench(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pcp_map_when_error_then_status),
	    cmocka_unit_test(pcp_map_when_error_echoes_suggestion_then_no_hint),
	    cmocka_unit_test(pcp_map_when_forged_answers_then_only_own),
	    cmocka_unit_test(pcp_map_when_granted_port_zero_then_broken),
	    cmocka_unit_test(
		pcp_map_when_silent_then_window_bounds_what_is_sent),
	};

	return cmocka_run_group_tests_name("pcp_client", tests, NULL, NULL);
}
