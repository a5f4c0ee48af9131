/*
 * verdict: one answer for all services.
 *
 * Pure: states in, words out. The worst service decides, so that "yes" means
 * that everything asked for is reachable.
 */
#ifndef DAEMON_VERDICT_H
#define DAEMON_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "chain.h"
#include "status_text.h"

/* What counts of one service. */
struct verdict_input {
	bool is_offline; /* the host has no default route at all */
	enum chain_state state;
	bool has_carrier;
	enum method_id carrier;           /* with HAS_CARRIER */
	enum method_outcome upnp_outcome; /* METHOD_RUNNING if not in use */
};

struct verdict {
	enum reachable reachable;
	const char *code;    /* "mapped-proven": stable, for programs */
	const char *summary; /* one sentence, for people */
};

/* What counts of the service that CHAIN carries. */
struct verdict_input verdict_input_of(const struct chain *chain);

/* Judges COUNT services together. */
struct verdict verdict_judge(const struct verdict_input *inputs, size_t count);

#endif
