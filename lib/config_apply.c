#include "config_apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_values.h"
#include "mem.h"
#include "sanitize.h"
#include "text.h"

#define LEASE_MIN_S 120
#define LEASE_MAX_S 86400

/* 20 sockets on each of two hop counts: what punching wants of a range. */
#define RANGE_ENOUGH_PORTS 40

/* sun_path has 108 bytes (unix(7)); "/traversald-admin.sock" follows. */
#define RUNTIME_DIR_MAX_BYTES 80

/* Reports that the default stands in for USE. Takes WHY and FIX. */
static int refuse(struct config_draft *d, const char *id,
		  const struct option_use *use, char *why, char *fix)
{
	char shown[SANITIZE_BYTES];

	draft_report(d, id, FINDING_FAILURE, &use->origin,
		     xasprintf("--%s=%s: %s; the default is used", use->name,
			       sanitize(use->value, strlen(use->value), shown,
					sizeof(shown)),
			       why),
		     fix);
	free(why);
	return -EINVAL;
}

/* --- the chain -------------------------------------------------------------
 */

static const char *nearest_method(const char *word)
{
	for (size_t id = 0; id < METHOD_COUNT; id++)
		if (text_edit_distance(word, method_name((enum method_id)id)) <=
		    2)
			return method_name((enum method_id)id);
	return NULL;
}

static void report_method(struct config_draft *d, const struct option_use *use,
			  const char *word)
{
	const char *near = nearest_method(word);
	char shown[SANITIZE_BYTES];

	draft_report(
	    d, "cfg.traversal_order", FINDING_WARNING, &use->origin,
	    xasprintf("'%s' is not a method and is skipped",
		      sanitize(word, strlen(word), shown, sizeof(shown))),
	    near ? xasprintf("did you mean %s?", near)
		 : xstrdup("use manual, upnp, holepunching; no "
			   "spaces, no quotes"));
}

static bool is_listed(const enum method_id *chain, size_t count,
		      enum method_id id)
{
	for (size_t i = 0; i < count; i++)
		if (chain[i] == id)
			return true;
	return false;
}

static void report_repeat(struct config_draft *d, const struct option_use *use,
			  enum method_id id)
{
	draft_report(d, "cfg.traversal_order", FINDING_INFO, &use->origin,
		     xasprintf("%s stands twice; the first place counts",
			       method_name(id)),
		     NULL);
}

int apply_traversal(struct config_draft *d, const struct option_use *use)
{
	char *list = xstrdup(use->value), *cursor = list, *word;
	enum method_id chain[METHOD_COUNT], id;
	size_t count = 0;

	while ((word = text_next_element(&cursor))) {
		if (*word == '\0')
			continue;
		if (method_parse(word, &id) < 0)
			report_method(d, use, word);
		else if (is_listed(chain, count, id))
			report_repeat(d, use, id);
		else
			chain[count++] = id;
	}
	free(list);
	if (count == 0)
		return refuse(d, "cfg.traversal_order", use,
			      xstrdup("no method is left"),
			      xstrdup("write "
				      "--traversal=manual,upnp,holepunching"));
	memcpy(d->config->chain, chain, count * sizeof(*chain));
	d->config->chain_count = count;
	return 0;
}

char *format_traversal(const struct config_draft *d)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < d->config->chain_count; i++) {
		char *longer = xasprintf("%s%s%s", text, i ? "," : "",
					 method_name(d->config->chain[i]));

		free(text);
		text = longer;
	}
	return text;
}

/* --- ports, time, directories ----------------------------------------------
 */

int apply_udp_ports(struct config_draft *d, const struct option_use *use)
{
	struct port_range range;
	int r = value_parse_range(use->value, &range);

	if (r < 0)
		return refuse(d, "cfg.port_range", use,
			      xstrdup(r == -EINVAL
					  ? "this is no range of ports"
					  : "a range has two or more ports, "
					    "from 1 to 65535, the lower first"),
			      xstrdup("write --udp.ports=10000:60000"));
	d->config->udp_ports = range;
	if (range.last - range.first + 1 < RANGE_ENOUGH_PORTS)
		draft_report(d, "cfg.port_range", FINDING_WARNING, &use->origin,
			     xasprintf("--udp.ports=%u:%u has %d ports; hole "
				       "punching wants %d or more",
				       range.first, range.last,
				       range.last - range.first + 1,
				       RANGE_ENOUGH_PORTS),
			     xstrdup("widen the range"));
	return 0;
}

