#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ssdp.h"

#define IGD "urn:schemas-upnp-org:device:InternetGatewayDevice:1"

static int parse(const char *text, struct ssdp_message *m)
{
	return ssdp_parse(text, strlen(text), m);
}

static void ssdp_search_format_when_multicast_then_mx(void **state)
{
	struct addr group;
	char buf[SSDP_SEARCH_BYTES];
	int len;

	(void)state;
	assert_int_equal(addr_parse(SSDP_GROUP, &group), 0);
	len = ssdp_search_format(SSDP_IGD_1, &group, buf, sizeof(buf));
	assert_int_equal(len, strlen(buf));
	/* UDA 1.1 section 1.3.2. */
	assert_string_equal(buf, "M-SEARCH * HTTP/1.1\r\n"
				 "HOST: 239.255.255.250:1900\r\n"
				 "MAN: \"ssdp:discover\"\r\n"
				 "MX: 1\r\n"
				 "ST: " IGD "\r\n\r\n");
}

static void ssdp_search_format_when_unicast_then_no_mx(void **state)
{
	struct addr host;
	char buf[SSDP_SEARCH_BYTES];

	(void)state;
	assert_int_equal(addr_parse("192.168.1.1", &host), 0);
	for (unsigned int t = 0; t < SSDP_TARGET_COUNT; t++) {
		assert_true(ssdp_search_format((enum ssdp_target)t, &host, buf,
					       sizeof(buf)) > 0);
		assert_null(strstr(buf, "MX:"));
		assert_non_null(strstr(buf, "HOST: 192.168.1.1:1900\r\n"));
		assert_non_null(
		    strstr(buf, ssdp_target_name((enum ssdp_target)t)));
	}
}

static void ssdp_search_format_when_no_room_then_enospc(void **state)
{
	struct addr host;
	char buf[64];

	(void)state;
	assert_int_equal(addr_parse("192.168.1.1", &host), 0);
	assert_int_equal(
	    ssdp_search_format(SSDP_IGD_1, &host, buf, sizeof(buf)), -ENOSPC);
}

static void ssdp_parse_when_answer_then_fields(void **state)
{
	struct ssdp_message m;

	(void)state;
	assert_int_equal(parse("HTTP/1.1 200 OK\r\n"
			       "CACHE-CONTROL: max-age=120\r\n"
			       "ST: " IGD "\r\n"
			       "USN: uuid:1::" IGD "\r\n"
			       "EXT:\r\n"
			       "SERVER: Linux/6 UPnP/1.1 MiniUPnPd/2.3.1\r\n"
			       "LOCATION: http://192.168.1.1:5000/root.xml\r\n"
			       "BOOTID.UPNP.ORG: 1763653279\r\n\r\n",
			       &m),
			 0);
	assert_int_equal(m.kind, SSDP_ANSWER);
	assert_string_equal(m.location, "http://192.168.1.1:5000/root.xml");
	assert_string_equal(m.target, IGD);
	assert_string_equal(m.usn, "uuid:1::" IGD);
	assert_string_equal(m.server, "Linux/6 UPnP/1.1 MiniUPnPd/2.3.1");
	assert_true(m.has_bootid);
	assert_int_equal(m.bootid, 1763653279);
	assert_int_equal(ssdp_rank(&m), SSDP_GATEWAY);
}

static void ssdp_parse_when_odd_but_clear_then_fields(void **state)
{
	/* Any case, bare LF, blanks around, no final line end, an "ST:" inside
	 * another header, a folded line, a repeat. */
	static const char *const texts[] = {
	    "http/1.0 200\nst:  " IGD " \nlocation: http://1.2.3.4/d",
	    "HTTP/1.1 200 OK\r\nX-Best: LAST ST: none\r\nSt: " IGD
	    "\r\nLOCATION :\thttp://1.2.3.4/d",
	    "HTTP/1.1 200 OK\r\nLocation: http://1.2.3.4/d\r\n ST: folded\r\n"
	    "ST: " IGD "\r\nST: other\r\nLocation: http://evil/\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nnonsense\r\nST: " IGD
	    "\r\nLOCATION: http://1.2.3.4/d\r\n\r\nLOCATION: http://body/\r\n",
	};
	struct ssdp_message m;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_int_equal(parse(texts[i], &m), 0);
		assert_string_equal(m.location, "http://1.2.3.4/d");
		assert_string_equal(m.target, IGD);
	}
}

