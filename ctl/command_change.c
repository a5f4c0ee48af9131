#include <stdio.h>
#include <string.h>

#include "call.h"
#include "command.h"
#include "config_values.h"
#include "exits.h"
#include "pick.h"
#include "render.h"
#include "say.h"
#include "text.h"

#define MAP_TIMEOUT_MS         20000
#define RELOAD_WAIT_TIMEOUT_MS 20000
#define ACQUIRE_MOST           64

/* Calls METHOD on the admin socket. PARAMETERS is taken. */
static int change(const struct args *args, const char *method,
		  json_t *parameters, uint32_t timeout_ms,
		  json_t **ret_parameters)
{
	const struct call call = {.method = method,
				  .parameters = parameters,
				  .admin = true,
				  .timeout_ms = timeout_ms};

	return call_once(args, &call, ret_parameters);
}

/* Shows a reply that says no more than that it was done. PARAMETERS is taken.
 */
static int done(const struct args *args, const struct out *out,
		json_t *parameters, const char *words)
{
	if (args->json != ARGS_JSON_OFF)
		out_json(out, parameters);
	else
		out_wrap(out, 0, 0, words);
	json_decref(parameters);
	return CTL_OK;
}

/* Rewrites "udp:PORT[:EXTERNAL]", with a name before it or not, as
 * "PORT/udp[:EXTERNAL]", which is what the configuration takes. */
static void normalise(const char *word, char *buf, size_t buf_bytes)
{
	const char *equals = strchr(word, '=');
	const char *spec = equals ? equals + 1 : word;
	int name_len = (int)(spec - word);
	size_t port_len;

	if (strncasecmp(spec, "udp:", 4) != 0 &&
	    strncasecmp(spec, "tcp:", 4) != 0) {
		snprintf(buf, buf_bytes, "%s", word);
		return;
	}
	port_len = strcspn(spec + 4, ":");
	snprintf(buf, buf_bytes, "%.*s%.*s/%.3s%s", name_len, word,
		 (int)port_len, spec + 4, spec, spec + 4 + port_len);
}

static int parse_map(const struct args *args, struct service_config *ret_config)
{
	char spec[128];
	const char *why = "";

	normalise(args->words[0], spec, sizeof(spec));
	if (value_parse_map(spec, ret_config, &why) == 0)
		return 0;
	fprintf(stderr,
		"traversalctl: '%s': %s. Write it as 51820/udp, "
		"wg=51820/udp or 51820/udp:40000\n",
		args->words[0], why);
	return CTL_USAGE;
}

static json_t *map_parameters(const struct args *args,
			      const struct service_config *config)
{
	json_t *parameters =
	    json_pack("{s:s, s:i}", "protocol",
		      transport_name(config->transport), "port", config->port);
	uint16_t external = args->external ? args->external : config->external;

	if (strchr(args->words[0], '='))
		json_object_set_new(parameters, "name",
				    json_string(config->name));
	if (external)
		json_object_set_new(parameters, "external",
				    json_integer(external));
	if (args->lifetime_s)
		json_object_set_new(parameters, "lifetime_sec",
				    json_integer(args->lifetime_s));
	return parameters;
}

int command_map(const struct args *args, const struct out *out)
{
	struct service_config config;
	json_t *parameters;
	int status = parse_map(args, &config);

	if (status)
		return status;
	status = change(args, "Map", map_parameters(args, &config),
			MAP_TIMEOUT_MS, &parameters);
	if (status)
		return status;
	if (args->json != ARGS_JSON_OFF)
		out_json(out, json_object_get(parameters, "mapping"));
	else
		render_mapping(out, json_object_get(parameters, "mapping"));
	json_decref(parameters);
	return CTL_OK;
}

int command_unmap(const struct args *args, const struct out *out)
{
	struct service_config config;
	json_t *parameters;
	int status = parse_map(args, &config);

	if (status)
		return status;
	status = change(args, "Unmap",
			json_pack("{s:s, s:i}", "protocol",
				  transport_name(config.transport), "port",
				  config.port),
			0, &parameters);
	return status ? status : done(args, out, parameters, "unmapped");
}

int command_acquire(const struct args *args, const struct out *out)
{
	uint32_t count = 1;
	json_t *parameters;
	int status;

	if (args->count > 0 &&
	    (text_parse_uint(args->words[0], ACQUIRE_MOST, &count) < 0 ||
	     count == 0)) {
		fprintf(stderr,
			"traversalctl: '%s' is not a number from 1 to %d\n",
			args->words[0], ACQUIRE_MOST);
		return CTL_USAGE;
	}
	status =
	    change(args, "Acquire", json_pack("{s:i}", "count", (int)count), 0,
		   &parameters);
	if (status)
		return status;
	if (args->json != ARGS_JSON_OFF)
		out_json(out, parameters);
	else
		render_acquired(out, json_object_get(parameters, "ports"));
	json_decref(parameters);
	return CTL_OK;
}

int command_release(const struct args *args, const struct out *out)
{
	json_t *parameters;
	uint16_t port;
	int status;

	if (text_parse_port(args->words[0], &port) < 0) {
		fprintf(stderr, "traversalctl: '%s' is not a port\n",
			args->words[0]);
		return CTL_USAGE;
	}
	status = change(args, "Release", json_pack("{s:i}", "port", port), 0,
			&parameters);
	return status ? status : done(args, out, parameters, "released");
}

int command_renew(const struct args *args, const struct out *out)
{
	json_t *parameters = args->count > 0
				 ? json_pack("{s:s}", "service", args->words[0])
				 : NULL;
	char words[64];
	int64_t renewed;
	int status = change(args, "Renew", parameters, 0, &parameters);

	if (status)
		return status;
	renewed = pick_int_or(parameters, "renewed", 0);
	snprintf(words, sizeof(words), "%lld mapping%s being renewed",
		 (long long)renewed, renewed == 1 ? " is" : "s are");
	return done(args, out, parameters, words);
}

int command_probe(const struct args *args, const struct out *out)
{
	json_t *parameters;
	int status = change(args, "Probe", NULL, 0, &parameters);

	return status ? status
		      : done(args, out, parameters,
			     "looking at everything anew: traversalctl status");
}

int command_reload(const struct args *args, const struct out *out)
{
	uint32_t timeout_ms = args->wait_ms ? args->wait_ms
			      : args->wait  ? RELOAD_WAIT_TIMEOUT_MS
					    : 0;
	json_t *parameters;
	char words[64];
	int status = change(args, "Reload", NULL, timeout_ms, &parameters);

	if (status)
		return status;
	snprintf(words, sizeof(words), "configuration %lld is in force",
		 (long long)pick_int_or(parameters, "generation", 0));
	return done(args, out, parameters, words);
}
