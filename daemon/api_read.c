#include "api_methods.h"

#include <stdlib.h>

#include "counters_json.h"
#include "router_table.h"
#include "status_json.h"
#include "status_slices.h"

const char *api_text(const json_t *parameters, const char *key)
{
	return json_string_value(json_object_get(parameters, key));
}

/* Finds the service that the parameter names; answers the call and returns
 * false when there is none. NULL when the parameter is absent. */
bool api_find_service(struct api *api, struct control_call *call,
		      const json_t *parameters, struct service **ret_service)
{
	const char *name = api_text(parameters, "service");

	*ret_service = NULL;
	if (!name)
		return true;
	*ret_service = services_find(api->app->services, name);
	if (*ret_service)
		return true;
	control_error(call, "NoSuchService", json_pack("{s:s}", "name", name));
	return false;
}

static json_t *status_frame(struct app *app)
{
	return json_pack("{s:o}", "status", status_json_frame(app));
}

static json_t *status_items(struct app *app, const struct service *service)
{
	return json_pack("[o]", status_json_service(app, service));
}

static json_t *mappings_frame(struct app *app)
{
	(void)app;
	return json_pack("{s:[]}", "mappings");
}

void api_get_status(void *arg, struct control_call *call, json_t *parameters)
{
	static const struct status_slices_kind kind = {
	    "\"services\"", status_frame, status_items};
	struct api *api = arg;
	struct service *only;

	if (!api_find_service(api, call, parameters, &only))
		return;
	if (!only)
		status_slices_reply(api->app, call, &kind);
	else
		control_reply(call, json_pack("{s:o}", "status",
					      status_json(api->app, only)));
}

/* Beside the router's own table, which takes longer. */
static json_t *all_mappings(struct app *app)
{
	const struct service **sorted = status_json_sort(app);
	json_t *all = json_array(), *few;

	for (size_t i = 0; i < services_count(app->services); i++) {
		few = status_json_mappings(app, sorted[i]);
		json_array_extend(all, few);
		json_decref(few);
	}
	free(sorted);
	return all;
}

void api_get_mappings(void *arg, struct control_call *call, json_t *parameters)
{
	static const struct status_slices_kind kind = {
	    "\"mappings\"", mappings_frame, status_json_mappings};
	struct api *api = arg;

	if (json_is_true(json_object_get(parameters, "router")))
		router_table_reply(api->app, call, all_mappings(api->app));
	else
		status_slices_reply(api->app, call, &kind);
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

void api_get_config(void *arg, struct control_call *call, json_t *parameters)
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

void api_get_counters(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;

	(void)parameters;
	control_reply(call,
		      json_pack("{s:o}", "counters", counters_json(api->app)));
}

void api_subscribe(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;

	events_subscribe(api->app->events, call, parameters);
}
