#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state_file.h"

static const char good[] =
    "traversald-state 1\n"
    "lease wireguard-1 prepared udp pcp 192.168.1.1 192.168.1.20 20011 "
    "11.22.33.2 20011 000102030405060708090a0b 7200 1795193142\n"
    "lease a%20b helper tcp any 192.168.1.1 192.168.1.20 40000 - 0 "
    "ffffffffffffffffffffffff 0 0\n";

static struct state_lease leases[STATE_LEASES_MOST];
static char buf[STATE_FILE_BYTES];

static struct state_lease sample(void)
{
	struct state_lease lease = {
	    .name = "wireguard-1",
	    .origin = STATE_PREPARED,
	    .transport = TRANSPORT_UDP,
	    .via = STATE_VIA_PCP,
	    .internal_port = 20011,
	    .external.port = 20011,
	    .nonce = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
	    .lifetime_s = 7200,
	    .expires_s = 1795193142,
	};

	addr_parse("192.168.1.1", &lease.gateway);
	addr_parse("192.168.1.20", &lease.local);
	addr_parse("11.22.33.2", &lease.external.addr);
	return lease;
}

static struct state_lease intent(void)
{
	struct state_lease lease = sample();

	snprintf(lease.name, sizeof(lease.name), "a b");
	lease.origin = STATE_HELPER;
	lease.transport = TRANSPORT_TCP;
	lease.via = STATE_VIA_ANY;
	lease.internal_port = 40000;
	lease.external = (struct endpoint){.port = 0};
	memset(lease.nonce, 0xff, sizeof(lease.nonce));
	lease.lifetime_s = 0;
	lease.expires_s = 0;
	return lease;
}

static int encode_two(void)
{
	const struct state_lease two[] = {sample(), intent()};

	return state_file_encode(two, 2, buf, sizeof(buf));
}

static void encode_when_two_leases_then_the_text(void **state)
{
	(void)state;
	assert_true(encode_two() > 0);
	assert_memory_equal(buf, good, sizeof(good) - 1);
	/* crc32(1) of the lines before it. */
	assert_string_equal(buf + sizeof(good) - 1, "end 2 f5dce694\n");
}

static void decode_when_encoded_then_the_same(void **state)
{
	const struct state_lease two[] = {sample(), intent()};
	size_t count = 0;
	int len = encode_two();

	(void)state;
	assert_int_equal(state_file_decode(buf, (size_t)len, leases, 2, &count),
			 0);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(leases[i].name, two[i].name);
		assert_int_equal(leases[i].origin, two[i].origin);
		assert_int_equal(leases[i].transport, two[i].transport);
		assert_int_equal(leases[i].via, two[i].via);
		assert_true(addr_equal(&leases[i].gateway, &two[i].gateway));
		assert_true(addr_equal(&leases[i].local, &two[i].local));
		assert_int_equal(leases[i].internal_port, two[i].internal_port);
		assert_true(
		    endpoint_equal(&leases[i].external, &two[i].external));
		assert_memory_equal(leases[i].nonce, two[i].nonce,
				    STATE_NONCE_BYTES);
		assert_int_equal(leases[i].lifetime_s, two[i].lifetime_s);
		assert_int_equal(leases[i].expires_s, two[i].expires_s);
	}
}

static void decode_when_empty_state_then_no_leases(void **state)
{
	size_t count = 7;
	int len = state_file_encode(NULL, 0, buf, sizeof(buf));

	(void)state;
	assert_int_equal(state_file_decode(buf, (size_t)len, leases, 2, &count),
			 0);
	assert_int_equal(count, 0);
}

static void decode_when_cut_anywhere_then_bad(void **state)
{
	size_t count = 7;
	int len = encode_two();

	(void)state;
	for (size_t cut = 0; cut < (size_t)len; cut++)
		assert_true(state_file_decode(buf, cut, leases, 2, &count) < 0);
	assert_int_equal(count, 7);
}

static void decode_when_any_bit_flips_then_bad(void **state)
{
	size_t count = 7;
	int len = encode_two();

	(void)state;
	for (size_t at = 0; at < (size_t)len; at++)
		for (int bit = 0; bit < 8; bit++) {
			buf[at] = (char)(buf[at] ^ 1 << bit);
			assert_true(state_file_decode(buf, (size_t)len, leases,
						      2, &count) < 0);
			buf[at] = (char)(buf[at] ^ 1 << bit);
		}
	assert_int_equal(count, 7);
}

static void decode_when_newer_version_then_unsupported(void **state)
{
	static const char text[] = "traversald-state 2\nanything\n";
	size_t count;

	(void)state;
	assert_int_equal(
	    state_file_decode(text, sizeof(text) - 1, leases, 2, &count),
	    -EPROTONOSUPPORT);
}

static void decode_when_more_than_room_then_nospc(void **state)
{
	size_t count;
	int len = encode_two();

	(void)state;
	assert_int_equal(state_file_decode(buf, (size_t)len, leases, 1, &count),
			 -ENOSPC);
}

static void encode_when_no_room_then_nospc(void **state)
{
	const struct state_lease one = sample();
	int len = state_file_encode(&one, 1, buf, sizeof(buf));

	(void)state;
	for (size_t cap = 0; cap <= (size_t)len; cap++)
		assert_int_equal(state_file_encode(&one, 1, buf, cap), -ENOSPC);
	assert_int_equal(state_file_encode(&one, 1, buf, (size_t)len + 1), len);
}

static void encode_when_the_most_leases_then_fits(void **state)
{
	struct state_lease *many = calloc(STATE_LEASES_MOST, sizeof(*many));
	size_t count;
	int len;

	(void)state;
	for (size_t i = 0; i < STATE_LEASES_MOST; i++) {
		many[i] = sample();
		memset(many[i].name, '\x01', STATE_NAME_BYTES - 1);
		addr_parse("2001:db8:1111:2222:3333:4444:5555:6666",
			   &many[i].gateway);
		many[i].local = many[i].external.addr = many[i].gateway;
		many[i].expires_s = UINT64_MAX;
		many[i].lifetime_s = UINT32_MAX;
	}
	len = state_file_encode(many, STATE_LEASES_MOST, buf, sizeof(buf));
	assert_true(len > 0);
	assert_int_equal(state_file_decode(buf, (size_t)len, leases,
					   STATE_LEASES_MOST, &count),
			 0);
	assert_string_equal(leases[STATE_LEASES_MOST - 1].name, many[0].name);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encode_when_two_leases_then_the_text),
	    cmocka_unit_test(decode_when_encoded_then_the_same),
	    cmocka_unit_test(decode_when_empty_state_then_no_leases),
	    cmocka_unit_test(decode_when_cut_anywhere_then_bad),
	    cmocka_unit_test(decode_when_any_bit_flips_then_bad),
	    cmocka_unit_test(decode_when_newer_version_then_unsupported),
	    cmocka_unit_test(decode_when_more_than_room_then_nospc),
	    cmocka_unit_test(encode_when_no_room_then_nospc),
	    cmocka_unit_test(encode_when_the_most_leases_then_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
