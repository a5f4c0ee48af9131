/*
 * control_service: org.varlink.service, by which any varlink client learns what
 * this daemon offers, and the errors of varlink itself.
 *
 * Builds messages, sends none.
 */
#ifndef DAEMON_CONTROL_SERVICE_H
#define DAEMON_CONTROL_SERVICE_H

#include <jansson.h>
#include <stddef.h>

/*
 * Answers a call of METHOD, whose interface is its first INTERFACE_LEN bytes,
 * when it is of org.varlink.service or of no interface that we have. OURS is
 * the daemon's interface and IDL its definition. Returns an owned reply or
 * error, or NULL when the method is one of OURS.
 */
json_t *control_service_answer(const char *ours, const char *idl,
			       const char *method, size_t interface_len,
			       const json_t *parameters);

/* Returns an owned error MethodNotFound. */
json_t *control_service_no_method(const char *method);

/* Returns an owned error InvalidParameter for the field named. */
json_t *control_service_invalid(const char *field);

#endif
