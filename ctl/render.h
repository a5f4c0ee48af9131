/*
 * render: the daemon's answers as screens.
 *
 * Each takes the JSON object as the interface definition describes it and
 * prints; none asks the daemon.
 */
#ifndef CTL_RENDER_H
#define CTL_RENDER_H

#include <jansson.h>

#include "out.h"

/* The whole status; with ONLY, just that service and its own first line. */
void render_status(const struct out *out, const json_t *status,
		   const char *only);

/* One service, in the words of render_status(). */
void render_service(const struct out *out, const json_t *service);

/* What was tried, a row each with outcome, time and reason. */
void render_attempts(const struct out *out, const json_t *attempts);

/* The proofs; says so when there are none. */
void render_proofs(const struct out *out, const json_t *proofs);

/* A list of findings: title, where, what to do. */
void render_findings(const struct out *out, const json_t *findings);

void render_check(const struct out *out, const json_t *result);
void render_mappings(const struct out *out, const json_t *mappings);
void render_mapping(const struct out *out, const json_t *mapping);
void render_acquired(const struct out *out, const json_t *ports);
void render_config(const struct out *out, const json_t *entries);

/* How the NAT behaves, and which peers can connect. */
void render_nat(const struct out *out, const json_t *nat);
/* How sure the verdict of a status is; with ONLY that of a service. */
enum reachable render_reachable(const json_t *status, const char *only);

/* "PCP mapping", "hole punching", ... for the word of `via`. */
const char *render_via(const char *via);

#endif
