#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pcp.h"

#define NONCE                                                                  \
	0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac

/* RFC 6887 section 7.1, 11.1: 192.168.1.20 asks for UDP 51820, 7200 s. */
static const uint8_t map_request[] = {
    2,     1,    0,    0,                     /* version, opcode */
    0,     0,    0x1c, 0x20,                  /* lifetime 7200 */
    0,     0,    0,    0,    0,   0,   0, 0,  /* client address: */
    0,     0,    0xff, 0xff, 192, 168, 1, 20, /* v4-mapped */
    NONCE,                                    /* nonce */
    17,    0,    0,    0,                     /* protocol, reserved */
    0xca,  0x6c, 0,    0,                     /* ports 51820, any */
    0,     0,    0,    0,    0,   0,   0, 0,  /* suggested: all-zeros */
    0,     0,    0xff, 0xff, 0,   0,   0, 0,  /* IPv4 */
};

/* RFC 6887 section 7.2, 11.1: granted as 11.22.33.2:4000 for 3600 s. */
static const uint8_t map_response[] = {
    2,     0x81, 0,    0,    /* version, R and opcode */
    0,     0,    0x0e, 0x10, /* lifetime 3600 */
    0,     1,    0xe2, 0x40, /* epoch 123456 */
    0,     0,    0,    0,    0,  0,  0,  0, 0, 0, 0, 0, /* reserved */
    NONCE,                                              /* nonce */
    17,    0,    0,    0,                               /* protocol, reserved */
    0xca,  0x6c, 0x0f, 0xa0,                            /* ports 51820, 4000 */
    0,     0,    0,    0,    0,  0,  0,  0,             /* assigned: */
    0,     0,    0xff, 0xff, 11, 22, 33, 2,             /* v4-mapped */
};

static struct pcp_request sample_request(void)
{
	static const uint8_t nonce[] = {NONCE};
	struct pcp_request request = {
	    .opcode = PCP_MAP,
	    .lifetime_s = 7200,
	    .map = {.protocol = 17, .internal_port = 51820},
	};

	assert_int_equal(addr_parse("192.168.1.20", &request.client), 0);
	memcpy(request.map.nonce, nonce, sizeof(nonce));
	return request;
}

static int decode(const void *bytes, size_t len)
{
	struct pcp_response response;

	return pcp_decode_response(bytes, len, &response);
}

static void pcp_encode_request_when_map_then_vector(void **state)
{
	struct pcp_request request = sample_request();
	uint8_t buf[PCP_MESSAGE_BYTES];

	(void)state;
	assert_int_equal(pcp_encode_request(&request, buf, sizeof(buf)),
			 PCP_MAP_BYTES);
	assert_memory_equal(buf, map_request, sizeof(map_request));
}

static void pcp_encode_request_when_announce_then_header_only(void **state)
{
	static const uint8_t vector[] = {
	    2, 0, 0,    0,    0,   0,   0, 0, /* opcode 0, lifetime 0 */
	    0, 0, 0,    0,    0,   0,   0, 0, /* client address */
	    0, 0, 0xff, 0xff, 192, 168, 1, 20,
	};
	struct pcp_request request = sample_request();
	uint8_t buf[PCP_MESSAGE_BYTES];

	(void)state;
	request.opcode = PCP_ANNOUNCE;
	request.lifetime_s = 0;
	assert_int_equal(pcp_encode_request(&request, buf, sizeof(buf)),
			 PCP_HEADER_BYTES);
	assert_memory_equal(buf, vector, sizeof(vector));
}

static void pcp_encode_request_when_ipv6_then_plain_addresses(void **state)
{
	struct pcp_request request = sample_request(), back;
	uint8_t buf[PCP_MESSAGE_BYTES];
	static const uint8_t zeros[16];

	(void)state;
	assert_int_equal(addr_parse("2001:db8::2", &request.client), 0);
	assert_int_equal(pcp_encode_request(&request, buf, sizeof(buf)),
			 PCP_MAP_BYTES);
	assert_memory_equal(buf + 8, request.client.bytes, 16);
	assert_memory_equal(buf + 44, zeros, 16);
	assert_int_equal(pcp_decode_request(buf, PCP_MAP_BYTES, &back), 0);
	assert_true(addr_equal(&back.client, &request.client));
	assert_false(addr_is_set(&back.map.external));
}

