#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "punch_request.h"

/* A host with 192.168.1.20/24 and the public address 11.22.33.2. */
static bool is_one_of(const struct addr *a, const char *const *texts,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct addr own;

		if (addr_parse(texts[i], &own) == 0 && addr_equal(a, &own))
			return true;
	}
	return false;
}

static bool is_own(const void *arg, const struct addr *a)
{
	static const char *const own[] = {"192.168.1.20", "11.22.33.2",
					  "127.0.0.1"};

	(void)arg;
	return is_one_of(a, own, COUNT_OF(own));
}

static bool is_on_link(const void *arg, const struct addr *a)
{
	struct addr link;

	(void)arg;
	return addr_parse("192.168.1.0", &link) == 0 &&
	       addr_same_prefix(a, &link, 24);
}

static bool find_forward(const void *arg, const char *name,
			 struct endpoint *ret_forward)
{
	(void)arg;
	return strcmp(name, "wireguard") == 0 &&
	       endpoint_parse("127.0.0.1:51820", ret_forward) == 0;
}

static const struct punch_ground ground = {
    .is_own = is_own, .is_on_link = is_on_link, .find_forward = find_forward};

#define GOOD_PORTS "'local_ports':[2000,2001],'remote_ports':[3000,3001]"
#define GOOD_ROLE  "'role':'provider'"
#define GOOD_PEER  "'peer':'11.22.44.2'"

/* Reads the JSON TEXT, in which ' stands for ". */
static int read_text(const char *text, struct punch_request *ret_request,
		     struct punch_refusal *ret_why)
{
	char json[512];
	json_t *parameters;
	int error;

	assert_true(strlen(text) < sizeof(json));
	for (size_t i = 0; i <= strlen(text); i++)
		json[i] = text[i] == '\'' ? '"' : text[i];
	parameters = json_loads(json, 0, NULL);
	assert_non_null(parameters);
	error = punch_request_read(parameters, &ground, ret_request, ret_why);
	json_decref(parameters);
	return error;
}

struct row {
	const char *text;
	const char *field;
	const char *words; /* in the message */
};

static const struct row refused[] = {
    {"{" GOOD_PORTS "," GOOD_ROLE "}", "peer", "IPv4"},
    {"{'peer':5," GOOD_PORTS "," GOOD_ROLE "}", "peer", "IPv4"},
    {"{'peer':'example.org'," GOOD_PORTS "," GOOD_ROLE "}", "peer", "IPv4"},
    {"{'peer':'2001:db8::1'," GOOD_PORTS "," GOOD_ROLE "}", "peer", "IPv4"},
    {"{'peer':'11.22.33.2'," GOOD_PORTS "," GOOD_ROLE "}", "peer", "itself"},
    {"{'peer':'127.0.0.1','allow_private':true," GOOD_PORTS "," GOOD_ROLE "}",
     "peer", "itself"},
    {"{'peer':'127.0.0.9','allow_private':true," GOOD_PORTS "," GOOD_ROLE "}",
     "peer", "loopback"},
    {"{'peer':'0.0.0.0'," GOOD_PORTS "," GOOD_ROLE "}", "peer", "no address"},
    {"{'peer':'224.0.0.1'," GOOD_PORTS "," GOOD_ROLE "}", "peer", "multicast"},
    {"{'peer':'255.255.255.255'," GOOD_PORTS "," GOOD_ROLE "}", "peer",
     "no address"},
    {"{'peer':'192.0.2.1'," GOOD_PORTS "," GOOD_ROLE "}", "peer", "no address"},
    {"{'peer':'192.168.1.30'," GOOD_PORTS "," GOOD_ROLE "}", "peer",
     "allow_private"},
    {"{'peer':'10.0.0.1','allow_private':true," GOOD_PORTS "," GOOD_ROLE "}",
     "peer", "our own links"},
    {"{'peer':'100.64.0.1'," GOOD_PORTS "," GOOD_ROLE "}", "peer",
     "not public"},
    {"{" GOOD_PEER ",'local_ports':[],'remote_ports':[1]," GOOD_ROLE "}",
     "local_ports", "needed"},
    {"{" GOOD_PEER ",'local_ports':7,'remote_ports':[1]," GOOD_ROLE "}",
     "local_ports", "needed"},
    {"{" GOOD_PEER ",'local_ports':[0],'remote_ports':[1]," GOOD_ROLE "}",
     "local_ports", "between"},
    {"{" GOOD_PEER ",'local_ports':['1'],'remote_ports':[1]," GOOD_ROLE "}",
     "local_ports", "number"},
    {"{" GOOD_PEER ",'local_ports':[1],'remote_ports':[65536]," GOOD_ROLE "}",
     "remote_ports", "65536"},
    {"{" GOOD_PEER ",'local_ports':[1],'remote_ports':[-1]," GOOD_ROLE "}",
     "remote_ports", "-1"},
    {"{" GOOD_PEER ",'local_ports':[1,2],'remote_ports':[1]," GOOD_ROLE "}",
     "remote_ports", "paired"},
    {"{" GOOD_PEER ",'local_ports':[9,9],'remote_ports':[1,2]," GOOD_ROLE "}",
     "local_ports", "twice"},
    {"{" GOOD_PEER "," GOOD_PORTS "}", "role", "provider"},
    {"{" GOOD_PEER "," GOOD_PORTS ",'role':'both'}", "role", "provider"},
    {"{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE ",'count':3}", "count", "2"},
    {"{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE ",'count':0}", "count", "1"},
    {"{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE ",'primer_ttl':65}",
     "primer_ttl", "64"},
    {"{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE
     ",'candidates':[{'address':'192.168.1.30'}]}",
     "candidates", "allow_private"},
    {"{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE
     ",'allow_private':true,'candidates':[{'address':'192.168.1.30','ports':"
     "[1]}]}",
     "candidates", "ports of a candidate"},
    {"{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE ",'forward':'x'}", "forward",
     "ADDRESS:PORT"},
};

