/*
 * keeper: what the daemon remembers over its own end, and makes of it.
 *
 * Ties the store to the leases and the services: each lease is on disk before a
 * port that nobody could guess is asked for; the ports of the last run are
 * taken over by the pool; what is wanted no more is deleted on the router.
 */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

#include "portmap.h"
#include "services.h"

struct keeper;

/* Reads DATA_DIR (blocks) and returns an owned keeper of SERVICES (borrowed; it
 * may be replaced by NULL with keeper_stop()). */
struct keeper *keeper_new(struct loop *loop, struct log *log,
			  const char *data_dir, struct services *services);
/* The services end: looks at them no more. */
void keeper_stop(struct keeper *keeper);
/* Writes what is not yet written; NULL is allowed. */
void keeper_free(struct keeper *keeper);

/* The memory of the leases of a portmap. */
struct portmap_memory keeper_memory(struct keeper *keeper);

/* Once, before the services of the configuration are added: ports of the last
 * run become the pool's again, and what was mapped by hand is mapped again. */
void keeper_adopt(struct keeper *keeper, const struct config *config);

/* The gateway has changed: PORTMAP (borrowed, may be NULL) is in front of it.
 * Call it also before the portmap is retired, with NULL. */
void keeper_set_portmap(struct keeper *keeper, struct portmap *portmap);

/* See store_read_error(), store_write_error(). */
int keeper_read_error(const struct keeper *keeper);
int keeper_write_error(const struct keeper *keeper);

#endif
