/*
 * echo_check: does a datagram from outside reach this UDP port?
 *
 * One check asks the port-check servers to send sixteen random bytes to the
 * outer address that they see and to a port (lib/echo.h), and listens on the
 * inner port. The requests leave from other ports, so that only a forward on
 * the router, or no router, lets an echo in. The wait follows the round trip:
 * three of them, at least 300 ms, at most 2 s. Several checks of different
 * ports may run at once. TCP cannot be proven this way.
 */
#ifndef DAEMON_ECHO_CHECK_H
#define DAEMON_ECHO_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "config.h"
#include "echo_rtt.h"
#include "log.h"
#include "loop.h"
#include "resolve.h"

/* From the start, name resolution included. */
#define ECHO_CHECK_MOST_MS 5000
/* Servers of the list that are asked, the first ones. */
#define ECHO_CHECK_SERVERS 8

#define ECHO_SERVER_TEXT_BYTES 264
#define ECHO_DETAIL_BYTES      192

enum echo_outcome {
	ECHO_RECEIVED,      /* the echo came in: the port is reachable */
	ECHO_SILENT,        /* asked, and nothing came in */
	ECHO_PORT_IN_USE,   /* somebody holds the inner port */
	ECHO_CANNOT_LISTEN, /* the inner port cannot be bound: privileged, or
			       the address is gone */
	ECHO_NO_SERVER,     /* the list is empty */
	ECHO_UNRESOLVED,    /* no name gave an address that can be used */
	ECHO_UNSENDABLE,    /* no request left, or each was blocked */
	ECHO_SERVER_DOWN,   /* every host asked says that no server is there */
};

struct echo_result {
	enum echo_outcome outcome;
	char server[ECHO_SERVER_TEXT_BYTES]; /* "host:port" as configured, with
						ECHO_RECEIVED, else "" */
	struct endpoint vantage;             /* of that server, as asked */
	struct endpoint source;              /* where the echo came from */
	uint32_t took_ms;                    /* the whole check */
	uint32_t rtt_ms;      /* request to echo, with ECHO_RECEIVED */
	bool is_server_alive; /* a server has shown that it answers */
	unsigned int servers_asked;
	unsigned int mismatches; /* other datagrams that came in meanwhile */
	char detail[ECHO_DETAIL_BYTES]; /* one line in words */
};

struct echo_check;

/* RESULT is borrowed for the call. The check is gone when this is called. */
typedef void (*echo_check_fn)(void *arg, const struct echo_result *result);

struct echo_check_options {
	struct loop *loop;               /* borrowed */
	struct log *log;                 /* borrowed */
	struct resolver *resolver;       /* borrowed */
	const struct host_list *servers; /* copied */
	uint16_t port;            /* inner; bound for the check unless... */
	bool has_fd;              /* ...a bound descriptor is lent: what */
	int fd;                   /* comes in on it meanwhile is consumed */
	uint16_t external_port;   /* in the request; 0 = the same as PORT */
	struct addr bind_address; /* unset: any */
	/*
	 * AF_INET or AF_INET6: only over that family, as a mapping of that
	 * family needs. AF_UNSPEC: over IPv6 only servers that cannot be
	 * asked over IPv4; an echo over IPv6 says nothing of a mapping.
	 */
	sa_family_t family;
	uint32_t rtt_ms;      /* an estimate of the round trip; 0 = unknown */
	struct echo_rtt *rtt; /* borrowed: used instead of RTT_MS and updated;
				 NULL: nothing is kept */
};

/* Starts a check. DONE is called once, from the loop, never before this
 * returns. Returns a check that can be cancelled. */
struct echo_check *echo_check_start(const struct echo_check_options *options,
				    echo_check_fn done, void *arg);
/* Ends a check without a call; NULL is allowed. */
void echo_check_cancel(struct echo_check *check);

/* "received", "silent", "port-in-use", ... */
const char *echo_outcome_name(enum echo_outcome outcome);

#endif
