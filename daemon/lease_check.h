/*
 * lease_check: is the mapping that was granted still there?
 *
 * Looks every three quarters of a minute: reads the entry back where the
 * protocol can, else asks for the same again. It tells what it finds and does
 * nothing about it: see lease.h.
 */
#ifndef DAEMON_LEASE_CHECK_H
#define DAEMON_LEASE_CHECK_H

#include "portmap.h"

/* The time between two looks, and by how much it grows with each lease of the
 * gateway: a table of a thousand entries is slow to read. */
#define LEASE_CHECK_LEAST_MS  40000
#define LEASE_CHECK_SPREAD_MS 10000
#define LEASE_CHECK_EACH_MS   200
/* A router that never shows what it granted is believed after so many looks. */
#define LEASE_CHECK_MISSES_MOST 2

struct lease_check;

enum lease_check_finding {
	LEASE_CHECK_EXTENDED, /* asked for again and granted for longer */
	LEASE_CHECK_MOVED,    /* asked for again and granted elsewhere */
	LEASE_CHECK_STOLEN,   /* its outer port leads elsewhere */
	LEASE_CHECK_GONE,     /* its outer port leads nowhere */
};

/* RESULT is what the gateway granted, with EXTENDED and MOVED. From the loop;
 * the check may be stopped, started or freed from within. */
typedef void (*lease_check_fn)(void *arg, enum lease_check_finding finding,
			       const struct map_result *result);

/* Returns an owned check at rest; PORTMAP is borrowed. */
struct lease_check *lease_check_new(struct portmap *portmap, lease_check_fn fn,
				    void *arg);
/* NULL is allowed. */
void lease_check_free(struct lease_check *check);

/* VIA has granted REQUEST (copied; its external endpoint is the granted one):
 * looks after that from now on. */
void lease_check_start(struct lease_check *check, enum map_via via,
		       const struct map_request *request);
void lease_check_stop(struct lease_check *check);

#endif
