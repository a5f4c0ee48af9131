#include <stdio.h>
#include <string.h>

#include "call.h"
#include "client.h"
#include "command.h"
#include "exits.h"
#include "render.h"
#include "pick.h"
#include "say.h"
#include "text.h"

#define CHECK_TIMEOUT_MS 30000

static json_t *with_service(const struct args *args)
{
	return args->count > 0 ? json_pack("{s:s}", "service", args->words[0])
			       : NULL;
}

int command_status(const struct args *args, const struct out *out)
{
	const char *only = args->count > 0 ? args->words[0] : NULL;
	const struct call call = {.method = "GetStatus",
				  .parameters = with_service(args)};
	json_t *parameters, *status;
	int error = call_once(args, &call, &parameters);
	enum reachable reachable;

	if (error)
		return error;
	status = json_object_get(parameters, "status");
	reachable = render_reachable(status, only);
	if (args->json != ARGS_JSON_OFF)
		out_json(out, status);
	else
		render_status(out, status, only);
	json_decref(parameters);
	return reachable_exit_status(reachable);
}

int command_nat(const struct args *args, const struct out *out)
{
	const struct call call = {.method = "GetStatus"};
	json_t *parameters, *nat;
	int error = call_once(args, &call, &parameters);
	bool is_known;

	if (error)
		return error;
	nat = json_object_get(json_object_get(parameters, "status"), "nat");
	is_known = pick_text(nat, "mapping", NULL) != NULL;
	if (args->json != ARGS_JSON_OFF)
		out_json(out, nat);
	else
		render_nat(out, nat);
	json_decref(parameters);
	return is_known ? CTL_OK : CTL_UNKNOWN;
}

int command_mappings(const struct args *args, const struct out *out)
{
	const struct call call = {
	    .method = "GetMappings",
	    .parameters =
		args->router ? json_pack("{s:b}", "router", 1) : NULL};
	json_t *parameters;
	int error = call_once(args, &call, &parameters);

	if (error)
		return error;
	if (args->json != ARGS_JSON_OFF)
		out_json(out, parameters);
	else
		render_mappings(out, json_object_get(parameters, "mappings"));
	json_decref(parameters);
	return CTL_OK;
}

static json_t *check_parameters(const struct args *args)
{
	uint16_t port;

	if (args->count > 0 && text_parse_port(args->words[0], &port) == 0)
		return json_pack("{s:i}", "port", port);
	return with_service(args);
}

/* Tells the progress to who waits at a terminal, until the last reply. */
static int follow_check(const struct args *args, struct client *client,
			uint64_t deadline_ms, struct varlink_reply *ret_reply)
{
	int error;

	for (;;) {
		error = client_receive(client, deadline_ms, ret_reply);
		if (error)
			return say_lost(args, args->socket, error);
		if (!ret_reply->continues)
			return 0;
		if (args->verbose)
			say(args, "%s",
			    pick_text(json_object_get(ret_reply->parameters,
						      "result"),
				      "summary", "checking"));
		varlink_reply_fini(ret_reply);
	}
}

int command_check(const struct args *args, const struct out *out)
{
	const struct call call = {.method = "Check",
				  .parameters = check_parameters(args),
				  .more = true,
				  .timeout_ms = CHECK_TIMEOUT_MS};
	uint64_t deadline_ms = call_deadline_ms(args, CHECK_TIMEOUT_MS);
	struct varlink_reply reply;
	struct client *client;
	const json_t *result;
	int status = call_open(args, &call, &client);

	if (status)
		return status;
	status = follow_check(args, client, deadline_ms, &reply);
	client_free(client);
	if (status)
		return status;
	if (reply.error) {
		status = say_error(args, call.method, &reply);
		varlink_reply_fini(&reply);
		return status;
	}
	result = json_object_get(reply.parameters, "result");
	if (args->json != ARGS_JSON_OFF)
		out_json(out, result);
	else
		render_check(out, result);
	status = reachable_exit_status(
	    reachable_parse(pick_text(result, "reachable", NULL)));
	varlink_reply_fini(&reply);
	return status;
}

int command_version(const struct args *args, const struct out *out)
{
	const struct call call = {.method = "GetStatus"};
	struct args quiet = *args;
	json_t *parameters = NULL, *answer;
	const char *daemon = NULL;

	/* A daemon that is not there is no failure here. */
	quiet.quiet = true;
	if (call_once(&quiet, &call, &parameters) == 0)
		daemon = pick_text(
		    json_object_get(json_object_get(parameters, "status"),
				    "daemon"),
		    "version", NULL);
	if (args->json != ARGS_JSON_OFF) {
		answer = json_pack("{s:s, s:s?}", "traversalctl", VERSION,
				   "traversald", daemon);
		out_json(out, answer);
		json_decref(answer);
	} else {
		printf("traversalctl %s\ntraversald ", VERSION);
		out_wrap(out, 11, 0, daemon ? daemon : "does not answer");
	}
	json_decref(parameters);
	return CTL_OK;
}
