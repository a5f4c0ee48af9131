/*
 * counters_json: what the daemon has counted, as the Counters of schema 1.
 *
 * Reads the app, changes nothing.
 */
#ifndef DAEMON_COUNTERS_JSON_H
#define DAEMON_COUNTERS_JSON_H

#include <jansson.h>

#include "app.h"

/* Returns owned. */
json_t *counters_json(struct app *app);

#endif
