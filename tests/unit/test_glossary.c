#include "unit.h"

#include <string.h>
#include <strings.h>

#include "glossary.h"

static void glossary_at_when_next_then_alphabetical(void **state)
{
	const struct glossary_entry *entry, *before = NULL;

	(void)state;
	for (size_t i = 0; (entry = glossary_at(i)); i++, before = entry)
		if (before)
			assert_true(strcasecmp(before->term, entry->term) < 0);
	assert_non_null(before);
}

static void glossary_find_when_any_name_then_that_entry(void **state)
{
	const struct glossary_entry *entry;

	(void)state;
	for (size_t i = 0; (entry = glossary_at(i)); i++) {
		assert_ptr_equal(glossary_find(entry->term), entry);
		for (size_t k = 0; entry->also[k]; k++)
			assert_ptr_equal(glossary_find(entry->also[k]), entry);
	}
}

static void glossary_at_when_it_refers_then_to_an_entry(void **state)
{
	const struct glossary_entry *entry;

	(void)state;
	for (size_t i = 0; (entry = glossary_at(i)); i++)
		for (size_t k = 0; entry->see[k]; k++)
			assert_string_equal(glossary_find(entry->see[k])->term,
					    entry->see[k]);
}

/* The same text goes to terminals without UTF-8. */
static void glossary_at_when_printed_then_ascii(void **state)
{
	const struct glossary_entry *entry;

	(void)state;
	for (size_t i = 0; (entry = glossary_at(i)); i++)
		for (const char *c = entry->text; *c; c++)
			assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
}

static void glossary_find_when_written_otherwise_then_found(void **state)
{
	static const char *const rows[][2] = {
	    {"cgnat", "CGNAT"},
	    {"Carrier-Grade NAT", "CGNAT"},
	    {"NAT_PNP", "NAT-PMP"},
	    {"port-restricted-cone", "port restricted cone"},
	    {"Endpoint Independent", "endpoint-independent"},
	    {"holepunching", "hole punching"},
	    {"forward", "port forwarding"},
	    {"nat 4", "symmetric"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(glossary_find(rows[i][0])->term,
				    rows[i][1]);
}

static void glossary_find_when_no_word_then_null(void **state)
{
	static const char *const rows[] = {
	    "",
	    "-",
	    "zebra",
	    "a word that is very much longer than any name in the glossary is",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_null(glossary_find(rows[i]));
}

static void glossary_nearest_when_mistyped_then_named(void **state)
{
	(void)state;
	assert_string_equal(glossary_nearest("CGNATT"), "CGNAT");
	assert_string_equal(glossary_nearest("symetric"), "symmetric");
	assert_null(glossary_nearest("zebrafish"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(glossary_at_when_next_then_alphabetical),
	    cmocka_unit_test(glossary_find_when_any_name_then_that_entry),
	    cmocka_unit_test(glossary_at_when_it_refers_then_to_an_entry),
	    cmocka_unit_test(glossary_at_when_printed_then_ascii),
	    cmocka_unit_test(glossary_find_when_written_otherwise_then_found),
	    cmocka_unit_test(glossary_find_when_no_word_then_null),
	    cmocka_unit_test(glossary_nearest_when_mistyped_then_named),
	};

	return cmocka_run_group_tests_name("glossary", tests, NULL, NULL);
}
