/*
 * fake_daemon: NOT traversald. The real control plane with canned answers, to
 * try traversalctl against any state without a network.
 *
 * usage: fake_daemon DIR SCENARIO
 * SCENARIO: yes, likely, limited, no, cgnat, unknown, hostile, or the name of
 * a file with the JSON of a status.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "events.h"
#include "idl.h"

struct app {
	struct loop *loop;
	struct events *events;
	struct control *control;
	json_t *status;
	json_t *mapping;
	int generation;
};

/* --- canned answers ---------------------------------------------------------
 */

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!value) {
		fprintf(stderr, "fake_daemon: %s at %d\n", error.text,
			error.position);
		abort();
	}
	return value;
}

/* The example of the interface, reachable. */
static const char base[] =
    "{\"schema\":1,"
    "\"daemon\":{\"version\":\"0.0-fake\",\"pid\":1234,\"uptime_sec\":88012,"
    "\"config_generation\":7},"
    "\"verdict\":{\"reachable\":\"yes\",\"since\":\"2026-11-20T12:00:01Z\","
    "\"code\":\"mapped-proven\",\"summary\":\"Reachable from the internet\"},"
    "\"chain\":[\"manual\",\"upnp\",\"holepunching\"],"
    "\"services\":[{\"name\":\"wireguard\",\"protocol\":\"udp\","
    "\"state\":\"reachable\",\"method\":\"upnp\","
    "\"local\":{\"address\":\"192.168.1.20\",\"port\":51820},"
    "\"external\":[{\"family\":\"ipv4\",\"address\":\"203.0.113.7\","
    "\"port\":51820,\"via\":\"pcp\",\"gateway\":\"192.168.1.1\","
    "\"lifetime_sec\":7200,\"expires_in_sec\":7140,\"renew_in_sec\":3540}],"
    "\"attempts\":[{\"method\":\"manual\",\"outcome\":\"no-reply\","
    "\"detail\":\"198.51.100.9:4589 sent to port 51820, nothing came\","
    "\"took_ms\":2003},"
    "{\"method\":\"upnp\",\"outcome\":\"ok\","
    "\"detail\":\"PCP granted 203.0.113.7:51820 for 7200 s\",\"took_ms\":41},"
    "{\"method\":\"holepunching\",\"outcome\":\"ok\",\"detail\":\"\","
    "\"took_ms\":310}],"
    "\"proof\":[{\"kind\":\"echo\",\"vantage\":\"198.51.100.9:4589\","
    "\"result\":\"received\",\"age_sec\":41,\"method\":\"upnp\"}]}],"
    "\"nat\":{\"mapping\":\"endpoint-independent\","
    "\"filtering\":\"address-and-port-dependent\","
    "\"legacy_name\":\"port-restricted-cone\",\"hairpin\":null,"
    "\"port_preserving\":true,\"layers\":1,\"cgnat\":false,"
    "\"allocation\":\"preserving\",\"external\":\"203.0.113.7\","
    "\"confidence\":\"high\",\"samples\":4,\"udp_timeout_sec\":118,"
    "\"peers\":[{\"peer\":\"open\",\"with_mapping\":\"yes\","
    "\"punching\":\"yes\"},{\"peer\":\"symmetric\","
    "\"with_mapping\":\"yes\",\"punching\":\"predict\"}]},"
    "\"findings\":[{\"id\":\"cfg.deprecated\",\"severity\":\"warning\","
    "\"title\":\"--wireguard.listen.ports is ignored\","
    "\"detail\":\"the node reads --udp.ports since version 1.0\","
    "\"fix\":\"write --udp.ports=30000:60000\","
    "\"file\":\"/etc/default/mysterium-node\",\"line\":6}]}";

/* What differs from it, by scenario: paths are written into it. */
static const struct {
	const char *name, *reachable, *code, *summary, *state;
} scenarios[] = {
    {"yes", "yes", "mapped-proven", "Reachable from the internet", "reachable"},
    {"likely", "likely", "mapped-unproven",
     "Probably reachable: the router granted it, nothing outside confirmed it",
     "likely"},
    {"limited", "limited", "punch-limited",
     "Reachable for some peers, by hole punching", "limited"},
    {"no", "no", "no-router-help",
     "NOT reachable from the internet: the router opens no port for us",
     "unreachable"},
    {"cgnat", "no", "private-address",
     "NOT reachable from the internet: the router has no public address",
     "unreachable"},
    {"unknown", "unknown", "starting",
     "Finding out whether the services are reachable", "trying"},
    {"hostile", "yes", "mapped-proven",
     "Reachable\x1b]0;pwned\x07 \x1b[2J\xc2\x9b"
     "31m and \xe2\x80\xae"
     "turned",
     "reachable"},
};

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

