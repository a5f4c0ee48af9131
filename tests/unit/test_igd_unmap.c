#include "igd_ladder_steps.h"

static struct igd_ladder start_unmap(struct igd_memory *memory)
{
	struct addr lan = address("192.168.1.20");
	struct map_request w = wish;
	struct igd_ladder l;

	w.external_port = 4000;
	igd_ladder_unmap(&l, &w, memory);
	igd_ladder_set_router(&l, &lan, 1);
	return l;
}

static void igd_ladder_unmap_when_ours_then_deleted(void **state)
{
	static const struct {
		int code;
		enum map_status status;
	} rows[] = {
	    {IGD_OK, MAP_OK},
	    {IGD_NO_SUCH_ENTRY, MAP_OK},
	    {IGD_NOT_AUTHORIZED, MAP_REFUSED},
	    {IGD_ACTION_FAILED, MAP_BROKEN},
	};
	struct igd_memory memory = {0};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct igd_ladder l = start_unmap(&memory);

		expect(&l, IGD_GET, 4000, WISHED_S);
		assert_false(answer_yes(&l, 10));
		expect(&l, IGD_DELETE, 4000, WISHED_S);
		assert_true(answer_code(&l, rows[i].code));
		assert_int_equal(l.result.status, rows[i].status);
	}
}

static void igd_ladder_unmap_when_unreadable_then_deleted(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start_unmap(&memory);

	(void)state;
	assert_false(answer_code(&l, IGD_INVALID_ACTION));
	assert_int_equal(igd_ladder_request(&l).verb, IGD_DELETE);
}

static void igd_ladder_unmap_when_gone_or_anothers_then_left_alone(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start_unmap(&memory);
	struct igd_answer a;

	(void)state;
	assert_true(answer_code(&l, IGD_NO_SUCH_ENTRY));
	assert_int_equal(l.result.status, MAP_OK);
	l = start_unmap(&memory);
	a = yes(&l, 10);
	a.entry.client = address("192.168.1.21");
	assert_true(igd_ladder_answer(&l, &a));
	assert_int_equal(l.result.status, MAP_OK);
	/* Ours from before our address changed. */
	l = start_unmap(&memory);
	strcpy(a.entry.description, wish.description);
	assert_false(igd_ladder_answer(&l, &a));
	assert_int_equal(igd_ladder_request(&l).verb, IGD_DELETE);
}

/* What another program of this host mapped there, to a port of its own. */
static void igd_ladder_unmap_when_another_programs_then_left_alone(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start_unmap(&memory);
	struct igd_answer a = yes(&l, 10);

	(void)state;
	a.entry.internal_port = 7777;
	strcpy(a.entry.description, "a game");
	assert_true(igd_ladder_answer(&l, &a));
	assert_int_equal(l.result.status, MAP_OK);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(igd_ladder_unmap_when_ours_then_deleted),
	    cmocka_unit_test(igd_ladder_unmap_when_unreadable_then_deleted),
	    cmocka_unit_test(
		igd_ladder_unmap_when_gone_or_anothers_then_left_alone),
	    cmocka_unit_test(
		igd_ladder_unmap_when_another_programs_then_left_alone),
	};

	return cmocka_run_group_tests_name("igd_unmap", tests, NULL, NULL);
}
