#include "unit.h"

#include <errno.h>
#include <string.h>

#include "stun.h"

/* RFC 5769 section 2.1: its PRIORITY attribute belongs to ICE. */
static const uint8_t sample_request[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
    0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10,
    0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
    0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36,
    0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
    0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c,
    0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};

/* RFC 5769 section 2.2. */
static const uint8_t sample_ipv4[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
    0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b,
    0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20,
    0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3,
    0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7,
    0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96};

/* RFC 5769 section 2.3. */
static const uint8_t sample_ipv6[] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01,
    0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b,
    0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20,
    0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9,
    0x00, 0x08, 0x00, 0x14, 0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1,
    0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75, 0xbf, 0xe3, 0xed, 0x41,
    0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c};

static const uint8_t sample_id[STUN_ID_BYTES] = {
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

static void assert_endpoint(const struct endpoint *e, const char *text)
{
	char buf[ENDPOINT_TEXT_BYTES];

	assert_string_equal(endpoint_format(e, buf, sizeof(buf)), text);
}

/* A success response with the LEN bytes of attributes at ATTRS. */
static int parse_response(const uint8_t *attrs, size_t len,
			  struct stun_message *m)
{
	uint8_t bytes[256] = {0x01, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42};

	assert_true(len <= sizeof(bytes) - STUN_HEADER_BYTES);
	bytes[3] = (uint8_t)len;
	memcpy(bytes + STUN_HEADER_BYTES, attrs, len);
	return stun_parse(bytes, STUN_HEADER_BYTES + len, m);
}

static void stun_parse_when_rfc5769_ipv4_then_mapped(void **state)
{
	struct stun_message m;

	(void)state;
	assert_int_equal(stun_parse(sample_ipv4, sizeof(sample_ipv4), &m), 0);
	assert_int_equal(m.class, STUN_CLASS_SUCCESS);
	assert_int_equal(m.method, STUN_METHOD_BINDING);
	assert_memory_equal(m.id, sample_id, sizeof(sample_id));
	assert_endpoint(&m.mapped, "192.0.2.1:32853");
	assert_true(m.has_fingerprint);
	assert_true(m.has_integrity);
	assert_string_equal(m.software, "test vector");
	assert_false(addr_is_set(&m.other.addr));
}

static void stun_parse_when_rfc5769_ipv6_then_mapped(void **state)
{
	struct stun_message m;

	(void)state;
	assert_int_equal(stun_parse(sample_ipv6, sizeof(sample_ipv6), &m), 0);
	assert_endpoint(&m.mapped,
			"[2001:db8:1234:5678:11:2233:4455:6677]:32853");
	assert_true(m.has_fingerprint);
}

static void stun_parse_when_unknown_required_then_eopnotsupp(void **state)
{
	static const uint8_t attrs[] = {0x00, 0x24, 0, 4, 1, 2, 3, 4};
	struct stun_message m = {.error_code = 7};

	(void)state;
	assert_int_equal(stun_parse(sample_request, sizeof(sample_request), &m),
			 -EOPNOTSUPP);
	assert_int_equal(parse_response(attrs, sizeof(attrs), &m), -EOPNOTSUPP);
	assert_int_equal(m.error_code, 7);
}

static void stun_parse_when_unknown_optional_then_skipped(void **state)
{
	static const uint8_t attrs[] = {0x80, 0x29, 0, 1, 9, 0,    0, 0,
					0x00, 0x01, 0, 8, 0, 1,    0, 9,
					8,    8,    4, 4, 0, 0x20, 0, 0};
	struct stun_message m;

	(void)state;
	assert_int_equal(parse_response(attrs, sizeof(attrs) - 4, &m), 0);
	assert_endpoint(&m.mapped, "8.8.4.4:9");
}

static void stun_parse_when_after_integrity_then_ignored(void **state)
{
	static const uint8_t attrs[] = {
	    0x00, 0x08, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0,
	    0,    0,    0, 0,  0, 0, 0, 0, 0, 0, 0, 0, /* integrity */
	    0x00, 0x01, 0, 8,  0, 1, 0, 9, 8, 8, 4, 4, /* mapped */
	    0x00, 0x24, 0, 4,  1, 2, 3, 4,             /* unknown */
	};
	struct stun_message m;

	(void)state;
	assert_int_equal(parse_response(attrs, sizeof(attrs), &m), 0);
	assert_true(m.has_integrity);
	assert_false(addr_is_set(&m.mapped.addr));
	assert_int_equal(parse_response(attrs + 24, 20, &m), -EOPNOTSUPP);
}

static void stun_parse_when_any_byte_of_it_changes_then_ebadmsg(void **state)
{
	uint8_t bytes[sizeof(sample_ipv4)];
	struct stun_message m;

	(void)state;
	for (size_t i = STUN_HEADER_BYTES; i < sizeof(bytes); i++) {
		memcpy(bytes, sample_ipv4, sizeof(bytes));
		bytes[i] ^= 1;
		if (stun_parse(bytes, sizeof(bytes), &m) == 0 &&
		    m.has_fingerprint)
			fail_msg("byte %zu may change", i);
	}
	memcpy(bytes, sample_ipv4, sizeof(bytes));
	bytes[sizeof(bytes) - 1] ^= 1;
	assert_int_equal(stun_parse(bytes, sizeof(bytes), &m), -EBADMSG);
}

static void stun_parse_when_fingerprint_is_not_last_then_einval(void **state)
{
	uint8_t bytes[sizeof(sample_ipv4) + 4];
	struct stun_message m;

	(void)state;
	memcpy(bytes, sample_ipv4, sizeof(sample_ipv4));
	memcpy(bytes + sizeof(sample_ipv4), "\x80\x29\0\0", 4);
	bytes[3] = (uint8_t)(bytes[3] + 4);
	assert_int_equal(stun_parse(bytes, sizeof(bytes), &m), -EINVAL);
}

static void stun_parse_when_cut_anywhere_then_einval(void **state)
{
	uint8_t bytes[sizeof(sample_ipv6)];
	struct stun_message m;

	(void)state;
	for (size_t len = 0; len < sizeof(bytes); len++) {
		memcpy(bytes, sample_ipv6, len);
		assert_int_equal(stun_parse(bytes, len, &m), -EINVAL);
		if (len < STUN_HEADER_BYTES)
			continue;
		bytes[3] = (uint8_t)(len - STUN_HEADER_BYTES);
		if (stun_parse(bytes, len, &m) == 0 && m.has_fingerprint)
			fail_msg("accepted the first %zu bytes", len);
	}
}

static void stun_parse_when_not_stun_then_einval(void **state)
{
	static const uint8_t ok[STUN_HEADER_BYTES] = {1,    1,    0,    0,
						      0x21, 0x12, 0xa4, 0x42};
	struct stun_message m;
	uint8_t bytes[STUN_HEADER_BYTES];

	(void)state;
	assert_int_equal(stun_parse(ok, sizeof(ok), &m), 0);
	for (size_t i = 0; i < 8; i++) {
		memcpy(bytes, ok, sizeof(ok));
		/* The type has no forbidden value but its two top bits. */
		bytes[i] ^= i == 0 ? 0x80 : 0x40;
		if (i != 1 && stun_parse(bytes, sizeof(bytes), &m) != -EINVAL)
			fail_msg("byte %zu", i);
	}
}

static void stun_parse_when_rfc5780_answer_then_other_and_origin(void **state)
{
	static const uint8_t attrs[] = {
	    0x80, 0x2c, 0, 8, 0, 1, 0x0d, 0x97, 8, 8, 4, 4, /* OTHER */
	    0x80, 0x2b, 0, 8, 0, 1, 0x0d, 0x96, 8, 8, 8, 8, /* ORIGIN */
	    0x00, 0x05, 0, 8, 0, 1, 0x00, 0x01, 9, 9, 9, 9, /* CHANGED */
	    0x00, 0x04, 0, 8, 0, 1, 0x00, 0x02, 7, 7, 7, 7, /* SOURCE */
	};
	struct stun_message m;

	(void)state;
	assert_int_equal(parse_response(attrs, sizeof(attrs), &m), 0);
	assert_endpoint(&m.other, "8.8.4.4:3479");
	assert_endpoint(&m.origin, "8.8.8.8:3478");
	assert_int_equal(parse_response(attrs + 24, 24, &m), 0);
	assert_endpoint(&m.other, "9.9.9.9:1");
	assert_endpoint(&m.origin, "7.7.7.7:2");
}

static void stun_parse_when_attribute_twice_then_first_counts(void **state)
{
	static const uint8_t attrs[] = {
	    0x00, 0x01, 0, 8, 0, 1, 0, 1, 1, 1, 1, 1,
	    0x00, 0x01, 0, 8, 0, 1, 0, 2, 2, 2, 2, 2,
	};
	struct stun_message m;

	(void)state;
	assert_int_equal(parse_response(attrs, sizeof(attrs), &m), 0);
	assert_endpoint(&m.mapped, "1.1.1.1:1");
}

static void stun_parse_when_both_mapped_then_xor_counts(void **state)
{
	static const uint8_t attrs[] = {
	    0x00, 0x01, 0, 8, 0, 1, 0,    1,    1,    1,    1,    1,
	    0x00, 0x20, 0, 8, 0, 1, 0x21, 0x10, 0x23, 0x10, 0xa6, 0x40,
	};
	struct stun_message m;

	(void)state;
	assert_int_equal(parse_response(attrs, sizeof(attrs), &m), 0);
	assert_endpoint(&m.mapped, "2.2.2.2:2");
}

static void stun_parse_when_error_then_code_and_reason(void **state)
{
	uint8_t bytes[] = {0x01, 0x11, 0, 12, 0x21, 0x12, 0xa4, 0x42,
			   0,    0,    0, 0,  0,    0,    0,    0,
			   0,    0,    0, 0,  0x00, 0x09, 0,    7,
			   0,    0,    4, 20, 'N',  0x1b, 'o',  0};
	struct stun_message m;

	(void)state;
	assert_int_equal(stun_parse(bytes, sizeof(bytes), &m), 0);
	assert_int_equal(m.class, STUN_CLASS_ERROR);
	assert_int_equal(m.error_code, 420);
	assert_string_equal(m.reason, "N?o");
	bytes[26] = 2;
	assert_int_equal(stun_parse(bytes, sizeof(bytes), &m), -EINVAL);
}

static void stun_parse_when_address_malformed_then_einval(void **state)
{
	static const uint8_t rows[][12] = {
	    {0x00, 0x20, 0, 8, 0, 3, 0, 1, 1, 1, 1, 1}, /* family 3 */
	    {0x00, 0x20, 0, 7, 0, 1, 0, 1, 1, 1, 1, 1}, /* too short */
	    {0x00, 0x01, 0, 8, 0, 2, 0, 1, 1, 1, 1, 1}, /* IPv6 in 8 bytes */
	    {0x80, 0x2c, 0, 4, 0, 1, 0, 1, 0, 1, 0, 0}, /* no address */
	};
	struct stun_message m;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(parse_response(rows[i], 12, &m), -EINVAL);
}

static void stun_request_encode_when_plain_then_header_only(void **state)
{
	struct stun_request q = {.change_ip = false};
	uint8_t buf[STUN_REQUEST_BYTES];
	size_t len;

	(void)state;
	memcpy(q.id, sample_id, sizeof(q.id));
	assert_int_equal(stun_request_encode(&q, buf, sizeof(buf), &len), 0);
	assert_int_equal(len, STUN_HEADER_BYTES);
	assert_memory_equal(buf, "\0\1\0\0\x21\x12\xa4\x42", 8);
	assert_memory_equal(buf + 8, sample_id, sizeof(sample_id));
}

static void stun_request_encode_when_all_then_parses_back(void **state)
{
	const struct stun_request q = {.id = {1, 2, 3},
				       .change_ip = true,
				       .change_port = true,
				       .response_port = 4711,
				       .padding_bytes = 5,
				       .has_fingerprint = true};
	struct stun_message m;
	uint8_t buf[64];
	size_t len;

	(void)state;
	assert_int_equal(stun_request_encode(&q, buf, sizeof(buf), &len), 0);
	/* CHANGE-REQUEST with both bits, RFC 5780 section 7.2. */
	assert_memory_equal(buf + STUN_HEADER_BYTES, "\0\3\0\4\0\0\0\6", 8);
	assert_int_equal(stun_parse(buf, len, &m), 0);
	assert_int_equal(m.class, STUN_CLASS_REQUEST);
	assert_true(m.change_ip && m.change_port && m.has_fingerprint);
	assert_int_equal(m.response_port, 4711);
	assert_int_equal(m.padding_bytes, 5);
	assert_int_equal(stun_request_encode(&q, buf, len - 1, &len), -ENOBUFS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stun_parse_when_rfc5769_ipv4_then_mapped),
	    cmocka_unit_test(stun_parse_when_rfc5769_ipv6_then_mapped),
	    cmocka_unit_test(stun_parse_when_unknown_required_then_eopnotsupp),
	    cmocka_unit_test(stun_parse_when_unknown_optional_then_skipped),
	    cmocka_unit_test(stun_parse_when_after_integrity_then_ignored),
	    cmocka_unit_test(
		stun_parse_when_any_byte_of_it_changes_then_ebadmsg),
	    cmocka_unit_test(
		stun_parse_when_fingerprint_is_not_last_then_einval),
	    cmocka_unit_test(stun_parse_when_cut_anywhere_then_einval),
	    cmocka_unit_test(stun_parse_when_not_stun_then_einval),
	    cmocka_unit_test(
		stun_parse_when_rfc5780_answer_then_other_and_origin),
	    cmocka_unit_test(stun_parse_when_attribute_twice_then_first_counts),
	    cmocka_unit_test(stun_parse_when_both_mapped_then_xor_counts),
	    cmocka_unit_test(stun_parse_when_error_then_code_and_reason),
	    cmocka_unit_test(stun_parse_when_address_malformed_then_einval),
	    cmocka_unit_test(stun_request_encode_when_plain_then_header_only),
	    cmocka_unit_test(stun_request_encode_when_all_then_parses_back),
	};

	return cmocka_run_group_tests_name("stun", tests, NULL, NULL);
}
