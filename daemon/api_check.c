#include "api_methods.h"
#include "status_json.h"

bool api_has_reported(const struct service *service, uint64_t since_ms)
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

static bool answer_check(struct api_wait *waiting, struct service *service,
			 bool is_late)
{
	struct app *app = waiting->api->app;

	if (!service) {
		control_error(waiting->call, "NoSuchService",
			      json_pack("{s:s}", "name", waiting->service));
		return true;
	}
	if (!is_late && !api_has_reported(service, waiting->began_ms))
		return false;
	control_reply(
	    waiting->call,
	    json_pack("{s:o}", "result",
		      status_json_check(app, service, waiting->began_ms)));
	return true;
}

static bool answer_nothing(struct api_wait *waiting, struct service *service,
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
	struct api_wait *waiting = arg;
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
	api_wait_end(waiting);
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
	struct api_wait *waiting = api_wait(api, call, "", answer_nothing);

	waiting->prover = prover_new(&options);
	prover_ask(waiting->prover, port, on_port_proven, waiting);
}

static void check_service(struct api *api, struct control_call *call,
			  struct service *service)
{
	api_wait(api, call, service->config.name, answer_check);
	chain_again(service->chain, CAUSE_CHECK);
}

/* Without a name: the one whose answer says most, the worst. */
static struct service *pick_worst(struct app *app)
{
	struct service *service, *worst = NULL;

	LIST_FOREACH (service, services_list(app->services), link)
		if (!worst ||
		    chain_state(service->chain) > chain_state(worst->chain))
			worst = service;
	return worst;
}

void api_check(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;
	const json_t *port = json_object_get(parameters, "port");
	json_int_t number = json_integer_value(port);
	struct service *service;

	if (!api_find_service(api, call, parameters, &service))
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
