/*
 * nat_behaviour: from what STUN servers saw to what the NAT does.
 *
 * Pure: observations come in, verdicts with a confidence come out, in the words
 * of RFC 4787 and RFC 5780. Also says who can connect to a host behind such a
 * NAT. Gathers nothing itself: that is daemon/nat_check.h.
 */
#ifndef LIB_NAT_BEHAVIOUR_H
#define LIB_NAT_BEHAVIOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "stun_vote.h"

#define NAT_SAMPLES_MOST 40
#define NAT_RUNS         2

/* A fact that may not be known. */
enum nat_fact { NAT_UNKNOWN, NAT_NO, NAT_YES };

/* How the outer endpoint depends on whom one talks to (RFC 4787 section 4.1,
 * RFC 5780 section 4.3). */
enum nat_mapping {
	NAT_MAPPING_UNKNOWN,
	NAT_MAPPING_NONE, /* there is no NAT */
	NAT_MAPPING_INDEPENDENT,
	NAT_MAPPING_ADDRESS,
	NAT_MAPPING_ADDRESS_PORT,
};

/* Who may answer to a mapping (RFC 4787 section 5, RFC 5780 section 4.4). */
enum nat_filtering {
	NAT_FILTERING_UNKNOWN,
	NAT_FILTERING_INDEPENDENT,
	NAT_FILTERING_ADDRESS,
	NAT_FILTERING_ADDRESS_PORT,
};

/* How the NAT picks the port of a new mapping. */
enum nat_allocation {
	NAT_ALLOCATION_UNKNOWN,
	NAT_ALLOCATION_PRESERVING, /* the host's own port, RFC 4787 4.2.1 */
	NAT_ALLOCATION_SEQUENTIAL, /* the last one plus a step */
	NAT_ALLOCATION_RANDOM,
};

enum nat_confidence {
	NAT_CONFIDENCE_NONE,
	NAT_CONFIDENCE_LOW,
	NAT_CONFIDENCE_MEDIUM,
	NAT_CONFIDENCE_HIGH,
};

/* One answer: which socket of the check asked what, and what was seen. */
struct nat_sample {
	unsigned int socket; /* 0 is the one whose mapping is compared */
	unsigned int voter;  /* server of the list, even where its other
				   address was asked */
	unsigned int order;  /* in which the questions were sent */
	uint16_t local_port;
	struct endpoint asked;
	struct endpoint mapped;
};

/* One run of the filtering tests of RFC 5780 section 4.4 on a fresh socket. */
struct nat_filter_run {
	bool is_valid;    /* test I was answered, II and III were asked */
	bool heard_other; /* test II: from another address and port */
	bool heard_port;  /* test III: from another port */
};

struct nat_observations {
	struct addr local; /* of the host, towards the servers; may be unset */
	struct nat_sample samples[NAT_SAMPLES_MOST];
	size_t sample_count;
	struct nat_filter_run runs[NAT_RUNS];
	/* Did the server's other address get through where it had to? No means
	 * that the server does not do what the filtering tests ask it for. */
	enum nat_fact control;
	enum nat_fact hairpin; /* was our own datagram heard? */
};

struct nat_behaviour {
	enum nat_mapping mapping;
	enum nat_confidence mapping_confidence;
	enum nat_filtering filtering;
	enum nat_confidence filtering_confidence;
	enum nat_fact hairpin;
	enum nat_fact port_preserving;
	enum nat_fact pooled; /* several outer addresses at once */
	enum nat_allocation allocation;
	int step;             /* with SEQUENTIAL */
	uint16_t last_port;   /* of the newest mapping; 0: unknown */
	uint16_t block_first; /* every port seen lies in this aligned block; */
	uint16_t block_last;  /* 0: no block is known */
	struct endpoint external; /* of socket 0; port 0 where it varies */
	unsigned int operators;   /* servers whose answers were believed */
	unsigned int liars;       /* servers that the others contradict */
	unsigned int samples;
};

/* Judges what was seen. */
struct nat_behaviour nat_behaviour_judge(const struct nat_observations *seen);

/* The RFC's words: "endpoint-independent", "address-dependent",
 * "address-and-port-dependent", "none"; NULL when unknown. */
const char *nat_mapping_name(enum nat_mapping mapping);
const char *nat_filtering_name(enum nat_filtering filtering);
/* "preserving", "sequential", "random"; NULL when unknown. */
const char *nat_allocation_name(enum nat_allocation allocation);
/* "none", "low", "medium", "high". */
const char *nat_confidence_name(enum nat_confidence confidence);
/* RFC 3489 section 5: "none", "full-cone", "restricted-cone",
 * "port-restricted-cone", "symmetric"; NULL when unknown. */
const char *nat_legacy_name(const struct nat_behaviour *nat);

#endif
