/*
 * api_methods: the rows of the table in api.c, each a control_method_fn.
 *
 * api_read.c reads, api_check.c tests from outside, api_change.c changes.
 */
#ifndef DAEMON_API_METHODS_H
#define DAEMON_API_METHODS_H

#include "api_wait.h"

void api_get_status(void *arg, struct control_call *call, json_t *parameters);
void api_get_mappings(void *arg, struct control_call *call, json_t *parameters);
void api_get_config(void *arg, struct control_call *call, json_t *parameters);
void api_get_counters(void *arg, struct control_call *call, json_t *parameters);
void api_subscribe(void *arg, struct control_call *call, json_t *parameters);
void api_check(void *arg, struct control_call *call, json_t *parameters);
void api_map(void *arg, struct control_call *call, json_t *parameters);
void api_unmap(void *arg, struct control_call *call, json_t *parameters);
void api_acquire(void *arg, struct control_call *call, json_t *parameters);
void api_release(void *arg, struct control_call *call, json_t *parameters);
void api_renew(void *arg, struct control_call *call, json_t *parameters);
void api_probe(void *arg, struct control_call *call, json_t *parameters);
void api_reload(void *arg, struct control_call *call, json_t *parameters);

/* --- what they share ----------------------------------------------------- */

/* The string under KEY, borrowed, or NULL. */
const char *api_text(const json_t *parameters, const char *key);
/* Finds the service that the parameter 'service' names; NULL when it is absent.
 * Answers the call and returns false when there is no such service. */
bool api_find_service(struct api *api, struct control_call *call,
		      const json_t *parameters, struct service **ret_service);
/* Has what carries the service, or else every method, spoken since then? */
bool api_has_reported(const struct service *service, uint64_t since_ms);

#endif
