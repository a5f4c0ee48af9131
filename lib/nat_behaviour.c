#include "nat_behaviour.h"

#include <stdlib.h>

#define OPERATORS_MOST STUN_VOTE_MOST
/* A base that moves under other hosts' traffic: a run of N ports may be spread
 * over so many steps a port. */
#define SEQUENCE_SPREAD 16
#define SEQUENCE_LEAST  3 /* ports that make a sequence */
#define STEP_MOST       16
#define RANDOM_LEAST    3 /* ports that show that there is no order */
#define BLOCK_LEAST     4 /* ports that make a block */
#define BLOCK_MOST      8192

/* What is at hand while judging. */
struct judge {
	const struct nat_observations *seen;
	struct stun_vote vote;
	struct nat_behaviour *nat;
	/* Samples whose address is that of the vote, in the order of sending.
	 */
	const struct nat_sample *trusted[NAT_SAMPLES_MOST];
	size_t count;
};

/* What one operator's own addresses say about the mapping. */
enum evidence {
	EVIDENCE_NONE,
	EVIDENCE_INDEPENDENT,
	EVIDENCE_ADDRESS,
	EVIDENCE_ADDRESS_PORT,
	EVIDENCE_DEPENDENT, /* and it is open on what */
	EVIDENCE_COUNT,
};

static int by_order(const void *a, const void *b)
{
	const struct nat_sample *const *x = a, *const *y = b;

	return (int)(*x)->order - (int)(*y)->order;
}

/* Is S the answer of an operator's first address to the compared socket? */
static bool is_primary(const struct judge *j, const struct nat_sample *s)
{
	if (s->socket != 0)
		return false;
	for (size_t i = 0; i < j->seen->sample_count; i++) {
		const struct nat_sample *o = &j->seen->samples[i];

		if (o->socket == 0 && o->voter == s->voter &&
		    o->order < s->order)
			return false;
	}
	return true;
}

static void count_votes(struct judge *j)
{
	struct stun_ballot ballots[STUN_VOTE_MOST];
	size_t n = 0;

	for (size_t i = 0; i < j->seen->sample_count; i++) {
		const struct nat_sample *s = &j->seen->samples[i];

		if (n < STUN_VOTE_MOST && is_primary(j, s))
			ballots[n++] = (struct stun_ballot){
			    .server = s->asked, .mapped = s->mapped};
	}
	j->vote = stun_vote_count(ballots, n);
	j->nat->operators =
	    j->vote.verdict == STUN_VERDICT_SPLIT ? 0 : j->vote.agreeing;
}

/* Where the servers are split, every credible answer is looked at, with less
 * trust. */
static bool is_trusted(const struct judge *j, const struct nat_sample *s)
{
	if (j->vote.verdict == STUN_VERDICT_SPLIT)
		return stun_vote_is_credible(&s->mapped);
	return addr_is_set(&j->vote.external.addr) &&
	       addr_equal(&s->mapped.addr, &j->vote.external.addr);
}

static void sort_samples(struct judge *j)
{
	for (size_t i = 0; i < j->seen->sample_count; i++)
		if (is_trusted(j, &j->seen->samples[i]))
			j->trusted[j->count++] = &j->seen->samples[i];
	qsort(j->trusted, j->count, sizeof(j->trusted[0]), by_order);
	j->nat->samples = (unsigned int)j->count;
}

/* Compares two answers of one operator to the compared socket. */
static enum evidence compare(const struct nat_sample *a,
			     const struct nat_sample *b)
{
	bool is_same = endpoint_equal(&a->mapped, &b->mapped);

	if (endpoint_equal(&a->asked, &b->asked))
		return EVIDENCE_NONE;
	if (addr_equal(&a->asked.addr, &b->asked.addr))
		return is_same ? EVIDENCE_ADDRESS : EVIDENCE_ADDRESS_PORT;
	return is_same ? EVIDENCE_INDEPENDENT : EVIDENCE_DEPENDENT;
}

