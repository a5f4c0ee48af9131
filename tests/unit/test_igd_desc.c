#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "igd_desc.h"

#define SERVICE(type, control)                                                 \
	"<service><serviceType>" type "</serviceType>"                         \
	"<controlURL>" control "</controlURL></service>"
#define WANIP  "urn:schemas-upnp-org:service:WANIPConnection:"
#define WANPPP "urn:schemas-upnp-org:service:WANPPPConnection:"

static int parse(const char *xml, struct igd_desc *d)
{
	return igd_desc_parse(xml, strlen(xml), d);
}

static void igd_desc_parse_when_router_then_services_and_names(void **state)
{
	struct igd_desc d;

	(void)state;
	assert_int_equal(
	    parse("<?xml version=\"1.0\"?>\n<root xmlns=\"x\">\n"
		  "<URLBase> http://192.168.1.1:49000 </URLBase>"
		  "<device><manufacturer>AVM</manufacturer>"
		  "<modelName>Box &amp; Co</modelName><serviceList>"
		  "<service><serviceType>urn:schemas-any-com:service:Any:1"
		  "</serviceType><controlURL>/any</controlURL></service>"
		  "</serviceList><deviceList><device>"
		  "<modelName>WANDevice</modelName>"
		  "<serviceList>" SERVICE(WANPPP "1", "/ppp?a=1&amp;b=2")
		      SERVICE(WANIP "2", "\n\t/ip\n")
			  SERVICE(WANIP "2", "/ip") "</serviceList></device>"
						    "</deviceList></device>"
						    "</root>",
		  &d),
	    0);
	assert_string_equal(d.base, "http://192.168.1.1:49000");
	assert_string_equal(d.maker, "AVM");
	assert_string_equal(d.model, "Box & Co");
	assert_int_equal(d.service_count, 2);
	assert_string_equal(d.services[0].type, WANPPP "1");
	assert_string_equal(d.services[0].control, "/ppp?a=1&b=2");
	assert_string_equal(d.services[1].control, "/ip");
	assert_int_equal(igd_service_version(&d.services[0]), 1);
	assert_int_equal(igd_service_version(&d.services[1]), 2);
}

static void igd_desc_parse_when_odd_xml_then_found(void **state)
{
	static const char *const texts[] = {
	    /* prefixes and attributes */
	    "<d:service a='b'><d:serviceType >" WANIP "1</d:serviceType>"
	    "<d:controlURL>/c</d:controlURL></d:service >",
	    /* CDATA and comments */
	    "<service><!-- > <controlURL>/no</controlURL> --><serviceType>"
	    "<![CDATA[" WANIP "1]]></serviceType><controlURL><![CDATA[/c]]>"
	    "</controlURL></service>",
	    /* empty elements, other order, another vendor's name space */
	    "<service><SCPDURL/><eventSubURL></eventSubURL><controlURL>/c"
	    "</controlURL><serviceType>urn:dslforum-org:service:"
	    "WANIPConnection:1</serviceType></service>",
	    /* cut off behind it */
	    SERVICE(WANIP "1", "/c") "<service><serviceType>",
	};
	struct igd_desc d;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_int_equal(parse(texts[i], &d), 0);
		assert_int_equal(d.service_count, 1);
		assert_string_equal(d.services[0].control, "/c");
	}
}

static void igd_desc_parse_when_nothing_for_us_then_enoent(void **state)
{
	static const char *const texts[] = {
	    "",
	    "<",
	    "<>",
	    "</>",
	    "<!--",
	    "<![CDATA[",
	    "<html><body>Please log in</body></html>",
	    "\xff\xfe<\0s\0e\0",
	    SERVICE(WANIP "1", ""),
	    SERVICE(WANIP "1\r\nX: y", "/c"),
	    SERVICE(WANIP "1&lt;a&gt;", "/c"),
	    SERVICE("urn:schemas-upnp-org:service:Layer3Forwarding:1", "/c"),
	    "<serviceType>" WANIP "1</serviceType><controlURL>/c</controlURL>",
	};
	struct igd_desc d;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_int_equal(parse(texts[i], &d), -ENOENT);
}

static void igd_desc_parse_when_too_many_then_the_first(void **state)
{
	char text[8192] = "", one[512];
	struct igd_desc d;

	(void)state;
	for (int i = 0; i < 20; i++) {
		snprintf(one, sizeof(one), SERVICE(WANIP "1", "/c%d"), i);
		strcat(text, one);
	}
	assert_int_equal(parse(text, &d), 0);
	assert_int_equal(d.service_count, IGD_DESC_SERVICES);
	assert_string_equal(d.services[0].control, "/c0");
}

static void igd_desc_parse_when_text_too_long_then_absent(void **state)
{
	char text[2048], name[512];
	struct igd_desc d;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "<modelName>%s</modelName>%s", name,
		 SERVICE(WANIP "1", "/c"));
	assert_int_equal(parse(text, &d), 0);
	assert_string_equal(d.model, "");
	snprintf(text, sizeof(text), SERVICE(WANIP "1", "/%s"), name);
	assert_int_equal(parse(text, &d), -ENOENT);
}

static void igd_desc_parse_when_firewall_then_apart(void **state)
{
	struct igd_desc d;

	(void)state;
	assert_int_equal(parse("<root>" SERVICE("urn:schemas-upnp-org:service:"
						"WANIPv6FirewallControl:1",
						"/ctl/IP6FCtl")
				   SERVICE(WANIP "2", "/ip")
				       SERVICE("urn:schemas-upnp-org:service:"
					       "WANIPv6FirewallControl:1",
					       "/second") "</root>",
			       &d),
			 0);
	assert_int_equal(d.service_count, 1);
	assert_string_equal(d.services[0].control, "/ip");
	assert_string_equal(d.firewall.control, "/ctl/IP6FCtl");
	/* It maps nothing by itself. */
	assert_int_equal(parse(SERVICE("urn:schemas-upnp-org:service:"
				       "WANIPv6FirewallControl:1",
				       "/x"),
			       &d),
			 -ENOENT);
	assert_string_equal(d.firewall.control, "/x");
	assert_int_equal(parse(SERVICE(WANIP "1", "/ip"), &d), 0);
	assert_string_equal(d.firewall.control, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		igd_desc_parse_when_router_then_services_and_names),
	    cmocka_unit_test(igd_desc_parse_when_odd_xml_then_found),
	    cmocka_unit_test(igd_desc_parse_when_nothing_for_us_then_enoent),
	    cmocka_unit_test(igd_desc_parse_when_too_many_then_the_first),
	    cmocka_unit_test(igd_desc_parse_when_text_too_long_then_absent),
	    cmocka_unit_test(igd_desc_parse_when_firewall_then_apart),
	};

	return cmocka_run_group_tests_name("igd_desc", tests, NULL, NULL);
}
