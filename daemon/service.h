/*
 * service: one port that is to be reachable, at run time.
 *
 * Ties what was asked for (a service_config) to its prover and its chain. Who
 * asked decides how it ends: see enum service_origin. services.h holds them
 * all.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <sys/queue.h>

#include "chain.h"
#include "method.h"
#include "prover.h"

enum service_origin {
	SERVICE_CONFIGURED, /* a fixed port of the configuration */
	SERVICE_AD_HOC,     /* `traversalctl map`: until unmap */
	SERVICE_PREPARED,   /* of the pool, held by a socket of ours */
	SERVICE_ACQUIRED,   /* of the pool, handed out: until release */
};

struct service {
	enum service_origin origin;
	struct service_config config;
	struct method_service base; /* what the methods see */
	int held_fd;                /* SERVICE_PREPARED: bound; else -1 */
	struct chain *chain;
	enum chain_state told_state; /* what the events last said */
	int told_carrier;            /* a method_id or -1, likewise */
	LIST_ENTRY(service) link;
};

/* What a service is made from. */
struct service_options {
	const struct method_env *env;          /* borrowed */
	const struct prover_options *prover;   /* borrowed for the call */
	const struct method_ops *const *table; /* borrowed */
	enum service_origin origin;
	const struct service_config *config; /* copied */
	uint32_t lifetime_s; /* wished of a mapping; 0 = the usual */
	int held_fd;         /* taken; -1 = none */
	chain_changed_fn changed;
	void *arg; /* passed to CHANGED */
};

/* Returns an owned service whose chain has started. */
struct service *service_new(const struct service_options *options);

/* Starts its chain anew, as after a change of the order. */
void service_restart(struct service *service,
		     const struct service_options *options);

/* Gives back what its methods hold and frees it; DONE (may be NULL) is called
 * once. The service must have left its list. */
void service_stop(struct service *service, void (*done)(void *arg), void *arg);

/* SERVICE_PREPARED becomes SERVICE_ACQUIRED: the socket is closed, so that the
 * caller can bind the port; leases and proofs stay. */
void service_hand_out(struct service *service);

#endif
