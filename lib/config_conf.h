/*
 * config_conf: the files of /etc/traversald: [service NAME] and [peer NAME].
 */
#ifndef LIB_CONFIG_CONF_H
#define LIB_CONFIG_CONF_H

#include "config_draft.h"

/* Reads LEN bytes of TEXT, the contents of FILE. A section with something
 * wrong in it is left out as a whole. */
void config_conf_read(struct config_draft *draft, const char *file,
		      const char *text, size_t len);

/* Reads every *.conf of DIR in alphabetical order. A directory that does not
 * exist holds nothing; one that IS_NAMED by the caller is then a finding. */
void config_conf_read_dir(struct config_draft *draft, const char *dir,
			  bool is_named);

#endif
