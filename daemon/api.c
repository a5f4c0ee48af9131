#include "api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "config_values.h"
#include "idl.h"
#include "mem.h"
#include "router_table.h"
#include "status_json.h"

/* Calls that wait for the network are answered at the latest after this. */
#define ANSWER_MS 10000

/* A call that is answered when its service has news. */
struct waiting {
	struct api *api;
	struct control_call *call;
	char service[CONFIG_NAME_BYTES];
	uint64_t began_ms;
	struct loop_timer *deadline;
	/* Answers the call when it can be; with IS_LATE in any case. Returns
	 * whether it did. SERVICE is NULL when it is gone. */
	bool (*answer)(struct waiting *waiting, struct service *service,
		       bool is_late);
	struct prover *prover; /* of a port that is no service */
	LIST_ENTRY(waiting) link;
};

struct api {
	struct app *app;
	LIST_HEAD(, waiting) waiting;
};

/* --- calls that wait ----------------------------------------------------- */

static void waiting_free(struct waiting *waiting)
{
	LIST_REMOVE(waiting, link);
	loop_timer_free(waiting->deadline);
	prover_free(waiting->prover);
	free(waiting);
}

static void on_gone(void *arg)
{
	waiting_free(arg);
}

static void try_answer(struct waiting *waiting, bool is_late)
{
	struct service *service =
	    services_find(waiting->api->app->services, waiting->service);
	struct control_call *call = waiting->call;

	control_on_gone(call, NULL, NULL);
	if (waiting->answer(waiting, service, is_late))
		waiting_free(waiting);
	else
		control_on_gone(call, on_gone, waiting);
}

static void on_deadline(void *arg)
{
	try_answer(arg, true);
}

static struct waiting *wait_for(struct api *api, struct control_call *call,
				const char *service,
				bool (*answer)(struct waiting *,
					       struct service *, bool))
{
	struct waiting *waiting = xcalloc(1, sizeof(*waiting));

	waiting->api = api;
	waiting->call = call;
	waiting->answer = answer;
	waiting->began_ms = loop_now_ms(api->app->loop);
	snprintf(waiting->service, sizeof(waiting->service), "%s", service);
	waiting->deadline =
	    loop_timer_new(api->app->loop, on_deadline, waiting);
	loop_timer_start(waiting->deadline, ANSWER_MS);
	LIST_INSERT_HEAD(&api->waiting, waiting, link);
	control_on_gone(call, on_gone, waiting);
	return waiting;
}

void api_service_changed(struct api *api, struct service *service)
{
	struct waiting *waiting, *next;

	for (waiting = LIST_FIRST(&api->waiting); waiting; waiting = next) {
		next = LIST_NEXT(waiting, link);
		if (strcmp(waiting->service, service->config.name) == 0)
			try_answer(waiting, false);
	}
}

/* --- reading ------------------------------------------------------------- */

static const char *get_text(const json_t *parameters, const char *key)
{
	return json_string_value(json_object_get(parameters, key));
}

/* Finds the service that the parameter names; answers the call and returns
 * false when there is none. NULL when the parameter is absent. */
static bool find_service(struct api *api, struct control_call *call,
			 const json_t *parameters, struct service **ret_service)
{
	const char *name = get_text(parameters, "service");

	*ret_service = NULL;
	if (!name)
		return true;
	*ret_service = services_find(api->app->services, name);
	if (*ret_service)
		return true;
	control_error(call, "NoSuchService", json_pack("{s:s}", "name", name));
	return false;
}

static void get_status(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	struct service *only;

	if (find_service(api, call, parameters, &only))
		control_reply(call, json_pack("{s:o}", "status",
					      status_json(api->app, only)));
}

static json_t *mappings_json(struct app *app)
{
	json_t *array = json_array(), *mapping;
	struct service *service;

	LIST_FOREACH(service, services_list(app->services), link)
	{
		mapping = status_json_mapping(app, service);
		if (mapping)
			json_array_append_new(array, mapping);
	}
	return array;
}

static void get_mappings(void *arg, struct control_call *call,
			 json_t *parameters)
{
	struct api *api = arg;
	json_t *mappings = mappings_json(api->app);

	if (json_is_true(json_object_get(parameters, "router")))
		router_table_reply(api->app, call, mappings);
	else
		control_reply(call, json_pack("{s:o}", "mappings", mappings));
}

