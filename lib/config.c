#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_conf.h"
#include "config_defaults.h"
#include "config_draft.h"
#include "config_options.h"
#include "config_values.h"
#include "mem.h"
#include "sanitize.h"
#include "words.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *const usual_defaults[] = {"/etc/default/traversald",
					     "/etc/default/mysterium-node"};
static const char usual_conf_dir[] = "/etc/traversald";
static const char default_pool_name[] = "wireguard";

/* --- the command line
 * --------------------------------------------------------- */

static void scan_arguments(struct config_draft *draft,
			   const struct config_sources *sources)
{
	struct option_scan scan = {.origin = ORIGIN_COMMAND_LINE,
				   .findings = &draft->config->findings};
	struct words words = {0};
	size_t before = draft->uses.count;

	for (int i = 0; i < sources->argc; i++)
		words_add(&words, sources->argv[i], strlen(sources->argv[i]),
			  0);
	scan.table = config_options(&scan.table_count);
	options_scan(&scan, &words, &draft->uses);
	words_clear(&words);
	for (size_t i = before; i < draft->uses.count; i++)
		if (draft->uses.items[i].kind == USE_OURS &&
		    !draft->uses.items[i].option->is_minor)
			draft->usable_count++;
}

/* --- services
 * ----------------------------------------------------------------- */

static const struct option_use *find_flag(const struct config_draft *draft,
					  const char *name)
{
	for (size_t i = draft->uses.count; i > 0; i--)
		if (draft->uses.items[i - 1].kind == USE_OURS &&
		    strcmp(draft->uses.items[i - 1].name, name) == 0)
			return &draft->uses.items[i - 1];
	return NULL;
}

static void add_openvpn(struct config_draft *draft,
			const struct option_use *port)
{
	const struct service_config service = {
	    .name = "openvpn",
	    .transport = draft->openvpn.transport,
	    .port = draft->openvpn.port,
	};

	if (draft_add_service(draft, &service, &port->origin))
		draft_add_entry(draft, "service",
				value_format_service(&service), &port->origin,
				true);
}

static void settle_openvpn(struct config_draft *draft)
{
	const struct option_use *word = draft_find_word(draft, "openvpn");
	const struct option_use *port = find_flag(draft, "openvpn.port");
	const struct option_use *proto = find_flag(draft, "openvpn.proto");
	const struct option_use *any = port ? port : proto;

	if (word && draft->openvpn.port != 0)
		add_openvpn(draft, port);
	else if (!word && any)
		draft_report(draft, "cfg.deprecated", FINDING_WARNING,
			     &any->origin,
			     xasprintf("--%s counts only with openvpn in "
				       "SERVICE_OPTS",
				       any->name),
			     xstrdup("write SERVICE_OPTS=\"openvpn\", or use "
				     "--map=openvpn=1194/udp"));
}

/* Returns the first word that names a service with dynamic ports, or NULL. */
static const struct option_use *find_dynamic(const struct config_draft *draft)
{
	for (size_t i = 0; i < draft->uses.count; i++)
		if (draft->uses.items[i].kind == USE_SERVICE &&
		    strcmp(draft->uses.items[i].value, "openvpn") != 0)
			return &draft->uses.items[i];
	return NULL;
}

static void report_dynamic(struct config_draft *draft,
			   const struct option_origin *origin)
{
	draft_report(draft, "cfg.openvpn_dynamic", FINDING_INFO, origin,
		     xasprintf("openvpn has no fixed port; %s",
			       draft->config->has_pool
				   ? "it can have one of the prepared ports"
				   : "none is kept reachable for it"),
		     xstrdup("write --openvpn.port=1194"));
}

static void settle_pool(struct config_draft *draft)
{
	static const struct option_origin nowhere = {.kind = ORIGIN_DEFAULT};
	const struct option_use *openvpn = draft_find_word(draft, "openvpn");
	const struct option_use *use = find_dynamic(draft);
	struct config *c = draft->config;

	c->has_pool = use != NULL || c->service_count == 0;
	if (!use && c->has_pool)
		use = openvpn;
	snprintf(c->pool_name, sizeof(c->pool_name), "%s",
		 use ? use->value : default_pool_name);
	if (openvpn && draft->openvpn.port == 0)
		report_dynamic(draft, &openvpn->origin);
	draft_add_entry(draft, "pool",
			xstrdup(c->has_pool ? c->pool_name : "none"),
			use ? &use->origin : &nowhere, true);
}

