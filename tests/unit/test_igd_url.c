#include "unit.h"

#include <errno.h>
#include <string.h>

#include "igd_url.h"

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void igd_url_admit_when_hostile_then_refused(void **state)
{
	static const struct {
		const char *url;
		enum igd_url_verdict verdict;
	} rows[] = {
	    {"", IGD_URL_SCHEME},
	    {"/desc.xml", IGD_URL_SCHEME},
	    {"//192.168.1.1/desc.xml", IGD_URL_SCHEME},
	    {"https://192.168.1.1/d", IGD_URL_SCHEME},
	    {"ftp://192.168.1.1/d", IGD_URL_SCHEME},
	    {"file:///etc/passwd", IGD_URL_SCHEME},
	    {"gopher://192.168.1.1:1/x", IGD_URL_SCHEME},
	    {" http://192.168.1.1/", IGD_URL_SCHEME},
	    {"http:/192.168.1.1/", IGD_URL_SCHEME},
	    {"http://", IGD_URL_HOST},
	    {"http:///d", IGD_URL_HOST},
	    {"http://:80/d", IGD_URL_HOST},
	    {"http://127.0.0.1/d", IGD_URL_HOST},
	    {"http://127.1/d", IGD_URL_HOST},
	    {"http://0.0.0.0:5000/d", IGD_URL_HOST},
	    {"http://0/d", IGD_URL_HOST},
	    {"http://2130706433/d", IGD_URL_HOST},
	    {"http://0x7f000001/d", IGD_URL_HOST},
	    {"http://0300.0250.1.1/d", IGD_URL_HOST},
	    {"http://192.168.1/d", IGD_URL_HOST},
	    {"http://169.254.169.254/latest/meta-data/", IGD_URL_HOST},
	    {"http://239.255.255.250/d", IGD_URL_HOST},
	    {"http://255.255.255.255/d", IGD_URL_HOST},
	    {"http://8.8.8.8/d", IGD_URL_HOST},
	    {"http://203.0.113.7/d", IGD_URL_HOST},
	    {"http://100.64.0.1/d", IGD_URL_HOST},
	    {"http://localhost/d", IGD_URL_HOST},
	    {"http://router.lan/d", IGD_URL_HOST},
	    {"http://192.168.1.1.evil.example/d", IGD_URL_HOST},
	    {"http://192.168.1.1%2f@evil/d", IGD_URL_USERINFO},
	    {"http://192.168.1.1@8.8.8.8/d", IGD_URL_USERINFO},
	    {"http://user:pass@192.168.1.1/d", IGD_URL_USERINFO},
	    {"http://192.168.1.1#@8.8.8.8/d", IGD_URL_USERINFO},
	    {"http://192.168.1.1\\@8.8.8.8/d", IGD_URL_USERINFO},
	    {"http://192.168.1.1#/d", IGD_URL_HOST},
	    {"http://192.168.1.1\r\nX: y/d", IGD_URL_PORT},
	    {"http://[::1]/d", IGD_URL_HOST},
	    {"http://[::ffff:192.168.1.1]/d", IGD_URL_HOST},
	    {"http://[192.168.1.1]/d", IGD_URL_HOST},
	    {"http://[fe80::1%2]/d", IGD_URL_HOST},
	    {"http://[fe80::1/d", IGD_URL_HOST},
	    {"http://192.168.1.1:/d", IGD_URL_PORT},
	    {"http://192.168.1.1:0/d", IGD_URL_PORT},
	    {"http://192.168.1.1:65536/d", IGD_URL_PORT},
	    {"http://192.168.1.1:000080/d", IGD_URL_PORT},
	    {"http://192.168.1.1:+80/d", IGD_URL_PORT},
	    {"http://192.168.1.1:80:80/d", IGD_URL_PORT},
	    {"http://192.168.1.1:22/d", IGD_URL_PORT},
	    {"http://192.168.1.1:25/d", IGD_URL_PORT},
	    {"http://192.168.1.1:445/d", IGD_URL_PORT},
	    {"http://192.168.1.1:6379/d", IGD_URL_PORT},
	    {"http://192.168.1.2:22/d", IGD_URL_PORT},
	    {"http://192.168.1.1/a b", IGD_URL_PATH},
	    {"http://192.168.1.1/a\r\nX: y", IGD_URL_PATH},
	    {"http://192.168.1.1/a\x80", IGD_URL_PATH},
	    {"http://192.168.1.1/d#fragment", IGD_URL_PATH},
	    {"http://192.168.1.1/a\\b", IGD_URL_PATH},
	    {"http://192.168.1.1/\"><a>", IGD_URL_PATH},
	};
	struct addr gateway = address("192.168.1.1");
	char url[IGD_URL_BYTES] = "untouched";

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (igd_url_admit(rows[i].url, &gateway, url) !=
		    rows[i].verdict)
			fail_msg("'%s' is not '%s'", rows[i].url,
				 igd_url_verdict_name(rows[i].verdict));
		assert_false(igd_url_is_admitted(rows[i].verdict));
		assert_string_equal(url, "untouched");
	}
}