char *format_udp_ports(const struct config_draft *d)
{
	return xasprintf("%u:%u", d->config->udp_ports.first,
			 d->config->udp_ports.last);
}

int apply_lease(struct config_draft *d, const struct option_use *use)
{
	uint32_t s, clamped;
	char text[TEXT_DURATION_BYTES];
	int r = text_parse_duration(use->value, &s);

	if (r == -EINVAL)
		return refuse(d, "cfg.lease", use,
			      xstrdup("this is no time like 2h, 90m or 7200s"),
			      xstrdup("write --lease=2h"));
	if (r == -ERANGE)
		s = UINT32_MAX;
	clamped = s < LEASE_MIN_S   ? LEASE_MIN_S
		  : s > LEASE_MAX_S ? LEASE_MAX_S
				    : s;
	d->config->lease_s = clamped;
	if (clamped != s) {
		text_format_duration(clamped, text, sizeof(text));
		draft_report(d, "cfg.lease", FINDING_WARNING, &use->origin,
			     xasprintf("--lease is between 2m and 24h; %s is "
				       "used",
				       text),
			     xasprintf("write --lease=%s", text));
	}
	return 0;
}

char *format_lease(const struct config_draft *d)
{
	char text[TEXT_DURATION_BYTES];

	return xstrdup(
	    text_format_duration(d->config->lease_s, text, sizeof(text)));
}

static int apply_dir(struct config_draft *d, const struct option_use *use,
		     size_t max_bytes, char **dir)
{
	if (use->value[0] != '/' || strlen(use->value) > max_bytes)
		return refuse(d, "cfg.value", use,
			      xasprintf("a directory begins with / and has at "
					"most %zu bytes",
					max_bytes),
			      xasprintf("write --%s=%s", use->name, *dir));
	free(*dir);
	*dir = xstrdup(use->value);
	return 0;
}

int apply_runtime_dir(struct config_draft *d, const struct option_use *use)
{
	return apply_dir(d, use, RUNTIME_DIR_MAX_BYTES,
			 &d->config->runtime_dir);
}

int apply_data_dir(struct config_draft *d, const struct option_use *use)
{
	return apply_dir(d, use, 1024, &d->config->data_dir);
}

char *format_runtime_dir(const struct config_draft *d)
{
	return xstrdup(d->config->runtime_dir);
}

char *format_data_dir(const struct config_draft *d)
{
	return xstrdup(d->config->data_dir);
}

int apply_log_level(struct config_draft *d, const struct option_use *use)
{
	if (value_parse_log_level(use->value, &d->config->log_level) < 0)
		return refuse(d, "cfg.value", use, xstrdup("this is no level"),
			      xstrdup("use err, warn, info or debug"));
	return 0;
}

char *format_log_level(const struct config_draft *d)
{
	return xstrdup(value_log_level_name(d->config->log_level));
}

/* --- what older nodes had ---------------------------------------------------
 */

int apply_old_ports(struct config_draft *d, const struct option_use *use)
{
	struct port_range range = {.first = 10000, .last = 60000};

	value_parse_range(use->value, &range);
	draft_report(
	    d, "cfg.deprecated", FINDING_WARNING, &use->origin,
	    xasprintf("--%s is ignored; use --udp.ports", use->name),
	    xasprintf("write --udp.ports=%u:%u", range.first, range.last));
	return 0;
}

static int apply_old_switch(struct config_draft *d,
			    const struct option_use *use, enum method_id id,
			    const char *rest)
{
	bool is_on;

	if (text_parse_bool(use->value, &is_on) < 0)
		return refuse(d, "cfg.value", use,
			      xstrdup("a switch is true or false"), NULL);
	d->is_disabled[id] = !is_on;
	draft_report(d, "cfg.deprecated", FINDING_WARNING, &use->origin,
		     is_on
			 ? xasprintf("--%s is deprecated and changes nothing; "
				     "use --traversal",
				     use->name)
			 : xasprintf("--%s=false is deprecated; it takes %s "
				     "out of the order; use --traversal",
				     use->name, method_name(id)),
		     is_on ? xstrdup("remove it")
			   : xasprintf("write --traversal=%s", rest));
	return 0;
}

int apply_old_mapping(struct config_draft *d, const struct option_use *use)
{
	return apply_old_switch(d, use, METHOD_UPNP, "manual,holepunching");
}

int apply_old_punching(struct config_draft *d, const struct option_use *use)
{
	return apply_old_switch(d, use, METHOD_HOLEPUNCHING, "manual,upnp");
}