/* RFC 5780 section 4.3, over the answers of one operator's addresses. */
static enum evidence evidence_of(const struct judge *j, unsigned int voter)
{
	bool has[EVIDENCE_COUNT] = {false};

	for (size_t i = 0; i < j->count; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct nat_sample *a = j->trusted[i];
			const struct nat_sample *b = j->trusted[k];

			if (a->socket == 0 && b->socket == 0 &&
			    a->voter == voter && b->voter == voter)
				has[compare(a, b)] = true;
		}
	}
	if (has[EVIDENCE_DEPENDENT] && has[EVIDENCE_ADDRESS_PORT])
		return EVIDENCE_ADDRESS_PORT;
	if (has[EVIDENCE_DEPENDENT] && has[EVIDENCE_ADDRESS])
		return EVIDENCE_ADDRESS;
	if (has[EVIDENCE_DEPENDENT])
		return EVIDENCE_DEPENDENT;
	return has[EVIDENCE_INDEPENDENT] ? EVIDENCE_INDEPENDENT : EVIDENCE_NONE;
}

/* How many operators there are for each kind of evidence. */
static void gather_evidence(const struct judge *j,
			    unsigned int counts[EVIDENCE_COUNT])
{
	for (unsigned int voter = 0; voter < OPERATORS_MOST; voter++)
		counts[evidence_of(j, voter)]++;
}

/* Is this host's own address what the servers see? */
static bool has_no_nat(const struct judge *j)
{
	for (size_t i = 0; i < j->count; i++)
		if (!addr_equal(&j->trusted[i]->mapped.addr, &j->seen->local) ||
		    j->trusted[i]->mapped.port != j->trusted[i]->local_port)
			return false;
	return j->count > 0 && addr_is_set(&j->seen->local);
}

static void set_mapping(struct judge *j, enum nat_mapping mapping,
			enum nat_confidence confidence)
{
	j->nat->mapping = mapping;
	j->nat->mapping_confidence = confidence;
}

/* The servers of different operators see different ports, or there is one
 * operator only: the operators' own comparisons decide on what they depend. */
static void judge_by_evidence(struct judge *j, bool is_confirmed)
{
	unsigned int n[EVIDENCE_COUNT] = {0};
	unsigned int dependent;
	enum nat_confidence confidence =
	    is_confirmed ? NAT_CONFIDENCE_HIGH : NAT_CONFIDENCE_MEDIUM;

	gather_evidence(j, n);
	dependent = n[EVIDENCE_ADDRESS] + n[EVIDENCE_ADDRESS_PORT] +
		    n[EVIDENCE_DEPENDENT];
	/* A liar among those who can tell costs confidence. */
	if (dependent && n[EVIDENCE_INDEPENDENT])
		confidence = NAT_CONFIDENCE_LOW;
	if (n[EVIDENCE_ADDRESS_PORT] && n[EVIDENCE_ADDRESS])
		confidence = NAT_CONFIDENCE_LOW;
	if (n[EVIDENCE_ADDRESS_PORT] >= n[EVIDENCE_ADDRESS] &&
	    n[EVIDENCE_ADDRESS_PORT])
		set_mapping(j, NAT_MAPPING_ADDRESS_PORT, confidence);
	else if (n[EVIDENCE_ADDRESS])
		set_mapping(j, NAT_MAPPING_ADDRESS, confidence);
	else if (n[EVIDENCE_INDEPENDENT] &&
		 n[EVIDENCE_INDEPENDENT] >= j->vote.servers)
		set_mapping(j, NAT_MAPPING_INDEPENDENT,
			    is_confirmed ? NAT_CONFIDENCE_LOW
					 : NAT_CONFIDENCE_MEDIUM);
	else if (dependent || is_confirmed)
		/* On what is open: assume the worst. */
		set_mapping(j, NAT_MAPPING_ADDRESS_PORT, NAT_CONFIDENCE_LOW);
}

