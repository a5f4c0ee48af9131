#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "api.h"
#include "gateway.h"
#include "keeper.h"
#include "lease.h"
#include "mem.h"
#include "method.h"
#include "nat_watch.h"
#include "nested_nat.h"
#include "pinhole.h"
#include "secret.h"
#include "status_json.h"

/* Mappings are given back within this time at the end. */
#define STOP_MS 900
/* Changes within this time are told together. */
#define TELL_MS 5

struct daemon {
	struct app app;
	struct api *api;
	struct loop_timer *verdict_timer;
	struct loop_timer *progress_timer;
	struct loop_timer *stop_timer;
	const char *told_mapping; /* of the NAT, in the last event */
	const char *told_filtering;
};

static void update_verdict(void *arg);

/* --- news from below ----------------------------------------------------- */

static void on_service_changed(void *arg, struct chain *chain)
{
	struct daemon *daemon = arg;
	struct app *app = &daemon->app;
	struct service *service = services_of_chain(app->services, chain);

	service_manager_progress(app->manager);
	if (!loop_timer_is_running(daemon->verdict_timer))
		loop_timer_start(daemon->verdict_timer, TELL_MS);
	if (service && daemon->api)
		api_service_changed(daemon->api, service);
}

static void on_lease_news(void *arg, const char *event,
			  const struct lease *lease)
{
	struct daemon *daemon = arg;
	struct lease_view view = lease_view(lease);
	const struct lease_wish *wish = lease_wish(lease);
	json_t *fields =
	    json_pack("{s:s,s:i,s:o,s:s,s:i}", "protocol",
		      transport_name(wish->transport), "internal_port",
		      wish->internal_port, "external",
		      status_json_endpoint(&view.external), "via",
		      map_via_name(view.via), "lifetime_sec",
		      (int)view.lifetime_s);

	if (addr_is_set(&view.previous.addr))
		json_object_set_new(fields, "previous",
				    status_json_endpoint(&view.previous));
	events_emit(daemon->app.events, event, wish->name, fields);
}

static void on_router_restarted(void *arg, enum map_via via)
{
	struct daemon *daemon = arg;

	events_emit(daemon->app.events, EVENT_ROUTER_RESTARTED, NULL,
		    json_pack("{s:s}", "via", map_via_name(via)));
}

static bool is_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static void on_nat_checked(void *arg)
{
	struct daemon *daemon = arg;
	const struct nat_watch_view *view = nat_watch_view(daemon->app.env.nat);
	const char *mapping = nat_mapping_name(view->result.nat.mapping);
	const char *filtering = nat_filtering_name(view->result.nat.filtering);

	service_manager_progress(daemon->app.manager);
	if (view->state != NAT_WATCH_KNOWN ||
	    (is_same(mapping, daemon->told_mapping) &&
	     is_same(filtering, daemon->told_filtering)))
		return;
	daemon->told_mapping = mapping;
	daemon->told_filtering = filtering;
	events_emit(daemon->app.events, EVENT_NAT_TYPE_CHANGED, NULL,
		    json_pack("{s:s?,s:s?,s:s?}", "mapping", mapping,
			      "filtering", filtering, "legacy_name",
			      nat_legacy_name(&view->result.nat)));
}

static void tell_service(struct app *app, struct service *service)
{
	enum chain_state state = chain_state(service->chain);
	int carrier = chain_carrier(service->chain);
	int method =
	    carrier < 0
		? -1
		: (int)chain_attempt(service->chain, (size_t)carrier).id;

	if (method != service->told_carrier)
		events_emit(
		    app->events, EVENT_METHOD_CHANGED, service->config.name,
		    json_pack("{s:s?,s:s?}", "from",
			      service->told_carrier < 0
				  ? NULL
				  : method_name(
					(enum method_id)service->told_carrier),
			      "to",
			      method < 0
				  ? NULL
				  : method_name((enum method_id)method)));
	if (state != service->told_state && state != CHAIN_TRYING)
		events_emit(
		    app->events,
		    state == CHAIN_UNREACHABLE ? EVENT_UNREACHABLE
					       : EVENT_REACHABLE,
		    service->config.name,
		    json_pack("{s:s}", "state", chain_state_name(state)));
	service->told_state = state;
	service->told_carrier = method;
}

