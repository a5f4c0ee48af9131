/*
 * igd_client: the map_client of UPnP Internet gateways (IGD:1 and IGD:2).
 *
 * Finds the gateway by SSDP on the loop; everything that is HTTP or XML happens
 * in the worker (igd_worker.c). Requests are served one after the other, for
 * some routers cannot do two things at once.
 *
 * What is special about its results: lifetime_s is never more than was asked
 * for; with is_permanent it is the lifetime of the request, as a date to look
 * again. A permanent mapping stays until it is unmapped. The description should
 * differ from host to host: an entry that bears it is taken for ours when it is
 * unmapped. IPv4 only.
 */
#ifndef DAEMON_IGD_CLIENT_H
#define DAEMON_IGD_CLIENT_H

#include "igd_place.h"
#include "igd_wire.h"
#include "log.h"
#include "loop.h"
#include "map_client.h"

/* What a request to the router may take; then the worker is killed. */
#define IGD_REQUEST_MS 10000
/* Once something has failed, all that is left must fit in here. */
#define IGD_FAILING_MS 9800
/* A mapping with all its detours. */
#define IGD_MAPPING_MS 30000
/* An idle worker is ended after this. */
#define IGD_IDLE_MS 60000

/* Entries that igd_client_list() reads at most. */
#define IGD_LIST_MOST 256

struct igd_client_options {
	struct map_client_options link;
	const char *worker; /* path of traversald-igd (copied) */
};

/* Where the descriptions of the gateway are, the likeliest first (borrowed,
 * good until the next return to the loop). */
const struct igd_places *igd_client_places(const struct map_client *client);

/* ENTRIES (borrowed for the call, unsanitised) holds what was read before
 * STATUS: with MAP_OK the table, or its first IGD_LIST_MOST. */
typedef void (*igd_list_fn)(void *arg, enum map_status status,
			    const struct igd_entry *entries, size_t count);

/* Returns an owned client, freed by its ops; nothing is sent before a call. */
struct map_client *igd_client_new(struct loop *loop, struct log *log,
				  const struct igd_client_options *options);

/* Reads the router's table. CLIENT is one of igd_client_new(). Returns an id
 * that ->cancel takes; DONE is called once, never before this returns. */
uint64_t igd_client_list(struct map_client *client, igd_list_fn done,
			 void *arg);

/* The worker's process id, 0 while none runs. */
int igd_client_worker_pid(const struct map_client *client);

#endif
