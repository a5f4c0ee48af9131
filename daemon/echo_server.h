/*
 * echo_server: answers asymmetric echo requests (lib/echo.h).
 *
 * Serves clients of the plain protocol within a rate for each network, and
 * those with a cookie at ten times that rate. Sends to an address only what is
 * shorter than what came from it, and only from sockets that read nothing, so
 * that no pair of services can be set to talk to each other. Echoes leave from
 * another port, best also from another address, than the one asked.
 */
#ifndef DAEMON_ECHO_SERVER_H
#define DAEMON_ECHO_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "log.h"
#include "loop.h"

#define ECHO_SERVER_LISTENERS 8
/* Answers a second to a /24 or /56. */
#define ECHO_SERVER_RATE 10
/* A proven source may have so many times as much. */
#define ECHO_SERVER_PROVEN_FACTOR 10

struct echo_server;

struct echo_server_options {
	struct loop *loop; /* borrowed */
	struct log *log;   /* borrowed */
	struct endpoint listen[ECHO_SERVER_LISTENERS];
	size_t listen_count;
	struct addr answer_from4; /* unset: by route */
	struct addr answer_from6;
	unsigned int rate;   /* 0 = ECHO_SERVER_RATE */
	bool require_cookie; /* a bare request gets nothing */
};

struct echo_server_stats {
	uint64_t received;  /* datagrams */
	uint64_t echoes;    /* sent */
	uint64_t cookies;   /* sent */
	uint64_t malformed; /* no request */
	uint64_t unfit;     /* a source that is never answered */
	uint64_t bare;      /* left, because a cookie is required */
	uint64_t limited;   /* left, because of the rate */
	uint64_t unsent;    /* the kernel refused to send */
};

/* Opens the sockets. OPTIONS are copied. Returns 0 and an owned server, or
 * -E... with the address that failed in the log. */
int echo_server_new(const struct echo_server_options *options,
		    struct echo_server **ret_server);
void echo_server_free(struct echo_server *server);

const struct echo_server_stats *echo_server_stats(
    const struct echo_server *server);

/* What the server listens on; INDEX under the count of the options. */
struct endpoint echo_server_endpoint(const struct echo_server *server,
				     size_t index);

/*
 * May a datagram from SOURCE be answered, that came to the local address TO on
 * a socket bound to BOUND? Not: multicast, broadcast, unspecified, port 0, this
 * host itself; loopback only where the socket is bound to loopback.
 */
bool echo_server_may_answer(const struct addr *bound, const struct addr *to,
			    const struct endpoint *source);

#endif
