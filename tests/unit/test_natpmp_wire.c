#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "natpmp_wire.h"

/* RFC 6886 section 3.2: the outer address is 11.22.33.2. */
static const uint8_t address_answer[] = {
    0,  0x80, 0,    0,    /* version, opcode 128 + 0, result */
    0,  1,    0xe2, 0x40, /* epoch 123456 */
    11, 22,   33,   2,    /* address */
};

/* RFC 6886 section 3.3: UDP 51820 is outer 4000 for 3600 s. */
static const uint8_t map_answer[] = {
    0,    0x81, 0,    0,    /* version, opcode 128 + 1, result */
    0,    1,    0xe2, 0x40, /* epoch 123456 */
    0xca, 0x6c, 0x0f, 0xa0, /* ports 51820, 4000 */
    0,    0,    0x0e, 0x10, /* lifetime 3600 */
};

static int decode(const void *bytes, size_t len)
{
	struct natpmp_wire_answer answer;

	return natpmp_wire_decode_answer(bytes, len, &answer);
}

static void decode_answer_when_proper_then_fields(void **state)
{
	struct natpmp_wire_answer a;
	char text[ADDR_TEXT_BYTES];

	(void)state;
	assert_int_equal(natpmp_wire_decode_answer(address_answer,
						   sizeof(address_answer), &a),
			 0);
	assert_int_equal(a.op, NATPMP_WIRE_ADDRESS);
	assert_int_equal(a.result, NATPMP_WIRE_SUCCESS);
	assert_int_equal(a.epoch_s, 123456);
	assert_string_equal(addr_format(&a.external, text, sizeof(text)),
			    "11.22.33.2");
	assert_int_equal(
	    natpmp_wire_decode_answer(map_answer, sizeof(map_answer), &a), 0);
	assert_int_equal(a.op, NATPMP_WIRE_MAP_UDP);
	assert_int_equal(a.internal_port, 51820);
	assert_int_equal(a.external_port, 4000);
	assert_int_equal(a.lifetime_s, 3600);
}

static void decode_answer_when_any_length_then_only_exact(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 1100; len++) {
		uint8_t *bytes = calloc(1, len + 1);

		assert_non_null(bytes);
		memcpy(bytes, map_answer,
		       len < sizeof(map_answer) ? len : sizeof(map_answer));
		if (decode(bytes, len) != (len == 16 ? 0 : -EBADMSG))
			fail_msg("map answer of %zu", len);
		if (len > 1)
			bytes[1] = 0x80;
		if (decode(bytes, len) != (len == 12 ? 0 : -EBADMSG))
			fail_msg("address answer of %zu", len);
		free(bytes);
	}
}

static void decode_answer_when_any_opcode_or_version_then_ours(void **state)
{
	uint8_t bytes[sizeof(map_answer)];

	(void)state;
	for (unsigned int v = 0; v < 256; v++) {
		memcpy(bytes, map_answer, sizeof(bytes));
		bytes[1] = (uint8_t)v;
		assert_int_equal(decode(bytes, sizeof(bytes)),
				 v == 0x81 || v == 0x82 ? 0 : -EBADMSG);
		memcpy(bytes, map_answer, sizeof(bytes));
		bytes[0] = (uint8_t)v;
		assert_int_equal(decode(bytes, sizeof(bytes)),
				 v == 0 ? 0 : -EBADMSG);
	}
}

static void decode_answer_when_refused_then_eprotonosupport(void **state)
{
	/* RFC 6886 section 3.5: eight bytes. */
	uint8_t brief[] = {0, 0x81, 0, NATPMP_WIRE_UNSUPP_VERSION, 0, 0, 0, 7};
	/* RFC 6887 section 9: a gateway with PCP alone. */
	uint8_t pcp[24] = {2, 0x81, 0, 1};

	(void)state;
	assert_int_equal(decode(brief, sizeof(brief)), -EPROTONOSUPPORT);
	brief[3] = NATPMP_WIRE_UNSUPP_OPCODE;
	assert_int_equal(decode(brief, sizeof(brief)), -EPROTONOSUPPORT);
	assert_int_equal(decode(pcp, sizeof(pcp)), -EPROTONOSUPPORT);
	for (size_t len = 0; len < sizeof(pcp); len++)
		assert_int_equal(decode(pcp, len), -EBADMSG);
	brief[3] = NATPMP_WIRE_NOT_AUTHORIZED;
	assert_int_equal(decode(brief, sizeof(brief)), -EBADMSG);
}

static void decode_announcement_when_not_an_address_then_ebadmsg(void **state)
{
	struct natpmp_wire_answer a;
	uint8_t bytes[sizeof(address_answer)];

	(void)state;
	assert_int_equal(natpmp_wire_decode_announcement(
			     address_answer, sizeof(address_answer), &a),
			 0);
	assert_int_equal(
	    natpmp_wire_decode_announcement(map_answer, sizeof(map_answer), &a),
	    -EBADMSG);
	memcpy(bytes, address_answer, sizeof(bytes));
	bytes[3] = NATPMP_WIRE_NETWORK_FAILURE;
	assert_int_equal(
	    natpmp_wire_decode_announcement(bytes, sizeof(bytes), &a),
	    -EBADMSG);
}

static void result_name_when_any_code_then_a_name(void **state)
{
	(void)state;
	assert_string_equal(natpmp_wire_result_name(3), "network failure");
	assert_string_equal(natpmp_wire_result_name(6), "unknown");
	assert_string_equal(natpmp_wire_result_name(65535), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decode_answer_when_proper_then_fields),
	    cmocka_unit_test(decode_answer_when_any_length_then_only_exact),
	    cmocka_unit_test(
		decode_answer_when_any_opcode_or_version_then_ours),
	    cmocka_unit_test(decode_answer_when_refused_then_eprotonosupport),
	    cmocka_unit_test(
		decode_announcement_when_not_an_address_then_ebadmsg),
	    cmocka_unit_test(result_name_when_any_code_then_a_name),
	};

	return cmocka_run_group_tests_name("natpmp_wire", tests, NULL, NULL);
}
