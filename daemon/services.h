/*
 * services: every service of the daemon, and the pool of dynamic ports.
 *
 * Compares a new configuration with what runs and changes only what differs;
 * keeps POOL_SIZE free UDP ports prepared when the configuration has a pool.
 */
#ifndef DAEMON_SERVICES_H
#define DAEMON_SERVICES_H

#include "service.h"

#define POOL_SIZE 2
/* More are refused: a table that a home router can still hold. */
#define SERVICES_MOST 1024

struct services;

struct services_options {
	struct method_env *env;    /* borrowed; ->config is the one in force */
	struct resolver *resolver; /* borrowed */
	struct echo_rtt *rtt;      /* borrowed */
	const struct method_ops *const *table; /* borrowed */
	/* Of any service; CHAIN is NULL when one has left. */
	chain_changed_fn changed;
	void *arg;
};

/* Returns an owned, empty collection. */
struct services *services_new(const struct services_options *options);
/* Stops every service, calls DONE once, and frees the collection then. */
void services_stop(struct services *services, void (*done)(void *arg),
		   void *arg);

/* Brings what runs in line with env->config; BEFORE is the configuration that
 * was in force, or NULL at start. Untouched services are not disturbed. */
void services_apply(struct services *services, const struct config *before);

/* Every chain tries anew. */
void services_again(struct services *services, enum method_cause cause);

/* The services, unordered: walk with LIST_FOREACH(..., link). */
LIST_HEAD(service_list, service);
struct service_list *services_list(struct services *services);
/* How many there are. */
size_t services_count(const struct services *services);

/* The service with this name, or NULL. */
struct service *services_find(struct services *services, const char *name);
/* The service with this port, or NULL. */
struct service *services_find_port(struct services *services,
				   enum transport transport, uint16_t port);
/* The service of a chain, as its changed function needs it. */
struct service *services_of_chain(struct services *services,
				  const struct chain *chain);

/* Adds a SERVICE_AD_HOC one, LIFETIME_S 0 for the usual. Returns 0 and the
 * service (borrowed); -EEXIST when the port or the name is taken, -ENOSPC when
 * there are too many. */
int services_map(struct services *services, const struct service_config *config,
		 uint32_t lifetime_s, struct service **ret_service);
/* Ends a SERVICE_AD_HOC one. Returns 0, -ENOENT, or -EPERM for one of the
 * configuration or the pool; DONE is called once after 0. */
int services_unmap(struct services *services, enum transport transport,
		   uint16_t port, void (*done)(void *arg), void *arg);

/* Takes over a port of an earlier run, called NAME if that is free: prepared
 * when FD (taken) holds it, handed out when FD is below 0. What the pool has no
 * room for is let go. */
void services_adopt(struct services *services, const char *name, uint16_t port,
		    int fd);

/* Hands out a prepared port and prepares the next. Returns the service
 * (borrowed), preferably one that is reachable, or NULL. */
struct service *services_acquire(struct services *services);
/* Ends a SERVICE_ACQUIRED one. Returns 0 or -ENOENT; DONE after 0. */
int services_release(struct services *services, uint16_t port,
		     void (*done)(void *arg), void *arg);

#endif
