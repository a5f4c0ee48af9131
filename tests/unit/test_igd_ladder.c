#include "igd_ladder_steps.h"

static void igd_ladder_map_when_granted_then_what_the_table_says(void **state)
{
	static const struct {
		uint32_t table_s, lifetime_s;
		bool is_permanent;
	} rows[] = {
	    {WISHED_S, WISHED_S, false},
	    {WISHED_S - 1, WISHED_S - 1, false},
	    {120, 120, false},
	    /* A router that writes its own figure is not believed. */
	    {86400, WISHED_S, false},
	    {0, WISHED_S, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct igd_memory memory = {0};
		struct igd_ladder l = start(&wish, &memory, 1);

		expect(&l, IGD_ADD, 51820, WISHED_S);
		assert_true(answer_yes(&l, rows[i].table_s));
		assert_int_equal(l.result.status, MAP_OK);
		assert_int_equal(l.result.external.port, 51820);
		assert_int_equal(l.result.lifetime_s, rows[i].lifetime_s);
		assert_int_equal(l.result.is_permanent, rows[i].is_permanent);
	}
}

static void igd_ladder_map_when_725_then_week_then_permanent(void **state)
{
	static const int codes[] = {IGD_ONLY_PERMANENT_LEASES, IGD_INVALID_ARGS,
				    IGD_NOT_IN_TABLE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		struct igd_memory memory = {0};
		struct igd_ladder l = start(&wish, &memory, 1);

		assert_false(answer_code(&l, codes[i]));
		expect(&l, IGD_ADD, 51820, IGD_LEASE_MAX_S);
		assert_false(answer_code(&l, codes[i]));
		expect(&l, IGD_ADD, 51820, 0);
		assert_int_equal(memory.lease_step, 0);
		assert_true(answer_yes(&l, 0));
		assert_true(l.result.is_permanent);
		/* The next mapping begins where this one ended. */
		l = start(&wish, &memory, 1);
		expect(&l, IGD_ADD, 51820, 0);
	}
}

static void igd_ladder_map_when_no_lease_fits_then_broken(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start(&wish, &memory, 1);

	(void)state;
	assert_false(answer_code(&l, IGD_ONLY_PERMANENT_LEASES));
	assert_false(answer_code(&l, IGD_ONLY_PERMANENT_LEASES));
	assert_true(answer_code(&l, IGD_ONLY_PERMANENT_LEASES));
	assert_int_equal(l.result.status, MAP_BROKEN);
	assert_int_equal(l.result.code, 725);
	assert_string_equal(l.result.detail,
			    "725 OnlyPermanentLeasesSupported");
	assert_int_equal(memory.lease_step, 0);
}

static void igd_ladder_map_when_never_in_table_then_cleaned(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start(&wish, &memory, 1);

	(void)state;
	assert_false(answer_code(&l, IGD_NOT_IN_TABLE));
	assert_false(answer_code(&l, IGD_NOT_IN_TABLE));
	assert_false(answer_code(&l, IGD_NOT_IN_TABLE));
	assert_int_equal(igd_ladder_request(&l).verb, IGD_DELETE);
	assert_true(answer_code(&l, IGD_NO_SUCH_ENTRY));
	assert_int_equal(l.result.status, MAP_BROKEN);
}

static void igd_ladder_map_when_a_week_was_wished_then_not_twice(void **state)
{
	struct map_request w = wish;
	struct igd_memory memory = {0};
	struct igd_ladder l;

	(void)state;
	w.lifetime_s = 2 * IGD_LEASE_MAX_S;
	l = start(&w, &memory, 2);
	expect(&l, IGD_ADD, 51820, IGD_LEASE_MAX_S);
	assert_false(answer_code(&l, IGD_INVALID_ARGS));
	expect(&l, IGD_ADD, 51820, 0);
}

static void igd_ladder_map_when_conflict_then_other_ports_then_gives_up(
    void **state)
{
	static const int codes[] = {IGD_CONFLICT_WITH_OTHER, IGD_ACTION_FAILED};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		struct igd_memory memory = {0};
		struct igd_ladder l = start(&wish, &memory, 1);
		uint32_t stable;

		assert_false(answer_code(&l, codes[i]));
		stable = igd_ladder_request(&l).external_port;
		assert_in_range(stable, IGD_PORT_FIRST,
				IGD_PORT_FIRST + IGD_PORT_COUNT - 1);
		assert_false(answer_code(&l, codes[i]));
		expect(&l, IGD_ADD, IGD_PORT_FIRST + 12345, WISHED_S);
		assert_true(answer_code(&l, codes[i]));
		assert_int_equal(l.result.status, MAP_CONFLICT);
		assert_int_equal(l.result.code, codes[i]);
		/* The same service finds the same port again. */
		l = start(&wish, &memory, 1);
		answer_code(&l, codes[i]);
		assert_int_equal(igd_ladder_request(&l).external_port, stable);
	}
}