static json_t *entry_json(const struct config_entry *entry)
{
	static const char *const origins[] = {
	    [ORIGIN_DEFAULT] = "default",
	    [ORIGIN_FILE] = "file",
	    [ORIGIN_COMMAND_LINE] = "command-line",
	};

	return json_pack("{s:s,s:s,s:s,s:s?,s:o,s:b}", "key", entry->key,
			 "value", entry->value, "origin",
			 origins[entry->origin], "file", entry->file, "line",
			 entry->line ? json_integer(entry->line) : json_null(),
			 "ours", entry->ours);
}

static void get_config(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	const struct config *config = api->app->config;
	json_t *entries = json_array();

	(void)parameters;
	for (size_t i = 0; i < config->entry_count; i++)
		json_array_append_new(entries, entry_json(&config->entries[i]));
	control_reply(call,
		      json_pack("{s:o,s:o}", "entries", entries, "findings",
				status_json_findings(api->app)));
}

static void subscribe(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;

	events_subscribe(api->app->events, call, parameters);
}

/* --- check --------------------------------------------------------------- */

static bool has_reported(const struct service *service, uint64_t since_ms)
{
	int carrier = chain_carrier(service->chain);

	if (carrier >= 0)
		return chain_attempt(service->chain, (size_t)carrier)
			   .reported_ms >= since_ms;
	for (size_t i = 0; i < chain_attempt_count(service->chain); i++)
		if (chain_attempt(service->chain, i).reported_ms < since_ms)
			return false;
	return true;
}

static bool answer_check(struct waiting *waiting, struct service *service,
			 bool is_late)
{
	struct app *app = waiting->api->app;

	if (!service) {
		control_error(waiting->call, "NoSuchService",
			      json_pack("{s:s}", "name", waiting->service));
		return true;
	}
	if (!is_late && !has_reported(service, waiting->began_ms))
		return false;
	control_reply(
	    waiting->call,
	    json_pack("{s:o}", "result",
		      status_json_check(app, service, waiting->began_ms)));
	return true;
}

static bool answer_nothing(struct waiting *waiting, struct service *service,
			   bool is_late)
{
	(void)service;
	if (is_late)
		control_error(
		    waiting->call, "NotReady",
		    json_pack("{s:s}", "message", "no answer within 10 s"));
	return is_late;
}

static void on_port_proven(void *arg, const struct prove_result *result)
{
	struct waiting *waiting = arg;
	struct app *app = waiting->api->app;
	bool is_in = result->outcome == PROVE_RECEIVED;
	bool is_out = result->outcome == PROVE_SILENT;
	const struct prover_options *options = prover_options(waiting->prover);

	control_on_gone(waiting->call, NULL, NULL);
	control_reply(
	    waiting->call,
	    json_pack(
		"{s:{s:n,s:s,s:i,s:s,s:s,s:s,s:[],s:[{s:s,s:s?,s:s,s:i}],"
		"s:I}}",
		"result", "service", "protocol", "udp", "port", options->port,
		"reachable",
		is_in    ? "yes"
		: is_out ? "no"
			 : "unknown",
		"code",
		is_in    ? "port-open"
		: is_out ? "port-closed"
			 : "port-untested",
		"summary", result->detail, "attempts", "proof", "kind", "echo",
		"vantage", is_in ? result->vantage : NULL, "result",
		is_in ? "received" : "silent", "age_sec", 0, "took_ms",
		(json_int_t)(loop_now_ms(app->loop) - waiting->began_ms)));
	waiting_free(waiting);
}

static void check_port(struct api *api, struct control_call *call,
		       uint16_t port)
{
	struct app *app = api->app;
	const struct prover_options options = {
	    .loop = app->loop,
	    .log = app->log,
	    .resolver = app->resolver,
	    .config = &app->env.config,
	    .rtt = &app->rtt,
	    .transport = TRANSPORT_UDP,
	    .port = port,
	    .fd = -1,
	};
	struct waiting *waiting = wait_for(api, call, "", answer_nothing);

	waiting->prover = prover_new(&options);
	prover_ask(waiting->prover, port, on_port_proven, waiting);
}

static void check_service(struct api *api, struct control_call *call,
			  struct service *service)
{
	wait_for(api, call, service->config.name, answer_check);
	chain_again(service->chain, CAUSE_CHECK);
}

/* Without a name: the one whose answer says most, the worst. */
static struct service *pick_worst(struct app *app)
{
	struct service *service, *worst = NULL;

	LIST_FOREACH(service, services_list(app->services), link)
	if (!worst || chain_state(service->chain) > chain_state(worst->chain))
		worst = service;
	return worst;
}

