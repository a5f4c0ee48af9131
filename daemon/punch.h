/*
 * punch: one attempt to punch, with its sockets, on the loop.
 *
 * Opens the local ports, lets lib/punch_core.h decide what is said on them, and
 * hands over the sockets that got through: each is connected to its remote end,
 * so that nobody else is heard there from then on, and what was left of the
 * punching in it is taken out. Losers are closed at once, the winners never: no
 * datagram meets a closed port. Does not judge who may be punched with: that is
 * punch_api.c.
 *
 * With a Mysterium peer nothing proves who speaks before the end; see
 * punch_core.h.
 */
#ifndef DAEMON_PUNCH_H
#define DAEMON_PUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "loop.h"
#include "punch_cause.h"
#include "punch_core.h"

#define PUNCH_CONNECTIONS_MOST 16

struct punch;

struct punch_options {
	struct loop *loop;                 /* borrowed */
	const struct punch_policy *policy; /* borrowed */
	const void *session;               /* of its codec; borrowed */
	enum punch_role role;
	unsigned int wanted; /* connections, 1 to PUNCH_CONNECTIONS_MOST */
	unsigned int primer_ttl;
	unsigned int limit_ms; /* 0: the policy's */
	struct addr bind;      /* unset: every address of the host (IPv4) */
	size_t ports;
	uint16_t local_ports[PUNCH_PORTS_MOST]; /* 0: any */
	/* The peer's addresses and ports: as in struct punch_core_options. */
	struct addr targets[PUNCH_TARGETS_MOST];
	size_t target_count;
	uint16_t target_ports[PUNCH_TARGETS_MOST][PUNCH_PORTS_MOST];
};

struct punch_connection {
	size_t index; /* of its ports */
	struct endpoint local;
	struct endpoint remote;
	enum punch_proof proof;
	int fd; /* borrowed: duplicate it to keep it */
};

struct punch_result {
	enum punch_outcome outcome; /* CONNECTED or FAILED */
	/* In the order of their indices, with CONNECTED. */
	struct punch_connection connections[PUNCH_CONNECTIONS_MOST];
	size_t count;
	unsigned int took_ms;
};

/* What the owner hears, from the loop only. Members may be NULL but ENDED. */
struct punch_listener {
	/* The path INDEX changed its state. Must not free the punch. */
	void (*progress)(void *arg, size_t index);
	/* Once. RESULT is borrowed. Must not free the punch. */
	void (*done)(void *arg, const struct punch_result *result);
	/* After DONE, when nothing is left to say to the peer: free it. */
	void (*ended)(void *arg);
	void *arg;
};

/*
 * Opens the sockets and starts: the first packets leave from the loop. OPTIONS
 * and LISTENER are copied. Returns 0 and an owned punch; or -errno of the local
 * port *ret_index that cannot be had, and then nothing was sent.
 */
int punch_new(const struct punch_options *options,
	      const struct punch_listener *listener, struct punch **ret_punch,
	      size_t *ret_index);

/* Ends it without a call and closes its sockets; NULL is allowed. */
void punch_free(struct punch *punch);

/* What was sent and heard; borrowed. */
const struct punch_core *punch_view(const struct punch *punch);

#endif
