/*
 * punch_peer: what the two punching tools of the lab share: their command line
 * and the lines they print.
 *
 * Attempt k starts at START + k * EVERY of the wall clock, on both sides, so
 * that their figures count from the same moment: the provider's start. The
 * consumer comes CONSUMER_MS later. Attempt k uses the ports LOCAL + k * PORTS
 * and REMOTE + k * PORTS.
 */
#ifndef TESTS_PUNCH_PEER_H
#define TESTS_PUNCH_PEER_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "punch_plan.h"

#define PEER_USAGE  64
#define PEER_WANTED 2
/* What a Mysterium consumer waits for before it starts. */
#define CONSUMER_MS 50

struct peer_options {
	bool is_provider;
	struct addr peer;
	uint64_t start_ms; /* of the wall clock; 0: now */
	unsigned int trials, every_ms, ports, limit_ms, ttl;
	unsigned int data_ms; /* connections are tried so long after a start */
	unsigned int tries;   /* of that, 25 ms apart */
	uint16_t local, remote;
};

static inline uint64_t peer_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static inline bool peer_set(struct peer_options *o, int key, const char *text)
{
	unsigned long long value = strtoull(text, NULL, 10);

	switch (key) {
	case 's':
		o->start_ms = value;
		return true;
	case 'n':
		o->trials = (unsigned int)value;
		return value > 0;
	case 'e':
		o->every_ms = (unsigned int)value;
		return true;
	case 'p':
		o->ports = (unsigned int)value;
		return value >= PEER_WANTED && value <= PUNCH_PORTS_MOST;
	case 't':
		o->ttl = (unsigned int)value;
		return true;
	case 'l':
		o->local = (uint16_t)value;
		return true;
	case 'r':
		o->remote = (uint16_t)value;
		return true;
	case 'm':
		o->limit_ms = (unsigned int)value;
		return true;
	case 'y':
		o->tries = (unsigned int)value;
		return true;
	case 'd':
		o->data_ms = (unsigned int)value;
		return true;
	default:
		return false;
	}
}

/* usage: NAME provider|consumer PEER [OPTION...] */
static inline void peer_parse(int argc, char **argv, const char *usage,
			      struct peer_options *o)
{
	static const struct option longs[] = {
	    {"start", required_argument, NULL, 's'},
	    {"trials", required_argument, NULL, 'n'},
	    {"every", required_argument, NULL, 'e'},
	    {"ports", required_argument, NULL, 'p'},
	    {"ttl", required_argument, NULL, 't'},
	    {"local", required_argument, NULL, 'l'},
	    {"remote", required_argument, NULL, 'r'},
	    {"limit", required_argument, NULL, 'm'},
	    {"data", required_argument, NULL, 'd'},
	    {"tries", required_argument, NULL, 'y'},
	    {NULL, 0, NULL, 0},
	};
	int key;
	bool is_good = true;

	*o = (struct peer_options){.trials = 1,
				   .every_ms = 500,
				   .ports = 20,
				   .limit_ms = 10000,
				   .data_ms = 1500,
				   .tries = 8};
	while ((key = getopt_long(argc, argv, "", longs, NULL)) != -1)
		is_good = is_good && peer_set(o, key, optarg);
	is_good = is_good && argc - optind == 2 &&
		  addr_parse(argv[optind + 1], &o->peer) == 0;
	if (is_good)
		o->is_provider = strcmp(argv[optind], "provider") == 0;
	if (!is_good ||
	    (!o->is_provider && strcmp(argv[optind], "consumer") != 0)) {
		fputs(usage, stderr);
		exit(PEER_USAGE);
	}
	if (!o->local)
		o->local = o->is_provider ? 20000 : 40000;
	if (!o->remote)
		o->remote = o->is_provider ? 40000 : 20000;
	if (!o->start_ms)
		o->start_ms = peer_wall_ms();
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* When attempt K starts on the provider's side. */
static inline uint64_t peer_start_ms(const struct peer_options *o,
				     unsigned int k)
{
	return o->start_ms + (uint64_t)k * o->every_ms;
}

#endif