/* A service that was just added is being tried: what is known of the others
 * stands until it has settled. */
static bool is_undecided(struct app *app)
{
	struct service *service;
	size_t trying = 0;

	LIST_FOREACH(service, services_list(app->services), link)
	trying += chain_state(service->chain) == CHAIN_TRYING;
	return trying > 0 && trying < services_count(app->services) &&
	       app->verdict.reachable != REACHABLE_UNKNOWN;
}

static struct verdict judge(struct app *app)
{
	size_t count = services_count(app->services), used = 0;
	struct verdict_input *inputs = xcalloc(count, sizeof(*inputs));
	struct service *service;
	struct verdict verdict;

	LIST_FOREACH(service, services_list(app->services), link)
	inputs[used++] = verdict_input_of(service->chain);
	verdict = verdict_judge(inputs, used);
	free(inputs);
	return verdict;
}

static void update_verdict(void *arg)
{
	struct daemon *daemon = arg;
	struct app *app = &daemon->app;
	struct verdict verdict = is_undecided(app) ? app->verdict : judge(app);
	struct service *service;

	LIST_FOREACH(service, services_list(app->services), link)
	tell_service(app, service);
	service_manager_status(app->manager, verdict.summary);
	if (strcmp(verdict.code, app->verdict.code) == 0 &&
	    verdict.reachable == app->verdict.reachable)
		return;
	if (verdict.reachable != app->verdict.reachable)
		app->verdict_since_ms = loop_now_ms(app->loop);
	app->verdict = verdict;
	log_info(app->log, "event=verdict-changed reachable=%s code=%s",
		 reachable_name(verdict.reachable), verdict.code);
	events_emit(app->events, EVENT_VERDICT_CHANGED, NULL,
		    json_pack("{s:s,s:s,s:s}", "reachable",
			      reachable_name(verdict.reachable), "code",
			      verdict.code, "summary", verdict.summary));
}

/* --- the network --------------------------------------------------------- */

static bool is_same_path(const struct netview *a, const struct netview *b)
{
	return a->has_ipv4 == b->has_ipv4 &&
	       a->ipv4.ifindex == b->ipv4.ifindex &&
	       addr_equal(&a->ipv4.gateway, &b->ipv4.gateway) &&
	       addr_equal(&a->ipv4.local, &b->ipv4.local);
}

/* What the portmaps of every gateway have in common. */
static struct portmap_options portmap_basics(struct daemon *daemon)
{
	struct app *app = &daemon->app;
	struct portmap_options options = {
	    .loop = app->loop,
	    .log = app->log,
	    .lease_s = app->config->lease_s,
	    .memory = keeper_memory(app->keeper),
	    .news = on_lease_news,
	    .restarted = on_router_restarted,
	    .news_arg = daemon,
	    .factory_arg = &app->env,
	};

	memcpy(options.nonce_key, app->secret, sizeof(options.nonce_key));
	snprintf(options.description, sizeof(options.description),
		 "traversald %02x%02x%02x", app->secret[0], app->secret[1],
		 app->secret[2]);
	return options;
}

static void make_portmap(struct daemon *daemon)
{
	struct app *app = &daemon->app;
	const struct netpath *path = &app->netview.ipv4;
	struct portmap_options options;

	keeper_set_portmap(app->keeper, NULL);
	portmap_retire(app->env.portmap);
	app->env.portmap = NULL;
	nested_nat_reset(app->env.nested, NULL);
	if (!app->netview.has_ipv4 || !addr_is_set(&path->gateway) ||
	    !addr_is_set(&path->local))
		return;
	options = portmap_basics(daemon);
	options.link.gateway = path->gateway;
	options.link.local = path->local;
	options.link.ifindex = path->ifindex;
	gateway_fill_clients(&options);
	app->env.portmap = portmap_new(&options);
	keeper_set_portmap(app->keeper, app->env.portmap);
	nested_nat_reset(app->env.nested, &options);
	sodium_memzero(options.nonce_key, sizeof(options.nonce_key));
}

