#include "unit.h"

#include <string.h>

#include "sanitize.h"

static void sanitize_when_harmful_then_escaped(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} rows[] = {
	    {"", ""},
	    {"FRITZ!Box 7590", "FRITZ!Box 7590"},
	    {"Stra\xc3\x9f"
	     "e \xe2\x98\xba",
	     "Stra\xc3\x9f"
	     "e \xe2\x98\xba"},
	    {"\x1b]0;owned\x07", "\\x1b]0;owned\\x07"},
	    {"a\n<0>b", "a\\x0a<0>b"},
	    {"a\r\tb", "a\\x0d\\x09b"},
	    {"\x7f", "\\x7f"},
	    {"\xc2\x9b"
	     "31m",
	     "\\xc2\\x9b31m"},
	    {"\xe2\x80\xae"
	     "gpj",
	     "\\xe2\\x80\\xaegpj"},
	    {"\xd8\x9c", "\\xd8\\x9c"},
	    {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
	    {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},
	    {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},
	    {"\xff\xfe", "\\xff\\xfe"},
	    {"\xc3", "\\xc3"},
	    {"\xc0\x8a", "\\xc0\\x8a"},
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
	};
	char buf[SANITIZE_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(
		    sanitize(rows[i].in, strlen(rows[i].in), buf, sizeof(buf)),
		    rows[i].out);
}

static void sanitize_when_nul_inside_then_escaped(void **state)
{
	char buf[SANITIZE_BYTES];

	(void)state;
	assert_string_equal(sanitize("a\0b", 3, buf, sizeof(buf)), "a\\x00b");
}

static void sanitize_when_long_then_cut_before_what_does_not_fit(void **state)
{
	static const struct {
		const char *last; /* after 127 plain bytes */
		size_t len;
	} rows[] = {
	    {"x", 128},
	    {"xy", 128},
	    {"\n", 127},
	    {"\xc3\xa4", 127},
	    {"\xf0\x9f\x98\x80", 127},
	};
	char in[160], buf[2 * SANITIZE_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		memset(in, 'a', 127);
		strcpy(in + 127, rows[i].last);
		sanitize(in, strlen(in), buf, sizeof(buf));
		assert_int_equal(strlen(buf), rows[i].len);
	}
}

static void sanitize_when_small_buffer_then_never_beyond_it(void **state)
{
	char buf[8];

	(void)state;
	for (size_t bytes = 0; bytes <= sizeof(buf); bytes++) {
		memset(buf, '#', sizeof(buf));
		sanitize("\x01\x02\x03", 3, buf, bytes);
		for (size_t i = bytes; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
		if (bytes > 0)
			assert_true(strlen(buf) < bytes);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sanitize_when_harmful_then_escaped),
	    cmocka_unit_test(sanitize_when_nul_inside_then_escaped),
	    cmocka_unit_test(
		sanitize_when_long_then_cut_before_what_does_not_fit),
	    cmocka_unit_test(sanitize_when_small_buffer_then_never_beyond_it),
	};

	return cmocka_run_group_tests_name("sanitize", tests, NULL, NULL);
}
