#include "stun_vote.h"

/* Ballots that are looked at, each with a mapped endpoint that can be true. */
struct urn {
	const struct stun_ballot *ballots[STUN_VOTE_MOST];
	size_t count;
};

bool stun_vote_is_credible(const struct endpoint *e)
{
	return e->port != 0 && addr_classify(&e->addr) == ADDR_PUBLIC;
}

/* Does ballot I say what CANDIDATE says? A port of 0 asks for the address. */
static bool is_for(const struct urn *urn, size_t i,
		   const struct endpoint *candidate)
{
	const struct endpoint *mapped = &urn->ballots[i]->mapped;

	return addr_equal(&mapped->addr, &candidate->addr) &&
	       (candidate->port == 0 || mapped->port == candidate->port);
}

/* Server addresses that name CANDIDATE, or all of them when it is NULL. */
static unsigned int voters(const struct urn *urn,
			   const struct endpoint *candidate)
{
	const struct addr *seen[STUN_VOTE_MOST];
	unsigned int n = 0, k;

	for (size_t i = 0; i < urn->count; i++) {
		const struct addr *server = &urn->ballots[i]->server.addr;

		if (candidate && !is_for(urn, i, candidate))
			continue;
		for (k = 0; k < n && !addr_equal(seen[k], server); k++)
			;
		if (k == n)
			seen[n++] = server;
	}
	return n;
}

/* Returns the most votes that any address (or, WITH_PORT, endpoint of the
 * address *BEST) has, and it in *BEST. */
static unsigned int leader(const struct urn *urn, bool with_port,
			   struct endpoint *best)
{
	const struct endpoint address = {.addr = best->addr};
	struct endpoint candidate;
	unsigned int most = 0, n;

	for (size_t i = 0; i < urn->count; i++) {
		candidate = urn->ballots[i]->mapped;
		if (!with_port)
			candidate.port = 0;
		else if (!is_for(urn, i, &address))
			continue;
		n = voters(urn, &candidate);
		if (n > most) {
			most = n;
			*best = candidate;
		}
	}
	return most;
}

static void decide(struct stun_vote *vote, const struct urn *urn)
{
	struct endpoint best = {0};
	unsigned int of_address, of_endpoint;

	of_address = leader(urn, false, &best);
	if (of_address < 2 || 2 * of_address <= vote->servers) {
		vote->verdict = STUN_VERDICT_SPLIT;
		return;
	}
	vote->external = best;
	vote->agreeing = of_address;
	vote->verdict = STUN_VERDICT_ADDRESS;
	of_endpoint = leader(urn, true, &best);
	if (of_endpoint < 2 || 2 * of_endpoint <= vote->servers)
		return;
	vote->external = best;
	vote->agreeing = of_endpoint;
	vote->verdict = STUN_VERDICT_ENDPOINT;
}

struct stun_vote stun_vote_count(const struct stun_ballot *ballots,
				 size_t count)
{
	struct stun_vote vote = {.verdict = STUN_VERDICT_SILENT};
	struct urn urn = {.count = 0};

	for (size_t i = 0; i < count && urn.count < STUN_VOTE_MOST; i++) {
		if (stun_vote_is_credible(&ballots[i].mapped))
			urn.ballots[urn.count++] = &ballots[i];
		else
			vote.rejected++;
	}
	if (urn.count == 0)
		return vote;
	vote.servers = voters(&urn, NULL);
	if (vote.servers == 1) {
		vote.verdict = STUN_VERDICT_SINGLE;
		vote.external = urn.ballots[0]->mapped;
		vote.agreeing = 1;
	} else {
		decide(&vote, &urn);
	}
	return vote;
}

const char *stun_verdict_name(enum stun_verdict verdict)
{
	static const char *const names[] = {
	    [STUN_VERDICT_SILENT] = "silent",
	    [STUN_VERDICT_SINGLE] = "single",
	    [STUN_VERDICT_SPLIT] = "split",
	    [STUN_VERDICT_ADDRESS] = "address",
	    [STUN_VERDICT_ENDPOINT] = "endpoint",
	};

	return names[verdict];
}
