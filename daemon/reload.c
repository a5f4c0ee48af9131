#include "reload.h"

#include <errno.h>
#include <string.h>

#include "nat_watch.h"
#include "teller.h"
#include "uplink.h"

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

	findings_drop(&app->runtime, "cfg.reload_failed");
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

void reload_log_findings(struct app *app)
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

static void note_restart_needed(struct app *app)
{
	findings_drop(&app->runtime, "cfg.pending_restart");
	if (strcmp(app->runtime_dir, app->config->runtime_dir) == 0 &&
	    strcmp(app->data_dir, app->config->data_dir) == 0)
		return;
	findings_add(&app->runtime, "cfg.pending_restart", FINDING_WARNING,
		     NULL, 0,
		     "--runtime-dir or --data-dir changed: a restart is needed",
		     "A reload keeps the directories of the start.",
		     "sudo systemctl restart traversald");
}

static void apply_network_options(struct app *app, const struct config *before)
{
	const struct netmon_options options = {
	    .gateway = app->config->gateway,
	    .bind_address = app->config->bind_address,
	};

	if (!addr_equal(&before->gateway, &options.gateway) ||
	    !addr_equal(&before->bind_address, &options.bind_address))
		netmon_set_options(app->netmon, &options);
	if (before->lease_s != app->config->lease_s)
		uplink_remake(app);
}

int reload_config(struct app *app, const struct finding **ret_why)
{
	struct config *before = app->config, *config = NULL;
	int error = config_load(&app->sources, &config);

	if (error || config_is_broken(config)) {
		keep_old(app, config, ret_why);
		config_free(config);
		return -EINVAL;
	}
	findings_drop(&app->runtime, "cfg.reload_failed");
	app->config = config;
	app->env.config = config;
	app->config_generation++;
	log_set_level(app->log, config->log_level);
	reload_log_findings(app);
	note_restart_needed(app);
	if (app->netview.generation) {
		apply_network_options(app, before);
		services_apply(app->services, before);
		if (!config_hosts_equal(&before->stun_servers,
					&config->stun_servers))
			nat_watch_again(app->env.nat, true);
	}
	teller_hear(app->teller);
	log_info(app->log, "event=config-reloaded generation=%u",
		 app->config_generation);
	events_emit(
	    app->events, EVENT_CONFIG_RELOADED, NULL,
	    json_pack("{s:i}", "generation", (int)app->config_generation));
	config_free(before);
	return 0;
}
