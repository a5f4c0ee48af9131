/*
 * config_defaults: the defaults file with DAEMON_OPTS and SERVICE_OPTS.
 */
#ifndef LIB_CONFIG_DEFAULTS_H
#define LIB_CONFIG_DEFAULTS_H

#include "config_draft.h"

/* Reads the file PATH. Returns 0, also for one that is broken (the findings
 * and draft->is_file_broken say so), or -ENOENT when there is none. */
int config_defaults_read(struct config_draft *draft, const char *path);

/* Reads the first of PATHS that says something: one that does not exist, or
 * that sets neither DAEMON_OPTS nor SERVICE_OPTS, leaves it to the next. */
void config_defaults_read_first(struct config_draft *draft,
				const char *const *paths, size_t count);

#endif
