/*
 * prover: does a datagram from outside reach this port?
 *
 * One prover a port. It runs the asymmetric echo checks (echo_check.h) of that
 * port one after the other, because they share its socket: the methods, the
 * periodic proof and `traversalctl check` may all ask at once.
 */
#ifndef DAEMON_PROVER_H
#define DAEMON_PROVER_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "log.h"
#include "loop.h"
#include "resolve.h"
#include "transport.h"

struct prover;
struct echo_rtt;

enum prove_outcome {
	PROVE_RECEIVED,    /* it came in from outside */
	PROVE_SILENT,      /* asked, nothing came in */
	PROVE_PORT_IN_USE, /* the service holds the port: cannot listen there */
	PROVE_NO_SERVER,   /* nobody outside could be asked */
	PROVE_IMPOSSIBLE,  /* TCP: the echo is UDP */
};

struct prove_result {
	enum prove_outcome outcome;
	bool is_server_alive; /* a server has shown that it answers */
	uint64_t at_ms;       /* on the loop's clock */
	char vantage[80];     /* who sent it, with PROVE_RECEIVED */
	char detail[128];     /* in words */
};

typedef void (*prove_fn)(void *arg, const struct prove_result *result);

struct prover_options {
	struct loop *loop;                  /* borrowed */
	struct log *log;                    /* borrowed */
	struct resolver *resolver;          /* borrowed */
	const struct config *const *config; /* borrowed: the one in force */
	struct echo_rtt *rtt;               /* borrowed: learnt round trips */
	enum transport transport;
	uint16_t port;
	int fd; /* borrowed, bound to PORT; -1: bind for each check */
};

/* Returns an owned prover. */
struct prover *prover_new(const struct prover_options *options);
/* Frees it; questions under way end without a call. NULL is allowed. */
void prover_free(struct prover *prover);

/* The socket that it was given is about to be closed: questions under way are
 * asked anew on a socket of its own. */
void prover_forget_fd(struct prover *prover);

/* Is a check reading from the port now? */
bool prover_is_busy(const struct prover *prover);

/* What it was made from. */
const struct prover_options *prover_options(const struct prover *prover);

/* Asks whether OUTER_PORT of our outer address leads here. Returns an id over
 * 0; FN is called once, from the loop. */
uint64_t prover_ask(struct prover *prover, uint16_t outer_port, prove_fn fn,
		    void *arg);
/* Ends a question without a call; an unknown id is ignored. */
void prover_cancel(struct prover *prover, uint64_t id);

#endif
