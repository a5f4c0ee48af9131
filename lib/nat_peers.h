/*
 * nat_peers: who can connect to a host behind this NAT?
 *
 * The matrix of two NATs' behaviours: whether two hosts get through to each
 * other by hole punching, and what it takes. Pure.
 */
#ifndef LIB_NAT_PEERS_H
#define LIB_NAT_PEERS_H

#include "nat_behaviour.h"

/* What a connection between two hosts takes. */
enum nat_reach {
	NAT_REACH_UNKNOWN,
	NAT_REACH_NO,      /* no way at a polite cost */
	NAT_REACH_PREDICT, /* ports have to be predicted or searched for: only
			      with a peer that can */
	NAT_REACH_YES,     /* plain hole punching, or none needed */
};

/* One end of a connection. */
struct nat_party {
	enum nat_mapping mapping;
	enum nat_filtering filtering;
	enum nat_allocation allocation;
	bool is_open; /* a port mapping, a forward or a pinhole stands */
};

/* The kinds of peer that people know by name. */
enum nat_peer_kind {
	NAT_PEER_OPEN, /* no NAT and no filter, or a mapping */
	NAT_PEER_FULL_CONE,
	NAT_PEER_RESTRICTED_CONE,
	NAT_PEER_PORT_RESTRICTED_CONE,
	NAT_PEER_SYMMETRIC, /* random ports, address and port filtered */
	NAT_PEER_COUNT,
};

/* How many of the peers can connect by plain means. */
enum nat_audience {
	NAT_AUDIENCE_UNKNOWN,
	NAT_AUDIENCE_LIMITED, /* not even port-restricted peers */
	NAT_AUDIENCE_MOST,    /* all but symmetric peers */
	NAT_AUDIENCE_ALL,
};

/* Can A and B connect to each other? The order does not matter. */
enum nat_reach nat_peers_reach(const struct nat_party *a,
			       const struct nat_party *b);

/* The end of a host behind NAT; IS_OPEN when a port mapping stands. */
struct nat_party nat_peers_self(const struct nat_behaviour *nat, bool is_open);

/* A typical peer of that kind. */
struct nat_party nat_peers_typical(enum nat_peer_kind kind);

/* How many of the typical peers reach SELF plainly. */
enum nat_audience nat_peers_audience(const struct nat_party *self);

/* "open", "full-cone", "restricted-cone", "port-restricted-cone",
 * "symmetric". */
const char *nat_peer_kind_name(enum nat_peer_kind kind);
/* "unknown", "no", "predict", "yes". */
const char *nat_reach_name(enum nat_reach reach);
/* "unknown", "limited", "most", "all". */
const char *nat_audience_name(enum nat_audience audience);

#endif
