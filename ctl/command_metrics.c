#include <string.h>
#include <time.h>

#include "call.h"
#include "command.h"
#include "exits.h"
#include "metrics.h"
#include "prom.h"
#include "say.h"

/* Returns the owned member of the answer, or NULL: a daemon of another version
 * may not know the method. */
static json_t *ask_quietly(const struct args *args, const char *method,
			   const char *member)
{
	const struct call call = {.method = method};
	struct args quiet = *args;
	json_t *parameters, *value;

	quiet.quiet = true;
	if (call_once(&quiet, &call, &parameters) != 0)
		return NULL;
	value = json_incref(json_object_get(parameters, member));
	json_decref(parameters);
	return value;
}

static int ask_status(const struct args *args, json_t **ret_status)
{
	const struct call call = {.method = "GetStatus"};
	json_t *parameters;
	int status = call_once(args, &call, &parameters);

	if (status)
		return status;
	*ret_status = json_incref(json_object_get(parameters, "status"));
	json_decref(parameters);
	return 0;
}

static int deliver(const struct args *args, const struct out *out,
		   const json_t *families)
{
	json_t *answer;
	int error;

	if (args->textfile) {
		error = prom_write_file(args->textfile, families);
		if (error)
			say(args, "cannot write %s/traversald.prom: %s",
			    args->textfile, strerror(-error));
		return error ? CTL_FAILED : CTL_OK;
	}
	if (args->json == ARGS_JSON_OFF) {
		prom_write(stdout, families);
		return CTL_OK;
	}
	answer = json_pack("{s:O}", "metrics", families);
	out_json(out, answer);
	json_decref(answer);
	return CTL_OK;
}

int command_metrics(const struct args *args, const struct out *out)
{
	json_t *status = NULL, *mappings = NULL, *counters = NULL, *families;
	int asked = ask_status(args, &status), delivered;

	if (!asked) {
		mappings = ask_quietly(args, "GetMappings", "mappings");
		counters = ask_quietly(args, "GetCounters", "counters");
	}
	/* That the daemon is down is a figure as well: an old file would hide
	 * it. */
	families = metrics_new(status, mappings, counters, time(NULL));
	delivered = deliver(args, out, families);
	json_decref(families);
	json_decref(status);
	json_decref(mappings);
	json_decref(counters);
	return asked ? asked : delivered;
}
