/*
 * pinhole_client: the map_client of UPnP WANIPv6FirewallControl:1.
 *
 * Opens the router's IPv6 firewall for one address of ours, from which the
 * requests leave, for routers refuse others. The description is found by the
 * search of IPv4 (igd_client.h), for several routers cannot stand both searches
 * at once; it is then read from the router's IPv6 address. HTTP and XML happen
 * in a worker of its own.
 */
#ifndef DAEMON_PINHOLE_CLIENT_H
#define DAEMON_PINHOLE_CLIENT_H

#include "igd_place.h"
#include "log.h"
#include "loop.h"
#include "map_client.h"

/* WANIPv6FirewallControl:1 section 2.3.3: the longest lease. */
#define PINHOLE_LEASE_MAX_S 86400
/* The search of IPv4 gets so long. */
#define PINHOLE_SEARCH_MS 1500
/* A request may take so long: IGD_HTTP_MS a step, then the worker is killed. */
#define PINHOLE_REQUEST_MS 10000

struct pinhole_client_options {
	struct map_client_options link;
	const char *worker; /* path of traversald-igd (copied) */
	/* Where the descriptions are now (borrowed for the moment), or NULL. */
	const struct igd_places *(*places)(void *arg);
	void *arg;
};

/* Returns an owned client; LOOP and LOG are borrowed. */
struct map_client *pinhole_client_new(
    struct loop *loop, struct log *log,
    const struct pinhole_client_options *options);

#endif