/* Without a way in nothing is mapped and nothing proven. */
static void close_service(json_t *service)
{
	json_object_set_new(service, "method", json_null());
	json_object_set_new(service, "external", json_array());
	json_object_set_new(service, "proof", json_array());
}

static void add_cgnat(json_t *status)
{
	json_object_set_new(json_object_get(status, "nat"), "cgnat",
			    json_true());
	json_array_append_new(
	    json_object_get(status, "findings"),
	    json_pack(
		"{s:s,s:s,s:s,s:s,s:s,s:n,s:n}", "id", "net.cgnat", "severity",
		"failure", "title",
		"Your router's \"external\" address 100.72.13.5 is itself "
		"private (100.64.0.0/10): your provider shares one public "
		"address between customers.",
		"detail", "A port forward in your router cannot work here.",
		"fix",
		"1. Ask the provider for a public IPv4 address (\"no CGNAT\"), "
		"or\n2. meanwhile hole punching is on: peers behind cone NATs "
		"can connect",
		"file", "line"));
}

static json_t *status_of(const char *scenario)
{
	json_t *status = parse(base), *service, *verdict;

	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (strcmp(scenarios[i].name, scenario) != 0)
			continue;
		verdict = json_object_get(status, "verdict");
		service =
		    json_array_get(json_object_get(status, "services"), 0);
		set_text(verdict, "reachable", scenarios[i].reachable);
		set_text(verdict, "code", scenarios[i].code);
		set_text(verdict, "summary", scenarios[i].summary);
		set_text(service, "state", scenarios[i].state);
		if (strcmp(scenarios[i].reachable, "yes") != 0)
			json_object_set_new(service, "proof", json_array());
		if (strcmp(scenarios[i].reachable, "no") == 0 ||
		    strcmp(scenarios[i].reachable, "unknown") == 0)
			close_service(service);
		if (strcmp(scenario, "cgnat") == 0)
			add_cgnat(status);
		return status;
	}
	json_decref(status);
	return json_load_file(scenario, JSON_REJECT_DUPLICATES, NULL);
}

/* --- methods ----------------------------------------------------------------
 */

static bool is_service(struct control_call *call, const json_t *parameters)
{
	const json_t *name = json_object_get(parameters, "service");

	if (!json_is_string(name) ||
	    strcmp(json_string_value(name), "wireguard") == 0)
		return true;
	control_error(call, "NoSuchService", json_pack("{s:O}", "name", name));
	return false;
}

static void get_status(void *arg, struct control_call *call, json_t *parameters)
{
	struct app *app = arg;

	if (is_service(call, parameters))
		control_reply(call, json_pack("{s:O}", "status", app->status));
}

static void get_mappings(void *arg, struct control_call *call,
			 json_t *parameters)
{
	struct app *app = arg;
	json_t *list = json_pack("[O]", app->mapping);
	json_t *foreign;

	if (json_is_true(json_object_get(parameters, "router"))) {
		foreign = json_deep_copy(app->mapping);
		json_object_set_new(foreign, "name", json_null());
		json_object_set_new(foreign, "ours", json_false());
		set_text(foreign, "description", "someone else's");
		json_array_append_new(list, foreign);
	}
	control_reply(call, json_pack("{s:o}", "mappings", list));
}

static void get_config(void *arg, struct control_call *call, json_t *parameters)
{
	struct app *app = arg;

	(void)parameters;
	control_reply(
	    call,
	    json_pack("{s:[{s:s,s:s,s:s,s:n,s:n,s:b},{s:s,s:s,s:s,s:s,s:i,s:b},"
		      "{s:s,s:s,s:s,s:s,s:i,s:b}],s:O}",
		      "entries", "key", "traversal", "value",
		      "manual,upnp,holepunching", "origin", "default", "file",
		      "line", "ours", 1, "key", "udp.ports", "value",
		      "30000:60000", "origin", "file", "file",
		      "/etc/default/mysterium-node", "line", 6, "ours", 1,
		      "key", "keystore.lightweight", "value", "true", "origin",
		      "file", "file", "/etc/default/mysterium-node", "line", 3,
		      "ours", 0, "findings",
		      json_object_get(app->status, "findings")));
}

