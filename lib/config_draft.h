/*
 * config_draft: a configuration while it is being put together.
 *
 * Private to config*.c; everybody else sees the finished struct config.
 */
#ifndef LIB_CONFIG_DRAFT_H
#define LIB_CONFIG_DRAFT_H

#include "config.h"
#include "options.h"

struct config_draft {
	struct config *config; /* owned */
	struct option_uses uses;
	struct {
		uint16_t port; /* 0: dynamic */
		enum transport transport;
	} openvpn;
	/* What --forward has set; these win over a section's forward. */
	const struct endpoint **forwarded; /* owned; the items are borrowed */
	size_t forwarded_count;
	bool is_disabled[METHOD_COUNT]; /* by an old switch */
	bool is_file_silent; /* the defaults file sets nothing of ours */
	bool is_file_broken; /* the defaults file gave no variables */
	size_t usable_count; /* what could be used of the sources */
};

/* Appends a finding about ORIGIN. Takes TITLE and FIX; FIX may be NULL. */
void draft_report(struct config_draft *draft, const char *id,
		  enum finding_severity severity,
		  const struct option_origin *origin, char *title, char *fix);

/* Appends a line of `config show`. Takes VALUE. */
void draft_add_entry(struct config_draft *draft, const char *key, char *value,
		     const struct option_origin *origin, bool is_ours);

/* Appends a service unless its name or its port is taken, which becomes a
 * finding. Returns whether it stands. */
bool draft_add_service(struct config_draft *draft,
		       const struct service_config *service,
		       const struct option_origin *origin);

/* Returns the service of that name (borrowed until the next is added), or
 * NULL. */
struct service_config *draft_find_service(struct config_draft *draft,
					  const char *name);

/* Returns where SERVICE_OPTS names SERVICE (borrowed), or NULL. */
const struct option_use *draft_find_word(const struct config_draft *draft,
					 const char *service);

/* Reports that the file or directory PATH could not be read; ERROR is an errno
 * value, EFBIG for a file over the limit. */
void draft_report_unreadable(struct config_draft *draft, const char *path,
			     int error);

/* Sets a list to the servers in DEFAULTS (comma separated, all good). */
void draft_default_servers(struct host_list *list, const char *defaults);

/* Frees the draft's own things; the configuration stays with its owner. */
void draft_fini(struct config_draft *draft);

#endif