static void judge_mapping(struct judge *j)
{
	unsigned int n[EVIDENCE_COUNT] = {0};

	if (has_no_nat(j)) {
		set_mapping(j, NAT_MAPPING_NONE,
			    j->vote.servers > 1 ? NAT_CONFIDENCE_HIGH
						: NAT_CONFIDENCE_MEDIUM);
		return;
	}
	switch (j->vote.verdict) {
	case STUN_VERDICT_ENDPOINT:
		gather_evidence(j, n);
		set_mapping(j, NAT_MAPPING_INDEPENDENT,
			    n[EVIDENCE_INDEPENDENT] || j->vote.agreeing > 2
				? NAT_CONFIDENCE_HIGH
				: NAT_CONFIDENCE_MEDIUM);
		break;
	case STUN_VERDICT_ADDRESS:
		judge_by_evidence(j, true);
		break;
	case STUN_VERDICT_SINGLE:
		judge_by_evidence(j, false);
		break;
	case STUN_VERDICT_SPLIT:
		judge_by_evidence(j, false);
		if (j->nat->mapping_confidence > NAT_CONFIDENCE_LOW)
			j->nat->mapping_confidence = NAT_CONFIDENCE_LOW;
		break;
	case STUN_VERDICT_SILENT:
		break;
	}
}

/* RFC 5780 section 4.4. What was heard is proof; silence needs two runs. */
static void judge_filtering(struct judge *j)
{
	const struct nat_observations *seen = j->seen;
	unsigned int others = 0, ports = 0, runs = 0;
	enum nat_confidence silence = seen->control == NAT_YES
					  ? NAT_CONFIDENCE_HIGH
					  : NAT_CONFIDENCE_MEDIUM;

	for (size_t i = 0; i < NAT_RUNS; i++) {
		runs += seen->runs[i].is_valid;
		others += seen->runs[i].heard_other;
		ports += seen->runs[i].heard_port;
	}
	if (others) {
		j->nat->filtering = NAT_FILTERING_INDEPENDENT;
		j->nat->filtering_confidence =
		    others > 1 ? NAT_CONFIDENCE_HIGH : NAT_CONFIDENCE_MEDIUM;
		return;
	}
	if (runs < 2 || seen->control == NAT_NO)
		return;
	j->nat->filtering =
	    ports ? NAT_FILTERING_ADDRESS : NAT_FILTERING_ADDRESS_PORT;
	j->nat->filtering_confidence =
	    ports == 1 ? NAT_CONFIDENCE_MEDIUM : silence;
}

/* Did an earlier trusted sample of the same socket show the same mapping? */
static bool is_repeat(const struct judge *j, size_t at)
{
	const struct nat_sample *s = j->trusted[at];

	for (size_t i = 0; i < at; i++)
		if (j->trusted[i]->socket == s->socket &&
		    endpoint_equal(&j->trusted[i]->mapped, &s->mapped))
			return true;
	return false;
}

/* The ports of the mappings that the check made, oldest first. */
static size_t new_ports(const struct judge *j, uint16_t *ports)
{
	size_t n = 0;

	for (size_t i = 0; i < j->count; i++)
		if (!is_repeat(j, i))
			ports[n++] = j->trusted[i]->mapped.port;
	return n;
}

/* Is this the first trusted sample of its socket? */
static bool is_first(const struct judge *j, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (j->trusted[i]->socket == j->trusted[at]->socket)
			return false;
	return true;
}

static void judge_preservation(struct judge *j)
{
	unsigned int sockets = 0, kept = 0;

	for (size_t i = 0; i < j->count; i++) {
		if (!is_first(j, i))
			continue;
		sockets++;
		kept += j->trusted[i]->mapped.port == j->trusted[i]->local_port;
	}
	/* A few collisions with other hosts do not unmake the rule. */
	if (sockets)
		j->nat->port_preserving = 2 * kept > sockets ? NAT_YES : NAT_NO;
}