static void make_pinholes(struct daemon *daemon)
{
	struct app *app = &daemon->app;
	const struct netview *view = &app->netview;
	struct portmap_options options;

	if (!view->has_ipv6 || !addr_is_set(&view->ipv6.gateway) ||
	    !addr_is_set(&view->stable_ipv6)) {
		pinholes_reset(app->env.pinholes, NULL);
		return;
	}
	options = portmap_basics(daemon);
	options.link.gateway = view->ipv6.gateway;
	options.link.local = view->stable_ipv6;
	options.link.ifindex = view->ipv6.ifindex;
	gateway_fill_ipv6_clients(&options);
	pinholes_reset(app->env.pinholes, &options);
	sodium_memzero(options.nonce_key, sizeof(options.nonce_key));
}

static bool is_same_ipv6(const struct netview *a, const struct netview *b)
{
	return a->has_ipv6 == b->has_ipv6 &&
	       a->ipv6.ifindex == b->ipv6.ifindex &&
	       addr_equal(&a->ipv6.gateway, &b->ipv6.gateway) &&
	       addr_equal(&a->stable_ipv6, &b->stable_ipv6);
}

static void log_path(struct app *app)
{
	const struct netpath *path = &app->netview.ipv4;
	char gateway[ADDR_TEXT_BYTES], local[ADDR_TEXT_BYTES];

	log_info(app->log,
		 "event=network-changed gateway=%s local=%s interface=%s",
		 addr_format(&path->gateway, gateway, sizeof(gateway)),
		 addr_format(&path->local, local, sizeof(local)),
		 app->netview.has_ipv4 ? path->ifname : "-");
}

static void on_network_changed(void *arg, const struct netview *view)
{
	struct daemon *daemon = arg;
	struct app *app = &daemon->app;
	struct netview before = app->netview;

	app->netview = *view;
	service_manager_progress(app->manager);
	if (app->is_stopping)
		return;
	if (before.generation == 0) {
		log_path(app);
		make_portmap(daemon);
		make_pinholes(daemon);
		nat_watch_again(app->env.nat, true);
		keeper_adopt(app->keeper, app->config);
		services_apply(app->services, NULL);
		loop_timer_start(daemon->verdict_timer, 0);
		return;
	}
	if (!is_same_ipv6(&before, view))
		make_pinholes(daemon);
	if (is_same_path(&before, view))
		return;
	log_path(app);
	echo_rtt_forget(&app->rtt);
	resolver_reload(app->resolver);
	make_portmap(daemon);
	nat_watch_again(app->env.nat, true);
	services_again(app->services, CAUSE_NETWORK);
}

/* --- reload --------------------------------------------------------------- */

static const struct finding *worst_finding(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->items[i].severity == FINDING_FAILURE)
			return &findings->items[i];
	return findings->count ? &findings->items[0] : NULL;
}

static void keep_old(struct app *app, const struct config *broken,
		     const struct finding **ret_why)
{
	const struct finding *why = worst_finding(&broken->findings);

	findings_clear(&app->runtime);
	*ret_why =
	    findings_add(&app->runtime, "cfg.reload_failed", FINDING_FAILURE,
			 why ? why->file : NULL, why ? why->line : 0,
			 why ? why->title : "the configuration cannot be read",
			 "The configuration that was in force before stays.",
			 "Mend the file, then: sudo traversalctl reload");
	log_err(app->log, "event=config-failed file=%s line=%u error=\"%s\"",
		why && why->file ? why->file : "-", why ? why->line : 0,
		(*ret_why)->title);
	events_emit(app->events, EVENT_CONFIG_FAILED, NULL,
		    json_pack("{s:s?,s:i,s:s}", "file", (*ret_why)->file,
			      "line", (int)(*ret_why)->line, "message",
			      (*ret_why)->title));
}

static void log_findings(struct app *app)
{
	const struct findings *findings = &app->config->findings;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];

		if (f->severity == FINDING_INFO)
			continue;
		log_warn(app->log,
			 "event=finding id=%s file=%s line=%u text=\"%s\"",
			 f->id, f->file ? f->file : "-", f->line, f->title);
	}
}

static void note_restart_needed(struct app *app, const struct config *before)
{
	if (strcmp(before->runtime_dir, app->config->runtime_dir) == 0 &&
	    strcmp(before->data_dir, app->config->data_dir) == 0)
		return;
	findings_add(&app->runtime, "cfg.pending_restart", FINDING_WARNING,
		     NULL, 0,
		     "--runtime-dir or --data-dir changed: a restart is needed",
		     "A reload keeps the directories of the start.",
		     "sudo systemctl restart traversald");
}

