#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api_methods.h"
#include "config_values.h"
#include "status_json.h"

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
	const char *text = api_text(parameters, "protocol");

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

static bool answer_map(struct api_wait *waiting, struct service *service,
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
			 !api_has_reported(service, waiting->began_ms)))
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
	const char *name = api_text(parameters, "name");
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

void api_map(void *arg, struct control_call *call, json_t *parameters)
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
		api_wait(api, call, service->config.name, answer_map);
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
		api_wait(api, call, service->config.name, answer_map);
}

void api_unmap(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	enum transport transport;
	uint16_t port;
	struct service *service;

	if (!get_transport(call, parameters, &transport) ||
	    !get_port(call, parameters, "port", true, &port))
		return;
	service = services_find_port(api->app->services, transport, port);
	if (service && service->origin == SERVICE_AD_HOC) {
		services_unmap(api->app->services, transport, port,
			       api_on_deleted, api_wait_deletion(api, call));
		return;
	}
	if (!service)
		control_error(call, "NoSuchMapping", NULL);
	else
		control_error(call, "NotReady",
			      json_pack("{s:s}", "message",
					"this port is in the configuration: "
					"take it out there, then reload"));
}

void api_acquire(void *arg, struct control_call *call, json_t *parameters)
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

void api_release(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	struct service *service;
	uint16_t port;

	if (!get_port(call, parameters, "port", true, &port))
		return;
	service = services_find_port(api->app->services, TRANSPORT_UDP, port);
	if (service && service->origin == SERVICE_ACQUIRED)
		services_release(api->app->services, port, api_on_deleted,
				 api_wait_deletion(api, call));
	else
		control_error(call, "NoSuchMapping", NULL);
}

void api_renew(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	struct service *only, *service;
	json_t *mapping;
	int renewed = 0;

	if (!api_find_service(api, call, parameters, &only))
		return;
	LIST_FOREACH (service, services_list(api->app->services), link) {
		if (only && service != only)
			continue;
		mapping = status_json_mapping(api->app, service);
		renewed += mapping != NULL;
		json_decref(mapping);
		chain_again(service->chain, CAUSE_REQUEST);
	}
	control_reply(call, json_pack("{s:i}", "renewed", renewed));
}

void api_probe(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;

	(void)parameters;
	api->app->probe(api->app);
	control_reply(call, NULL);
}

void api_reload(void *arg, struct control_call *call, json_t *parameters)
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
