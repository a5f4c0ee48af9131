/*
 * igd_ladder: how one mapping is talked out of a UPnP router.
 *
 * Routers refuse, rewrite and forget in many ways. The ladder knows what to ask
 * next after each answer: another lease (IGD:1 error 725), another port (718),
 * the entry itself, or nothing more. It is pure: igd_client.c carries its
 * requests to the worker and the answers back.
 */
#ifndef DAEMON_IGD_LADDER_H
#define DAEMON_IGD_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "igd_wire.h"
#include "map_client.h"

/* IGD:2 WANIPConnection section 2.3.16: the longest lease, one week. */
#define IGD_LEASE_MAX_S 604800

/* Where a port is taken from when the wished one is not to be had. */
#define IGD_PORT_FIRST 40000
#define IGD_PORT_COUNT 20000
#define IGD_PORT_TRIES 3

/* What has been learnt about a router; {0} is a stranger. */
struct igd_memory {
	unsigned int lease_step;  /* the first worth trying */
	bool same_ports;          /* 724: outer port = inner port */
	bool no_any;              /* AddAnyPortMapping is unknown to it */
	uint32_t longest_lease_s; /* that its table has shown */
};

enum igd_stage {
	IGD_STAGE_ADD,
	IGD_STAGE_ADD_ANY,
	IGD_STAGE_WHOSE,     /* 718: whose entry is in the way? */
	IGD_STAGE_REPLACE,   /* deletes our own entry to add it anew */
	IGD_STAGE_CLEAN,     /* deletes what the table may hide */
	IGD_STAGE_READ_BACK, /* an answer was lost: is the entry there? */
	IGD_STAGE_UNMAP_GET,
	IGD_STAGE_UNMAP,
	IGD_STAGE_DONE,
};

/* Embedded; no part of it is owned. */
struct igd_ladder {
	enum igd_stage stage;
	struct map_request wish;
	struct igd_memory *memory; /* borrowed */
	struct addr lan;           /* our address as the router sees it */
	unsigned int version;      /* of the router's service */
	unsigned int lease_step;
	uint16_t ports[IGD_PORT_TRIES];
	unsigned int port_count;
	unsigned int port_at;
	bool any_tried;
	bool replaced;
	struct map_result result; /* with IGD_STAGE_DONE */
};

/* Begins a mapping; RANDOM picks the last port that is tried. With no wished
 * outer port it is the inner one, then one that depends on the description and
 * the inner port alone, then any. */
void igd_ladder_map(struct igd_ladder *ladder, const struct map_request *wish,
		    struct igd_memory *memory, uint32_t random);

/* Begins the deletion of a mapping. An entry that belongs to another host by
 * now is left alone, and that counts as deleted. */
void igd_ladder_unmap(struct igd_ladder *ladder, const struct map_request *wish,
		      struct igd_memory *memory);

/* What the worker found out when it opened the router. Due before the first
 * request. */
void igd_ladder_set_router(struct igd_ladder *ladder, const struct addr *lan,
			   unsigned int version);

/* The request to send now; ->id is left 0. Not with IGD_STAGE_DONE. */
struct igd_request igd_ladder_request(const struct igd_ladder *ladder);

/* Judges an answer of the router (->code >= 0, or IGD_NOT_IN_TABLE). Returns
 * whether all is done. */
bool igd_ladder_answer(struct igd_ladder *ladder,
		       const struct igd_answer *answer);

/* The answer never came, or made no sense: the router may have obeyed. What
 * igd_ladder_request() gives next finds out before anything is repeated. */
void igd_ladder_lost(struct igd_ladder *ladder);

#endif
