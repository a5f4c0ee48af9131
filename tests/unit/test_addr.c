#include "unit.h"

#include <errno.h>
#include <stdbool.h>

#include "addr.h"

static void addr_classify_when_each_registry_then_its_class(void **state)
{
	static const struct {
		const char *text;
		enum addr_class class;
	} rows[] = {
	    {"0.0.0.0", ADDR_UNSPECIFIED},
	    {"0.1.2.3", ADDR_UNSPECIFIED},
	    {"127.0.0.1", ADDR_LOOPBACK},
	    {"169.254.169.254", ADDR_LINK_LOCAL},
	    {"10.255.255.255", ADDR_PRIVATE},
	    {"11.22.33.2", ADDR_PUBLIC},
	    {"172.15.255.255", ADDR_PUBLIC},
	    {"172.16.0.0", ADDR_PRIVATE},
	    {"172.31.255.255", ADDR_PRIVATE},
	    {"172.32.0.0", ADDR_PUBLIC},
	    {"192.168.178.20", ADDR_PRIVATE},
	    {"100.63.255.255", ADDR_PUBLIC},
	    {"100.64.0.0", ADDR_CGNAT},
	    {"100.127.255.255", ADDR_CGNAT},
	    {"100.128.0.0", ADDR_PUBLIC},
	    {"192.0.0.2", ADDR_DSLITE},
	    {"192.0.0.9", ADDR_RESERVED},
	    {"203.0.113.7", ADDR_RESERVED},
	    {"198.51.100.7", ADDR_RESERVED},
	    {"192.0.2.1", ADDR_RESERVED},
	    {"198.19.0.1", ADDR_RESERVED},
	    {"224.0.0.1", ADDR_MULTICAST},
	    {"239.255.255.250", ADDR_MULTICAST},
	    {"255.255.255.255", ADDR_RESERVED},
	    {"240.0.0.1", ADDR_RESERVED},
	    {"8.8.8.8", ADDR_PUBLIC},
	    {"::", ADDR_UNSPECIFIED},
	    {"::1", ADDR_LOOPBACK},
	    {"fe80::1", ADDR_LINK_LOCAL},
	    {"fd00::1", ADDR_PRIVATE},
	    {"ff02::1", ADDR_MULTICAST},
	    {"2001:db8::1", ADDR_RESERVED},
	    {"2606:4700::1", ADDR_PUBLIC},
	    {"::ffff:10.0.0.1", ADDR_PRIVATE},
	    {"64::1", ADDR_RESERVED},
	};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(addr_parse(rows[i].text, &a), 0);
		if (addr_classify(&a) != rows[i].class)
			fail_msg("%s is '%s'", rows[i].text,
				 addr_class_name(addr_classify(&a)));
	}
}

static void addr_parse_when_malformed_then_einval_and_untouched(void **state)
{
	static const char *const texts[] = {
	    "",        "1.2.3",       "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ",
	    "fe80::%", "fe80::%eth0", ":::",       "1.2.3.4%1", "-"};
	struct addr a = {.family = AF_INET, .bytes = {9}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_int_equal(addr_parse(texts[i], &a), -EINVAL);
		assert_int_equal(a.bytes[0], 9);
	}
}

static void endpoint_parse_when_text_then_round_trip(void **state)
{
	static const char *const texts[] = {"1.2.3.4:1", "[2001:db8::1]:65535",
					    "[fe80::1%3]:80"};
	struct endpoint e, back;
	struct sockaddr_storage sa;
	char buf[ENDPOINT_TEXT_BYTES];
	socklen_t len;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_int_equal(endpoint_parse(texts[i], &e), 0);
		assert_string_equal(endpoint_format(&e, buf, sizeof(buf)),
				    texts[i]);
		len = endpoint_to_sockaddr(&e, &sa);
		assert_int_equal(
		    endpoint_from_sockaddr((struct sockaddr *)&sa, len, &back),
		    0);
		assert_true(endpoint_equal(&e, &back));
	}
}

static void endpoint_parse_when_malformed_then_einval(void **state)
{
	static const char *const texts[] = {
	    "1.2.3.4",    "1.2.3.4:",       "1.2.3.4:0",   "1.2.3.4:65536",
	    "1.2.3.4:+5", "2001:db8::1:80", "[1.2.3.4:80", "host:80",
	    ":80",        "1.2.3.4:80x"};
	struct endpoint e;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (endpoint_parse(texts[i], &e) != -EINVAL)
			fail_msg("accepted '%s'", texts[i]);
}

static void addr_same_prefix_when_bits_differ_then_false(void **state)
{
	struct addr a, b;

	(void)state;
	assert_int_equal(addr_parse("192.168.1.129", &a), 0);
	assert_int_equal(addr_parse("192.168.1.1", &b), 0);
	assert_true(addr_same_prefix(&a, &b, 24));
	assert_false(addr_same_prefix(&a, &b, 25));
	assert_true(addr_same_prefix(&a, &b, 0));
	assert_false(addr_same_prefix(&a, &b, 33));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addr_classify_when_each_registry_then_its_class),
	    cmocka_unit_test(
		addr_parse_when_malformed_then_einval_and_untouched),
	    cmocka_unit_test(endpoint_parse_when_text_then_round_trip),
	    cmocka_unit_test(endpoint_parse_when_malformed_then_einval),
	    cmocka_unit_test(addr_same_prefix_when_bits_differ_then_false),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
