/*
 * stun_client: one UDP socket, many STUN transactions, other traffic too.
 *
 * A struct stun_socket sends Binding requests, sends them again (RFC 8489
 * section 6.2.1), takes an answer only with the right transaction id from the
 * right address and port, and hands every datagram that is no STUN response to
 * its owner: hole punching needs STUN and its own packets on one socket. ICMP
 * errors are read from the error queue and never disturb the socket. It judges
 * no NAT (nat_check.h) and believes no single server (stun_map.h).
 *
 * Every callback comes from the loop, never from within a call into this
 * module. A callback may free the socket it was called for.
 */
#ifndef DAEMON_STUN_CLIENT_H
#define DAEMON_STUN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "loop.h"
#include "stun.h"
#include "stun_retry.h"
#include "udp.h"

/* Longer datagrams are cut. */
#define STUN_DATAGRAM_BYTES 2048

struct stun_socket;

/* A datagram that is no STUN response: BYTES is borrowed for the call. */
typedef void (*stun_datagram_fn)(void *arg, const struct endpoint *from,
				 const uint8_t *bytes, size_t len);

/* ICMP is borrowed for the call. */
typedef void (*stun_icmp_fn)(void *arg, const struct udp_icmp *icmp);

/* What the owner wants to hear besides answers; members may be NULL. */
struct stun_listener {
	stun_datagram_fn datagram;
	stun_icmp_fn icmp;
	void *arg;
};

struct stun_query {
	struct endpoint server;
	/* Where the answer has to come from; address unset: the server. */
	struct endpoint answer_from;
	bool change_ip; /* CHANGE-REQUEST, RFC 5780 section 7.2 */
	bool change_port;
	uint16_t response_port; /* RESPONSE-PORT; 0: none */
	unsigned int budget_ms; /* the whole transaction */
	unsigned int rto_ms;    /* first wait; 0: as this socket learnt */
	bool is_flat;           /* the wait does not double */
	const uint8_t *id;      /* of the transaction; NULL: a random one */
	/* Nothing is sent: another socket asks with the same id for the answer
	 * to come here (RESPONSE-PORT, RFC 5780 section 7.5). */
	bool is_awaited;
};

enum stun_outcome {
	STUN_ANSWERED,    /* a success response: ->message */
	STUN_REFUSED,     /* an error response: ->message.error_code */
	STUN_TIMEOUT,     /* silence for the whole budget */
	STUN_UNREACHABLE, /* could not be sent, or ICMP says no: ->error */
};

struct stun_answer {
	enum stun_outcome outcome;
	struct endpoint server;      /* as asked */
	struct stun_message message; /* with ANSWERED and REFUSED */
	unsigned int took_ms;
	unsigned int sent; /* requests of this transaction */
	int error;         /* errno with UNREACHABLE, else 0 */
};

/* ANSWER is borrowed for the call; the transaction is gone. */
typedef void (*stun_done_fn)(void *arg, const struct stun_answer *answer);

/* What came in so far. */
struct stun_counts {
	unsigned int answers;   /* taken */
	unsigned int rejected;  /* STUN responses without a transaction, from
				   elsewhere, or malformed */
	unsigned int datagrams; /* given to the listener */
	unsigned int icmp;
};

/*
 * Opens a UDP socket bound to LOCAL, whose address family counts even where the
 * address is unspecified; port 0 = any. LISTENER may be NULL, else it is
 * copied. Returns 0 and an owned socket, or -errno.
 */
int stun_socket_open(struct loop *loop, const struct endpoint *local,
		     const struct stun_listener *listener,
		     struct stun_socket **ret_socket);

/* Takes a bound, unconnected, non-blocking UDP descriptor FD instead. */
struct stun_socket *stun_socket_adopt(struct loop *loop, int fd,
				      const struct stun_listener *listener);

/* Ends all transactions without calls, closes the descriptor and frees; NULL
 * is allowed. */
void stun_socket_free(struct stun_socket *socket);

/* Like stun_socket_free(), but the descriptor stays open and is the caller's.
 */
int stun_socket_detach(struct stun_socket *socket);

/* Replaces the listener; NULL: nobody listens. */
void stun_socket_listen(struct stun_socket *socket,
			const struct stun_listener *listener);

/* What the socket is bound to (the address is unspecified for a wildcard). */
struct endpoint stun_socket_local(const struct stun_socket *socket);

/* Borrowed, for socket options. */
int stun_socket_fd(const struct stun_socket *socket);

/*
 * Starts a transaction: the first request leaves now. Returns an id over 0;
 * DONE is called once, never before this returns.
 */
uint64_t stun_socket_ask(struct stun_socket *socket,
			 const struct stun_query *query, stun_done_fn done,
			 void *arg);

/* Ends a transaction without a call; an id that has ended is allowed. */
void stun_socket_cancel(struct stun_socket *socket, uint64_t id);

/*
 * Sends one datagram of the owner's, with this TTL (hop limit); 0 = the
 * kernel's. Returns 0 or -errno (-EAGAIN: the buffer is full). Pending ICMP
 * errors are not its errors.
 */
int stun_socket_send(struct stun_socket *socket, const struct endpoint *to,
		     const void *bytes, size_t len, unsigned int ttl);

/* What is known of the round trip to the servers asked so far. */
struct stun_rtt stun_socket_rtt(const struct stun_socket *socket);

/* Starts from what another socket has learnt. */
void stun_socket_set_rtt(struct stun_socket *socket,
			 const struct stun_rtt *rtt);

struct stun_counts stun_socket_counts(const struct stun_socket *socket);

/* "answered", "refused", "timeout", "unreachable". */
const char *stun_outcome_name(enum stun_outcome outcome);

#endif
