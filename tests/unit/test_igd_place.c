#include "unit.h"

#include <stdio.h>

#include "igd_place.h"

static void igd_places_keep_when_likelier_then_first(void **state)
{
	struct igd_places p = {0};

	(void)state;
	igd_places_keep(&p, "root", SSDP_MAYBE);
	igd_places_keep(&p, "igd", SSDP_GATEWAY);
	igd_places_keep(&p, "igd2", SSDP_GATEWAY);
	igd_places_keep(&p, "igd", SSDP_MAYBE);
	assert_int_equal(p.count, 3);
	assert_string_equal(p.items[0].url, "igd");
	assert_string_equal(p.items[1].url, "igd2");
	assert_string_equal(p.items[2].url, "root");
	/* It turns out to be more than a root device. */
	igd_places_keep(&p, "root", SSDP_GATEWAY);
	assert_int_equal(p.count, 3);
	assert_int_equal(p.items[2].rank, SSDP_GATEWAY);
	igd_places_drop(&p);
	assert_int_equal(p.count, 2);
	assert_string_equal(p.items[0].url, "igd2");
}

static void igd_places_keep_when_full_then_the_likeliest(void **state)
{
	struct igd_places p = {0};
	char url[16];

	(void)state;
	for (int i = 0; i < 10; i++) {
		snprintf(url, sizeof(url), "m%d", i);
		igd_places_keep(&p, url, SSDP_MAYBE);
	}
	igd_places_keep(&p, "igd", SSDP_GATEWAY);
	assert_int_equal(p.count, IGD_PLACES);
	assert_string_equal(p.items[0].url, "igd");
	assert_string_equal(p.items[1].url, "m0");
	for (int i = 0; i < 10; i++)
		igd_places_drop(&p);
	assert_int_equal(p.count, 0);
}

static struct ssdp_message message(enum ssdp_kind kind, uint32_t bootid)
{
	return (struct ssdp_message){
	    .kind = kind, .has_bootid = bootid != 0, .bootid = bootid};
}

static void igd_boot_hear_when_bootid_changes_then_restart_once(void **state)
{
	struct ssdp_message old = message(SSDP_ANSWER, 7);
	struct ssdp_message new = message(SSDP_ALIVE, 8);
	struct igd_boot boot = {0};

	(void)state;
	assert_false(igd_boot_hear(&boot, &old, 1000));
	assert_false(igd_boot_hear(&boot, &old, 2000));
	assert_true(igd_boot_hear(&boot, &new, 3000));
	assert_false(igd_boot_hear(&boot, &new, 3001));
	assert_false(igd_boot_hear(&boot, &new, 60000));
}

static void igd_boot_hear_when_byebye_then_alive_is_restart(void **state)
{
	struct ssdp_message bye = message(SSDP_BYEBYE, 0);
	struct ssdp_message answer = message(SSDP_ANSWER, 0);
	struct ssdp_message alive = message(SSDP_ALIVE, 0);
	struct igd_boot boot = {0};

	(void)state;
	assert_false(igd_boot_hear(&boot, &alive, 1000));
	assert_false(igd_boot_hear(&boot, &bye, 2000));
	assert_false(igd_boot_hear(&boot, &bye, 2001));
	assert_false(igd_boot_hear(&boot, &answer, 2002));
	assert_true(igd_boot_hear(&boot, &alive, 2003));
	assert_false(igd_boot_hear(&boot, &alive, 2004));
}

static void igd_boot_hear_when_storm_then_held_back(void **state)
{
	struct igd_boot boot = {0};
	struct ssdp_message m;
	unsigned int restarts = 0;

	(void)state;
	/* A new BOOTID each 6 ms for a minute: 10 000 forgeries. */
	for (uint32_t i = 1; i <= 10000; i++) {
		m = message(SSDP_ALIVE, i);
		restarts += igd_boot_hear(&boot, &m, 1000 + 6 * (uint64_t)i);
	}
	assert_in_range(restarts, 1, 60000 / IGD_RESTART_HOLD_MS + 1);
	/* What was held back is noticed by the next message. */
	m = message(SSDP_ALIVE, 10001);
	assert_true(igd_boot_hear(&boot, &m, 100000));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(igd_places_keep_when_likelier_then_first),
	    cmocka_unit_test(igd_places_keep_when_full_then_the_likeliest),
	    cmocka_unit_test(
		igd_boot_hear_when_bootid_changes_then_restart_once),
	    cmocka_unit_test(igd_boot_hear_when_byebye_then_alive_is_restart),
	    cmocka_unit_test(igd_boot_hear_when_storm_then_held_back),
	};

	return cmocka_run_group_tests_name("igd_place", tests, NULL, NULL);
}
