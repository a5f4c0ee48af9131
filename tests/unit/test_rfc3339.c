#include "unit.h"

#include <errno.h>

#include "rfc3339.h"

static void rfc3339_format_when_known_instants_then_text_and_back(void **state)
{
	/* The second and third are those of RFC 3339 section 5.8 in UTC. */
	static const struct {
		int64_t unix_s;
		const char *text;
	} rows[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {482196050, "1985-04-12T23:20:50Z"},
	    {851042397, "1996-12-20T00:39:57Z"},
	    {1795176001, "2026-11-20T12:00:01Z"},
	};
	char buf[RFC3339_TEXT_BYTES];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_string_equal(rfc3339_format(rows[i].unix_s, buf),
				    rows[i].text);
		assert_int_equal(rfc3339_parse(rows[i].text, &back), 0);
		assert_true(back == rows[i].unix_s);
	}
}

static void rfc3339_parse_when_malformed_then_einval(void **state)
{
	static const char *const texts[] = {
	    "",
	    "2026-11-20",
	    "2026-11-20T12:00:01",
	    "2026-11-20T12:00:01+01:00",
	    "2026-11-20 12:00:01Z",
	    "2026-02-31T12:00:01Z",
	    "2026-11-20T1:00:01Z",
	    "2026-11-20T12:00:01Zx",
	};
	int64_t unix_s = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (rfc3339_parse(texts[i], &unix_s) != -EINVAL)
			fail_msg("accepted '%s'", texts[i]);
	assert_true(unix_s == 7);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		rfc3339_format_when_known_instants_then_text_and_back),
	    cmocka_unit_test(rfc3339_parse_when_malformed_then_einval),
	};

	return cmocka_run_group_tests_name("rfc3339", tests, NULL, NULL);
}
