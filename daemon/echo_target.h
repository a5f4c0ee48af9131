/*
 * echo_target: asks one address of one port-check server for an echo.
 *
 * Sends the request three times, spread over the wait, beside an extended one
 * (lib/echo.h) that tells the round trip and fetches a cookie; hears ICMP
 * errors. It does not listen for the echo: that comes in on the port under
 * test, which is echo_check's.
 */
#ifndef DAEMON_ECHO_TARGET_H
#define DAEMON_ECHO_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "echo.h"
#include "echo_rtt.h"
#include "log.h"
#include "loop.h"

#define ECHO_TARGET_SENDS 3

enum echo_target_state {
	ECHO_TARGET_ASKED,      /* a request left and nothing speaks against */
	ECHO_TARGET_REFUSED,    /* the server's host: no server there (ICMP) */
	ECHO_TARGET_BLOCKED,    /* somebody on the way said no (ICMP) */
	ECHO_TARGET_UNSENDABLE, /* the first request could not be sent */
};

struct echo_target;

/* Called from the loop when ->state changed or a round trip was learnt. */
typedef void (*echo_target_fn)(void *arg);

struct echo_target_options {
	struct loop *loop;    /* borrowed */
	struct log *log;      /* borrowed */
	struct echo_rtt *rtt; /* borrowed, updated */
	struct endpoint server;
	struct addr bind_address; /* unset: by route */
	uint16_t port;            /* the outer port, as in the request */
	echo_target_fn changed;
	void *arg;
};

/* What a target has seen so far. */
struct echo_target_status {
	enum echo_target_state state;
	struct endpoint server;
	uint64_t first_sent_ms; /* on the loop's clock */
	unsigned int sends;     /* rounds of requests */
	bool is_alive;          /* the server answered something */
	int error;              /* -E... when unsendable, refused or blocked */
	struct addr offender;   /* who refused or blocked; may be unset */
};

/* Opens a socket of its own and sends the first request. Always returns an
 * owned target; its state says how that went. Never calls ->changed itself. */
struct echo_target *echo_target_new(const struct echo_target_options *options);
void echo_target_free(struct echo_target *target);

/* Borrowed; good while the target lives. */
const struct echo_target_status *echo_target_status(
    const struct echo_target *target);

/* Is this datagram the echo that was asked of this target? If so the round trip
 * is learnt where it is unambiguous (Karn: RFC 6298 section 3), stored in
 * *ret_rtt_ms, and nothing more is sent. */
bool echo_target_take(struct echo_target *target, const void *buf, size_t len,
		      uint32_t *ret_rtt_ms);

/* The whole wait has changed: spread what is left to send over it anew. */
void echo_target_pace(struct echo_target *target);

#endif
