/*
 * config_options: the table of the flags that are ours, with their defaults.
 */
#ifndef LIB_CONFIG_OPTIONS_H
#define LIB_CONFIG_OPTIONS_H

#include "config_draft.h"

/* Returns the table, in the order of `config show`. */
const struct option *config_options(size_t *ret_count);

/* Sets every option to its default. */
void config_options_default(struct config_draft *draft);

/* Applies the uses of every option but OPTION_LATE, reports what does not fit,
 * and adds the entries of `config show`. */
void config_options_apply(struct config_draft *draft);

/* Applies the uses of the options that need all services (OPTION_LATE). */
void config_options_apply_late(struct config_draft *draft);

#endif
