/*
 * punch_plan: everything that will be sent to a silent peer, on one time line.
 *
 * Pure data, laid out before the first packet: which socket pings whom, when,
 * and with which TTL. What is heard cancels the rest of it (punch_core.h). A
 * policy is one row of figures and a codec; another dialect is another row.
 *
 * A packet with a low TTL ('primer') opens the NATs of one's own side and dies
 * before the peer's: a peer's router that has seen our packet before its own
 * host has sent may give that host's packet another port.
 */
#ifndef LIB_PUNCH_PLAN_H
#define LIB_PUNCH_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "punch_wire.h"

#define PUNCH_PORTS_MOST   64 /* sockets of one attempt */
#define PUNCH_TARGETS_MOST 5  /* the peer and its other addresses */
#define PUNCH_RESENDS      5
#define PUNCH_STEPS_MOST                                                       \
	((PUNCH_PORTS_MOST + 2 * (PUNCH_TARGETS_MOST - 1)) *                   \
	 (PUNCH_RESENDS + 1))
#define PUNCH_TAIL 8

enum punch_role {
	PUNCH_PROVIDER, /* primes its NAT, confirms with OK, is acknowledged */
	PUNCH_CONSUMER, /* comes a little later, pings, acknowledges */
};

/* The figures of one dialect, in milliseconds and packets. */
struct punch_policy {
	const char *name;
	const struct punch_codec *codec;
	unsigned int limit_ms; /* the whole attempt */
	/* To a peer that is silent: at most SLOT_PACKETS in SLOT_MS, after an
	 * opening of the provider's primers. */
	unsigned int slot_ms;
	unsigned int slot_packets;
	unsigned int primers; /* sockets with a low TTL, two of each TTL */
	unsigned int primer_ttl;
	unsigned int full_ttl;
	unsigned int full_after_ms; /* the provider's other sockets */
	/* A ping without an answer is sent again so long after the first; from
	 * the resend FULL_RESEND on at full TTL. */
	unsigned int resend_ms[PUNCH_RESENDS];
	unsigned int full_resend;
	/* To a peer that is heard: OK at once, again, and then each. */
	unsigned int answer_first_ms;
	unsigned int answer_ms;
	unsigned int answer_burst; /* token bucket of all answers ... */
	unsigned int answer_rate;  /* ... a second */
	/* A path counts as proven so long after the peer's OK without an ACK,
	 * and is given up when nothing moves on it for so long. */
	unsigned int assume_ms;
	unsigned int stalled_ms;
	unsigned int alive_ms; /* heard so long ago is heard now */
	/* An address that nobody announced waits so long for a better one. */
	unsigned int foreign_ms;
	/* The peer sprays when so many pings come in so long a time; then its
	 * silence for ASSUME_MS means that it is done. */
	unsigned int spray_pings;
	unsigned int spray_ms;
	/* The consumer repeats its ACKs so long after the end. */
	unsigned int tail_ms[PUNCH_TAIL];
};

/* The dialect of Mysterium nodes. */
extern const struct punch_policy punch_policy_mysterium;

/* One packet. */
struct punch_step {
	uint32_t at_ms; /* since the start */
	uint8_t index;  /* of the socket and its remote port */
	uint8_t target; /* 0: the peer; others: its other addresses */
	uint8_t ttl;
};

struct punch_plan {
	struct punch_step steps[PUNCH_STEPS_MOST]; /* by at_ms */
	size_t count;
};

struct punch_plan_input {
	enum punch_role role;
	size_t ports;            /* 1 to PUNCH_PORTS_MOST */
	size_t targets;          /* 1 to PUNCH_TARGETS_MOST */
	unsigned int primer_ttl; /* 0: the policy's */
};

/* The order in which sockets are used: those first whose TTL, with a Mysterium
 * provider (1 + i mod ports / 2), opens its side and reaches no further. */
void punch_plan_order(size_t ports, uint8_t *ret_order);

/* Lays out the plan. */
void punch_plan_build(const struct punch_policy *policy,
		      const struct punch_plan_input *input,
		      struct punch_plan *ret_plan);

/* The TTL of the first packet of the socket INDEX. */
unsigned int punch_plan_ttl(const struct punch_plan *plan, size_t index);

#endif
