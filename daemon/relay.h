/*
 * relay: passes datagrams between a punched connection and a local service.
 *
 * One connection, one service socket, batches of recvmmsg(2) and sendmmsg(2).
 * It neither reads nor changes what it passes, but for what FILTER takes out.
 */
#ifndef DAEMON_RELAY_H
#define DAEMON_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "loop.h"

/* Ends after so long without a datagram from the peer. */
#define RELAY_IDLE_MS 180000

struct relay;

struct relay_counts {
	uint64_t in_packets, in_bytes;   /* from the peer to the service */
	uint64_t out_packets, out_bytes; /* and back */
	uint64_t filtered;               /* taken out by the filter */
	uint64_t dropped;                /* the other side took them not */
};

struct relay_options {
	struct loop *loop;       /* borrowed */
	int fd;                  /* of the connection, connected; taken on 0 */
	struct endpoint service; /* where its datagrams go */
	unsigned int idle_ms;    /* 0: RELAY_IDLE_MS */
	/* Is this datagram of the peer's not for the service? May answer it on
	 * FD. NULL: all are. */
	bool (*filter)(void *arg, int fd, const uint8_t *bytes, size_t len);
	/* The peer has been silent for too long: free the relay. */
	void (*ended)(void *arg, struct relay *relay);
	void *arg;
};

/* Returns 0 and an owned relay, or -errno when there is no way to the service.
 */
int relay_new(const struct relay_options *options, struct relay **ret_relay);
/* Closes both sockets without a call; NULL is allowed. */
void relay_free(struct relay *relay);
struct relay_counts relay_counts(const struct relay *relay);

#endif