static void apply_network_options(struct daemon *daemon,
				  const struct config *before)
{
	struct app *app = &daemon->app;
	const struct netmon_options options = {
	    .gateway = app->config->gateway,
	    .bind_address = app->config->bind_address,
	};

	if (!addr_equal(&before->gateway, &options.gateway) ||
	    !addr_equal(&before->bind_address, &options.bind_address))
		netmon_set_options(app->netmon, &options);
	if (before->lease_s != app->config->lease_s) {
		make_portmap(daemon);
		make_pinholes(daemon);
		services_again(app->services, CAUSE_NETWORK);
	}
}

static int reload(struct app *app, const struct finding **ret_why)
{
	struct daemon *daemon = (struct daemon *)app;
	struct config *before = app->config, *config = NULL;
	int error = config_load(&app->sources, &config);

	if (error || config_is_broken(config)) {
		keep_old(app, config, ret_why);
		config_free(config);
		return -EINVAL;
	}
	findings_clear(&app->runtime);
	app->config = config;
	app->env.config = config;
	app->config_generation++;
	log_set_level(app->log, config->log_level);
	log_findings(app);
	note_restart_needed(app, before);
	if (app->netview.generation) {
		apply_network_options(daemon, before);
		services_apply(app->services, before);
		if (!config_hosts_equal(&before->stun_servers,
					&config->stun_servers))
			nat_watch_again(app->env.nat, true);
	}
	loop_timer_start(daemon->verdict_timer, 0);
	log_info(app->log, "event=config-reloaded generation=%u",
		 app->config_generation);
	events_emit(
	    app->events, EVENT_CONFIG_RELOADED, NULL,
	    json_pack("{s:i}", "generation", (int)app->config_generation));
	config_free(before);
	return 0;
}

static void probe(struct app *app)
{
	netmon_refresh(app->netmon);
	if (app->env.portmap)
		portmap_probe(app->env.portmap);
	nat_watch_again(app->env.nat, false);
	services_again(app->services, CAUSE_REQUEST);
}

/* --- life and end -------------------------------------------------------- */

static void on_hangup(void *arg, int signal)
{
	struct daemon *daemon = arg;
	const struct finding *why;

	(void)signal;
	service_manager_reloading(daemon->app.manager);
	(void)reload(&daemon->app, &why);
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

static void on_services_stopped(void *arg)
{
	struct daemon *daemon = arg;

	daemon->app.services = NULL;
	daemon->app.is_clean = true;
	keeper_stop(daemon->app.keeper);
	portmap_retire(daemon->app.env.portmap);
	daemon->app.env.portmap = NULL;
	nested_nat_reset(daemon->app.env.nested, NULL);
	pinholes_reset(daemon->app.env.pinholes, NULL);
	/* Once through the loop, for what frees itself there. */
	loop_timer_start(daemon->stop_timer, 1);
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
	loop_timer_stop(daemon->verdict_timer);
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
	app->reload = reload;
	app->probe = probe;
	app->config = config;
	app->config_generation = 1;
	app->loop = loop_new();
	app->log = log_new(config->log_level, service_manager_has_journal());
	app->manager = service_manager_new(app->loop, app->log);
	app->resolver = resolver_new(app->loop);
	app->events = events_new(app->loop, snapshot, app);
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
	app->env.nat =
	    nat_watch_new(&app->env, app->resolver, on_nat_checked, daemon);
	with_resolver.resolver = app->resolver;
	app->services = services_new(&with_resolver);
	daemon->verdict_timer =
	    loop_timer_new(app->loop, update_verdict, daemon);
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
	    .changed = on_network_changed,
	    .arg = daemon,
	};
	int error;

	load_secret(app);
	app->keeper = keeper_new(app->loop, app->log, app->config->data_dir,
				 app->services);
	log_findings(app);
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

	loop_timer_free(daemon->verdict_timer);
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
		 daemon->app.is_clean ? "yes" : "no");
	keeper_free(daemon->app.keeper);
	if (daemon->app.is_clean)
		fini_app(daemon);
	free(daemon);
	return status;
}
