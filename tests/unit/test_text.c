#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "text.h"

static void text_edit_distance_when_words_then_letters_apart(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
	    {"", "", 0},
	    {"", "abc", 3},
	    {"traversal", "traversal", 0},
	    {"Traversal", "traversal", 0},
	    {"traversl", "traversal", 1},
	    {"udp-ports", "udp.ports", 1},
	    {"upd.ports", "udp.ports", 2},
	    {"kitten", "sitting", 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(text_edit_distance(rows[i].a, rows[i].b),
				 rows[i].distance);
		assert_int_equal(text_edit_distance(rows[i].b, rows[i].a),
				 rows[i].distance);
	}
}

static void text_edit_distance_when_too_long_then_infinite(void **state)
{
	char word[TEXT_DISTANCE_MAX_BYTES + 2];

	(void)state;
	memset(word, 'a', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	assert_true(text_edit_distance(word, "a") == SIZE_MAX);
	word[sizeof(word) - 2] = '\0';
	assert_int_equal(text_edit_distance(word, "a"),
			 TEXT_DISTANCE_MAX_BYTES - 1);
}

static void text_parse_duration_when_text_then_seconds(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint32_t seconds;
	} rows[] = {
	    {"2h", 0, 7200},
	    {"90m", 0, 5400},
	    {"7200s", 0, 7200},
	    {"7200", 0, 7200},
	    {"1h30m", 0, 5400},
	    {"1d", 0, 86400},
	    {"0", 0, 0},
	    {"4294967295", 0, UINT32_MAX},
	    {"4294967296", -ERANGE, 1},
	    {"49711d", -ERANGE, 1},
	    {"99999999999999999999", -ERANGE, 1},
	    {"", -EINVAL, 1},
	    {"h", -EINVAL, 1},
	    {"-5m", -EINVAL, 1},
	    {"2 h", -EINVAL, 1},
	    {"2h ", -EINVAL, 1},
	    {"1.5h", -EINVAL, 1},
	    {"2w", -EINVAL, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint32_t s = 1;

		if (text_parse_duration(rows[i].text, &s) != rows[i].result ||
		    s != rows[i].seconds)
			fail_msg("'%s' gave %u", rows[i].text, s);
	}
}

static void text_format_duration_when_seconds_then_short(void **state)
{
	static const struct {
		uint32_t seconds;
		const char *text;
	} rows[] = {
	    {0, "0s"},        {45, "45s"},
	    {120, "2m"},      {5400, "1h30m"},
	    {7200, "2h"},     {86400, "24h"},
	    {3661, "1h1m1s"}, {UINT32_MAX, "1193046h28m15s"},
	};
	char buf[TEXT_DURATION_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(
		    text_format_duration(rows[i].seconds, buf, sizeof(buf)),
		    rows[i].text);
}

static void text_parse_port_when_text_then_1_to_65535(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
	    {"1", 0},           {"65535", 0},
	    {"00080", 0},       {"0", -ERANGE},
	    {"65536", -ERANGE}, {"4294967297", -ERANGE},
	    {"", -EINVAL},      {"+1", -EINVAL},
	    {"-1", -EINVAL},    {" 1", -EINVAL},
	    {"0x50", -EINVAL},  {"80a", -EINVAL},
	    {"http", -EINVAL},  {"99999999999999999999999", -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint16_t port = 0;

		if (text_parse_port(rows[i].text, &port) != rows[i].result)
			fail_msg("'%s' gave %u", rows[i].text, port);
		assert_true((port != 0) == (rows[i].result == 0));
	}
}

static void text_parse_bool_when_word_then_value(void **state)
{
	static const char *const no[] = {"0",     "f",     "F",
					 "false", "FALSE", "False"};
	static const char *const yes[] = {"1",    "t",    "T",
					  "true", "TRUE", "True"};
	static const char *const neither[] = {"", "no", "fALSE", "2", "true "};
	bool value;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(no); i++) {
		assert_int_equal(text_parse_bool(no[i], &value), 0);
		assert_false(value);
	}
	for (size_t i = 0; i < COUNT_OF(yes); i++) {
		assert_int_equal(text_parse_bool(yes[i], &value), 0);
		assert_true(value);
	}
	for (size_t i = 0; i < COUNT_OF(neither); i++)
		assert_int_equal(text_parse_bool(neither[i], &value), -EINVAL);
}

static void text_strip_quotes_when_quoted_then_one_layer_less(void **state)
{
	static const struct {
		const char *in, *out;
		bool stripped;
	} rows[] = {
	    {"a", "a", false},       {"\"a\"", "a", true},
	    {"'a'", "a", true},      {"\"a", "a", true},
	    {"a\"", "a", true},      {"''a''", "'a'", true},
	    {"\"a'", "a'", true},    {"\"", "", true},
	    {"", "", false},         {"\"\"", "", true},
	    {"a\"b", "a\"b", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char s[16];

		strcpy(s, rows[i].in);
		assert_int_equal(text_strip_quotes(s), rows[i].stripped);
		assert_string_equal(s, rows[i].out);
	}
}

static void text_next_element_when_list_then_trimmed_elements(void **state)
{
	char list[] = " a, b\t,,c ";
	char empty[] = "";
	char *cursor = list;

	(void)state;
	assert_string_equal(text_next_element(&cursor), "a");
	assert_string_equal(text_next_element(&cursor), "b");
	assert_string_equal(text_next_element(&cursor), "");
	assert_string_equal(text_next_element(&cursor), "c");
	assert_null(text_next_element(&cursor));
	cursor = empty;
	assert_string_equal(text_next_element(&cursor), "");
	assert_null(text_next_element(&cursor));
}

static void text_utf8_length_when_bytes_then_rfc3629(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		size_t n;
		uint32_t code;
	} rows[] = {
	    {"A", 1, 1, 0x41},
	    {"\0", 1, 1, 0},
	    {"\xc2\x80", 2, 2, 0x80},
	    {"\xc3\xa4", 2, 2, 0xe4},
	    {"\xe2\x82\xac", 3, 3, 0x20ac},
	    {"\xf0\x9f\x98\x80", 4, 4, 0x1f600},
	    {"\xf4\x8f\xbf\xbd", 4, 4, 0x10fffd},
	    {"", 0, 0, 0},
	    {"\x80", 1, 0, 0},             /* continuation alone */
	    {"\xc0\xaf", 2, 0, 0},         /* overlong */
	    {"\xe0\x80\xaf", 3, 0, 0},     /* overlong */
	    {"\xf0\x80\x80\xaf", 4, 0, 0}, /* overlong */
	    {"\xed\xa0\x80", 3, 0, 0},     /* surrogate */
	    {"\xf4\x90\x80\x80", 4, 0, 0}, /* above U+10FFFF */
	    {"\xf8\x88\x80\x80", 4, 0, 0},
	    {"\xff", 1, 0, 0},
	    {"\xc3", 1, 0, 0},         /* truncated */
	    {"\xe2\x82", 2, 0, 0},     /* truncated */
	    {"\xc3(", 2, 0, 0},        /* broken off */
	    {"\xef\xbf\xbe", 3, 0, 0}, /* U+FFFE */
	    {"\xef\xb7\x90", 3, 0, 0}, /* U+FDD0 */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint32_t code = 0;

		assert_int_equal(
		    text_utf8_length(rows[i].bytes, rows[i].len, &code),
		    rows[i].n);
		assert_int_equal(code, rows[i].code);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_edit_distance_when_words_then_letters_apart),
	    cmocka_unit_test(text_edit_distance_when_too_long_then_infinite),
	    cmocka_unit_test(text_parse_duration_when_text_then_seconds),
	    cmocka_unit_test(text_format_duration_when_seconds_then_short),
	    cmocka_unit_test(text_parse_port_when_text_then_1_to_65535),
	    cmocka_unit_test(text_parse_bool_when_word_then_value),
	    cmocka_unit_test(text_strip_quotes_when_quoted_then_one_layer_less),
	    cmocka_unit_test(text_next_element_when_list_then_trimmed_elements),
	    cmocka_unit_test(text_utf8_length_when_bytes_then_rfc3629),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
