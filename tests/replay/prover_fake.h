/*
 * prover_fake: the world outside, as the scenario wants it.
 *
 * Implements daemon/prover.h without a socket: every question is answered with
 * the scenario's result after its delay. Linked instead of prover.c; what a
 * real echo does is tested in tests/lab.
 */
#ifndef TESTS_PROVER_FAKE_H
#define TESTS_PROVER_FAKE_H

#include "prover.h"

/* What every prover of the scenario answers, and what was seen. */
struct prover_fake {
	enum prove_outcome outcome;      /* of a port of a service */
	enum prove_outcome held_outcome; /* where a descriptor was lent */
	bool is_server_alive;
	uint64_t delay_ms;
	unsigned int asked;
	unsigned int living; /* provers that exist */
	uint16_t last_outer_port;
};

/* The script of all provers from now on, borrowed. */
void prover_fake_use(struct prover_fake *script);

#endif
