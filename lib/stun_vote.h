/*
 * stun_vote: what several STUN servers say together.
 *
 * One server can lie, or be asked through another path. An external address is
 * believed only when servers of two different addresses name it and they are
 * more than half of those that answered. Answers that cannot be an external
 * address (private, reserved, multicast, port 0) do not count at all.
 */
#ifndef LIB_STUN_VOTE_H
#define LIB_STUN_VOTE_H

#include <stddef.h>

#include "addr.h"

/* More ballots than these are not looked at. */
#define STUN_VOTE_MOST 16

enum stun_verdict {
	STUN_VERDICT_SILENT,   /* no usable answer */
	STUN_VERDICT_SINGLE,   /* one server only: not confirmed */
	STUN_VERDICT_SPLIT,    /* several, and no majority for an address */
	STUN_VERDICT_ADDRESS,  /* the address is agreed, its port is not */
	STUN_VERDICT_ENDPOINT, /* address and port are agreed */
};

/* SERVER saw us as MAPPED. */
struct stun_ballot {
	struct endpoint server;
	struct endpoint mapped;
};

struct stun_vote {
	enum stun_verdict verdict;
	/* Set from SINGLE on but for SPLIT; the port is 0 with ADDRESS. */
	struct endpoint external;
	unsigned int servers;  /* different addresses with a usable answer */
	unsigned int agreeing; /* of these, for external */
	unsigned int rejected; /* ballots that cannot be true */
};

/* Counts COUNT ballots. A server address that votes twice counts once for each
 * thing it says. */
struct stun_vote stun_vote_count(const struct stun_ballot *ballots,
				 size_t count);

/* Can E be the outer endpoint of a host on the internet? */
bool stun_vote_is_credible(const struct endpoint *e);

/* "silent", "single", "split", "address", "endpoint". */
const char *stun_verdict_name(enum stun_verdict verdict);

#endif
