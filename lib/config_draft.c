#include "config_draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_values.h"
#include "mem.h"
#include "text.h"

void draft_report(struct config_draft *draft, const char *id,
		  enum finding_severity severity,
		  const struct option_origin *origin, char *title, char *fix)
{
	findings_add(&draft->config->findings, id, severity, origin->file,
		     origin->line, title, NULL, fix);
	free(title);
	free(fix);
}

void draft_add_entry(struct config_draft *draft, const char *key, char *value,
		     const struct option_origin *origin, bool is_ours)
{
	struct config *c = draft->config;

	c->entries =
	    xreallocarray(c->entries, c->entry_count + 1, sizeof(*c->entries));
	c->entries[c->entry_count++] = (struct config_entry){
	    .key = xstrdup(key),
	    .value = value,
	    .origin = origin->kind,
	    .file = origin->file ? xstrdup(origin->file) : NULL,
	    .line = origin->line,
	    .ours = is_ours,
	};
}

static const struct service_config *find_conflict(
    const struct config *c, const struct service_config *service)
{
	for (size_t i = 0; i < c->service_count; i++) {
		const struct service_config *s = &c->services[i];

		if (strcmp(s->name, service->name) == 0 ||
		    (s->port == service->port &&
		     s->transport == service->transport))
			return s;
	}
	return NULL;
}

bool draft_add_service(struct config_draft *draft,
		       const struct service_config *service,
		       const struct option_origin *origin)
{
	struct config *c = draft->config;
	const struct service_config *taken = find_conflict(c, service);
	char *old, *new;

	if (!taken) {
		c->services = xreallocarray(c->services, c->service_count + 1,
					    sizeof(*c->services));
		c->services[c->service_count++] = *service;
		return true;
	}
	old = value_format_service(taken);
	new = value_format_service(service);
	draft_report(draft, "cfg.map",
		     strcmp(old, new) == 0 ? FINDING_INFO : FINDING_WARNING,
		     origin,
		     xasprintf("%s is ignored: %s was there first", new, old),
		     xstrdup("give each service its own name and port"));
	free(old);
	free(new);
	return false;
}

struct service_config *draft_find_service(struct config_draft *draft,
					  const char *name)
{
	struct config *c = draft->config;

	for (size_t i = 0; i < c->service_count; i++)
		if (strcmp(c->services[i].name, name) == 0)
			return &c->services[i];
	return NULL;
}

const struct option_use *draft_find_word(const struct config_draft *draft,
					 const char *service)
{
	for (size_t i = 0; i < draft->uses.count; i++)
		if (draft->uses.items[i].kind == USE_SERVICE &&
		    strcmp(draft->uses.items[i].value, service) == 0)
			return &draft->uses.items[i];
	return NULL;
}

void draft_report_unreadable(struct config_draft *draft, const char *path,
			     int error)
{
	const struct option_origin origin = {.kind = ORIGIN_FILE, .file = path};

	draft_report(
	    draft, "cfg.unreadable", FINDING_FAILURE, &origin,
	    error == EFBIG
		? xasprintf("%s is larger than 64 KiB", path)
		: xasprintf("%s cannot be read: %s", path, strerror(error)),
	    error == EACCES ? xasprintf("chmod 0644 %s", path) : NULL);
}

void draft_default_servers(struct host_list *list, const char *defaults)
{
	char *copy = xstrdup(defaults), *cursor = copy, *element;

	while ((element = text_next_element(&cursor))) {
		list->items = xreallocarray(list->items, list->count + 1,
					    sizeof(*list->items));
		if (value_parse_server(element, 0, &list->items[list->count]) ==
		    0)
			list->count++;
	}
	free(copy);
}

void draft_fini(struct config_draft *draft)
{
	option_uses_clear(&draft->uses);
	free(draft->forwarded);
}