static void check(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	const json_t *port = json_object_get(parameters, "port");
	json_int_t number = json_integer_value(port);
	struct service *service;

	if (!find_service(api, call, parameters, &service))
		return;
	if (port && !json_is_null(port)) {
		if (!json_is_integer(port) || number < 1 || number > 65535) {
			control_invalid(call, "port");
			return;
		}
		service = services_find_port(api->app->services, TRANSPORT_UDP,
					     (uint16_t)number);
		if (!service) {
			check_port(api, call, (uint16_t)number);
			return;
		}
	}
	if (!service)
		service = pick_worst(api->app);
	if (service)
		check_service(api, call, service);
	else
		control_error(
		    call, "NotReady",
		    json_pack("{s:s}", "message", "no service is configured"));
}

/* --- changing ------------------------------------------------------------ */

static bool get_port(struct control_call *call, const json_t *parameters,
		     const char *key, bool is_needed, uint16_t *ret_port)
{
	const json_t *value = json_object_get(parameters, key);
	json_int_t number = json_integer_value(value);

	*ret_port = 0;
	if (!is_needed && (!value || json_is_null(value)))
		return true;
	if (!json_is_integer(value) || number < 1 || number > 65535) {
		control_invalid(call, key);
		return false;
	}
	*ret_port = (uint16_t)number;
	return true;
}

static bool get_transport(struct control_call *call, const json_t *parameters,
			  enum transport *ret_transport)
{
	const char *text = get_text(parameters, "protocol");

	if (text && transport_parse(text, ret_transport) == 0)
		return true;
	control_invalid(call, "protocol");
	return false;
}

static const char *reason_of(const struct service *service)
{
	const char *reason = "the router opens no port";

	for (size_t i = 0; i < chain_attempt_count(service->chain); i++) {
		struct chain_attempt attempt = chain_attempt(service->chain, i);

		if (attempt.id == METHOD_UPNP &&
		    attempt.report.outcome != METHOD_OK)
			return "the router opens no port: see traversalctl "
			       "status -v";
	}
	return reason;
}

static void ignore(void *arg)
{
	(void)arg;
}

static bool answer_map(struct waiting *waiting, struct service *service,
		       bool is_late)
{
	struct app *app = waiting->api->app;
	json_t *mapping = service ? status_json_mapping(app, service) : NULL;

	if (!service) {
		control_error(waiting->call, "NoSuchMapping", NULL);
		return true;
	}
	if (mapping) {
		control_reply(waiting->call,
			      json_pack("{s:o}", "mapping", mapping));
		return true;
	}
	if (!is_late && (chain_state(service->chain) == CHAIN_TRYING ||
			 !has_reported(service, waiting->began_ms)))
		return false;
	control_error(waiting->call, "NotReady",
		      json_pack("{s:s}", "message", reason_of(service)));
	services_unmap(app->services, service->config.transport,
		       service->config.port, ignore, NULL);
	return true;
}

static bool get_service_config(struct control_call *call,
			       const json_t *parameters,
			       struct service_config *ret_config)
{
	const char *name = get_text(parameters, "name");
	struct service_config config = {0};

	if (!get_transport(call, parameters, &config.transport) ||
	    !get_port(call, parameters, "port", true, &config.port) ||
	    !get_port(call, parameters, "external", false, &config.external))
		return false;
	if (name && !value_is_name(name)) {
		control_invalid(call, "name");
		return false;
	}
	if (name)
		snprintf(config.name, sizeof(config.name), "%s", name);
	else
		snprintf(config.name, sizeof(config.name), "%s-%u",
			 transport_name(config.transport), config.port);
	*ret_config = config;
	return true;
}

static void map(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	struct service_config config;
	struct service *service;
	json_int_t lifetime_s =
	    json_integer_value(json_object_get(parameters, "lifetime_sec"));
	int error;

	if (!get_service_config(call, parameters, &config))
		return;
	if (lifetime_s < 0 || lifetime_s > 604800) {
		control_invalid(call, "lifetime_sec");
		return;
	}
	service = services_find_port(api->app->services, config.transport,
				     config.port);
	if (service && service->origin == SERVICE_AD_HOC &&
	    (config.external == 0 ||
	     config.external == service->config.external)) {
		wait_for(api, call, service->config.name, answer_map);
		api_service_changed(api, service);
		return;
	}
	error = services_map(api->app->services, &config, (uint32_t)lifetime_s,
			     &service);
	if (error == -EEXIST)
		control_error(call, "PortInUse",
			      json_pack("{s:i}", "port", config.port));
	else if (error)
		control_error(
		    call, "NotReady",
		    json_pack("{s:s}", "message", "too many mappings already"));
	else
		wait_for(api, call, service->config.name, answer_map);
}

/* Replies {} when something below has ended, if the client still waits. */
static bool answer_done(struct waiting *waiting, struct service *service,
			bool is_late)
{
	(void)service;
	(void)is_late;
	control_reply(waiting->call, NULL);
	return true;
}

