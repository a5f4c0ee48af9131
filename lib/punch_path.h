/*
 * punch_path: one socket and the peer's port of the same index: its states, and
 * what has happened on it.
 *
 * Data and the table of states; punch_core.h drives it.
 */
#ifndef LIB_PUNCH_PATH_H
#define LIB_PUNCH_PATH_H

#include <stdint.h>

#include "addr.h"

enum punch_state {
	PUNCH_SEEKING, /* pinging as planned */
	PUNCH_SPARE,   /* heard, in reserve */
	PUNCH_CHOSEN,  /* answering, until it is proven */
	PUNCH_DONE,    /* proven both ways */
	PUNCH_CLOSED,  /* no longer needed */
	PUNCH_STATE_COUNT,
};

enum punch_event {
	PUNCH_EVENT_HEARD,
	PUNCH_EVENT_CHOOSE,
	PUNCH_EVENT_PROVEN,
	PUNCH_EVENT_STALLED, /* nothing moved for too long */
	PUNCH_EVENT_REFUSED, /* the peer's port is closed */
	PUNCH_EVENT_CLOSE,
	PUNCH_EVENT_COUNT,
};

enum punch_proof {
	PUNCH_PROOF_NONE,
	PUNCH_PROOF_ACK,     /* the peer said that it hears us */
	PUNCH_PROOF_OK,      /* the peer answered our ping */
	PUNCH_PROOF_DATA,    /* the peer uses the path already */
	PUNCH_PROOF_ASSUMED, /* its OK came, its ACK must have been lost */
	PUNCH_PROOF_QUIET,   /* it stopped pinging after our OK: it is done */
};

/* What happened on one path. */
struct punch_path {
	enum punch_state state;
	enum punch_proof proof;
	struct endpoint announced; /* where the peer said that it is */
	struct endpoint remote; /* where it was heard; address unset: never */
	unsigned int ttl;       /* of the first ping */
	unsigned int pings_sent;
	unsigned int answers_sent; /* OKs and ACKs */
	unsigned int pings_heard;
	unsigned int oks_heard;
	unsigned int acks_heard;
	unsigned int refused;     /* ICMP: port unreachable */
	unsigned int unreachable; /* ICMP: host, network, or forbidden */
	unsigned int expired;     /* ICMP: TTL exceeded, as it should */
	int send_error;           /* errno of the last refusal of our kernel */
	uint64_t heard_ms;        /* first, since the start; with REMOTE */
	uint64_t done_ms;         /* since the start; with PUNCH_DONE */
};

/* The table itself, for the test that walks it. */
enum punch_state punch_state_next(enum punch_state state,
				  enum punch_event event);

/* "seeking", "spare", "chosen", "connected", "closed". */
const char *punch_state_name(enum punch_state state);
/* "none", "ack", "ok", "data", "assumed", "quiet". */
const char *punch_proof_name(enum punch_proof proof);

#endif
