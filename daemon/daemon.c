#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "api.h"
#include "keeper.h"
#include "mem.h"
#include "method.h"
#include "nat_watch.h"
#include "nested_nat.h"
#include "pinhole.h"
#include "reload.h"
#include "secret.h"
#include "status_json.h"
#include "teller.h"
#include "uplink.h"

/* Mappings are given back within this time at the end. */
#define STOP_MS 900

struct daemon {
	struct app app;
	struct api *api;
	struct loop_timer *progress_timer;
	struct loop_timer *stop_timer;
};

static void on_service_changed(void *arg, struct chain *chain)
{
	struct daemon *daemon = arg;
	struct app *app = &daemon->app;
	struct service *service = services_of_chain(app->services, chain);

	teller_hear(app->teller);
	if (service && daemon->api)
		api_service_changed(daemon->api, service);
}

static void probe(struct app *app)
{
	netmon_refresh(app->netmon);
	if (app->env.portmap)
		portmap_probe(app->env.portmap);
	nat_watch_again(app->env.nat, false);
	services_again(app->services, CAUSE_REQUEST);
}

static void on_hangup(void *arg, int signal)
{
	struct daemon *daemon = arg;
	const struct finding *why;

	(void)signal;
	if (daemon->app.is_stopping)
		return;
	service_manager_reloading(daemon->app.manager);
	(void)reload_config(&daemon->app, &why);
	service_manager_ready(daemon->app.manager);
}

static void on_stop_deadline(void *arg)
{
	struct daemon *daemon = arg;

	if (!daemon->app.is_clean)
		log_warn(daemon->app.log,
			 "event=stop-incomplete error=\"the router did not "
			 "confirm every deletion in time\"");
	loop_stop(daemon->app.loop);
}

/* The end, when everything that was held has been given back. */
static void end_if_idle(struct app *app)
{
	struct daemon *daemon = (struct daemon *)app;

	if (!app->is_stopping || app->services || app->portmaps > 0)
		return;
	app->is_clean = true;
	/* Once through the loop, for what frees itself there. */
	loop_timer_start(daemon->stop_timer, 1);
}

static void on_services_stopped(void *arg)
{
	struct daemon *daemon = arg;

	daemon->app.services = NULL;
	keeper_stop(daemon->app.keeper);
	uplink_retire(&daemon->app);
	end_if_idle(&daemon->app);
}

static void on_terminate(void *arg, int signal)
{
	struct daemon *daemon = arg;

	if (daemon->app.is_stopping)
		return;
	daemon->app.is_stopping = true;
	log_info(daemon->app.log, "event=stopping signal=%d", signal);
	service_manager_stopping(daemon->app.manager, 2 * STOP_MS);
	api_free(daemon->api);
	daemon->api = NULL;
	teller_hush(daemon->app.teller);
	loop_timer_start(daemon->stop_timer, STOP_MS);
	services_stop(daemon->app.services, on_services_stopped, daemon);
}

static void on_progress(void *arg)
{
	struct daemon *daemon = arg;

	service_manager_progress(daemon->app.manager);
	loop_timer_start(daemon->progress_timer, SERVICE_MANAGER_PROGRESS_MS);
}

static json_t *snapshot(void *arg)
{
	return status_json(arg, NULL);
}

static void load_secret(struct app *app)
{
	int error = secret_load(app->config->data_dir, app->secret);

	if (!error)
		return;
	log_warn(app->log, "event=data-dir-unusable dir=%s error=\"%s\"",
		 app->config->data_dir, strerror(-error));
	findings_add(&app->runtime, "state.unwritable", FINDING_WARNING, NULL,
		     0, "the data directory cannot be written",
		     "Mappings that a crash leaves behind cannot be recognised "
		     "at the next start.",
		     "Make --data-dir a directory that the daemon may write.");
}

static void init_app(struct daemon *daemon,
		     const struct config_sources *sources,
		     struct config *config)
{
	struct app *app = &daemon->app;
	const struct services_options services = {
	    .env = &app->env,
	    .rtt = &app->rtt,
	    .table = methods,
	    .changed = on_service_changed,
	    .arg = daemon,
	};
	struct services_options with_resolver = services;