static void igd_ladder_map_when_port_was_wished_then_no_other(void **state)
{
	struct map_request w = wish;
	struct igd_memory memory = {0};
	struct igd_ladder l;

	(void)state;
	w.external_port = 4000;
	l = start(&w, &memory, 1);
	expect(&l, IGD_ADD, 4000, WISHED_S);
	assert_true(answer_code(&l, IGD_CONFLICT_WITH_OTHER));
	assert_int_equal(l.result.status, MAP_CONFLICT);
}

static void igd_ladder_map_when_igd2_conflict_then_any_port(void **state)
{
	struct map_request w = wish;
	struct igd_memory memory = {0};
	struct igd_ladder l;
	struct igd_answer a;

	(void)state;
	w.external_port = 4000;
	l = start(&w, &memory, 2);
	assert_false(answer_code(&l, IGD_CONFLICT_WITH_OTHER));
	expect(&l, IGD_ADD_ANY, 4000, WISHED_S);
	a = yes(&l, WISHED_S);
	a.entry.external_port = 4001;
	assert_true(igd_ladder_answer(&l, &a));
	assert_int_equal(l.result.status, MAP_OK);
	assert_int_equal(l.result.external.port, 4001);
}

static void igd_ladder_map_when_any_unknown_then_remembered(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start(&wish, &memory, 2);

	(void)state;
	assert_false(answer_code(&l, IGD_ACTION_FAILED));
	assert_int_equal(igd_ladder_request(&l).verb, IGD_ADD_ANY);
	assert_false(answer_code(&l, IGD_INVALID_ACTION));
	assert_int_equal(igd_ladder_request(&l).verb, IGD_ADD);
	assert_int_not_equal(igd_ladder_request(&l).external_port, 51820);
	assert_true(memory.no_any);
	l = start(&wish, &memory, 2);
	assert_false(answer_code(&l, IGD_ACTION_FAILED));
	assert_int_equal(igd_ladder_request(&l).verb, IGD_ADD);
}

static void igd_ladder_map_when_718_is_ours_then_replaced(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start(&wish, &memory, 1);

	(void)state;
	assert_false(answer_code(&l, IGD_CONFLICT_IN_ENTRY));
	expect(&l, IGD_GET, 51820, WISHED_S);
	assert_false(answer_yes(&l, 10));
	expect(&l, IGD_DELETE, 51820, WISHED_S);
	assert_false(answer_code(&l, IGD_OK));
	expect(&l, IGD_ADD, 51820, WISHED_S);
	assert_true(answer_yes(&l, WISHED_S));
	assert_int_equal(l.result.status, MAP_OK);
	assert_int_equal(l.result.code, 0);
}

static void igd_ladder_map_when_718_is_anothers_then_left_alone(void **state)
{
	struct map_request w = wish;
	struct igd_memory memory = {0};
	struct igd_ladder l;
	struct igd_answer a;

	(void)state;
	w.external_port = 4000;
	l = start(&w, &memory, 1);
	assert_false(answer_code(&l, IGD_CONFLICT_IN_ENTRY));
	a = yes(&l, 10);
	a.entry.client = address("192.168.1.21");
	strcpy(a.entry.description, wish.description);
	assert_true(igd_ladder_answer(&l, &a));
	assert_int_equal(l.result.status, MAP_CONFLICT);
	assert_int_equal(l.result.code, 718);
}

