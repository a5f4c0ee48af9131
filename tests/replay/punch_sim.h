/*
 * punch_sim: two peers that punch, two NATs and a lossy way, in fake time.
 *
 * A peer is our core or a model of the pinger of Mysterium nodes: a ping each
 * 6 ms on every socket, the source adopted, OK once and, by the provider, each
 * 100 ms until the one OK_ACK.
 */
#ifndef TESTS_PUNCH_SIM_H
#define TESTS_PUNCH_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "punch_core.h"

#define SIM_PORTS 20

enum sim_nat {
	SIM_NAT_NONE,
	SIM_NAT_FULL,      /* keeps the port, lets everybody in */
	SIM_NAT_CONE,      /* keeps the port, address-and-port filtering */
	SIM_NAT_SYMMETRIC, /* a random port each, the same filtering */
};

/* Of one side, [0] the provider, [1] the consumer. */
struct sim_side {
	enum sim_nat nat;
	bool is_go;
	unsigned int start_ms;
	unsigned int primer_ttl;
};

struct sim_setup {
	struct sim_side sides[2];
	unsigned int delay_ms; /* one way */
	unsigned int loss_percent;
	unsigned int seed;
	/* A third party says OK to every port of the consumer from then on. */
	unsigned int injected_ms;
	bool is_acks_lost;     /* each first OK_ACK of a socket */
	bool is_deaf[2];       /* nothing gets in */
	unsigned int limit_ms; /* of the simulation; 0: 11 s */
};

struct sim_result {
	bool is_connected[2];
	unsigned int done_ms[2]; /* since the provider's start */
	unsigned int sent[2];    /* until both were done, or all of it */
	unsigned int sent_most_in_second[2];
	/* Indices that each side counts as connected. */
	bool indices[2][SIM_PORTS];
	bool is_same; /* both hold the same ones, with each other's address */
	bool has_intruder;
	struct punch_path paths[2][SIM_PORTS]; /* of ours */
};

void sim_run(const struct sim_setup *setup, struct sim_result *ret_result);

#endif
