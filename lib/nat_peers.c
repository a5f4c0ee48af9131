#include "nat_peers.h"

static bool is_dependent(const struct nat_party *p)
{
	return p->mapping == NAT_MAPPING_ADDRESS ||
	       p->mapping == NAT_MAPPING_ADDRESS_PORT;
}

/* Does everybody's first datagram get through to P? */
static bool lets_all_in(const struct nat_party *p)
{
	return p->is_open ||
	       (!is_dependent(p) && p->filtering == NAT_FILTERING_INDEPENDENT);
}

/* Does P hear a peer whose address it knows and whose port it does not? */
static bool filters_by_port(const struct nat_party *p)
{
	return p->filtering == NAT_FILTERING_ADDRESS_PORT;
}

/* Can the port of P's next mapping be told beforehand? */
static bool is_predictable(const struct nat_party *p)
{
	return p->allocation == NAT_ALLOCATION_SEQUENTIAL ||
	       p->allocation == NAT_ALLOCATION_PRESERVING;
}

static bool is_known(const struct nat_party *p)
{
	return p->is_open ||
	       (p->mapping != NAT_MAPPING_UNKNOWN &&
		(p->filtering != NAT_FILTERING_UNKNOWN || is_dependent(p)));
}

/* HARD has a dependent mapping, EASY has not: HARD's port is unknown. EASY
 * hears it anyway unless it filters by port; then it is a search. */
static enum nat_reach reach_hard(const struct nat_party *easy)
{
	return filters_by_port(easy) ? NAT_REACH_PREDICT : NAT_REACH_YES;
}

enum nat_reach nat_peers_reach(const struct nat_party *a,
			       const struct nat_party *b)
{
	if (lets_all_in(a) || lets_all_in(b))
		return NAT_REACH_YES;
	if (!is_known(a) || !is_known(b))
		return NAT_REACH_UNKNOWN;
	if (!is_dependent(a) && !is_dependent(b))
		return NAT_REACH_YES;
	if (!is_dependent(a))
		return reach_hard(a);
	if (!is_dependent(b))
		return reach_hard(b);
	return is_predictable(a) && is_predictable(b) ? NAT_REACH_PREDICT
						      : NAT_REACH_NO;
}

struct nat_party nat_peers_self(const struct nat_behaviour *nat, bool is_open)
{
	return (struct nat_party){
	    .mapping = nat->mapping,
	    .filtering = nat->filtering,
	    .allocation = nat->allocation,
	    .is_open = is_open,
	};
}

struct nat_party nat_peers_typical(enum nat_peer_kind kind)
{
	static const struct nat_party parties[NAT_PEER_COUNT] = {
	    [NAT_PEER_OPEN] = {.mapping = NAT_MAPPING_NONE,
			       .filtering = NAT_FILTERING_INDEPENDENT,
			       .is_open = true},
	    [NAT_PEER_FULL_CONE] = {.mapping = NAT_MAPPING_INDEPENDENT,
				    .filtering = NAT_FILTERING_INDEPENDENT},
	    [NAT_PEER_RESTRICTED_CONE] = {.mapping = NAT_MAPPING_INDEPENDENT,
					  .filtering = NAT_FILTERING_ADDRESS},
	    [NAT_PEER_PORT_RESTRICTED_CONE] = {.mapping =
						   NAT_MAPPING_INDEPENDENT,
					       .filtering =
						   NAT_FILTERING_ADDRESS_PORT},
	    [NAT_PEER_SYMMETRIC] = {.mapping = NAT_MAPPING_ADDRESS_PORT,
				    .filtering = NAT_FILTERING_ADDRESS_PORT,
				    .allocation = NAT_ALLOCATION_RANDOM},
	};

	return parties[kind];
}

static enum nat_reach reach_kind(const struct nat_party *self,
				 enum nat_peer_kind kind)
{
	const struct nat_party peer = nat_peers_typical(kind);

	return nat_peers_reach(self, &peer);
}

enum nat_audience nat_peers_audience(const struct nat_party *self)
{
	if (reach_kind(self, NAT_PEER_SYMMETRIC) == NAT_REACH_YES)
		return NAT_AUDIENCE_ALL;
	if (!is_known(self))
		return NAT_AUDIENCE_UNKNOWN;
	if (reach_kind(self, NAT_PEER_PORT_RESTRICTED_CONE) == NAT_REACH_YES)
		return NAT_AUDIENCE_MOST;
	return NAT_AUDIENCE_LIMITED;
}

const char *nat_peer_kind_name(enum nat_peer_kind kind)
{
	static const char *const names[NAT_PEER_COUNT] = {
	    [NAT_PEER_OPEN] = "open",
	    [NAT_PEER_FULL_CONE] = "full-cone",
	    [NAT_PEER_RESTRICTED_CONE] = "restricted-cone",
	    [NAT_PEER_PORT_RESTRICTED_CONE] = "port-restricted-cone",
	    [NAT_PEER_SYMMETRIC] = "symmetric",
	};

	return names[kind];
}

const char *nat_reach_name(enum nat_reach reach)
{
	static const char *const names[] = {
	    [NAT_REACH_UNKNOWN] = "unknown",
	    [NAT_REACH_NO] = "no",
	    [NAT_REACH_PREDICT] = "predict",
	    [NAT_REACH_YES] = "yes",
	};

	return names[reach];
}

const char *nat_audience_name(enum nat_audience audience)
{
	static const char *const names[] = {
	    [NAT_AUDIENCE_UNKNOWN] = "unknown",
	    [NAT_AUDIENCE_LIMITED] = "limited",
	    [NAT_AUDIENCE_MOST] = "most",
	    [NAT_AUDIENCE_ALL] = "all",
	};

	return names[audience];
}
