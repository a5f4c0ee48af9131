/*
 * punch_json: an attempt to punch, as the control plane tells it.
 */
#ifndef DAEMON_PUNCH_JSON_H
#define DAEMON_PUNCH_JSON_H

#include <jansson.h>

#include "punch.h"

/* "provider", "consumer". */
const char *punch_json_role(enum punch_role role);
/* What happened on one path, on all of them; owned. */
json_t *punch_json_path(const struct punch_core *core, size_t index,
			enum punch_role role);
json_t *punch_json_paths(const struct punch_core *core, enum punch_role role);
/* The connections; HAS_FDS: the descriptors are passed, in this order. */
json_t *punch_json_connections(const struct punch_result *result, bool has_fds);

#endif
