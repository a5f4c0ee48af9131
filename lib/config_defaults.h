/*
 * config_defaults: the defaults file with DAEMON_OPTS and SERVICE_OPTS.
 */
#ifndef LIB_CONFIG_DEFAULTS_H
#define LIB_CONFIG_DEFAULTS_H

#include "config_draft.h"

/* Reads the file PATH. Returns 0, also for one that is broken (the findings
 * and draft->is_file_broken say so), or -ENOENT when there is none. */
int config_defaults_read(struct config_draft *draft, const char *path);

/* Reads /etc/default/traversald, or else /etc/default/mysterium-node; neither
 * has to exist. */
void config_defaults_read_usual(struct config_draft *draft);

#endif
