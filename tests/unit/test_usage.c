#include "unit.h"

#include <errno.h>
#include <string.h>

#include "usage.h"

static void usage_next_when_before_then_the_next_argument(void **state)
{
	static const struct {
		const char *usage;
		size_t way;
		const char *before[3];
		const char *next;
	} rows[] = {
	    {"", 0, {NULL}, ""},
	    {"[SERVICE] [-v]", 0, {NULL}, "SERVICE"},
	    {"[SERVICE] [-v]", 0, {"wg"}, ""},
	    {"[SERVICE|PORT]", 0, {NULL}, "SERVICE|PORT"},
	    {"show | check [FILE]", 0, {NULL}, "show"},
	    {"show | check [FILE]", 1, {NULL}, "check"},
	    {"show | check [FILE]", 1, {"check"}, "FILE"},
	    {"show | check [FILE]", 0, {"check"}, ""},
	    {"show | check [FILE]", 1, {"show"}, ""},
	    {"[--for STATE] [--timeout TIME]", 0, {NULL}, ""},
	    {"PEER --ports=LIST [--exec=A | --relay=B] LAST", 0, {"p"}, "LAST"},
	    {"[NAME=]PORT/udp[:EXTERNAL] [-x]",
	     0,
	     {NULL},
	     "[NAME=]PORT/udp[:EXTERNAL]"},
	    {"[TERM...]", 0, {"a", "b"}, "TERM"},
	    {"check WORD...", 0, {"check", "b"}, "WORD"},
	};
	char buf[USAGE_ITEM_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t count = 0;

		while (rows[i].before[count])
			count++;
		assert_int_equal(usage_next(rows[i].usage, rows[i].way,
					    rows[i].before, count, buf),
				 0);
		assert_string_equal(buf, rows[i].next);
	}
}

static void usage_next_when_no_such_way_then_enoent(void **state)
{
	char buf[USAGE_ITEM_BYTES];

	(void)state;
	assert_int_equal(usage_next("show | check", 2, NULL, 0, buf), -ENOENT);
	assert_int_equal(usage_next("", 1, NULL, 0, buf), -ENOENT);
	assert_int_equal(usage_next("[A | B]", 1, NULL, 0, buf), -ENOENT);
}

static void usage_next_when_too_long_then_nothing(void **state)
{
	char usage[2 * USAGE_ITEM_BYTES], buf[USAGE_ITEM_BYTES];

	(void)state;
	memset(usage, 'A', sizeof(usage) - 1);
	usage[sizeof(usage) - 1] = '\0';
	assert_int_equal(usage_next(usage, 0, NULL, 0, buf), 0);
	assert_string_equal(buf, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(usage_next_when_before_then_the_next_argument),
	    cmocka_unit_test(usage_next_when_no_such_way_then_enoent),
	    cmocka_unit_test(usage_next_when_too_long_then_nothing),
	};

	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
