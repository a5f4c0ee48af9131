/*
 * orphans: mappings of an earlier run that nobody wants any more, deleted.
 *
 * Goes through the old records of the store that belong to the present gateway,
 * one deletion at a time, and again later for what the gateway did not confirm.
 * It makes no mapping and touches none that it has no record of.
 */
#ifndef DAEMON_ORPHANS_H
#define DAEMON_ORPHANS_H

#include "portmap.h"
#include "store.h"

struct orphans;

/* Is this old record about to be taken over? */
typedef bool (*orphans_wanted_fn)(void *arg, const struct state_lease *lease);

/* Returns owned orphans; LOOP, LOG and STORE are borrowed. */
struct orphans *orphans_new(struct loop *loop, struct log *log,
			    struct store *store, orphans_wanted_fn is_wanted,
			    void *arg);
/* NULL is allowed. */
void orphans_free(struct orphans *orphans);

/* Another gateway (borrowed until the next call, NULL: none): begins anew. */
void orphans_set_portmap(struct orphans *orphans, struct portmap *portmap);

/* There may be something to delete: looks soon. */
void orphans_look(struct orphans *orphans);

#endif
