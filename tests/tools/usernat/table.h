/*
 * table: the mappings of a NAT and who may use them (RFC 4787).
 *
 * Any mapping behaviour with any filtering behaviour and any way to pick ports.
 * Linear search: a few thousand entries are enough for a lab.
 */
#ifndef USERNAT_TABLE_H
#define USERNAT_TABLE_H

#include "packet.h"

#define TABLE_OUTER_MOST    4
#define TABLE_SESSIONS_MOST 16384

enum dependence { INDEPENDENT, BY_ADDRESS, BY_ADDRESS_PORT };

enum allocation {
	ALLOC_KEEP,       /* the host's port; a random one when it is taken */
	ALLOC_SEQUENTIAL, /* the last one plus the step */
	ALLOC_RANDOM,
	ALLOC_PARITY, /* random, even stays even (RFC 4787 section 4.2.2) */
};

struct table_options {
	enum dependence mapping;
	enum dependence filtering;
	enum allocation allocation;
	uint32_t outer[TABLE_OUTER_MOST]; /* addresses */
	unsigned int outer_count;
	uint16_t first_port;
	uint16_t last_port;
	int step;
	unsigned int timeout_ms;
	bool is_refreshed_inbound;
	unsigned int limit;      /* sessions; 0: TABLE_SESSIONS_MOST */
	bool is_flushed_if_full; /* else the new session is refused */
};

struct table_counts {
	unsigned int sessions;
	unsigned int filtered;
	unsigned int refused;
	unsigned int flushes;
};

struct table;

/* Returns an owned, empty table. OPTIONS are copied. */
struct table *table_new(const struct table_options *options);
void table_free(struct table *table);

/* A datagram goes from INSIDE to PEER: finds or makes its mapping. Returns
 * false when there is no room. */
bool table_out(struct table *table, uint64_t now_ms,
	       const struct flow_end *inside, const struct flow_end *peer,
	       struct flow_end *ret_outer);

/* A datagram came from PEER for OUTER. Returns false when there is no mapping
 * or the filter says no. */
bool table_in(struct table *table, uint64_t now_ms,
	      const struct flow_end *outer, const struct flow_end *peer,
	      struct flow_end *ret_inside);

/* Who sent what left from OUTER to PEER? For ICMP errors: no filter. */
bool table_sender(struct table *table, const struct flow_end *outer,
		  const struct flow_end *peer, struct flow_end *ret_inside);

/* Is ADDR one of the NAT's outer addresses? */
bool table_is_outer(const struct table *table, uint32_t addr);

struct table_counts table_counts(const struct table *table);

#endif