static int by_value(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static unsigned int gcd(unsigned int a, unsigned int b)
{
	return b ? gcd(b, a % b) : a;
}

/* Does the sequence run upwards (1), downwards (-1) or neither (0)? Two of
 * three neighbours have to agree, since a lost datagram is sent again late. */
static int direction(const uint16_t *ports, size_t n)
{
	size_t up = 0;

	for (size_t i = 1; i < n; i++)
		up += ports[i] > ports[i - 1];
	if (3 * up >= 2 * (n - 1))
		return 1;
	return 3 * (n - 1 - up) >= 2 * (n - 1) ? -1 : 0;
}

/* Are these ports, oldest first, a sequence? Sets the step. */
static bool is_sequence(const uint16_t *ports, size_t n, int *ret_step)
{
	uint16_t sorted[NAT_SAMPLES_MOST];
	unsigned int step = 0;
	int sign = direction(ports, n);

	if (n < SEQUENCE_LEAST || sign == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		sorted[i] = ports[i];
	qsort(sorted, n, sizeof(sorted[0]), by_value);
	for (size_t i = 1; i < n; i++)
		step = gcd(step, (unsigned int)(sorted[i] - sorted[i - 1]));
	if (step == 0 || step > STEP_MOST ||
	    (size_t)(sorted[n - 1] - sorted[0]) > SEQUENCE_SPREAD * step * n)
		return false;
	*ret_step = sign * (int)step;
	return true;
}

/* The smallest aligned block of a power of two that holds all the ports. */
static void find_block(struct nat_behaviour *nat, const uint16_t *ports,
		       size_t n)
{
	unsigned int size = 1;

	if (n < BLOCK_LEAST)
		return;
	for (size_t i = 1; i < n; i++)
		while (ports[i] / size != ports[0] / size)
			size *= 2;
	if (size > BLOCK_MOST)
		return;
	nat->block_first = (uint16_t)(ports[0] / size * size);
	nat->block_last = (uint16_t)(nat->block_first + size - 1);
}

static void judge_allocation(struct judge *j)
{
	uint16_t ports[NAT_SAMPLES_MOST];
	size_t n = new_ports(j, ports);

	judge_preservation(j);
	if (n > 0)
		j->nat->last_port = ports[n - 1];
	if (j->nat->mapping == NAT_MAPPING_NONE)
		return;
	if (j->nat->port_preserving == NAT_YES)
		j->nat->allocation = NAT_ALLOCATION_PRESERVING;
	else if (is_sequence(ports, n, &j->nat->step))
		j->nat->allocation = NAT_ALLOCATION_SEQUENTIAL;
	else if (n >= RANDOM_LEAST)
		j->nat->allocation = NAT_ALLOCATION_RANDOM;
	if (j->nat->allocation == NAT_ALLOCATION_RANDOM)
		find_block(j->nat, ports, n);
}

/* Several outer addresses at once, as seen by one and the same operator. */
static void judge_pool(struct judge *j)
{
	const struct nat_observations *seen = j->seen;

	if (j->count > 0)
		j->nat->pooled = NAT_NO;
	for (size_t i = 0; i < seen->sample_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct nat_sample *a = &seen->samples[i];
			const struct nat_sample *b = &seen->samples[k];

			if (a->voter == b->voter &&
			    stun_vote_is_credible(&a->mapped) &&
			    stun_vote_is_credible(&b->mapped) &&
			    !addr_equal(&a->mapped.addr, &b->mapped.addr))
				j->nat->pooled = NAT_YES;
		}
}

struct nat_behaviour nat_behaviour_judge(const struct nat_observations *seen)
{
	struct nat_behaviour nat = {0};
	struct judge j = {.seen = seen, .nat = &nat};

	count_votes(&j);
	sort_samples(&j);
	judge_mapping(&j);
	judge_filtering(&j);
	judge_allocation(&j);
	judge_pool(&j);
	nat.external = j.vote.external;
	nat.liars = j.vote.rejected;
	if (j.vote.verdict != STUN_VERDICT_SPLIT)
		nat.liars += j.vote.servers - j.vote.agreeing;
	/* A datagram that did not come back says little where the outer port
	 * depends on the destination. */
	nat.hairpin = seen->hairpin;
	if (nat.hairpin == NAT_NO && nat.mapping != NAT_MAPPING_INDEPENDENT)
		nat.hairpin = NAT_UNKNOWN;
	return nat;
}
