/*
 * lease: one wanted mapping, asked for, kept alive and given back.
 *
 * A lease races the protocols of its portmap (PCP before NAT-PMP before UPnP,
 * without waiting for a slower one), holds what was granted, renews it by the
 * rules of RFC 6887 section 11.2.1, asks anew when the gateway restarted or has
 * lost it, and deletes it at release. One protocol holds it at a time. It does
 * not judge whether the external address is public: the method does.
 */
#ifndef DAEMON_LEASE_H
#define DAEMON_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "portmap.h"

struct lease;

enum lease_state {
	LEASE_SEARCHING, /* asked, nothing granted yet */
	LEASE_HELD,      /* granted and not expired */
	LEASE_FAILED,    /* not to be had now; tried again by itself */
};

struct lease_wish {
	char name[32]; /* the service's, for logs and descriptions */
	enum transport transport;
	uint16_t internal_port;
	uint16_t external_port; /* wished; 0 = the same as internal */
	uint16_t avoid_port;    /* an outer port that is not ours; 0 = none */
	uint32_t lifetime_s;    /* 0 = the portmap's */
	bool is_quiet;          /* no news of it: a helper's own */
	/* The protocols have been asked for so long already: the first verdict
	 * comes that much sooner. */
	uint64_t waited_ms;
};

/* What is known of a lease; durations are relative to now. */
struct lease_view {
	enum lease_state state;
	enum map_via via;          /* with LEASE_HELD */
	struct endpoint external;  /* with LEASE_HELD */
	struct endpoint previous;  /* the external one before; may be unset */
	struct addr gateway;       /* with LEASE_HELD */
	uint32_t lifetime_s;       /* granted, with LEASE_HELD */
	bool is_permanent;         /* with LEASE_HELD: never expires */
	uint64_t expires_in_ms;    /* with LEASE_HELD and not permanent */
	uint64_t renew_in_ms;      /* with LEASE_HELD */
	struct map_result failure; /* with LEASE_FAILED: the most telling one */
};

/* The state, the external endpoint or the failure changed. The lease may be
 * released from within. */
typedef void (*lease_changed_fn)(void *arg, struct lease *lease);
/* CONFIRMED: the gateway said that it is deleted (or nothing was held). */
typedef void (*lease_released_fn)(void *arg, bool confirmed);

/* Returns an owned lease and starts asking. PORTMAP is borrowed and must
 * outlive it. CHANGED is never called before this returns. */
struct lease *lease_new(struct portmap *portmap, const struct lease_wish *wish,
			lease_changed_fn changed, void *arg);

struct lease_view lease_view(const struct lease *lease);
const struct lease_wish *lease_wish(const struct lease *lease);
/* For the memory: the nonce, and what the lease's portmap was made from. */
const uint8_t *lease_nonce(const struct lease *lease);
const struct portmap_options *lease_options(const struct lease *lease);

/* Asks now, whether it is held (a renewal) or failed (another try). */
void lease_renew(struct lease *lease);

/* The gateway lists the mapping, but nothing comes in through it: deletes it
 * and asks anew. There is a call once it is granted again. */
void lease_remake(struct lease *lease);

/* Deletes the mapping on the gateway and frees the lease; RELEASED (may be
 * NULL) is called once, at the latest after LEASE_RELEASE_MS. */
#define LEASE_RELEASE_MS 800
void lease_release(struct lease *lease, lease_released_fn released, void *arg);

/* Frees the lease and leaves the gateway alone; NULL is allowed. */
void lease_free(struct lease *lease);

#endif