static void igd_url_admit_when_fit_then_the_gateway_alone(void **state)
{
	static const struct {
		const char *gateway, *url, *want;
		enum igd_url_verdict verdict;
	} rows[] = {
	    {"192.168.1.1", "http://192.168.1.1:5000/root.xml",
	     "http://192.168.1.1:5000/root.xml", IGD_URL_OK},
	    {"192.168.1.1", "HTTP://192.168.1.1", "http://192.168.1.1:80/",
	     IGD_URL_OK},
	    {"192.168.1.1", "http://192.168.1.1?x=1&y=2",
	     "http://192.168.1.1:80/?x=1&y=2", IGD_URL_OK},
	    {"192.168.1.1", "http://192.168.1.254:49152/d?a=/b",
	     "http://192.168.1.1:49152/d?a=/b", IGD_URL_MOVED},
	    {"192.168.1.1", "http://10.0.0.1/d", "http://192.168.1.1:80/d",
	     IGD_URL_MOVED},
	    {"100.64.0.1", "http://100.64.3.1/d", "http://100.64.0.1:80/d",
	     IGD_URL_MOVED},
	    {"8.8.8.1", "http://8.8.8.2/d", "http://8.8.8.1:80/d",
	     IGD_URL_MOVED},
	    /* What names the gateway is the gateway, whatever it is. */
	    {"127.0.0.1", "http://127.0.0.1:5000/d", "http://127.0.0.1:5000/d",
	     IGD_URL_OK},
	    {"fe80::1%2", "http://[fe80::1]:5000/d",
	     "http://[fe80::1%252]:5000/d", IGD_URL_OK},
	    {"fe80::1%2", "http://[fe80::1%25eth7]/d",
	     "http://[fe80::1%252]:80/d", IGD_URL_OK},
	    {"2001:db8::1", "http://[2001:DB8:0::1]/d",
	     "http://[2001:db8::1]:80/d", IGD_URL_OK},
	};
	char url[IGD_URL_BYTES];
	struct addr gateway;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		gateway = address(rows[i].gateway);
		assert_int_equal(igd_url_admit(rows[i].url, &gateway, url),
				 rows[i].verdict);
		assert_string_equal(url, rows[i].want);
		/* What was admitted is admitted as it is. */
		assert_int_equal(igd_url_admit(rows[i].want, &gateway, url),
				 IGD_URL_OK);
		assert_string_equal(url, rows[i].want);
	}
}

static void igd_url_admit_when_other_family_then_refused(void **state)
{
	struct addr v4 = address("192.168.1.1"), v6 = address("fe80::1%2");
	char url[IGD_URL_BYTES];

	(void)state;
	assert_int_equal(igd_url_admit("http://192.168.1.1/", &v6, url),
			 IGD_URL_HOST);
	assert_int_equal(igd_url_admit("http://[fe80::2]/", &v6, url),
			 IGD_URL_HOST);
	assert_int_equal(igd_url_admit("http://[fe80::1]/", &v4, url),
			 IGD_URL_HOST);
}

static void igd_url_admit_when_too_long_then_refused(void **state)
{
	struct addr gateway = address("192.168.1.1");
	char text[IGD_URL_BYTES + 1], url[IGD_URL_BYTES];
	static const char head[] = "http://192.168.1.1/";

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, head, strlen(head));
	text[IGD_URL_BYTES] = '\0';
	assert_int_equal(igd_url_admit(text, &gateway, url), IGD_URL_LENGTH);
	/* It fits, but not with the port that is written out. */
	text[IGD_URL_BYTES - 1] = '\0';
	assert_int_equal(igd_url_admit(text, &gateway, url), IGD_URL_LENGTH);
	text[IGD_URL_BYTES - 4] = '\0';
	assert_int_equal(igd_url_admit(text, &gateway, url), IGD_URL_OK);
	assert_int_equal(strlen(url), IGD_URL_BYTES - 1);
}

