/*
 * When a lease is renewed (RFC 6887 section 11.2.1), and how patiently a
 * failure is repeated.
 */
#include "unit.h"

#include "renewal.h"

/* RFC 6887 section 11.2.1: the first between 1/2 and 5/8 of the lifetime, the
 * second between 3/4 and 13/16, the third between 7/8 and 29/32, ... */
static void renewal_delay_when_tried_then_in_the_rfcs_window(void **state)
{
	static const struct {
		unsigned int attempt;
		uint64_t from_ms, to_ms;
	} rows[] = {
	    {0, 512000, 640000},
	    {1, 768000, 832000},
	    {2, 896000, 928000},
	    {3, 960000, 976000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(renewal_delay_ms(1024, rows[i].attempt, 0),
				 rows[i].from_ms);
		for (uint32_t random = 0; random < 1000000; random += 997)
			assert_in_range(
			    renewal_delay_ms(1024, rows[i].attempt, random),
			    rows[i].from_ms, rows[i].to_ms);
		assert_in_range(
		    renewal_delay_ms(1024, rows[i].attempt, UINT32_MAX),
		    rows[i].from_ms, rows[i].to_ms);
	}
}

static void renewal_delay_when_tried_often_then_a_second_before(void **state)
{
	(void)state;
	for (unsigned int attempt = 0; attempt < 100; attempt++)
		assert_in_range(renewal_delay_ms(7200, attempt, UINT32_MAX),
				3600000, 7199000);
}

static void renewal_delay_when_lifetime_is_extreme_then_sane(void **state)
{
	(void)state;
	assert_int_equal(renewal_delay_ms(0, 0, 12345), 0);
	assert_in_range(renewal_delay_ms(1, 0, UINT32_MAX), 500, 1000);
	assert_in_range(renewal_delay_ms(UINT32_MAX, 0, UINT32_MAX),
			(uint64_t)UINT32_MAX * 500,
			(uint64_t)UINT32_MAX * 1000);
	assert_in_range(renewal_delay_ms(UINT32_MAX, UINT32_MAX, 0),
			(uint64_t)UINT32_MAX * 500,
			(uint64_t)UINT32_MAX * 1000);
}

static void renewal_backoff_when_repeated_then_doubles_to_the_most(void **state)
{
	static const uint64_t want_ms[] = {5000,  10000, 20000,
					   40000, 60000, 60000};

	(void)state;
	for (unsigned int i = 0; i < COUNT_OF(want_ms); i++)
		for (uint32_t random = 0; random < 100000; random += 331)
			assert_in_range(
			    renewal_backoff_ms(5000, 60000, i + 1, random),
			    want_ms[i] * 7 / 8, want_ms[i] * 9 / 8);
}

static void renewal_backoff_when_attempt_is_extreme_then_the_most(void **state)
{
	(void)state;
	assert_in_range(renewal_backoff_ms(5000, 60000, UINT32_MAX, 7), 52500,
			67500);
	assert_in_range(renewal_backoff_ms(5000, 60000, 0, 7), 4375, 5625);
	assert_int_equal(renewal_backoff_ms(0, 0, 1, UINT32_MAX), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(renewal_delay_when_tried_then_in_the_rfcs_window),
	    cmocka_unit_test(
		renewal_delay_when_tried_often_then_a_second_before),
	    cmocka_unit_test(renewal_delay_when_lifetime_is_extreme_then_sane),
	    cmocka_unit_test(
		renewal_backoff_when_repeated_then_doubles_to_the_most),
	    cmocka_unit_test(
		renewal_backoff_when_attempt_is_extreme_then_the_most),
	};

	return cmocka_run_group_tests_name("renewal", tests, NULL, NULL);
}