static void get_counters(void *arg, struct control_call *call,
			 json_t *parameters)
{
	(void)arg;
	(void)parameters;
	control_reply(
	    call, parse("{\"counters\":{\"events\":["
			"{\"event\":\"mapping-renewed\",\"via\":\"pcp\","
			"\"count\":3},"
			"{\"event\":\"address-changed\",\"via\":\"pcp\","
			"\"count\":1},"
			"{\"event\":\"verdict-changed\",\"via\":null,"
			"\"count\":2}],"
			"\"round_trips\":{\"buckets\":["
			"{\"at_most_ms\":5,\"count\":0},"
			"{\"at_most_ms\":250,\"count\":4}],"
			"\"count\":5,\"sum_ms\":1500},"
			"\"rejected\":[{\"protocol\":\"pcp\",\"count\":7}],"
			"\"punch\":{\"packets_sent\":40,\"packets_heard\":3,"
			"\"connected\":2,\"failed\":1},"
			"\"slow_callbacks\":0,\"slowest_callback_ms\":0}}"));
}

static json_t *check_result(struct app *app, const char *summary)
{
	const json_t *verdict = json_object_get(app->status, "verdict");
	const json_t *service =
	    json_array_get(json_object_get(app->status, "services"), 0);

	return json_pack(
	    "{s:{s:s,s:s,s:i,s:O,s:O,s:s,s:O,s:O,s:i}}", "result", "service",
	    "wireguard", "protocol", "udp", "port", 51820, "reachable",
	    json_object_get(verdict, "reachable"), "code",
	    json_object_get(verdict, "code"), "summary", summary, "attempts",
	    json_object_get(service, "attempts"), "proof",
	    json_object_get(service, "proof"), "took_ms", 2100);
}

static void check(void *arg, struct control_call *call, json_t *parameters)
{
	struct app *app = arg;

	if (!is_service(call, parameters))
		return;
	if (control_wants_more(call))
		control_continue(call, check_result(app, "asking outside"));
	control_reply(
	    call, check_result(app, json_string_value(json_object_get(
					json_object_get(app->status, "verdict"),
					"summary"))));
}

static void subscribe(void *arg, struct control_call *call, json_t *parameters)
{
	struct app *app = arg;

	events_subscribe(app->events, call, parameters);
}

static void map(void *arg, struct control_call *call, json_t *parameters)
{
	struct app *app = arg;
	json_t *mapping = json_deep_copy(app->mapping);

	json_object_set(mapping, "protocol",
			json_object_get(parameters, "protocol"));
	json_object_set_new(mapping, "internal",
			    json_pack("{s:s,s:O}", "address", "192.168.1.20",
				      "port",
				      json_object_get(parameters, "port")));
	if (json_integer_value(json_object_get(parameters, "port")) == 13) {
		control_error(call, "PortInUse",
			      json_pack("{s:i}", "port", 13));
		json_decref(mapping);
		return;
	}
	events_emit(app->events, EVENT_MAPPING_ACQUIRED, "wireguard",
		    json_deep_copy(parameters));
	/* What was asked is in the answer, for the test to see. */
	json_object_set(mapping, "asked", parameters);
	control_reply(call, json_pack("{s:o}", "mapping", mapping));
}

static void unmap(void *arg, struct control_call *call, json_t *parameters)
{
	(void)arg;
	if (json_integer_value(json_object_get(parameters, "port")) == 7)
		control_reply(call, NULL);
	else
		control_error(call, "NoSuchMapping", NULL);
}

static void acquire(void *arg, struct control_call *call, json_t *parameters)
{
	struct app *app = arg;
	const json_t *service =
	    json_array_get(json_object_get(app->status, "services"), 0);
	json_int_t count =
	    json_integer_value(json_object_get(parameters, "count"));
	json_t *ports = json_array();

	for (json_int_t i = 0; i < count; i++)
		json_array_append_new(
		    ports,
		    json_pack("{s:I,s:s,s:s,s:s,s:O,s:O}", "port", 51820 + i,
			      "protocol", "udp", "state", "reachable", "method",
			      "upnp", "local",
			      json_object_get(service, "local"), "external",
			      json_object_get(service, "external")));
	control_reply(call, json_pack("{s:o}", "ports", ports));
}

static void reply_empty(void *arg, struct control_call *call,
			json_t *parameters)
{
	(void)arg;
	(void)parameters;
	control_reply(call, NULL);
}

