/*
 * punch_core: one attempt to punch, as a state machine without a clock.
 *
 * Told the time, the datagrams and the ICMP errors, it says what to send and
 * when it wants to be called next. Both roles, any policy (punch_plan.h).
 * Opens no sockets and waits for nothing: daemon/punch.h does.
 *
 * A path is one socket and the peer's port of the same index. A message from
 * wherever it comes makes that source the path's remote end (a NAT may send
 * from another port than was announced). In the dialect of Mysterium nodes
 * nothing proves who speaks: whoever guesses a port and speaks before the peer
 * is heard takes that path. An address that was not announced therefore has to
 * wait for a better one, and once a path is chosen nobody else is heard on it.
 */
#ifndef LIB_PUNCH_CORE_H
#define LIB_PUNCH_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "punch_path.h"
#include "punch_plan.h"

#define PUNCH_NEVER UINT64_MAX

struct punch_core;

enum punch_outcome { PUNCH_RUNNING, PUNCH_CONNECTED, PUNCH_FAILED };

struct punch_icmp {
	struct endpoint destination;
	int error; /* errno */
	bool is_ttl_exceeded;
};

/* Sends; returns 0 or -errno. */
typedef int (*punch_send_fn)(void *arg, size_t index, const struct endpoint *to,
			     const uint8_t *bytes, size_t len,
			     unsigned int ttl);

struct punch_core_options {
	const struct punch_policy *policy; /* borrowed */
	const void *session;               /* of the codec; borrowed */
	enum punch_role role;
	unsigned int wanted;     /* connections, 1 to PORTS */
	unsigned int primer_ttl; /* 0: the policy's */
	unsigned int limit_ms;   /* 0: the policy's */
	size_t ports;
	/* The peer's addresses with its port of each index; row 0 is where it
	 * is announced to the internet. Copied. */
	struct addr targets[PUNCH_TARGETS_MOST];
	size_t target_count;
	uint16_t target_ports[PUNCH_TARGETS_MOST][PUNCH_PORTS_MOST];
	punch_send_fn send;
	void *arg;
};

/* Starts at NOW_MS: nothing is sent before punch_core_run(). Returns an owned
 * core. */
struct punch_core *punch_core_new(const struct punch_core_options *options,
				  uint64_t now_ms);
void punch_core_free(struct punch_core *core);

/* Does what is due. Returns when to call again, PUNCH_NEVER when all is said
 * (also after the end something may be left to say). */
uint64_t punch_core_run(struct punch_core *core, uint64_t now_ms);

/* A datagram on the socket INDEX. Call punch_core_run() afterwards. */
void punch_core_receive(struct punch_core *core, uint64_t now_ms, size_t index,
			const struct endpoint *from, const uint8_t *bytes,
			size_t len);

/* An ICMP error on the socket INDEX. */
void punch_core_icmp(struct punch_core *core, uint64_t now_ms, size_t index,
		     const struct punch_icmp *icmp);

enum punch_outcome punch_core_outcome(const struct punch_core *core);
/* Milliseconds from the start to the end, or so far. */
unsigned int punch_core_took_ms(const struct punch_core *core, uint64_t now_ms);
/* Borrowed. */
const struct punch_path *punch_core_path(const struct punch_core *core,
					 size_t index);
size_t punch_core_path_count(const struct punch_core *core);

#endif