static void igd_url_join_when_reference_then_resolved(void **state)
{
	static const struct {
		const char *base, *ref;
		enum igd_url_join how;
		const char *want;
	} rows[] = {
	    {"http://h:1/a/b.xml", "/ctl", IGD_JOIN_ROOT, "http://h:1/ctl"},
	    {"http://h:1/a/b.xml", "/ctl", IGD_JOIN_DIRECTORY,
	     "http://h:1/ctl"},
	    {"http://h:1/a/b.xml", "ctl", IGD_JOIN_ROOT, "http://h:1/ctl"},
	    {"http://h:1/a/b.xml", "ctl", IGD_JOIN_DIRECTORY,
	     "http://h:1/a/ctl"},
	    {"http://h:1/a/b?x=/y", "c?d", IGD_JOIN_DIRECTORY,
	     "http://h:1/a/c?d"},
	    {"http://h:1", "ctl", IGD_JOIN_DIRECTORY, "http://h:1/ctl"},
	    {"http://h:1/", "ctl", IGD_JOIN_DIRECTORY, "http://h:1/ctl"},
	    {"http://h:1/a", "http://g/x", IGD_JOIN_ROOT, "http://g/x"},
	    {"ftp://h/a", "x", IGD_JOIN_ROOT, NULL},
	    {"http://h/a", "", IGD_JOIN_ROOT, NULL},
	    {"http://h/a", "//g/x", IGD_JOIN_ROOT, NULL},
	};
	char url[IGD_URL_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(
		    igd_url_join(rows[i].base, rows[i].ref, rows[i].how, url),
		    rows[i].want ? 0 : -EINVAL);
		if (rows[i].want)
			assert_string_equal(url, rows[i].want);
	}
}

static void igd_url_join_when_too_long_then_enospc(void **state)
{
	char ref[IGD_URL_BYTES], url[IGD_URL_BYTES];

	(void)state;
	memset(ref, 'a', sizeof(ref));
	ref[sizeof(ref) - 1] = '\0';
	assert_int_equal(igd_url_join("http://h/", ref, IGD_JOIN_ROOT, url),
			 -ENOSPC);
}

static void igd_url_move_when_another_host_then_the_gateway(void **state)
{
	static const struct {
		const char *text;
		enum igd_url_verdict verdict;
		const char *url;
	} cases[] = {
	    {"http://192.168.1.1:5000/rootDesc.xml", IGD_URL_OK,
	     "http://[fe80::1%252]:5000/rootDesc.xml"},
	    {"http://[2a00:1::1]/x?y", IGD_URL_OK,
	     "http://[fe80::1%252]:80/x?y"},
	    {"http://evil.example:5000", IGD_URL_OK,
	     "http://[fe80::1%252]:5000/"},
	    {"http://192.168.1.1:22/", IGD_URL_PORT, NULL},
	    {"https://192.168.1.1/", IGD_URL_SCHEME, NULL},
	    {"http://a@192.168.1.1/", IGD_URL_USERINFO, NULL},
	    {"http://192.168.1.1/a b", IGD_URL_PATH, NULL},
	};
	struct addr gateway;
	char url[IGD_URL_BYTES];
	const char *path;
	uint16_t port;

	(void)state;
	addr_parse("fe80::1%2", &gateway);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(igd_url_move(cases[i].text, &gateway, url),
				 cases[i].verdict);
		if (cases[i].url)
			assert_string_equal(url, cases[i].url);
	}
	assert_int_equal(
	    igd_url_locate("http://[fe80::1%252]:5000/a", &port, &path), 0);
	assert_int_equal(port, 5000);
	assert_string_equal(path, "/a");
	assert_int_equal(igd_url_locate("ftp://x/", &port, &path), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(igd_url_admit_when_hostile_then_refused),
	    cmocka_unit_test(igd_url_admit_when_fit_then_the_gateway_alone),
	    cmocka_unit_test(igd_url_admit_when_other_family_then_refused),
	    cmocka_unit_test(igd_url_admit_when_too_long_then_refused),
	    cmocka_unit_test(igd_url_join_when_reference_then_resolved),
	    cmocka_unit_test(igd_url_join_when_too_long_then_enospc),
	    cmocka_unit_test(igd_url_move_when_another_host_then_the_gateway),
	};

	return cmocka_run_group_tests_name("igd_url", tests, NULL, NULL);
}