static void renew(void *arg, struct control_call *call, json_t *parameters)
{
	(void)arg;
	if (is_service(call, parameters))
		control_reply(call, json_pack("{s:i}", "renewed", 1));
}

static void never(void *arg, struct control_call *call, json_t *parameters)
{
	(void)arg;
	(void)call;
	(void)parameters;
}

/* Refused as long as the scenario is "no", in the words of a broken file. */
static void reload(void *arg, struct control_call *call, json_t *parameters)
{
	struct app *app = arg;
	const char *state = json_string_value(json_object_get(
	    json_object_get(app->status, "verdict"), "reachable"));

	(void)parameters;
	if (state && strcmp(state, "no") == 0)
		control_error(call, "ConfigInvalid",
			      json_pack("{s:s,s:i,s:s}", "file",
					"/etc/default/traversald", "line", 2,
					"message", "a quote never closes"));
	else
		control_reply(
		    call, json_pack("{s:i}", "generation", ++app->generation));
}

static const struct control_method methods[] = {
    {"GetStatus", false, get_status},
    {"GetMappings", false, get_mappings},
    {"GetConfig", false, get_config},
    {"GetCounters", false, get_counters},
    {"Check", false, check},
    {"Subscribe", false, subscribe},
    {"Map", true, map},
    {"Unmap", true, unmap},
    {"Acquire", true, acquire},
    {"Release", true, reply_empty},
    {"Renew", true, renew},
    {"Probe", true, never},
    {"Reload", true, reload},
};

/* --- life -------------------------------------------------------------------
 */

static json_t *snapshot(void *arg)
{
	struct app *app = arg;

	return json_incref(app->status);
}

static void on_stop(void *arg, int signal)
{
	struct app *app = arg;

	(void)signal;
	loop_stop(app->loop);
}

/* SIGUSR1: the verdict becomes yes, as for who waits for it. */
static void on_turn(void *arg, int signal)
{
	struct app *app = arg;

	(void)signal;
	json_decref(app->status);
	app->status = parse(base);
	events_emit(app->events, EVENT_VERDICT_CHANGED, NULL,
		    json_pack("{s:s}", "reachable", "yes"));
}

static json_t *canned_mapping(void)
{
	return parse("{\"name\":\"wireguard\",\"protocol\":\"udp\","
		     "\"internal\":{\"address\":\"192.168.1.20\","
		     "\"port\":51820},"
		     "\"external\":{\"address\":\"203.0.113.7\",\"port\":51820,"
		     "\"family\":\"ipv4\"},\"via\":\"pcp\","
		     "\"gateway\":\"192.168.1.1\",\"lifetime_sec\":7200,"
		     "\"expires_in_sec\":7140,\"renew_in_sec\":3540,"
		     "\"expires\":\"2026-11-20T14:00:01Z\","
		     "\"state\":\"active\",\"description\":\"wireguard\","
		     "\"ours\":true}");
}

static int serve(struct app *app, const char *dir)
{
	struct log *log = log_new(LEVEL_INFO, false);
	const struct control_options options = {
	    .runtime_dir = dir,
	    .interface = "io.traversald",
	    .idl = idl_text,
	    .methods = methods,
	    .method_count = sizeof(methods) / sizeof(methods[0]),
	    .app = app,
	    .listen_fd = -1,
	    .listen_admin_fd = -1,
	};
	int error = control_new(app->loop, log, &options, &app->control);

	if (!error) {
		loop_signal(app->loop, SIGTERM, on_stop, app);
		loop_signal(app->loop, SIGINT, on_stop, app);
		loop_signal(app->loop, SIGUSR1, on_turn, app);
		printf("fake_daemon: this is a FAKE, it maps nothing. "
		       "Ready in %s\n",
		       dir);
		fflush(stdout);
		loop_run(app->loop);
	}
	events_free(app->events);
	control_free(app->control);
	log_free(log);
	return error ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct app app = {.generation = 7};
	int status;

	if (argc != 3) {
		fputs("usage: fake_daemon DIR SCENARIO\n", stderr);
		return 64;
	}
	app.status = status_of(argv[2]);
	if (!app.status) {
		fprintf(stderr, "fake_daemon: no scenario '%s'\n", argv[2]);
		return 64;
	}
	app.mapping = canned_mapping();
	app.loop = loop_new();
	app.events = events_new(app.loop, snapshot, &app);
	status = serve(&app, argv[1]);
	json_decref(app.status);
	json_decref(app.mapping);
	loop_free(app.loop);
	return status;
}
