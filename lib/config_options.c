#include "config_options.h"

#include <stdlib.h>
#include <string.h>

#include "config_apply.h"
#include "mem.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char default_stun_servers[] =
    "stun.l.google.com:19302,stun1.l.google.com:19302,stun2.l.google.com:19302";
static const char default_port_check[] = "echo.mysterium.network:4589";

/* clang-format off */
static const struct option options[] = {
    {.name = "traversal", .shape = OPTION_LIST,
     .apply = apply_traversal, .format = format_traversal},
    {.name = "udp.ports",
     .apply = apply_udp_ports, .format = format_udp_ports},
    {.name = "stun-servers", .shape = OPTION_LIST, .merge = OPTION_ADDED,
     .apply = apply_stun_servers, .format = format_stun_servers},
    {.name = "port-check-servers", .shape = OPTION_LIST,
     .apply = apply_port_check, .format = format_port_check},
    {.name = "broker-address", .shape = OPTION_LIST, .merge = OPTION_ADDED,
     .apply = apply_broker, .format = format_broker},
    {.name = "openvpn.port",
     .apply = apply_openvpn_port, .format = format_openvpn_port},
    {.name = "openvpn.proto",
     .apply = apply_openvpn_proto, .format = format_openvpn_proto},
    {.name = "bind.address",
     .apply = apply_bind_address, .format = format_bind_address},
    {.name = "gateway",
     .apply = apply_gateway, .format = format_gateway},
    {.name = "lease",
     .apply = apply_lease, .format = format_lease},
    {.name = "runtime-dir", .shape = OPTION_PATH, .is_minor = true,
     .apply = apply_runtime_dir, .format = format_runtime_dir},
    {.name = "data-dir", .shape = OPTION_PATH, .is_minor = true,
     .apply = apply_data_dir, .format = format_data_dir},
    {.name = "log-level", .is_minor = true,
     .apply = apply_log_level, .format = format_log_level},
    {.name = "map", .merge = OPTION_EACH, .apply = apply_map},
    {.name = "forward", .merge = OPTION_LATE, .apply = apply_forward},

    /* Deprecated. */
    {.name = "wireguard.listen.ports", .apply = apply_old_ports},
    {.name = "p2p.listen.ports", .apply = apply_old_ports},
    {.name = "nat-port-mapping", .shape = OPTION_BOOL,
     .apply = apply_old_mapping},
    {.name = "nat-hole-punching", .shape = OPTION_BOOL,
     .apply = apply_old_punching},
    {.name = "experiment-natpunching", .shape = OPTION_BOOL,
     .apply = apply_old_punching},

    /* The program reads these itself, before there is a configuration. */
    {.name = "defaults", .shape = OPTION_PATH, .is_minor = true},
    {.name = "conf-dir", .shape = OPTION_PATH, .is_minor = true},
    {.name = "foreground", .shape = OPTION_BOOL, .is_minor = true},
    {.name = "version", .shape = OPTION_BOOL, .is_minor = true},
    {.name = "help", .shape = OPTION_BOOL, .is_minor = true},
};
/* clang-format on */

const struct option *config_options(size_t *ret_count)
{
	*ret_count = COUNT_OF(options);
	return options;
}

void config_options_default(struct config_draft *draft)
{
	struct config *c = draft->config;

	for (size_t id = 0; id < METHOD_COUNT; id++)
		c->chain[id] = (enum method_id)id;
	c->chain_count = METHOD_COUNT;
	c->udp_ports = (struct port_range){.first = 10000, .last = 60000};
	draft_default_servers(&c->stun_servers, default_stun_servers);
	draft_default_servers(&c->port_check_servers, default_port_check);
	c->lease_s = 7200;
	c->runtime_dir = xstrdup("/run");
	c->data_dir = xstrdup("/var/lib/traversald");
	c->log_level = LEVEL_INFO;
}

static bool is_use_of(const struct option_use *use, const struct option *option)
{
	return use->kind == USE_OURS && use->option == option;
}

static const struct option_use *last_use(const struct config_draft *draft,
					 const struct option *option)
{
	for (size_t i = draft->uses.count; i > 0; i--)
		if (is_use_of(&draft->uses.items[i - 1], option))
			return &draft->uses.items[i - 1];
	return NULL;
}

/* Returns the values of every use from where LAST comes, as one owned list. */
static char *added_values(const struct config_draft *draft,
			  const struct option_use *last)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < draft->uses.count; i++) {
		const struct option_use *use = &draft->uses.items[i];
		char *longer;

		if (!is_use_of(use, last->option) ||
		    use->origin.kind != last->origin.kind)
			continue;
		longer =
		    xasprintf("%s%s%s", text, *text ? "," : "", use->value);
		free(text);
		text = longer;
	}
	return text;
}

/* The command line comes first: what it names is not taken by a file. */
static void apply_each(struct config_draft *draft, const struct option *option)
{
	for (int of_file = 0; of_file <= 1; of_file++) {
		for (size_t i = 0; i < draft->uses.count; i++) {
			const struct option_use *use = &draft->uses.items[i];

			if (is_use_of(use, option) &&
			    (use->origin.kind == ORIGIN_FILE) == of_file)
				option->apply(draft, use);
		}
	}
}

/* Returns where the effective value comes from. */
static struct option_origin apply_last(struct config_draft *draft,
				       const struct option *option)
{
	const struct option_origin by_default = {.kind = ORIGIN_DEFAULT};
	const struct option_use *use = last_use(draft, option);
	struct option_use whole;
	int r;

	if (!use || !option->apply)
		return by_default;
	whole = *use;
	whole.value = option->merge == OPTION_ADDED ? added_values(draft, use)
						    : xstrdup(use->value);
	r = option->apply(draft, &whole);
	if (r == 0 && !option->format)
		draft_add_entry(draft, option->name, xstrdup(whole.value),
				&use->origin, true);
	free(whole.value);
	return r == 0 ? use->origin : by_default;
}

static void drop_disabled(struct config_draft *draft)
{
	struct config *c = draft->config;
	size_t kept = 0;

	for (size_t i = 0; i < c->chain_count; i++)
		if (!draft->is_disabled[c->chain[i]])
			c->chain[kept++] = c->chain[i];
	c->chain_count = kept;
	if (kept > 0)
		return;
	/* Only the old switches were for them: what they leave of the default.
	 */
	for (size_t id = 0; id < METHOD_COUNT; id++)
		if (!draft->is_disabled[id])
			c->chain[c->chain_count++] = (enum method_id)id;
}

void config_options_apply(struct config_draft *draft)
{
	struct option_origin origins[COUNT_OF(options)];

	for (size_t i = 0; i < COUNT_OF(options); i++) {
		if (options[i].merge == OPTION_EACH)
			apply_each(draft, &options[i]);
		else if (options[i].merge != OPTION_LATE)
			origins[i] = apply_last(draft, &options[i]);
	}
	drop_disabled(draft);
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (options[i].format)
			draft_add_entry(draft, options[i].name,
					options[i].format(draft), &origins[i],
					true);
}

void config_options_apply_late(struct config_draft *draft)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (options[i].merge == OPTION_LATE)
			apply_each(draft, &options[i]);
}