	app->sources = *sources;
	app->reload = reload_config;
	app->probe = probe;
	app->idle = end_if_idle;
	app->config = config;
	app->config_generation = 1;
	app->runtime_dir = xstrdup(config->runtime_dir);
	app->data_dir = xstrdup(config->data_dir);
	app->loop = loop_new();
	app->log = log_new(config->log_level, service_manager_has_journal());
	app->manager = service_manager_new(app->loop, app->log);
	app->resolver = resolver_new(app->loop);
	app->events = events_new(app->loop, snapshot, app);
	app->teller = teller_new(app);
	app->started_ms = loop_now_ms(app->loop);
	app->verdict_since_ms = app->started_ms;
	app->verdict =
	    verdict_judge(&(struct verdict_input){.state = CHAIN_TRYING}, 1);
	app->env = (struct method_env){
	    .loop = app->loop,
	    .log = app->log,
	    .config = config,
	    .netview = &app->netview,
	};
	app->env.nested = nested_nat_new(app->loop, app->log);
	app->env.pinholes = pinholes_new(app->loop);
	app->env.nat = nat_watch_new(&app->env, app->resolver,
				     teller_nat_checked, app->teller);
	with_resolver.resolver = app->resolver;
	app->services = services_new(&with_resolver);
	daemon->progress_timer = loop_timer_new(app->loop, on_progress, daemon);
	daemon->stop_timer =
	    loop_timer_new(app->loop, on_stop_deadline, daemon);
}

static int start(struct daemon *daemon)
{
	struct app *app = &daemon->app;
	const struct netmon_options options = {
	    .gateway = app->config->gateway,
	    .bind_address = app->config->bind_address,
	};
	const struct netmon_listener listener = {
	    .changed = uplink_changed,
	    .arg = app,
	};
	int error;

	load_secret(app);
	app->keeper = keeper_new(app->loop, app->log, app->config->data_dir,
				 app->services);
	reload_log_findings(app);
	error = api_new(app, &daemon->api);
	if (error)
		return EX_OSERR;
	error =
	    netmon_new(app->loop, app->log, &options, &listener, &app->netmon);
	if (error) {
		log_err(app->log, "event=no-netlink error=\"%s\"",
			strerror(-error));
		return EX_OSERR;
	}
	signal(SIGPIPE, SIG_IGN);
	loop_signal(app->loop, SIGTERM, on_terminate, daemon);
	loop_signal(app->loop, SIGINT, on_terminate, daemon);
	loop_signal(app->loop, SIGHUP, on_hangup, daemon);
	on_progress(daemon);
	log_info(app->log, "event=started version=%s defaults=%s", VERSION,
		 app->config->defaults_file ? app->config->defaults_file : "-");
	events_emit(app->events, EVENT_STARTED, NULL,
		    json_pack("{s:s}", "version", VERSION));
	service_manager_status(app->manager, app->verdict.summary);
	service_manager_ready(app->manager);
	return 0;
}

static void fini_app(struct daemon *daemon)
{
	struct app *app = &daemon->app;

	teller_free(app->teller);
	loop_timer_free(daemon->progress_timer);
	loop_timer_free(daemon->stop_timer);
	events_free(app->events);
	nat_watch_free(app->env.nat);
	nested_nat_free(app->env.nested);
	pinholes_free(app->env.pinholes);
	netmon_free(app->netmon);
	resolver_free(app->resolver);
	service_manager_free(app->manager);
	log_free(app->log);
	config_free(app->config);
	free(app->runtime_dir);
	free(app->data_dir);
	findings_clear(&app->runtime);
	sodium_memzero(app->secret, sizeof(app->secret));
	loop_free(app->loop);
}

int daemon_run(const struct config_sources *sources, struct config *config)
{
	struct daemon *daemon = xcalloc(1, sizeof(*daemon));
	int status;

	init_app(daemon, sources, config);
	status = start(daemon);
	if (status == 0)
		loop_run(daemon->app.loop);
	log_info(daemon->app.log, "event=stopped clean=%s",
		 daemon->app.is_clean && !daemon->app.has_left ? "yes" : "no");
	keeper_free(daemon->app.keeper);
	if (daemon->app.is_clean)
		fini_app(daemon);
	free(daemon);
	return status;
}
