/*
 * A list of findings: what goes in, what is taken out.
 */
#include "unit.h"

#include "finding.h"

static void add(struct findings *list, const char *id)
{
	findings_add(list, id, FINDING_INFO, "file", 1, "title", NULL, NULL);
}

static void findings_drop_when_several_then_others_stay_in_order(void **state)
{
	struct findings list = {0};

	(void)state;
	add(&list, "a");
	add(&list, "b");
	add(&list, "a");
	add(&list, "c");
	findings_drop(&list, "a");
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].id, "b");
	assert_string_equal(list.items[1].id, "c");
	assert_false(findings_has(&list, "a"));
	findings_clear(&list);
}

static void findings_drop_when_absent_or_empty_then_nothing(void **state)
{
	struct findings list = {0};

	(void)state;
	findings_drop(&list, "a");
	assert_int_equal(list.count, 0);
	add(&list, "b");
	findings_drop(&list, "a");
	assert_int_equal(list.count, 1);
	findings_drop(&list, "b");
	assert_int_equal(list.count, 0);
	add(&list, "c");
	assert_true(findings_has(&list, "c"));
	findings_clear(&list);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		findings_drop_when_several_then_others_stay_in_order),
	    cmocka_unit_test(findings_drop_when_absent_or_empty_then_nothing),
	};

	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