static void unmap(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	enum transport transport;
	uint16_t port;
	int error;

	if (!get_transport(call, parameters, &transport) ||
	    !get_port(call, parameters, "port", true, &port))
		return;
	error =
	    services_unmap(api->app->services, transport, port, ignore, NULL);
	if (error == -ENOENT)
		control_error(call, "NoSuchMapping", NULL);
	else if (error)
		control_error(call, "NotReady",
			      json_pack("{s:s}", "message",
					"this port is in the configuration: "
					"take it out there, then reload"));
	else
		loop_timer_start(wait_for(api, call, "", answer_done)->deadline,
				 1);
}

static void acquire(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	const json_t *value = json_object_get(parameters, "count");
	json_int_t count =
	    json_is_integer(value) ? json_integer_value(value) : 1;
	json_t *ports;
	struct service *service;

	if (count < 1 || count > 64) {
		control_invalid(call, "count");
		return;
	}
	ports = json_array();
	for (json_int_t i = 0; i < count; i++) {
		service = services_acquire(api->app->services);
		if (!service)
			break;
		json_array_append_new(ports,
				      status_json_acquired(api->app, service));
	}
	if (json_array_size(ports) > 0) {
		control_reply(call, json_pack("{s:o}", "ports", ports));
		return;
	}
	json_decref(ports);
	control_error(call, "NotReady",
		      json_pack("{s:s}", "message",
				"no dynamic port is prepared: SERVICE_OPTS "
				"names no service with dynamic ports, or the "
				"range --udp.ports is full"));
}

static void release(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	uint16_t port;

	if (!get_port(call, parameters, "port", true, &port))
		return;
	if (services_release(api->app->services, port, ignore, NULL) < 0)
		control_error(call, "NoSuchMapping", NULL);
	else
		loop_timer_start(wait_for(api, call, "", answer_done)->deadline,
				 1);
}

static void renew(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	struct service *only, *service;
	json_t *mapping;
	int renewed = 0;

	if (!find_service(api, call, parameters, &only))
		return;
	LIST_FOREACH(service, services_list(api->app->services), link)
	{
		if (only && service != only)
			continue;
		mapping = status_json_mapping(api->app, service);
		renewed += mapping != NULL;
		json_decref(mapping);
		chain_again(service->chain, CAUSE_REQUEST);
	}
	control_reply(call, json_pack("{s:i}", "renewed", renewed));
}

static void probe(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;

	(void)parameters;
	api->app->probe(api->app);
	control_reply(call, NULL);
}

static void reload(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	const struct finding *why;

	(void)parameters;
	if (api->app->reload(api->app, &why) == 0)
		control_reply(call,
			      json_pack("{s:i}", "generation",
					(int)api->app->config_generation));
	else
		control_error(call, "ConfigInvalid",
			      json_pack("{s:s,s:i,s:s}", "file",
					why->file ? why->file : "", "line",
					(int)why->line, "message", why->title));
}

static const struct control_method api_methods[] = {
    {.name = "GetStatus", .fn = get_status},
    {.name = "GetMappings", .fn = get_mappings},
    {.name = "GetConfig", .fn = get_config},
    {.name = "Check", .fn = check},
    {.name = "Subscribe", .fn = subscribe},
    {.name = "Map", .admin = true, .fn = map},
    {.name = "Unmap", .admin = true, .fn = unmap},
    {.name = "Acquire", .admin = true, .fn = acquire},
    {.name = "Release", .admin = true, .fn = release},
    {.name = "Renew", .admin = true, .fn = renew},
    {.name = "Probe", .admin = true, .fn = probe},
    {.name = "Reload", .admin = true, .fn = reload},
};

int api_new(struct app *app, struct api **ret_api)
{
	struct api *api = xcalloc(1, sizeof(*api));
	const struct control_options options = {
	    .runtime_dir = app->config->runtime_dir,
	    .interface = "io.traversald",
	    .idl = idl_text,
	    .methods = api_methods,
	    .method_count = sizeof(api_methods) / sizeof(api_methods[0]),
	    .app = api,
	    .listen_fd = service_manager_take_socket(app->manager, "control"),
	    .listen_admin_fd =
		service_manager_take_socket(app->manager, "control-admin"),
	};
	int error;

	api->app = app;
	LIST_INIT(&api->waiting);
	error = control_new(app->loop, app->log, &options, &app->control);
	if (error) {
		free(api);
		return error;
	}
	*ret_api = api;
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	control_free(api->app->control);
	api->app->control = NULL;
	free(api);
}
