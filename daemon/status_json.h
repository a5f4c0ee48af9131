/*
 * status_json: the state of the daemon as the JSON of schema 1.
 *
 * Reads the app, changes nothing. Members are only added within a schema;
 * unknown is null, never a missing key.
 */
#ifndef DAEMON_STATUS_JSON_H
#define DAEMON_STATUS_JSON_H

#include <jansson.h>

#include "app.h"

/* Returns owned: the whole status, with ONLY (may be NULL) that one service. */
json_t *status_json(struct app *app, const struct service *only);
/* Returns owned: the same with no service at all. */
json_t *status_json_frame(struct app *app);
/* Returns owned: the services (borrowed) by name, so that two readings can be
 * compared. */
const struct service **status_json_sort(struct app *app);
/* Returns owned: an element of services[]. */
json_t *status_json_service(struct app *app, const struct service *service);
/* Returns owned: the mapping of a service, or NULL when it has none. */
json_t *status_json_mapping(struct app *app, const struct service *service);
/* Returns owned: an array of its mappings, over both families. */
json_t *status_json_mappings(struct app *app, const struct service *service);
/* Returns owned: the findings of the configuration and of this run. */
json_t *status_json_findings(struct app *app);
/* Returns owned: what Acquire tells of a port. */
json_t *status_json_acquired(struct app *app, const struct service *service);
/* Returns owned: an outer endpoint {family, address, port}. */
json_t *status_json_endpoint(const struct endpoint *endpoint);
/* Returns owned: the members of a CheckResult about the service. */
json_t *status_json_check(struct app *app, const struct service *service,
			  uint64_t began_ms);
/* Returns owned: a point of the loop's clock as RFC 3339 in UTC. */
json_t *status_json_time(struct app *app, uint64_t at_ms);

#endif