static void pcp_encode_request_when_prefer_failure_then_option(void **state)
{
	static const uint8_t option[] = {2, 0, 0, 0};
	struct pcp_request request = sample_request(), back;
	uint8_t buf[PCP_MESSAGE_BYTES];

	(void)state;
	request.prefer_failure = true;
	assert_int_equal(pcp_encode_request(&request, buf, sizeof(buf)),
			 PCP_MAP_BYTES + 4);
	assert_memory_equal(buf + PCP_MAP_BYTES, option, sizeof(option));
	assert_int_equal(pcp_decode_request(buf, PCP_MAP_BYTES + 4, &back), 0);
	assert_true(back.prefer_failure);
}

static void pcp_encode_request_when_no_room_then_enobufs(void **state)
{
	struct pcp_request request = sample_request();
	uint8_t buf[PCP_MAP_BYTES];

	(void)state;
	for (size_t room = 0; room < sizeof(buf); room++)
		assert_int_equal(pcp_encode_request(&request, buf, room),
				 -ENOBUFS);
	request.client.family = AF_UNSPEC;
	assert_int_equal(pcp_encode_request(&request, buf, sizeof(buf)),
			 -EAFNOSUPPORT);
}

static void pcp_decode_response_when_granted_then_fields(void **state)
{
	static const uint8_t nonce[] = {NONCE};
	struct pcp_response response;
	char text[ADDR_TEXT_BYTES];

	(void)state;
	assert_int_equal(
	    pcp_decode_response(map_response, sizeof(map_response), &response),
	    0);
	assert_int_equal(response.opcode, PCP_MAP);
	assert_int_equal(response.result, PCP_SUCCESS);
	assert_int_equal(response.lifetime_s, 3600);
	assert_int_equal(response.epoch_s, 123456);
	assert_true(response.has_map);
	assert_memory_equal(response.map.nonce, nonce, sizeof(nonce));
	assert_int_equal(response.map.protocol, 17);
	assert_int_equal(response.map.internal_port, 51820);
	assert_int_equal(response.map.external_port, 4000);
	assert_string_equal(
	    addr_format(&response.map.external, text, sizeof(text)),
	    "11.22.33.2");
}

static void pcp_encode_response_when_decoded_then_same_bytes(void **state)
{
	struct pcp_response response;
	uint8_t buf[PCP_MESSAGE_BYTES];

	(void)state;
	assert_int_equal(
	    pcp_decode_response(map_response, sizeof(map_response), &response),
	    0);
	assert_int_equal(pcp_encode_response(&response, buf, sizeof(buf)),
			 sizeof(map_response));
	assert_memory_equal(buf, map_response, sizeof(map_response));
}

/* Exact heap blocks, so that a sanitizer sees one byte too many. */
static void pcp_decode_response_when_any_length_then_only_whole(void **state)
{
	(void)state;
	for (size_t len = 0; len <= PCP_MESSAGE_BYTES + 8; len++) {
		uint8_t *bytes = calloc(1, len + 1);
		bool is_good = len >= sizeof(map_response) && len % 4 == 0 &&
			       len <= PCP_MESSAGE_BYTES;

		assert_non_null(bytes);
		memcpy(bytes, map_response,
		       len < sizeof(map_response) ? len : sizeof(map_response));
		/* What follows the message are empty options of code 0. */
		if (decode(bytes, len) != (is_good ? 0 : -EBADMSG))
			fail_msg("length %zu", len);
		free(bytes);
	}
}

static void pcp_decode_response_when_unknown_option_then_skipped(void **state)
{
	uint8_t bytes[PCP_MAP_BYTES + 12] = {0};
	static const uint8_t option[] = {0x7f, 0, 0, 5, 1, 2, 3, 4, 5};

	(void)state;
	memcpy(bytes, map_response, sizeof(map_response));
	memcpy(bytes + PCP_MAP_BYTES, option, sizeof(option));
	assert_int_equal(decode(bytes, sizeof(bytes)), 0);
}

static void pcp_decode_response_when_option_is_cut_then_ebadmsg(void **state)
{
	static const uint16_t lens[] = {1, 4, 5, 0x7fff, 0xffff};
	uint8_t bytes[PCP_MAP_BYTES + 4] = {0};

	(void)state;
	memcpy(bytes, map_response, sizeof(map_response));
	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		bytes[PCP_MAP_BYTES + 2] = (uint8_t)(lens[i] >> 8);
		bytes[PCP_MAP_BYTES + 3] = (uint8_t)lens[i];
		assert_int_equal(decode(bytes, sizeof(bytes)), -EBADMSG);
	}
}

