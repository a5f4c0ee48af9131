#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "tally.h"

static void tally_add_when_again_then_one_row(void **state)
{
	struct tally tally = {.count = 0};

	(void)state;
	tally_add(&tally, "renewed", "pcp");
	tally_add(&tally, "renewed", NULL);
	tally_add(&tally, "renewed", "pcp");
	assert_int_equal(tally.count, 2);
	assert_int_equal(tally.rows[0].count, 2);
	assert_int_equal(tally.rows[1].count, 1);
	assert_string_equal(tally.rows[1].via, "");
}

static void tally_add_when_via_is_long_then_cut_and_the_same(void **state)
{
	struct tally tally = {.count = 0};

	(void)state;
	tally_add(&tally, "lost", "0123456789abcdefghi");
	tally_add(&tally, "lost", "0123456789abcdefxyz");
	assert_int_equal(tally.count, 1);
	assert_string_equal(tally.rows[0].via, "0123456789abcde");
}

static void tally_add_when_full_then_old_rows_count_on(void **state)
{
	struct tally tally = {.count = 0};
	char via[16];

	(void)state;
	for (int i = 0; i < TALLY_ROWS + 1; i++) {
		snprintf(via, sizeof(via), "%d", i);
		tally_add(&tally, "lost", via);
	}
	tally_add(&tally, "lost", "0");
	assert_int_equal(tally.count, TALLY_ROWS);
	assert_int_equal(tally.rows[0].count, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tally_add_when_again_then_one_row),
	    cmocka_unit_test(tally_add_when_via_is_long_then_cut_and_the_same),
	    cmocka_unit_test(tally_add_when_full_then_old_rows_count_on),
	};

	return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
