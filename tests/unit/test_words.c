#include "unit.h"

#include <string.h>

#include "words.h"

#define MOST 4

/* What systemd 252 makes of an unquoted $NAME with each value. */
static void words_split_when_systemd_vector_then_same_words(void **state)
{
	static const struct {
		const char *value;
		const char *words[MOST];
	} rows[] = {
	    {"", {NULL}},
	    {" \t\r\n ", {NULL}},
	    {"--traversal=\"holepunching,manual,upnp\" --keystore.lightweight",
	     {"--traversal=holepunching,manual,upnp",
	      "--keystore.lightweight"}},
	    {"--traversal=\"a,b\" --udp.ports=\"1:2\"",
	     {"--traversal=a,b", "--udp.ports=1:2"}},
	    {"--udp.ports=30000:60000\" --x\"",
	     {"--udp.ports=30000:60000 --x"}},
	    {"--traversal=manual, upnp", {"--traversal=manual,", "upnp"}},
	    {"--one\n--two\r\n--three", {"--one", "--two", "--three"}},
	    {"a\\ b c", {"a b", "c"}},
	    {"'a b' \"c d\"", {"a b", "c d"}},
	    {"'a\\'b' c", {"a'b", "c"}},
	    {"\"a\\nb\"", {"anb"}},
	    {"\"open to the end", {"open to the end"}},
	    {"a \"\" ''", {"a", "", ""}},
	    {"a\\", {"a"}},
	    {"a \\", {"a", ""}},
	    {"$HOME ${X}", {"$HOME", "${X}"}},
	    {"--a=b\\\\", {"--a=b\\"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct words words = {0};
		size_t n = 0;

		words_split(rows[i].value, NULL, &words);
		while (n < MOST && rows[i].words[n])
			n++;
		if (words.count != n)
			fail_msg("'%s' gave %zu words", rows[i].value,
				 words.count);
		for (size_t j = 0; j < n; j++)
			assert_string_equal(words.items[j].text,
					    rows[i].words[j]);
		words_clear(&words);
	}
}

static void words_split_when_lines_given_then_each_word_has_its_own(
    void **state)
{
	static const unsigned int lines[] = {3, 3, 3, 4, 4, 4, 5};
	struct words words = {0};

	(void)state;
	words_split("a\n b \n", lines, &words);
	assert_int_equal(words.count, 2);
	assert_int_equal(words.items[0].line, 3);
	assert_int_equal(words.items[1].line, 4);
	words_clear(&words);
	assert_int_equal(words.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_split_when_systemd_vector_then_same_words),
	    cmocka_unit_test(
		words_split_when_lines_given_then_each_word_has_its_own),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