static void igd_ladder_map_when_718_forever_then_ends(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start(&wish, &memory, 2);
	int steps = 0;

	(void)state;
	while (igd_ladder_request(&l).verb == IGD_GET
		   ? !answer_yes(&l, 10)
		   : !answer_code(&l, IGD_CONFLICT_IN_ENTRY))
		assert_true(++steps < 12);
	assert_int_equal(l.result.status, MAP_CONFLICT);
}

static void igd_ladder_map_when_724_then_same_port(void **state)
{
	struct map_request w = wish;
	struct igd_memory memory = {0};
	struct igd_ladder l;

	(void)state;
	w.external_port = 4000;
	l = start(&w, &memory, 2);
	assert_false(answer_code(&l, IGD_SAME_PORTS_REQUIRED));
	expect(&l, IGD_ADD, 51820, WISHED_S);
	assert_true(answer_yes(&l, WISHED_S));
	assert_int_equal(l.result.external.port, 51820);
	l = start(&w, &memory, 2);
	expect(&l, IGD_ADD, 51820, WISHED_S);
	assert_true(answer_code(&l, IGD_SAME_PORTS_REQUIRED));
	assert_int_equal(l.result.status, MAP_CONFLICT);
}

static void igd_ladder_map_when_refused_then_status(void **state)
{
	static const struct {
		int code;
		enum map_status status;
	} rows[] = {
	    {IGD_NOT_AUTHORIZED, MAP_REFUSED},
	    {IGD_NO_PORT_MAPS_AVAILABLE, MAP_NO_RESOURCES},
	    {IGD_ONLY_WILDCARD_EXTERNAL, MAP_BROKEN},
	    {799, MAP_BROKEN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct igd_memory memory = {0};
		struct igd_ladder l = start(&wish, &memory, 1);

		assert_true(answer_code(&l, rows[i].code));
		assert_int_equal(l.result.status, rows[i].status);
		assert_int_equal(l.result.code, rows[i].code);
	}
}

static void igd_ladder_map_when_low_port_refused_then_a_high_one(void **state)
{
	struct map_request w = wish;
	struct igd_memory memory = {0};
	struct igd_ladder l;

	(void)state;
	w.internal_port = 443;
	l = start(&w, &memory, 1);
	assert_int_equal(igd_ladder_request(&l).external_port, 443);
	assert_false(answer_code(&l, IGD_NOT_AUTHORIZED));
	assert_true(igd_ladder_request(&l).external_port >= IGD_PORT_FIRST);
	assert_true(answer_code(&l, IGD_NOT_AUTHORIZED));
	assert_int_equal(l.result.status, MAP_REFUSED);
}

static void igd_ladder_map_when_not_extended_then_replaced_once(void **state)
{
	struct igd_memory memory = {.longest_lease_s = WISHED_S};
	struct igd_ladder l = start(&wish, &memory, 1);

	(void)state;
	assert_false(answer_yes(&l, WISHED_S / 2));
	assert_int_equal(igd_ladder_request(&l).verb, IGD_DELETE);
	assert_false(answer_code(&l, IGD_OK));
	assert_int_equal(igd_ladder_request(&l).verb, IGD_ADD);
	assert_true(answer_yes(&l, WISHED_S / 2));
	assert_int_equal(l.result.lifetime_s, WISHED_S / 2);
	/* A router that caps the lease is not asked twice each time. */
	memory.longest_lease_s = 120;
	l = start(&wish, &memory, 1);
	assert_true(answer_yes(&l, 120));
}

static void igd_ladder_lost_when_entry_is_there_then_granted(void **state)
{
	struct igd_memory memory = {0};
	struct igd_ladder l = start(&wish, &memory, 1);

	(void)state;
	igd_ladder_lost(&l);
	expect(&l, IGD_GET, 51820, WISHED_S);
	igd_ladder_lost(&l);
	expect(&l, IGD_GET, 51820, WISHED_S);
	assert_true(answer_yes(&l, WISHED_S - 5));
	assert_int_equal(l.result.status, MAP_OK);
	assert_int_equal(l.result.lifetime_s, WISHED_S - 5);
}

static void igd_ladder_lost_when_entry_is_not_there_then_again(void **state)
{
	static const int codes[] = {IGD_NO_SUCH_ENTRY, IGD_ACTION_FAILED};
	struct igd_memory memory = {0};
	struct igd_ladder l;
	struct igd_answer a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		l = start(&wish, &memory, 1);
		igd_ladder_lost(&l);
		assert_false(answer_code(&l, codes[i]));
		expect(&l, IGD_ADD, 51820, WISHED_S);
	}
	l = start(&wish, &memory, 1);
	igd_ladder_lost(&l);
	a = yes(&l, 10);
	a.entry.client = address("192.168.1.21");
	assert_false(igd_ladder_answer(&l, &a));
	expect(&l, IGD_ADD, 51820, WISHED_S);
}

