/*
 * punch_cause: why an attempt to punch failed, or one path of it.
 *
 * Judges from what was sent and heard, and from what is known of our own NAT.
 * A guess, but the likely one, in a word for programs and a sentence for
 * people.
 */
#ifndef LIB_PUNCH_CAUSE_H
#define LIB_PUNCH_CAUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "nat_behaviour.h"
#include "punch_core.h"

enum punch_cause {
	PUNCH_CAUSE_NONE,        /* it is connected, or was not needed */
	PUNCH_CAUSE_SENDING,     /* our own host could not send */
	PUNCH_CAUSE_REFUSED,     /* the peer's port is closed */
	PUNCH_CAUSE_UNREACHABLE, /* a router says that there is no way */
	PUNCH_CAUSE_SAME_NAT,    /* silent, and behind our own NAT */
	PUNCH_CAUSE_SYMMETRIC,   /* silent, and our NAT varies its ports */
	PUNCH_CAUSE_SILENT,      /* nothing came in */
	PUNCH_CAUSE_ONE_WAY,     /* the peer is heard and does not hear us */
	PUNCH_CAUSE_UNCONFIRMED, /* it hears us, but its last word is missing */
	PUNCH_CAUSE_TOO_FEW,     /* some paths are connected, not enough */
};

/* What is known besides the packets. */
struct punch_surroundings {
	enum nat_mapping mapping; /* of our own NAT */
	bool is_same_nat;         /* the peer has our own public address */
};

/* Why PATH, of an attempt in ROLE, is not connected. */
enum punch_cause punch_cause_of_path(const struct punch_path *path,
				     enum punch_role role);

/* Why the attempt failed as a whole. */
enum punch_cause punch_cause_of(const struct punch_core *core,
				enum punch_role role,
				const struct punch_surroundings *around);

/* "none", "sending", "refused", ... */
const char *punch_cause_name(enum punch_cause cause);
/* One sentence for a person. */
const char *punch_cause_text(enum punch_cause cause);

#endif
