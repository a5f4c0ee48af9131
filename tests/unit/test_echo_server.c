#include "unit.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "echo_cookie.h"
#include "echo_limit.h"
#include "echo_server.h"

static struct addr parse(const char *text)
{
	struct addr a = {.family = AF_UNSPEC};

	if (addr_parse(text, &a) < 0)
		fail_msg("bad address %s", text);
	return a;
}

/* How many of COUNT requests at once pass. */
static unsigned int passing(struct echo_limit *limit, const char *source,
			    uint64_t now_ms, unsigned int count)
{
	struct addr a = parse(source);
	unsigned int n = 0;

	for (unsigned int i = 0; i < count; i++)
		n += echo_limit_take(limit, &a, now_ms);
	return n;
}

static void echo_limit_take_when_a_burst_then_the_rate(void **state)
{
	struct echo_limit *limit = echo_limit_new(10);

	(void)state;
	assert_int_equal(passing(limit, "203.0.113.7", 50000, 100), 10);
	assert_int_equal(passing(limit, "203.0.113.7", 50099, 100), 0);
	assert_int_equal(passing(limit, "203.0.113.7", 50100, 100), 1);
	assert_int_equal(passing(limit, "203.0.113.7", 50600, 100), 5);
	assert_int_equal(passing(limit, "203.0.113.7", 99999, 100), 10);
	echo_limit_free(limit);
}

static void echo_limit_take_when_same_network_then_shared(void **state)
{
	struct echo_limit *limit = echo_limit_new(10);

	(void)state;
	assert_int_equal(passing(limit, "203.0.113.7", 5000, 6), 6);
	assert_int_equal(passing(limit, "203.0.113.250", 5000, 6), 4);
	assert_int_equal(passing(limit, "203.0.114.7", 5000, 6), 6);
	assert_int_equal(passing(limit, "2001:db8:0:1200::1", 5000, 6), 6);
	assert_int_equal(passing(limit, "2001:db8:0:12ff::2", 5000, 6), 4);
	assert_int_equal(passing(limit, "2001:db8:0:1300::1", 5000, 6), 6);
	echo_limit_free(limit);
}

/* Whatever number of sources is forged, one network never gets more. */
static void echo_limit_take_when_many_sources_then_still_limited(void **state)
{
	struct echo_limit *limit = echo_limit_new(10);
	struct addr a = {.family = AF_INET};

	(void)state;
	assert_int_equal(passing(limit, "203.0.113.7", 5000, 20), 10);
	for (uint32_t i = 0; i < 200000; i++) {
		memcpy(a.bytes, &i, sizeof(i));
		(void)echo_limit_take(limit, &a, 5000);
	}
	assert_int_equal(passing(limit, "203.0.113.7", 5000, 20), 0);
	echo_limit_free(limit);
}

static void echo_limit_take_when_clock_wraps_then_goes_on(void **state)
{
	struct echo_limit *limit = echo_limit_new(10);
	uint64_t wrap_ms = 1ull << 32;

	(void)state;
	assert_int_equal(passing(limit, "203.0.113.7", wrap_ms - 100, 20), 10);
	assert_int_equal(passing(limit, "203.0.113.7", wrap_ms + 100, 20), 2);
	echo_limit_free(limit);
}

static void echo_cookie_is_valid_when_own_then_for_two_periods(void **state)
{
	struct addr a = parse("203.0.113.7"), b = parse("203.0.113.8");
	uint8_t cookie[ECHO_COOKIE_BYTES], zeros[ECHO_COOKIE_BYTES] = {0};
	struct echo_cookie_key key, other;

	(void)state;
	echo_cookie_key_init(&key);
	echo_cookie_key_init(&other);
	echo_cookie_make(&key, &a, 120000, cookie);
	assert_true(echo_cookie_is_valid(&key, &a, 120000, cookie));
	assert_true(echo_cookie_is_valid(&key, &a, 239999, cookie));
	assert_false(echo_cookie_is_valid(&key, &a, 240000, cookie));
	assert_false(echo_cookie_is_valid(&key, &a, 119999, cookie));
	assert_false(echo_cookie_is_valid(&key, &b, 120000, cookie));
	assert_false(echo_cookie_is_valid(&other, &a, 120000, cookie));
	assert_false(echo_cookie_is_valid(&key, &a, 120000, zeros));
	cookie[ECHO_COOKIE_BYTES - 1] ^= 1;
	assert_false(echo_cookie_is_valid(&key, &a, 120000, cookie));
	echo_cookie_key_fini(&key);
}

static void echo_server_may_answer_when_each_source_then_by_rule(void **state)
{
	static const struct {
		const char *bound, *to, *source;
		uint16_t port;
		bool may;
	} rows[] = {
	    {"0.0.0.0", "198.51.100.7", "203.0.113.7", 1, true},
	    {"0.0.0.0", "10.0.0.1", "10.0.0.2", 5000, true},
	    {"0.0.0.0", "198.51.100.7", "203.0.113.7", 0, false},
	    {"0.0.0.0", "198.51.100.7", "224.0.0.1", 5000, false},
	    {"0.0.0.0", "198.51.100.7", "255.255.255.255", 5000, false},
	    {"0.0.0.0", "198.51.100.7", "0.0.0.0", 5000, false},
	    {"0.0.0.0", "198.51.100.7", "198.51.100.7", 5000, false},
	    {"198.51.100.7", "198.51.100.7", "198.51.100.7", 4589, false},
	    {"0.0.0.0", "127.0.0.1", "127.0.0.1", 5000, false},
	    {"127.0.0.1", "127.0.0.1", "127.0.0.1", 5000, true},
	    {"::", "2001:db8::1", "2001:db8::2", 5000, true},
	    {"::", "2001:db8::1", "2001:db8::1", 5000, false},
	    {"::", "2001:db8::1", "ff02::1", 5000, false},
	    {"::", "::1", "::1", 5000, false},
	    {"::1", "::1", "::1", 5000, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct addr bound = parse(rows[i].bound);
		struct addr to = parse(rows[i].to);
		struct endpoint source = {.addr = parse(rows[i].source),
					  .port = rows[i].port};

		if (echo_server_may_answer(&bound, &to, &source) != rows[i].may)
			fail_msg("%s:%u on %s", rows[i].source, rows[i].port,
				 rows[i].bound);
	}
}

static int setup(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(echo_limit_take_when_a_burst_then_the_rate),
	    cmocka_unit_test(echo_limit_take_when_same_network_then_shared),
	    cmocka_unit_test(
		echo_limit_take_when_many_sources_then_still_limited),
	    cmocka_unit_test(echo_limit_take_when_clock_wraps_then_goes_on),
	    cmocka_unit_test(
		echo_cookie_is_valid_when_own_then_for_two_periods),
	    cmocka_unit_test(
		echo_server_may_answer_when_each_source_then_by_rule),
	};

	return cmocka_run_group_tests_name("echo_server", tests, setup, NULL);
}
