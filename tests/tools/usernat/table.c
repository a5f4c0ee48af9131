#include "table.h"

#include <stdlib.h>

#include "mem.h"

#define PORT_TRIES 4096

/* What a router keeps for each pair of ends. Sessions of one mapping share
 * INSIDE and OUTER. */
struct session {
	struct flow_end inside;
	struct flow_end peer;
	struct flow_end outer;
	uint64_t used_ms;
};

struct table {
	struct table_options options;
	struct session *sessions;
	size_t count;
	uint16_t next_port;
	struct table_counts counts;
};

struct table *table_new(const struct table_options *options)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->options = *options;
	if (t->options.limit == 0 || t->options.limit > TABLE_SESSIONS_MOST)
		t->options.limit = TABLE_SESSIONS_MOST;
	t->sessions = xcalloc(t->options.limit, sizeof(*t->sessions));
	t->next_port =
	    options->step < 0 ? options->last_port : options->first_port;
	return t;
}

void table_free(struct table *table)
{
	free(table->sessions);
	free(table);
}

struct table_counts table_counts(const struct table *table)
{
	struct table_counts counts = table->counts;

	counts.sessions = (unsigned int)table->count;
	return counts;
}

bool table_is_outer(const struct table *table, uint32_t addr)
{
	for (unsigned int i = 0; i < table->options.outer_count; i++)
		if (table->options.outer[i] == addr)
			return true;
	return false;
}

static void expire(struct table *t, uint64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++)
		if (now_ms - t->sessions[i].used_ms < t->options.timeout_ms)
			t->sessions[kept++] = t->sessions[i];
	t->count = kept;
}

/* Are these two peers the same to something that depends on them like this? */
static bool is_same_peer(enum dependence by, const struct flow_end *a,
			 const struct flow_end *b)
{
	if (by == INDEPENDENT)
		return true;
	return a->addr == b->addr && (by == BY_ADDRESS || a->port == b->port);
}

static bool is_taken(const struct table *t, const struct flow_end *outer)
{
	for (size_t i = 0; i < t->count; i++)
		if (flow_end_equal(&t->sessions[i].outer, outer))
			return true;
	return false;
}

static uint16_t random_port(const struct table *t)
{
	unsigned int span =
	    (unsigned int)(t->options.last_port - t->options.first_port + 1);

	return (uint16_t)(t->options.first_port + (unsigned int)rand() % span);
}

static uint16_t next_in_sequence(struct table *t)
{
	uint16_t port = t->next_port;
	int next = port + t->options.step;

	if (next > t->options.last_port)
		next = t->options.first_port;
	if (next < t->options.first_port)
		next = t->options.last_port;
	t->next_port = (uint16_t)next;
	return port;
}

static uint16_t propose(struct table *t, uint16_t inside_port, int attempt)
{
	uint16_t port;

	switch (t->options.allocation) {
	case ALLOC_KEEP:
		return attempt == 0 ? inside_port : random_port(t);
	case ALLOC_SEQUENTIAL:
		return next_in_sequence(t);
	case ALLOC_PARITY:
		port = random_port(t);
		return (uint16_t)((port & ~1) | (inside_port & 1));
	case ALLOC_RANDOM:
		break;
	}
	return random_port(t);
}

static bool allocate(struct table *t, const struct flow_end *inside,
		     struct flow_end *ret_outer)
{
	/* With several addresses: arbitrary pooling (RFC 4787 section 4.1). */
	struct flow_end outer = {
	    .addr = t->options
			.outer[(unsigned int)rand() % t->options.outer_count]};

	for (int i = 0; i < PORT_TRIES; i++) {
		outer.port = propose(t, inside->port, i);
		if (is_taken(t, &outer))
			continue;
		*ret_outer = outer;
		return true;
	}
	return false;
}

/* Finds the outer end of an existing mapping of INSIDE for PEER. */
static bool find_mapping(const struct table *t, const struct flow_end *inside,
			 const struct flow_end *peer,
			 struct flow_end *ret_outer)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct session *s = &t->sessions[i];

		if (flow_end_equal(&s->inside, inside) &&
		    is_same_peer(t->options.mapping, &s->peer, peer)) {
			*ret_outer = s->outer;
			return true;
		}
	}
	return false;
}

static bool make_room(struct table *t)
{
	if (t->count < t->options.limit)
		return true;
	if (!t->options.is_flushed_if_full) {
		t->counts.refused++;
		return false;
	}
	t->counts.flushes++;
	t->count = 0;
	return true;
}

static bool add_session(struct table *t, uint64_t now_ms,
			const struct flow_end *inside,
			const struct flow_end *peer, struct flow_end *ret_outer)
{
	struct session s = {
	    .inside = *inside, .peer = *peer, .used_ms = now_ms};

	if (!make_room(t))
		return false;
	if (!find_mapping(t, inside, peer, &s.outer) &&
	    !allocate(t, inside, &s.outer))
		return false;
	t->sessions[t->count++] = s;
	*ret_outer = s.outer;
	return true;
}

bool table_out(struct table *table, uint64_t now_ms,
	       const struct flow_end *inside, const struct flow_end *peer,
	       struct flow_end *ret_outer)
{
	expire(table, now_ms);
	for (size_t i = 0; i < table->count; i++) {
		struct session *s = &table->sessions[i];

		if (flow_end_equal(&s->inside, inside) &&
		    flow_end_equal(&s->peer, peer)) {
			s->used_ms = now_ms;
			*ret_outer = s->outer;
			return true;
		}
	}
	return add_session(table, now_ms, inside, peer, ret_outer);
}

bool table_in(struct table *table, uint64_t now_ms,
	      const struct flow_end *outer, const struct flow_end *peer,
	      struct flow_end *ret_inside)
{
	expire(table, now_ms);
	for (size_t i = 0; i < table->count; i++) {
		struct session *s = &table->sessions[i];

		if (!flow_end_equal(&s->outer, outer) ||
		    !is_same_peer(table->options.filtering, &s->peer, peer))
			continue;
		if (table->options.is_refreshed_inbound)
			s->used_ms = now_ms;
		*ret_inside = s->inside;
		return true;
	}
	table->counts.filtered++;
	return false;
}

bool table_sender(struct table *table, const struct flow_end *outer,
		  const struct flow_end *peer, struct flow_end *ret_inside)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct session *s = &table->sessions[i];

		if (flow_end_equal(&s->outer, outer) &&
		    flow_end_equal(&s->peer, peer)) {
			*ret_inside = s->inside;
			return true;
		}
	}
	return false;
}
