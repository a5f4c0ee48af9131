#include "unit.h"

#include <stdbool.h>

#include "epoch.h"

struct row {
	uint32_t server_s; /* after an answer with 100000 s at 0 ms */
	uint64_t client_ms;
	bool is_reset;
};

#define FIRST_S 100000

static void pcp_epoch_is_reset_when_rfc_6887_8_5_then_exact(void **state)
{
	static const struct row rows[] = {
	    {FIRST_S, 0, false},
	    /* up to one second back is reordering */
	    {FIRST_S - 1, 0, false},
	    {FIRST_S - 2, 0, true},
	    {0, 0, true},
	    /* one back while time passes: -1 + 2 < client_delta */
	    {FIRST_S - 1, 1999, false},
	    {FIRST_S - 1, 2000, true},
	    /* two seconds ahead or behind are rounding */
	    {FIRST_S + 2, 0, false},
	    {FIRST_S + 3, 0, true},
	    {FIRST_S, 2999, false},
	    {FIRST_S, 3000, true},
	    /* slow: server_delta + 2 < 1600 - 100 */
	    {FIRST_S + 1498, 1600000, false},
	    {FIRST_S + 1497, 1600000, true},
	    /* fast: 1500 + 2 < server_delta - server_delta / 16 */
	    {FIRST_S + 1602, 1500000, false},
	    {FIRST_S + 1603, 1500000, true},
	    {FIRST_S + 86400, 86400000, false},
	    {UINT32_MAX, 1000, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct epoch epoch = {false};

		assert_false(pcp_epoch_is_reset(&epoch, FIRST_S, 0));
		if (pcp_epoch_is_reset(&epoch, rows[i].server_s,
				       rows[i].client_ms) != rows[i].is_reset)
			fail_msg("row %zu", i);
	}
}

static void natpmp_epoch_is_reset_when_rfc_6886_3_6_then_exact(void **state)
{
	static const struct row rows[] = {
	    {FIRST_S, 0, false},
	    /* two seconds under the estimate are allowed */
	    {FIRST_S - 2, 0, false},
	    {FIRST_S - 3, 0, true},
	    {0, 0, true},
	    /* the estimate after 16 s is 14 s on */
	    {FIRST_S + 12, 16000, false},
	    {FIRST_S + 11, 16000, true},
	    {FIRST_S + 698, 800000, false},
	    {FIRST_S + 697, 800000, true},
	    /* a fast clock is no reset */
	    {FIRST_S + 90000, 1000, false},
	    {UINT32_MAX, 1000, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct epoch epoch = {false};

		assert_false(natpmp_epoch_is_reset(&epoch, FIRST_S, 0));
		if (natpmp_epoch_is_reset(&epoch, rows[i].server_s,
					  rows[i].client_ms) !=
		    rows[i].is_reset)
			fail_msg("row %zu", i);
	}
}

static void epoch_is_reset_when_fallen_then_told_once(void **state)
{
	struct epoch pcp = {false}, natpmp = {false};

	(void)state;
	assert_false(pcp_epoch_is_reset(&pcp, 5000, 7000));
	assert_true(pcp_epoch_is_reset(&pcp, 3, 8000));
	assert_false(pcp_epoch_is_reset(&pcp, 4, 9000));
	assert_false(natpmp_epoch_is_reset(&natpmp, 5000, 7000));
	assert_true(natpmp_epoch_is_reset(&natpmp, 3, 8000));
	assert_false(natpmp_epoch_is_reset(&natpmp, 4, 9000));
}

static void epoch_is_reset_when_first_answer_then_never(void **state)
{
	static const uint32_t starts[] = {0, 1, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		struct epoch pcp = {false}, natpmp = {false};

		assert_false(pcp_epoch_is_reset(&pcp, starts[i], 123456789));
		assert_false(
		    natpmp_epoch_is_reset(&natpmp, starts[i], 123456789));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pcp_epoch_is_reset_when_rfc_6887_8_5_then_exact),
	    cmocka_unit_test(
		natpmp_epoch_is_reset_when_rfc_6886_3_6_then_exact),
	    cmocka_unit_test(epoch_is_reset_when_fallen_then_told_once),
	    cmocka_unit_test(epoch_is_reset_when_first_answer_then_never),
	};

	return cmocka_run_group_tests_name("epoch", tests, NULL, NULL);
}