static int compare_services(const void *a, const void *b)
{
	const struct service_config *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static int compare_peers(const void *a, const void *b)
{
	const struct peer_config *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void add_foreign_entries(struct config_draft *draft)
{
	for (size_t i = 0; i < draft->uses.count; i++) {
		const struct option_use *use = &draft->uses.items[i];
		char shown[SANITIZE_BYTES];

		if (use->kind != USE_FOREIGN)
			continue;
		sanitize(use->value, strlen(use->value), shown, sizeof(shown));
		draft_add_entry(
		    draft, use->name,
		    xstrdup(option_is_secret(use->name) ? "(hidden)" : shown),
		    &use->origin, false);
	}
}

static void settle(struct config_draft *draft,
		   const struct config_sources *sources)
{
	struct config *c = draft->config;

	config_options_apply(draft);
	settle_openvpn(draft);
	config_conf_read_dir(
	    draft, sources->conf_dir ? sources->conf_dir : usual_conf_dir,
	    sources->conf_dir != NULL);
	settle_pool(draft);
	config_options_apply_late(draft);
	add_foreign_entries(draft);
	if (c->service_count > 0)
		qsort(c->services, c->service_count, sizeof(*c->services),
		      compare_services);
	if (c->peer_count > 0)
		qsort(c->peers, c->peer_count, sizeof(*c->peers),
		      compare_peers);
}

/* --- the whole
 * ------------------------------------------------------------------ */

/* Returns an owned configuration with nothing but the findings of CONFIG. */
static struct config *keep_findings(struct config *config)
{
	struct config *c = xcalloc(1, sizeof(*c));

	c->findings = config->findings;
	config->findings = (struct findings){0};
	config_free(config);
	return c;
}

int config_load(const struct config_sources *sources,
		struct config **ret_config)
{
	struct config_draft draft = {.config =
					 xcalloc(1, sizeof(**ret_config))};
	int r = 0;

	config_options_default(&draft);
	if (sources->defaults_file)
		r = config_defaults_read(&draft, sources->defaults_file);
	else
		config_defaults_read_first(&draft, usual_defaults,
					   COUNT_OF(usual_defaults));
	if (r == -ENOENT)
		draft_report_unreadable(&draft, sources->defaults_file, ENOENT);
	if (r == 0) {
		scan_arguments(&draft, sources);
		settle(&draft, sources);
		if (draft.is_file_broken && draft.usable_count == 0)
			r = -EINVAL;
	}
	draft_fini(&draft);
	*ret_config = r < 0 ? keep_findings(draft.config) : draft.config;
	return r;
}

static void free_peers(struct config *config)
{
	for (size_t i = 0; i < config->peer_count; i++) {
		struct peer_config *peer = &config->peers[i];

		free(peer->public_key);
		for (size_t j = 0; j < peer->allow_count; j++)
			free(peer->allow[j]);
		free(peer->allow);
	}
	free(config->peers);
}

static void free_entries(struct config *config)
{
	for (size_t i = 0; i < config->entry_count; i++) {
		free(config->entries[i].key);
		free(config->entries[i].value);
		free(config->entries[i].file);
	}
	free(config->entries);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	free_peers(config);
	free_entries(config);
	for (size_t i = 0; i < config->broker_count; i++)
		free(config->brokers[i]);
	free(config->brokers);
	free(config->services);
	free(config->stun_servers.items);
	free(config->port_check_servers.items);
	free(config->runtime_dir);
	free(config->data_dir);
	free(config->defaults_file);
	findings_clear(&config->findings);
	free(config);
}

bool config_is_broken(const struct config *config)
{
	for (size_t i = 0; i < config->findings.count; i++) {
		const struct finding *f = &config->findings.items[i];

		if (f->severity == FINDING_FAILURE &&
		    (strcmp(f->id, "cfg.syntax") == 0 ||
		     strcmp(f->id, "cfg.unreadable") == 0))
			return true;
	}
	return false;
}

bool config_hosts_equal(const struct host_list *a, const struct host_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i].host, b->items[i].host) != 0 ||
		    a->items[i].port != b->items[i].port)
			return false;
	return true;
}

bool config_service_equal(const struct service_config *a,
			  const struct service_config *b)
{
	return strcmp(a->name, b->name) == 0 && a->transport == b->transport &&
	       a->port == b->port && a->external == b->external &&
	       a->has_forward == b->has_forward &&
	       (!a->has_forward || endpoint_equal(&a->forward, &b->forward));
}
