#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "igd_wire.h"

static void igd_request_format_when_full_then_round_trip(void **state)
{
	struct igd_request r = {.id = UINT32_MAX,
				.verb = IGD_LIST,
				.protocol = IGD_TCP,
				.external_port = 65535,
				.internal_port = 1,
				.lease_s = 604800,
				.limit = 256,
				.unique = 65535},
			   back;
	char line[IGD_WIRE_LINE_BYTES];
	int len;

	(void)state;
	/* The worst there can be: each byte of each text is escaped. */
	memset(r.url, '\n', sizeof(r.url) - 1);
	memset(r.description, '%', sizeof(r.description) - 1);
	assert_int_equal(
	    addr_parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295",
		       &r.gateway),
	    0);
	r.client = r.gateway;
	len = igd_request_format(&r, line, sizeof(line));
	assert_true(len > 0);
	assert_int_equal(line[len - 1], '\n');
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
	assert_int_equal(igd_request_parse(line, (size_t)len, &back), 0);
	assert_memory_equal(&r, &back, sizeof(r));
}

static void igd_answer_format_when_full_then_round_trip(void **state)
{
	struct igd_answer a = {.id = 7,
			       .part = IGD_MORE,
			       .code = -32768,
			       .version = 2,
			       .services = 3,
			       .uptime_s = 4,
			       .sandbox = 5,
			       .unique = 6,
			       .entry = {.protocol = IGD_UDP,
					 .external_port = 6,
					 .internal_port = 7,
					 .lease_s = UINT32_MAX,
					 .is_enabled = 1,
					 .description = "a b=c\x1b\xff"},
			       .text = "Router \"x\""},
			  back;
	char line[IGD_WIRE_LINE_BYTES];
	int len;

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &a.external), 0);
	assert_int_equal(addr_parse("192.0.2.2", &a.lan), 0);
	assert_int_equal(addr_parse("192.0.2.3", &a.entry.client), 0);
	len = igd_answer_format(&a, line, sizeof(line));
	assert_true(len > 0);
	assert_int_equal(igd_answer_parse(line, (size_t)len, &back), 0);
	assert_memory_equal(&a, &back, sizeof(a));
}

static void igd_request_format_when_minimal_then_short(void **state)
{
	struct igd_request r = {.id = 1, .verb = IGD_STATUS};
	char line[IGD_WIRE_LINE_BYTES];

	(void)state;
	assert_int_equal(igd_request_format(&r, line, sizeof(line)), 12);
	assert_string_equal(line, "id=1 verb=2\n");
	for (size_t cap = 0; cap < 13; cap++)
		assert_int_equal(igd_request_format(&r, line, cap), -ENOSPC);
}

static void igd_request_parse_when_malformed_then_ebadmsg(void **state)
{
	static const char *const lines[] = {
	    "",
	    "\n",
	    " ",
	    "id=1",
	    "verb=1",
	    "id=1 verb=0",
	    "id=1 verb=14",
	    "id=1  verb=1",
	    " id=1 verb=1",
	    "id=1 verb=1 ",
	    "id=1 verb=1\nid=2",
	    "id=1 id=1 verb=1",
	    "id=1 verb=1 what=2",
	    "id=1 verb=1 url",
	    "id=-1 verb=1",
	    "id=+1 verb=1",
	    "id= verb=1",
	    "id=4294967296 verb=1",
	    "id=99999999999999999999 verb=1",
	    "id=1 verb=1 external-port=65536",
	    "id=1 verb=1 protocol=3",
	    "id=1 verb=1 url=a%",
	    "id=1 verb=1 url=a%4",
	    "id=1 verb=1 url=a%zz",
	    "id=1 verb=1 url=a%4A",
	    "id=1 verb=1 url=a%00",
	    "id=1 verb=1 url=a\tb",
	    "id=1 verb=1 url=\x80",
	    "id=1 verb=1 gateway=1.2.3",
	    "id=1 verb=1 gateway=",
	};
	struct igd_request r = {.id = 77};
	char line[IGD_WIRE_LINE_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (igd_request_parse(lines[i], strlen(lines[i]), &r) !=
		    -EBADMSG)
			fail_msg("accepted '%s'", lines[i]);
	assert_int_equal(igd_request_parse("id=1 verb=1 url=a\0b", 19, &r),
			 -EBADMSG);
	snprintf(line, sizeof(line), "id=1 verb=1 url=%0*d", IGD_URL_BYTES, 0);
	assert_int_equal(igd_request_parse(line, strlen(line), &r), -EBADMSG);
	assert_int_equal(r.id, 77);
}

static void igd_answer_parse_when_malformed_then_ebadmsg(void **state)
{
	static const char *const lines[] = {
	    "id=1",
	    "id=1 part=0",
	    "id=1 part=3",
	    "id=1 part=1 code=1-2",
	    "id=1 part=1 code=-",
	    "id=1 part=1 code=12345678",
	    "id=1 part=1 enabled=2",
	    "id=1 part=1 version=10",
	};
	struct igd_answer a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (igd_answer_parse(lines[i], strlen(lines[i]), &a) !=
		    -EBADMSG)
			fail_msg("accepted '%s'", lines[i]);
}

static void igd_code_name_when_code_then_words(void **state)
{
	(void)state;
	assert_string_equal(igd_code_name(718), "ConflictInMappingEntry");
	assert_string_equal(igd_code_name(IGD_UNREACHABLE), "no whole answer");
	assert_string_equal(igd_code_name(799), "UPnP error");
	assert_string_equal(igd_code_name(-99), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(igd_request_format_when_full_then_round_trip),
	    cmocka_unit_test(igd_answer_format_when_full_then_round_trip),
	    cmocka_unit_test(igd_request_format_when_minimal_then_short),
	    cmocka_unit_test(igd_request_parse_when_malformed_then_ebadmsg),
	    cmocka_unit_test(igd_answer_parse_when_malformed_then_ebadmsg),
	    cmocka_unit_test(igd_code_name_when_code_then_words),
	};

	return cmocka_run_group_tests_name("igd_wire", tests, NULL, NULL);
}