static void read_each_bad_parameter_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		struct punch_request request;
		struct punch_refusal why = {.field = "none"};

		if (read_text(refused[i].text, &request, &why) != -EINVAL)
			fail_msg("taken: %s", refused[i].text);
		if (strcmp(why.field, refused[i].field) != 0 ||
		    !strstr(why.message, refused[i].words))
			fail_msg("%s: %s: %s", refused[i].text, why.field,
				 why.message);
	}
}

static void read_good_parameters_are_taken(void **state)
{
	struct punch_request request;
	struct punch_refusal why;

	(void)state;
	assert_int_equal(read_text("{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE
				   ",'count':1,'primer_ttl':3,"
				   "'forward':'127.0.0.1:51820'}",
				   &request, &why),
			 0);
	assert_int_equal(request.options.ports, 2);
	assert_int_equal(request.options.local_ports[1], 2001);
	assert_int_equal(request.options.target_ports[0][0], 3000);
	assert_int_equal(request.options.wanted, 1);
	assert_int_equal(request.options.primer_ttl, 3);
	assert_int_equal(request.options.role, PUNCH_PROVIDER);
	assert_true(request.has_forward);
	assert_int_equal(request.forward.port, 51820);
}

static void read_without_count_wants_two_or_all(void **state)
{
	struct punch_request request;
	struct punch_refusal why;

	(void)state;
	assert_int_equal(read_text("{" GOOD_PEER "," GOOD_PORTS
				   ",'role':'consumer','count':null}",
				   &request, &why),
			 0);
	assert_int_equal(request.options.wanted, 2);
	assert_int_equal(read_text("{" GOOD_PEER ",'local_ports':[1],"
				   "'remote_ports':[2]," GOOD_ROLE "}",
				   &request, &why),
			 0);
	assert_int_equal(request.options.wanted, 1);
}

static void read_forward_by_name_is_that_of_the_service(void **state)
{
	struct punch_request request;
	struct punch_refusal why;

	(void)state;
	assert_int_equal(read_text("{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE
				   ",'forward':'wireguard'}",
				   &request, &why),
			 0);
	assert_true(request.has_forward);
	assert_int_equal(request.forward.port, 51820);
}

static void read_candidate_in_the_lan_is_taken_when_allowed(void **state)
{
	struct punch_request request;
	struct punch_refusal why;

	(void)state;
	assert_int_equal(read_text("{" GOOD_PEER "," GOOD_PORTS "," GOOD_ROLE
				   ",'allow_private':true,"
				   "'candidates':[{'address':'192.168.1.30'}]}",
				   &request, &why),
			 0);
	assert_int_equal(request.options.target_count, 2);
	assert_int_equal(request.options.target_ports[1][1], 3001);
}

static void read_more_ports_than_an_attempt_holds_is_refused(void **state)
{
	json_t *ports = json_array(), *parameters;
	struct punch_request request;
	struct punch_refusal why;

	(void)state;
	for (int i = 0; i <= PUNCH_PORTS_MOST; i++)
		json_array_append_new(ports, json_integer(1000 + i));
	parameters =
	    json_pack("{s:s,s:O,s:O,s:s}", "peer", "11.22.44.2", "local_ports",
		      ports, "remote_ports", ports, "role", "consumer");
	assert_int_equal(
	    punch_request_read(parameters, &ground, &request, &why), -EINVAL);
	assert_string_equal(why.field, "local_ports");
	json_decref(ports);
	json_decref(parameters);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(read_each_bad_parameter_is_refused_by_name),
	    cmocka_unit_test(read_good_parameters_are_taken),
	    cmocka_unit_test(read_without_count_wants_two_or_all),
	    cmocka_unit_test(read_forward_by_name_is_that_of_the_service),
	    cmocka_unit_test(read_candidate_in_the_lan_is_taken_when_allowed),
	    cmocka_unit_test(read_more_ports_than_an_attempt_holds_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