static void ssdp_parse_when_notify_then_kind(void **state)
{
	static const struct {
		const char *nts;
		int err;
		enum ssdp_kind kind;
	} rows[] = {
	    {"ssdp:alive", 0, SSDP_ALIVE},
	    {"ssdp:byebye", 0, SSDP_BYEBYE},
	    {"SSDP:Update", 0, SSDP_UPDATE},
	    {"ssdp:other", -EPROTO, SSDP_ANSWER},
	    {"", -EPROTO, SSDP_ANSWER},
	};
	struct ssdp_message m;
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text),
			 "NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\n"
			 "ST: %s\r\nNTS: %s\r\n\r\n",
			 IGD, rows[i].nts);
		assert_int_equal(parse(text, &m), rows[i].err);
		if (rows[i].err)
			continue;
		assert_int_equal(m.kind, rows[i].kind);
		assert_int_equal(ssdp_rank(&m), SSDP_MAYBE);
	}
}

static void ssdp_parse_when_not_for_us_then_eproto(void **state)
{
	static const char *const texts[] = {
	    "",
	    "\r\n",
	    "M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\nST: x\r\n\r\n",
	    "HTTP/1.1 2000 OK\r\n\r\n",
	    "HTTP/2 200\r\n\r\n",
	    "NOTIFY",
	};
	struct ssdp_message m;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(parse(texts[i], &m), -EPROTO);
}

static void ssdp_parse_when_value_is_bad_then_absent(void **state)
{
	static char big[SSDP_DATAGRAM_BYTES + 1];
	struct ssdp_message m;
	size_t len;

	(void)state;
	assert_int_equal(parse("HTTP/1.1 200 OK\r\nST: a\x1b[0m\r\n"
			       "LOCATION: http://1.2.3.4/\x80\r\n"
			       "BOOTID.UPNP.ORG: 4294967296\r\n\r\n",
			       &m),
			 0);
	assert_string_equal(m.target, "");
	assert_string_equal(m.location, "");
	assert_false(m.has_bootid);
	len = (size_t)snprintf(big, sizeof(big),
			       "HTTP/1.1 200 OK\r\n"
			       "LOCATION: http://1.2.3.4/");
	memset(big + len, 'a', sizeof(big) - len);
	assert_int_equal(ssdp_parse(big, SSDP_DATAGRAM_BYTES, &m), 0);
	assert_string_equal(m.location, "");
	assert_int_equal(ssdp_parse(big, sizeof(big), &m), -EMSGSIZE);
}

static void ssdp_rank_when_target_then_likelihood(void **state)
{
	static const struct {
		const char *target;
		enum ssdp_rank rank;
	} rows[] = {
	    {IGD, SSDP_GATEWAY},
	    {"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
	     SSDP_GATEWAY},
	    {"urn:dslforum-org:service:WANPPPConnection:1", SSDP_GATEWAY},
	    {"upnp:rootdevice", SSDP_MAYBE},
	    {"urn:schemas-upnp-org:device:Printer:1", SSDP_ALIEN},
	    {"urn:schemas-wifialliance-org:device:WFADevice:1", SSDP_ALIEN},
	    {"", SSDP_ALIEN},
	};
	struct ssdp_message m = {.kind = SSDP_ALIVE};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(m.target, sizeof(m.target), "%s", rows[i].target);
		assert_int_equal(ssdp_rank(&m), rows[i].rank);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ssdp_search_format_when_multicast_then_mx),
	    cmocka_unit_test(ssdp_search_format_when_unicast_then_no_mx),
	    cmocka_unit_test(ssdp_search_format_when_no_room_then_enospc),
	    cmocka_unit_test(ssdp_parse_when_answer_then_fields),
	    cmocka_unit_test(ssdp_parse_when_odd_but_clear_then_fields),
	    cmocka_unit_test(ssdp_parse_when_notify_then_kind),
	    cmocka_unit_test(ssdp_parse_when_not_for_us_then_eproto),
	    cmocka_unit_test(ssdp_parse_when_value_is_bad_then_absent),
	    cmocka_unit_test(ssdp_rank_when_target_then_likelihood),
	};

	return cmocka_run_group_tests_name("ssdp", tests, NULL, NULL);
}
