#include "punch_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "mem.h"
#include "say.h"
#include "text.h"

#define PORTS_MOST 1024 /* the daemon takes fewer and says so */

/* One element: "PORT" or "FIRST-LAST". */
static int add_ports(json_t *array, char *element)
{
	char *dash = strchr(element, '-');
	uint16_t first, last;

	if (dash)
		*dash++ = '\0';
	if (text_parse_port(element, &first) < 0 ||
	    text_parse_port(dash ? dash : element, &last) < 0 || last < first)
		return -EINVAL;
	for (unsigned int port = first; port <= last; port++) {
		if (json_array_size(array) == PORTS_MOST)
			return -EINVAL;
		json_array_append_new(array, json_integer((json_int_t)port));
	}
	return 0;
}

/* "30000,30002-30005": an owned array, or NULL. */
static json_t *parse_ports(const char *text)
{
	char *copy = xstrdup(text), *cursor = copy, *element;
	json_t *array = json_array();
	int error = 0;

	while (!error && (element = text_next_element(&cursor)))
		error = add_ports(array, element);
	free(copy);
	if (!error)
		return array;
	json_decref(array);
	return NULL;
}

static int set_ports(const struct args *args, json_t *object, const char *key,
		     const char *option, const char *text)
{
	json_t *ports = text ? parse_ports(text) : NULL;

	if (!ports) {
		say(args,
		    "--%s=LIST is needed: ports or ranges with commas, such "
		    "as 30000-30019",
		    option);
		return CTL_USAGE;
	}
	json_object_set_new(object, key, ports);
	return 0;
}

/* "ADDRESS" or "ADDRESS=PORTS" */
static int add_candidate(const struct args *args, json_t *array,
			 const char *text)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	json_t *candidate = json_pack("{s:s%}", "address", text, len);

	json_array_append_new(array, candidate);
	return equals ? set_ports(args, candidate, "ports", "candidate=ADDRESS",
				  equals + 1)
		      : 0;
}

static int add_candidates(const struct args *args, json_t *parameters)
{
	json_t *array = json_array();
	int status = 0;

	json_object_set_new(parameters, "candidates", array);
	for (size_t i = 0; i < args->punch.candidate_count && !status; i++)
		status = add_candidate(args, array, args->punch.candidates[i]);
	return status;
}

static void add_rest(const struct args_punch *punch, json_t *parameters)
{
	if (punch->count)
		json_object_set_new(parameters, "count",
				    json_integer(punch->count));
	if (punch->ttl)
		json_object_set_new(parameters, "primer_ttl",
				    json_integer(punch->ttl));
	if (punch->allow_private)
		json_object_set_new(parameters, "allow_private", json_true());
	if (punch->forward)
		json_object_set_new(parameters, "forward",
				    json_string(punch->forward));
}

static int check(const struct args *args)
{
	const struct args_punch *punch = &args->punch;

	if ((punch->exec != NULL) + (punch->relay != NULL) +
		(punch->forward != NULL) >
	    1) {
		say(args, "--exec, --relay and --forward exclude each other");
		return CTL_USAGE;
	}
	if (!punch->role) {
		say(args, "--role=provider or --role=consumer is needed");
		return CTL_USAGE;
	}
	return 0;
}

int punch_request(const struct args *args, json_t **ret_parameters)
{
	const struct args_punch *punch = &args->punch;
	json_t *parameters;
	int status = check(args);

	if (status)
		return status;
	parameters =
	    json_pack("{s:s,s:s}", "peer", args->words[0], "role", punch->role);
	status = set_ports(args, parameters, "local_ports", "local-ports",
			   punch->local_ports);
	if (!status)
		status = set_ports(args, parameters, "remote_ports",
				   "remote-ports", punch->remote_ports);
	if (!status && punch->candidate_count)
		status = add_candidates(args, parameters);
	add_rest(punch, parameters);
	if (status)
		json_decref(parameters);
	else
		*ret_parameters = parameters;
	return status;
}