static void pcp_decode_response_when_not_a_response_then_ebadmsg(void **state)
{
	uint8_t bytes[sizeof(map_response)];

	(void)state;
	for (unsigned int v = 0; v < 256; v++) {
		memcpy(bytes, map_response, sizeof(bytes));
		bytes[0] = (uint8_t)v;
		assert_int_equal(decode(bytes, sizeof(bytes)),
				 v == 2 ? 0 : -EBADMSG);
		memcpy(bytes, map_response, sizeof(bytes));
		bytes[1] = (uint8_t)v;
		/* What stands behind an ANNOUNCE header are options: 0xa1 with
		 * a length of 0xa3a4. */
		assert_int_equal(decode(bytes, sizeof(bytes)),
				 v == 0x81 ? 0 : -EBADMSG);
	}
}

static void pcp_decode_response_when_bare_error_then_no_map(void **state)
{
	struct pcp_response response;
	uint8_t bytes[PCP_HEADER_BYTES];

	(void)state;
	memcpy(bytes, map_response, sizeof(bytes));
	bytes[3] = PCP_NOT_AUTHORIZED;
	assert_int_equal(pcp_decode_response(bytes, sizeof(bytes), &response),
			 0);
	assert_false(response.has_map);
	assert_int_equal(response.result, PCP_NOT_AUTHORIZED);
	bytes[3] = PCP_SUCCESS;
	assert_int_equal(decode(bytes, sizeof(bytes)), -EBADMSG);
}

static void pcp_decode_response_when_version_refused_then_told(void **state)
{
	/* RFC 6886 section 3.5: version 0, opcode + 128, result 1, epoch. */
	static const uint8_t natpmp[] = {0, 0x81, 0, 1, 0, 0, 0, 9};
	static const uint8_t mapped[] = {0, 0x81, 0, 0, 0, 0, 0, 9};
	uint8_t later[PCP_HEADER_BYTES] = {3, 0x81, 0, 1};

	(void)state;
	assert_int_equal(decode(natpmp, sizeof(natpmp)), -EPROTONOSUPPORT);
	assert_int_equal(pcp_peek_version(natpmp, sizeof(natpmp)), 0);
	assert_int_equal(decode(later, sizeof(later)), -EPROTONOSUPPORT);
	assert_int_equal(pcp_peek_version(later, sizeof(later)), 3);
	for (size_t len = 0; len < sizeof(natpmp); len++)
		assert_int_equal(decode(natpmp, len), -EBADMSG);
	assert_int_equal(decode(mapped, sizeof(mapped)), -EBADMSG);
	later[1] = 1;
	assert_int_equal(decode(later, sizeof(later)), -EBADMSG);
}

static void pcp_decode_request_when_truncated_then_ebadmsg(void **state)
{
	struct pcp_request request;

	(void)state;
	for (size_t len = 0; len < sizeof(map_request); len++)
		assert_int_equal(pcp_decode_request(map_request, len, &request),
				 -EBADMSG);
	assert_int_equal(
	    pcp_decode_request(map_request, sizeof(map_request), &request), 0);
	assert_int_equal(request.lifetime_s, 7200);
	assert_int_equal(request.map.internal_port, 51820);
}

static void pcp_result_name_when_any_code_then_a_name(void **state)
{
	(void)state;
	assert_string_equal(pcp_result_name(2), "NOT_AUTHORIZED");
	assert_string_equal(pcp_result_name(12), "ADDRESS_MISMATCH");
	assert_string_equal(pcp_result_name(14), "unknown");
	for (unsigned int i = 0; i < 256; i++)
		assert_non_null(pcp_result_name(i));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pcp_encode_request_when_map_then_vector),
	    cmocka_unit_test(pcp_encode_request_when_announce_then_header_only),
	    cmocka_unit_test(pcp_encode_request_when_ipv6_then_plain_addresses),
	    cmocka_unit_test(
		pcp_encode_request_when_prefer_failure_then_option),
	    cmocka_unit_test(pcp_encode_request_when_no_room_then_enobufs),
	    cmocka_unit_test(pcp_decode_response_when_granted_then_fields),
	    cmocka_unit_test(pcp_encode_response_when_decoded_then_same_bytes),
	    cmocka_unit_test(
		pcp_decode_response_when_any_length_then_only_whole),
	    cmocka_unit_test(
		pcp_decode_response_when_unknown_option_then_skipped),
	    cmocka_unit_test(
		pcp_decode_response_when_option_is_cut_then_ebadmsg),
	    cmocka_unit_test(
		pcp_decode_response_when_not_a_response_then_ebadmsg),
	    cmocka_unit_test(pcp_decode_response_when_bare_error_then_no_map),
	    cmocka_unit_test(
		pcp_decode_response_when_version_refused_then_told),
	    cmocka_unit_test(pcp_decode_request_when_truncated_then_ebadmsg),
	    cmocka_unit_test(pcp_result_name_when_any_code_then_a_name),
	};

	return cmocka_run_group_tests_name("pcp", tests, NULL, NULL);
}
