/*
 * twin: proof by a second mapping, where the service itself holds the port.
 *
 * Maps a port of our own on the same gateway for a short time, asks for an echo
 * through it, and gives it back. What it proves is that the router forwards
 * what it grants, not that the service answers.
 */
#ifndef DAEMON_TWIN_H
#define DAEMON_TWIN_H

#include "nested_nat.h"
#include "portmap.h"
#include "prover.h"

struct twin;

struct twin_options {
	struct portmap *portmap;             /* borrowed, until RESULT */
	struct nested_nat *nested;           /* borrowed, or NULL */
	const struct prover_options *prover; /* borrowed for the call */
	struct port_range ports; /* where to take the twin's port from */
	const char *name;        /* the service's, for logs */
};

/* Returns an owned twin, or NULL when no port is free. FN is called once, from
 * the loop; then the twin gives its mapping back and frees itself. */
struct twin *twin_start(const struct twin_options *options, prove_fn fn,
			void *arg);
/* Ends it without a call; the mapping is given back. NULL is allowed. */
void twin_cancel(struct twin *twin);

#endif
