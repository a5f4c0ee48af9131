#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "command.h"
#include "config.h"
#include "exits.h"
#include "pick.h"
#include "render.h"
#include "say.h"
#include "text.h"

#define TYPO_DISTANCE 2

static int get_config(const struct args *args, json_t **ret_parameters)
{
	const struct call call = {.method = "GetConfig"};

	return call_once(args, &call, ret_parameters);
}

static int config_show(const struct args *args, const struct out *out)
{
	json_t *parameters;
	int status = get_config(args, &parameters);

	if (status)
		return status;
	if (args->json != ARGS_JSON_OFF) {
		out_json(out, parameters);
	} else {
		render_config(out, json_object_get(parameters, "entries"));
		if (json_array_size(json_object_get(parameters, "findings")))
			out_end(out);
		render_findings(out, json_object_get(parameters, "findings"));
	}
	json_decref(parameters);
	return CTL_OK;
}

/* --- explain ----------------------------------------------------------------
 */

/* The entries of KEY. An option may have several, such as --map. */
static json_t *entries_of(const json_t *entries, const char *key)
{
	json_t *found = json_array(), *entry;
	size_t i;

	json_array_foreach (entries, i, entry) {
		if (strcmp(pick_text(entry, "key", ""), key) == 0)
			json_array_append(found, entry);
	}
	return found;
}

static void say_no_option(const struct args *args, const json_t *entries,
			  const char *key)
{
	const char *best = NULL, *name;
	size_t best_distance = TYPO_DISTANCE + 1, distance, i;
	const json_t *entry;

	json_array_foreach (entries, i, entry) {
		name = pick_text(entry, "key", "");
		distance = text_edit_distance(name, key);
		if (distance < best_distance) {
			best_distance = distance;
			best = name;
		}
	}
	if (best)
		say(args, "no option '%s' is set. Did you mean '%s'?", key,
		    best);
	else
		say(args,
		    "no option '%s' is set. Those that are: "
		    "traversalctl config show",
		    key);
}

static int config_explain(const struct args *args, const struct out *out)
{
	const char *key = args->words[1] + strspn(args->words[1], "-");
	json_t *parameters, *entries, *found;
	int status = get_config(args, &parameters);

	if (status)
		return status;
	entries = json_object_get(parameters, "entries");
	found = entries_of(entries, key);
	if (json_array_size(found) == 0) {
		say_no_option(args, entries, key);
		status = CTL_USAGE;
	} else if (args->json != ARGS_JSON_OFF) {
		json_t *answer = json_pack("{s:O}", "entries", found);

		out_json(out, answer);
		json_decref(answer);
	} else {
		render_config(out, found);
	}
	json_decref(found);
	json_decref(parameters);
	return status;
}

/* --- check ------------------------------------------------------------------
 */

static json_t *findings_json(const struct findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];
		json_t *line = f->line ? json_integer(f->line) : json_null();

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:o}",
				    "id", f->id, "severity",
				    finding_severity_name(f->severity), "title",
				    f->title, "detail", f->detail, "fix",
				    f->fix, "file", f->file, "line", line));
	}
	return list;
}

/* 78 where a reload would keep the old configuration or a start would fail, 1
 * where something is not as it was meant. */
static int judge(const struct config *config, int error)
{
	int status = CTL_OK;

	if (error || config_is_broken(config))
		return CTL_BAD_CONFIG;
	for (size_t i = 0; i < config->findings.count; i++)
		if (config->findings.items[i].severity != FINDING_INFO)
			status = CTL_DEGRADED;
	return status;
}

static void show_check(const struct args *args, const struct out *out,
		       const struct config *config, const char *file,
		       int status)
{
	json_t *findings = findings_json(&config->findings);
	json_t *answer;

	if (args->json != ARGS_JSON_OFF) {
		answer = json_pack("{s:b, s:s?, s:O}", "usable",
				   status != CTL_BAD_CONFIG, "file", file,
				   "findings", findings);
		out_json(out, answer);
		json_decref(answer);
	} else {
		out_headline(out,
			     status == CTL_OK         ? REACHABLE_YES
			     : status == CTL_DEGRADED ? REACHABLE_LIKELY
						      : REACHABLE_NO,
			     status == CTL_OK         ? "The file is good"
			     : status == CTL_DEGRADED ? "The file can be used, "
							"but look at this"
						      : "The file is broken",
			     "");
		render_findings(out, findings);
	}
	json_decref(findings);
}

static int config_check(const struct args *args, const struct out *out)
{
	const char *file = args->count > 1 ? args->words[1] : NULL;
	const struct config_sources sources = {.defaults_file = file};
	struct config *config;
	int status, error = config_load(&sources, &config);

	if (error == -ENOENT) {
		config_free(config);
		say(args, "%s: %s", file ? file : "the defaults file",
		    strerror(ENOENT));
		return CTL_BAD_CONFIG;
	}
	status = judge(config, error);
	show_check(args, out, config, file ? file : config->defaults_file,
		   status);
	config_free(config);
	return status;
}

int command_config(const struct args *args, const struct out *out)
{
	static const struct {
		const char *name;
		int words_least, words_most;
		command_fn run;
	} rows[] = {
	    {"show", 1, 1, config_show},
	    {"check", 1, 2, config_check},
	    {"explain", 2, 2, config_explain},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(args->words[0], rows[i].name) == 0 &&
		    args->count >= rows[i].words_least &&
		    args->count <= rows[i].words_most)
			return rows[i].run(args, out);
	fputs("usage: traversalctl config show | check [FILE] | explain "
	      "OPTION\n",
	      stderr);
	return CTL_USAGE;
}
