#include "api.h"

#include <stdlib.h>

#include "api_methods.h"
#include "idl.h"
#include "mem.h"
#include "punch_api.h"

static void punch(void *arg, struct control_call *call, json_t *parameters)
{
	struct api *api = arg;

	punch_desk_call(api->punch, call, parameters);
}

static const struct control_method api_methods[] = {
    {.name = "GetStatus", .fn = api_get_status},
    {.name = "GetMappings", .fn = api_get_mappings},
    {.name = "GetConfig", .fn = api_get_config},
    {.name = "GetCounters", .fn = api_get_counters},
    {.name = "Check", .fn = api_check},
    {.name = "Subscribe", .fn = api_subscribe},
    {.name = "Map", .admin = true, .fn = api_map},
    {.name = "Unmap", .admin = true, .fn = api_unmap},
    {.name = "Acquire", .admin = true, .fn = api_acquire},
    {.name = "Release", .admin = true, .fn = api_release},
    {.name = "Renew", .admin = true, .fn = api_renew},
    {.name = "Probe", .admin = true, .fn = api_probe},
    {.name = "Punch", .admin = true, .fn = punch},
    {.name = "Reload", .admin = true, .fn = api_reload},
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
	LIST_INIT(&api->tickets);
	error = control_new(app->loop, app->log, &options, &app->control);
	if (error) {
		free(api);
		return error;
	}
	api->punch = punch_desk_new(app);
	*ret_api = api;
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	api_forget_deletions(api);
	punch_desk_free(api->punch);
	control_free(api->app->control);
	api->app->control = NULL;
	free(api);
}
