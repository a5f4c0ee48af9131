/*
 * hop_probe: which router is so many hops away.
 *
 * Sends a few small datagrams that live for that many hops and reads who says
 * that they died there (ICMP time exceeded, RFC 792), from the error queue of
 * an ordinary socket: no privilege is needed. None of them reaches its
 * destination where there are that many routers on the way. It asks the router
 * nothing.
 */
#ifndef DAEMON_HOP_PROBE_H
#define DAEMON_HOP_PROBE_H

#include "addr.h"
#include "loop.h"

/* After so long without an answer there is none. */
#define HOP_PROBE_MS 700

struct hop_probe;

struct hop_probe_options {
	struct loop *loop; /* borrowed */
	struct addr local; /* sent from here */
	struct endpoint target;
	unsigned int hops; /* over 0 */
};

/* HOP is unset when nobody answered. Called once, from the loop; the probe is
 * gone by then. */
typedef void (*hop_probe_fn)(void *arg, const struct addr *hop);

/* Returns an owned probe; FN is never called before this returns. */
struct hop_probe *hop_probe_start(const struct hop_probe_options *options,
				  hop_probe_fn fn, void *arg);
/* Ends it without a call; NULL is allowed. */
void hop_probe_cancel(struct hop_probe *probe);

#endif
