/*
 * The resolver over many changes of the network.
 */
#include "unit.h"

#include <malloc.h>

#include "resolve.h"

/* A laptop changes its network some thousand times between two reboots. */
static void resolver_reload_when_repeated_then_memory_stays(void **state)
{
	struct loop *loop = loop_new();
	struct resolver *resolver = resolver_new(loop);
	size_t before, after;

	(void)state;
	for (int i = 0; i < 10; i++)
		resolver_reload(resolver);
	before = mallinfo2().uordblks;
	for (int i = 0; i < 2000; i++)
		resolver_reload(resolver);
	after = mallinfo2().uordblks;
	assert_in_range(after, 0, before + 4096);
	resolver_free(resolver);
	loop_free(loop);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(resolver_reload_when_repeated_then_memory_stays),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
