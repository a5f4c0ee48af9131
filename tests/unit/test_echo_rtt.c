#include "unit.h"

#include <stdbool.h>

#include "echo_rtt.h"

static void echo_rtt_wait_when_unknown_then_2_s(void **state)
{
	struct echo_rtt rtt;

	(void)state;
	echo_rtt_init(&rtt, 0);
	assert_int_equal(echo_rtt_wait_ms(&rtt), 2000);
	assert_int_equal(echo_rtt_smoothed_ms(&rtt), 0);
}

static void echo_rtt_wait_when_estimated_then_three_round_trips(void **state)
{
	static const struct {
		uint32_t estimate_ms, wait_ms;
	} rows[] = {
	    {1, 300},      {20, 300},          {100, 300},  {101, 303},
	    {250, 750},    {600, 1800},        {667, 2000}, {5000, 2000},
	    {60000, 2000}, {UINT32_MAX, 2000},
	};
	struct echo_rtt rtt;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		echo_rtt_init(&rtt, rows[i].estimate_ms);
		assert_int_equal(echo_rtt_wait_ms(&rtt), rows[i].wait_ms);
	}
}

/* RFC 6298 section 2: the first sample R sets SRTT to R and RTTVAR to R/2, the
 * next, R', RTTVAR to 3/4 RTTVAR + 1/4 |SRTT - R'| and then SRTT to 7/8 SRTT +
 * 1/8 R'. */
static void echo_rtt_sample_when_two_then_as_rfc_6298(void **state)
{
	struct echo_rtt rtt = {0};

	(void)state;
	echo_rtt_sample(&rtt, 80);
	assert_int_equal(rtt.srtt_us, 80000);
	assert_int_equal(rtt.rttvar_us, 40000);
	echo_rtt_sample(&rtt, 160);
	assert_int_equal(rtt.rttvar_us, (3 * 40000 + 80000) / 4);
	assert_int_equal(rtt.srtt_us, (7 * 80000 + 160000) / 8);
	assert_int_equal(echo_rtt_smoothed_ms(&rtt), 90);
	assert_int_equal(rtt.samples, 2);
}

static void echo_rtt_wait_when_it_varies_then_longer(void **state)
{
	struct echo_rtt steady = {0}, varied = {0};

	(void)state;
	for (int i = 0; i < 40; i++) {
		echo_rtt_sample(&steady, 200);
		echo_rtt_sample(&varied, i % 2 ? 20 : 380);
	}
	assert_in_range(echo_rtt_wait_ms(&steady), 598, 602);
	assert_true(echo_rtt_wait_ms(&varied) > 800);
}

static void echo_rtt_forget_when_counted_then_counts_stay(void **state)
{
	struct echo_rtt rtt = {0};

	(void)state;
	echo_rtt_sample(&rtt, 10);
	echo_rtt_sample(&rtt, 11);
	echo_rtt_sample(&rtt, 2000);
	echo_rtt_forget(&rtt);
	assert_int_equal(rtt.samples, 0);
	assert_int_equal(echo_rtt_wait_ms(&rtt), ECHO_WAIT_MOST_MS);
	assert_int_equal(echo_rtt_bucket_ms(1), 10);
	assert_int_equal(rtt.counts.at_most[0], 0);
	assert_int_equal(rtt.counts.at_most[1], 1);
	assert_int_equal(rtt.counts.at_most[2], 2);
	assert_int_equal(rtt.counts.at_most[ECHO_RTT_BUCKETS - 1], 2);
	assert_int_equal(rtt.counts.count, 3);
	assert_int_equal(rtt.counts.sum_ms, 2021);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(echo_rtt_wait_when_unknown_then_2_s),
	    cmocka_unit_test(
		echo_rtt_wait_when_estimated_then_three_round_trips),
	    cmocka_unit_test(echo_rtt_sample_when_two_then_as_rfc_6298),
	    cmocka_unit_test(echo_rtt_wait_when_it_varies_then_longer),
	    cmocka_unit_test(echo_rtt_forget_when_counted_then_counts_stay),
	};

	return cmocka_run_group_tests_name("echo_rtt", tests, NULL, NULL);
}
