#include "unit.h"

#include <errno.h>
#include <string.h>

#include "igd_soap.h"
#include "igd_wire.h"

#define TYPE "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1"

static struct igd_soap_reply parse(const char *xml, const char *action)
{
	return igd_soap_parse(xml, strlen(xml), action);
}

static void igd_soap_format_when_arguments_then_in_order(void **state)
{
	static const struct igd_soap_argument arguments[] = {
	    {"UniqueID", "38"}, {"NewLeaseTime", "7200"}};
	char buf[IGD_SOAP_BYTES];
	int len = igd_soap_format(TYPE, "UpdatePinhole", arguments, 2, buf,
				  sizeof(buf));

	(void)state;
	assert_int_equal(len, strlen(buf));
	assert_non_null(strstr(buf,
			       "<s:Body><u:UpdatePinhole xmlns:u=\"" TYPE "\">"
			       "<UniqueID>38</UniqueID>"
			       "<NewLeaseTime>7200</NewLeaseTime>"
			       "</u:UpdatePinhole></s:Body></s:Envelope>"));
	for (size_t cap = 1; cap <= (size_t)len; cap++)
		assert_int_equal(igd_soap_format(TYPE, "UpdatePinhole",
						 arguments, 2, buf, cap),
				 -ENOSPC);
}

static void igd_soap_format_when_markup_in_value_then_einval(void **state)
{
	static const char *const values[] = {"<", "a>b", "&amp;", "\"", "'"};
	char buf[IGD_SOAP_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		const struct igd_soap_argument a = {"X", values[i]};

		assert_int_equal(
		    igd_soap_format(TYPE, "Y", &a, 1, buf, sizeof(buf)),
		    -EINVAL);
	}
}

static void igd_soap_parse_when_answered_then_values(void **state)
{
	struct igd_soap_reply r;

	(void)state;
	r = parse("<?xml version=\"1.0\"?><s:Envelope><s:Body>"
		  "<u:AddPinholeResponse xmlns:u=\"" TYPE "\">"
		  "<UniqueID> 1234</UniqueID></u:AddPinholeResponse>"
		  "</s:Body></s:Envelope>",
		  "AddPinhole");
	assert_int_equal(r.code, IGD_OK);
	assert_int_equal(r.unique_id, 1234);
	assert_int_equal(r.is_allowed, -1);
	r = parse("<GetFirewallStatusResponse><FirewallEnabled>1"
		  "</FirewallEnabled><InboundPinholeAllowed>0"
		  "</InboundPinholeAllowed></GetFirewallStatusResponse>",
		  "GetFirewallStatus");
	assert_int_equal(r.code, IGD_OK);
	assert_int_equal(r.is_enabled, 1);
	assert_int_equal(r.is_allowed, 0);
	r = parse("<DeletePinholeResponse/>", "DeletePinhole");
	assert_int_equal(r.code, IGD_OK);
	assert_int_equal(r.unique_id, 0);
}

static void igd_soap_parse_when_fault_then_its_code(void **state)
{
	struct igd_soap_reply r =
	    parse("<s:Body><s:Fault><faultcode>s:Client</faultcode><detail>"
		  "<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\">"
		  "<errorCode>704</errorCode><errorDescription>NoSuchEntry"
		  "</errorDescription></UPnPError></detail></s:Fault></s:Body>",
		  "UpdatePinhole");

	(void)state;
	assert_int_equal(r.code, IGD_PINHOLE_NO_SUCH_ENTRY);
}

static void igd_soap_parse_when_no_answer_then_nonsense(void **state)
{
	static const char *const pages[] = {
	    "",
	    "<",
	    "<html><body>Log in, please</body></html>",
	    "<u:AddPinholeRespons",
	    "<u:AddPinholeResponseX></u:AddPinholeResponseX>",
	    "<u:DeletePinholeResponse/>",
	    "</u:AddPinholeResponse>",
	    "<errorCode>704</errorCode>",
	    "<Fault><errorCode>0</errorCode></Fault>",
	    "<Fault><errorCode>99999999999</errorCode></Fault>",
	    "<Fault><errorCode></errorCode></Fault>",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pages); i++)
		assert_int_equal(parse(pages[i], "AddPinhole").code,
				 IGD_NONSENSE);
	assert_int_equal(parse("<AddPinholeResponse><UniqueID>70000</UniqueID>"
			       "</AddPinholeResponse>",
			       "AddPinhole")
			     .unique_id,
			 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(igd_soap_format_when_arguments_then_in_order),
	    cmocka_unit_test(igd_soap_format_when_markup_in_value_then_einval),
	    cmocka_unit_test(igd_soap_parse_when_answered_then_values),
	    cmocka_unit_test(igd_soap_parse_when_fault_then_its_code),
	    cmocka_unit_test(igd_soap_parse_when_no_answer_then_nonsense),
	};

	return cmocka_run_group_tests_name("igd_soap", tests, NULL, NULL);
}
