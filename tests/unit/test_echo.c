#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "echo.h"

static const uint8_t token[ECHO_TOKEN_BYTES] = {
    0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x41, 0xd1,
    0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

static struct echo_request request(uint16_t port, bool is_extended)
{
	struct echo_request q = {.port = port, .is_extended = is_extended};

	memcpy(q.token, token, sizeof(token));
	return q;
}

static void echo_request_encode_when_plain_then_port_and_token(void **state)
{
	struct echo_request q = request(51820, false);
	uint8_t buf[64];

	(void)state;
	assert_int_equal(echo_request_encode(&q, buf, sizeof(buf)), 18);
	assert_int_equal(buf[0], 0xca); /* 51820 is 0xca6c */
	assert_int_equal(buf[1], 0x6c);
	assert_memory_equal(buf + 2, token, sizeof(token));
}

static void echo_request_encode_when_extended_then_starts_plain(void **state)
{
	struct echo_request q = request(1, true);
	struct echo_request plain = request(1, false);
	uint8_t buf[64], bare[64];

	(void)state;
	q.sequence = 7;
	memset(q.cookie, 0xee, sizeof(q.cookie));
	assert_int_equal(echo_request_encode(&q, buf, sizeof(buf)),
			 ECHO_EXTENDED_BYTES);
	assert_int_equal(echo_request_encode(&plain, bare, sizeof(bare)),
			 ECHO_REQUEST_BYTES);
	/* a server without the extension may cut it to 18 bytes */
	assert_memory_equal(buf, bare, ECHO_REQUEST_BYTES);
	assert_memory_equal(buf + 18, "TVEC\x01\x07\xee", 7);
}

static void echo_request_encode_when_no_room_then_emsgsize(void **state)
{
	struct echo_request q = request(1, true);
	uint8_t buf[64];

	(void)state;
	assert_int_equal(echo_request_encode(&q, buf, 39), -EMSGSIZE);
	q.is_extended = false;
	assert_int_equal(echo_request_encode(&q, buf, 17), -EMSGSIZE);
}

static void echo_request_decode_when_encoded_then_the_same(void **state)
{
	struct echo_request q = request(65535, true);
	struct echo_request back;
	uint8_t buf[64];

	(void)state;
	q.sequence = 255;
	memset(q.cookie, 0x5a, sizeof(q.cookie));
	assert_int_equal(echo_request_encode(&q, buf, sizeof(buf)), 40);
	assert_int_equal(echo_request_decode(buf, 40, &back), 0);
	assert_memory_equal(&back, &q, sizeof(q));
	assert_int_equal(echo_request_decode(buf, 18, &back), 0);
	assert_false(back.is_extended);
	assert_int_equal(back.port, 65535);
	assert_memory_equal(back.token, token, sizeof(token));
}

static void echo_request_decode_when_any_other_length_then_ebadmsg(void **state)
{
	struct echo_request q = request(4589, true);
	uint8_t buf[128] = {0};

	(void)state;
	assert_int_equal(echo_request_encode(&q, buf, sizeof(buf)), 40);
	for (size_t len = 0; len <= sizeof(buf); len++) {
		if (len == 18 || len == 40)
			continue;
		assert_int_equal(echo_request_decode(buf, len, &q), -EBADMSG);
	}
}

static void echo_request_decode_when_port_is_0_then_ebadmsg(void **state)
{
	uint8_t buf[18] = {0};
	struct echo_request q = {.port = 9};

	(void)state;
	assert_int_equal(echo_request_decode(buf, sizeof(buf), &q), -EBADMSG);
	assert_int_equal(q.port, 9);
}

static void echo_request_decode_when_foreign_magic_then_ebadmsg(void **state)
{
	struct echo_request q = request(4589, true);
	uint8_t buf[64];

	(void)state;
	for (size_t at = 18; at < 23; at++) {
		assert_int_equal(echo_request_encode(&q, buf, sizeof(buf)), 40);
		buf[at] ^= 1;
		assert_int_equal(echo_request_decode(buf, 40, &q), -EBADMSG);
	}
}

static void echo_grant_decode_when_encoded_then_the_same(void **state)
{
	struct echo_grant g = {.sequence = 3}, back;
	uint8_t buf[64];

	(void)state;
	memcpy(g.token, token, sizeof(token));
	memset(g.cookie, 0xc0, sizeof(g.cookie));
	assert_int_equal(echo_grant_encode(&g, buf, sizeof(buf)), 38);
	assert_int_equal(echo_grant_decode(buf, 38, &back), 0);
	assert_memory_equal(&back, &g, sizeof(g));
	assert_int_equal(echo_grant_decode(buf, 37, &back), -EBADMSG);
	assert_int_equal(echo_grant_encode(&g, buf, 37), -EMSGSIZE);
	buf[0] ^= 1;
	assert_int_equal(echo_grant_decode(buf, 38, &back), -EBADMSG);
}

/* The promise to third parties: nothing that a server sends is longer than
 * what it answers. */
static void echo_sizes_when_compared_then_no_answer_is_longer(void **state)
{
	(void)state;
	assert_true(ECHO_REPLY_BYTES <= ECHO_REQUEST_BYTES);
	assert_true(ECHO_GRANT_BYTES <= ECHO_EXTENDED_BYTES);
	assert_true(ECHO_REPLY_BYTES <= ECHO_EXTENDED_BYTES);
}

static void echo_reply_matches_when_longer_or_shorter_then_false(void **state)
{
	uint8_t buf[32] = {0};

	(void)state;
	memcpy(buf, token, sizeof(token));
	assert_true(echo_reply_matches(buf, 16, token));
	for (size_t len = 0; len <= sizeof(buf); len++)
		assert_int_equal(echo_reply_matches(buf, len, token),
				 len == 16);
	buf[15] ^= 0x80;
	assert_false(echo_reply_matches(buf, 16, token));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		echo_request_encode_when_plain_then_port_and_token),
	    cmocka_unit_test(
		echo_request_encode_when_extended_then_starts_plain),
	    cmocka_unit_test(echo_request_encode_when_no_room_then_emsgsize),
	    cmocka_unit_test(echo_request_decode_when_encoded_then_the_same),
	    cmocka_unit_test(
		echo_request_decode_when_any_other_length_then_ebadmsg),
	    cmocka_unit_test(echo_request_decode_when_port_is_0_then_ebadmsg),
	    cmocka_unit_test(
		echo_request_decode_when_foreign_magic_then_ebadmsg),
	    cmocka_unit_test(echo_grant_decode_when_encoded_then_the_same),
	    cmocka_unit_test(echo_sizes_when_compared_then_no_answer_is_longer),
	    cmocka_unit_test(
		echo_reply_matches_when_longer_or_shorter_then_false),
	};

	return cmocka_run_group_tests_name("echo", tests, NULL, NULL);
}