/* Whatever a router answers, however often: a mapping ends, asks for no port 0
 * and deletes nothing that it has not seen to be its own. */
static void igd_ladder_answer_when_anything_then_ends(void **state)
{
	static const int codes[] = {0,   -3,  401, 402, 501, 602, 606, 714,
				    716, 718, 724, 725, 728, 729, 799};
	uint32_t random = 1;

	(void)state;
	for (unsigned int run = 0; run < 20000; run++) {
		struct igd_memory memory = {0};
		struct igd_ladder l = start(&wish, &memory, 1 + run % 2);
		int steps = 0;
		bool done = false;

		while (!done) {
			random = random * 1103515245u + 12345u;
			assert_true(++steps < 40);
			assert_int_not_equal(
			    igd_ladder_request(&l).external_port, 0);
			if (random >> 28 == 0)
				igd_ladder_lost(&l);
			else if (random >> 28 == 1)
				done = answer_yes(&l, random >> 20 & 0xff);
			else
				done = answer_code(
				    &l,
				    codes[(random >> 16) % COUNT_OF(codes)]);
		}
		assert_int_equal(l.stage, IGD_STAGE_DONE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		igd_ladder_map_when_granted_then_what_the_table_says),
	    cmocka_unit_test(igd_ladder_map_when_725_then_week_then_permanent),
	    cmocka_unit_test(igd_ladder_map_when_no_lease_fits_then_broken),
	    cmocka_unit_test(igd_ladder_map_when_never_in_table_then_cleaned),
	    cmocka_unit_test(
		igd_ladder_map_when_a_week_was_wished_then_not_twice),
	    cmocka_unit_test(
		igd_ladder_map_when_conflict_then_other_ports_then_gives_up),
	    cmocka_unit_test(igd_ladder_map_when_port_was_wished_then_no_other),
	    cmocka_unit_test(igd_ladder_map_when_igd2_conflict_then_any_port),
	    cmocka_unit_test(igd_ladder_map_when_any_unknown_then_remembered),
	    cmocka_unit_test(igd_ladder_map_when_718_is_ours_then_replaced),
	    cmocka_unit_test(
		igd_ladder_map_when_718_is_anothers_then_left_alone),
	    cmocka_unit_test(igd_ladder_map_when_718_forever_then_ends),
	    cmocka_unit_test(igd_ladder_map_when_724_then_same_port),
	    cmocka_unit_test(igd_ladder_map_when_refused_then_status),
	    cmocka_unit_test(
		igd_ladder_map_when_low_port_refused_then_a_high_one),
	    cmocka_unit_test(
		igd_ladder_map_when_not_extended_then_replaced_once),
	    cmocka_unit_test(igd_ladder_lost_when_entry_is_there_then_granted),
	    cmocka_unit_test(
		igd_ladder_lost_when_entry_is_not_there_then_again),
	    cmocka_unit_test(igd_ladder_answer_when_anything_then_ends),
	};

	return cmocka_run_group_tests_name("igd_ladder", tests, NULL, NULL);
}
