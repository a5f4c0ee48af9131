#include "igd_ladder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* A lease that is longer than what the table says by this much was not
 * extended: 3/4, so that neither seconds nor a slow answer count. */
#define EXTENDED_NUM 3
#define EXTENDED_DEN 4

enum lease_step { LEASE_WISHED, LEASE_LONGEST, LEASE_PERMANENT, LEASE_STEPS };

/* FNV-1a: the same service finds the same port again after a restart. */
static uint16_t stable_port(const struct map_request *wish)
{
	uint32_t hash = 2166136261u;
	const char *c;

	for (c = wish->description; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	hash = (hash ^ (wish->internal_port & 0xff)) * 16777619u;
	hash = (hash ^ (wish->internal_port >> 8)) * 16777619u;
	return (uint16_t)(IGD_PORT_FIRST + hash % IGD_PORT_COUNT);
}

static uint32_t lease_at(const struct igd_ladder *l, unsigned int step)
{
	uint32_t wished_s = l->wish.lifetime_s;

	if (step == LEASE_PERMANENT)
		return 0;
	if (step == LEASE_LONGEST)
		return IGD_LEASE_MAX_S;
	return l->version >= 2 && wished_s > IGD_LEASE_MAX_S ? IGD_LEASE_MAX_S
							     : wished_s;
}

static uint32_t asked_lease_s(const struct igd_ladder *l)
{
	return lease_at(l, l->lease_step);
}

static uint16_t port_now(const struct igd_ladder *l)
{
	return l->ports[l->port_at];
}

static bool finish(struct igd_ladder *l, enum map_status status, int code)
{
	l->stage = IGD_STAGE_DONE;
	l->result.status = status;
	l->result.code = code;
	if (code > 0)
		snprintf(l->result.detail, sizeof(l->result.detail), "%d %s",
			 code, igd_code_name(code));
	else
		snprintf(l->result.detail, sizeof(l->result.detail), "%s",
			 igd_code_name(code));
	return true;
}

static bool go_on(struct igd_ladder *l, enum igd_stage stage)
{
	l->stage = stage;
	return false;
}

static void begin(struct igd_ladder *l, const struct map_request *wish,
		  struct igd_memory *memory)
{
	*l = (struct igd_ladder){.wish = *wish, .memory = memory, .version = 1};
	l->wish.description[sizeof(l->wish.description) - 1] = '\0';
}

void igd_ladder_map(struct igd_ladder *ladder, const struct map_request *wish,
		    struct igd_memory *memory, uint32_t random)
{
	begin(ladder, wish, memory);
	ladder->stage = IGD_STAGE_ADD;
	ladder->lease_step = memory->lease_step;
	ladder->ports[0] =
	    wish->external_port ? wish->external_port : wish->internal_port;
	ladder->port_count = 1;
	if (memory->same_ports)
		ladder->ports[0] = wish->internal_port;
	if (wish->external_port || memory->same_ports)
		return;
	ladder->ports[1] = stable_port(wish);
	ladder->ports[2] = (uint16_t)(IGD_PORT_FIRST + random % IGD_PORT_COUNT);
	ladder->port_count = 3;
}

void igd_ladder_unmap(struct igd_ladder *ladder, const struct map_request *wish,
		      struct igd_memory *memory)
{
	begin(ladder, wish, memory);
	ladder->stage = IGD_STAGE_UNMAP_GET;
	ladder->ports[0] =
	    wish->external_port ? wish->external_port : wish->internal_port;
	ladder->port_count = 1;
}

void igd_ladder_set_router(struct igd_ladder *ladder, const struct addr *lan,
			   unsigned int version)
{
	ladder->lan = *lan;
	ladder->version = version;
}

struct igd_request igd_ladder_request(const struct igd_ladder *ladder)
{
	static const enum igd_verb verbs[] = {
	    [IGD_STAGE_ADD] = IGD_ADD,       [IGD_STAGE_ADD_ANY] = IGD_ADD_ANY,
	    [IGD_STAGE_WHOSE] = IGD_GET,     [IGD_STAGE_REPLACE] = IGD_DELETE,
	    [IGD_STAGE_CLEAN] = IGD_DELETE,  [IGD_STAGE_READ_BACK] = IGD_GET,
	    [IGD_STAGE_UNMAP_GET] = IGD_GET, [IGD_STAGE_UNMAP] = IGD_DELETE,
	};
	struct igd_request request = {
	    .protocol =
		ladder->wish.transport == TRANSPORT_TCP ? IGD_TCP : IGD_UDP,
	    .external_port = port_now(ladder),
	    .internal_port = ladder->wish.internal_port,
	    .lease_s = asked_lease_s(ladder),
	};

	assert(ladder->stage != IGD_STAGE_DONE);
	request.verb = verbs[ladder->stage];
	snprintf(request.description, sizeof(request.description), "%s",
		 ladder->wish.description);
	return request;
}

static bool is_ours(const struct igd_ladder *l, const struct igd_entry *entry)
{
	return entry->is_enabled && addr_equal(&entry->client, &l->lan) &&
	       entry->internal_port == l->wish.internal_port;
}

/* Did the router leave the time of an entry that was there as it was? */
static bool was_not_extended(const struct igd_ladder *l, uint32_t table_s)
{
	uint32_t due_s = asked_lease_s(l);

	if (l->memory->longest_lease_s < due_s)
		due_s = l->memory->longest_lease_s;
	return table_s > 0 &&
	       table_s < (uint64_t)due_s * EXTENDED_NUM / EXTENDED_DEN;
}

static bool granted(struct igd_ladder *l, const struct igd_entry *entry)
{
	uint32_t asked_s = asked_lease_s(l), table_s = entry->lease_s;
	struct map_result *r = &l->result;

	if (!l->replaced && was_not_extended(l, table_s)) {
		l->replaced = true;
		return go_on(l, IGD_STAGE_REPLACE);
	}
	if (table_s > l->memory->longest_lease_s)
		l->memory->longest_lease_s = table_s;
	l->memory->lease_step = l->lease_step;
	r->external.port = (uint16_t)entry->external_port;
	r->is_permanent = table_s == 0;
	/* A table that says more than was asked is not to be trusted. */
	r->lifetime_s = asked_s && asked_s < table_s ? asked_s : table_s;
	if (r->is_permanent)
		r->lifetime_s = l->wish.lifetime_s;
	return finish(l, MAP_OK, IGD_OK);
}

/* The next lease that differs from what was asked; false when none is left. */
static bool next_lease(struct igd_ladder *l)
{
	uint32_t asked_s = asked_lease_s(l);

	while (++l->lease_step < LEASE_STEPS)
		if (asked_lease_s(l) != asked_s)
			return true;
	return false;
}

static bool other_lease(struct igd_ladder *l, int code)
{
	if (next_lease(l))
		return go_on(l, l->stage);
	/* It has said yes, and perhaps it is the table that lies. */
	if (code == IGD_NOT_IN_TABLE)
		return go_on(l, IGD_STAGE_CLEAN);
	return finish(l, MAP_BROKEN, code);
}

static bool other_port(struct igd_ladder *l, enum map_status status, int code)
{
	if (status == MAP_CONFLICT && l->version >= 2 && !l->any_tried &&
	    !l->memory->no_any && !l->memory->same_ports) {
		l->any_tried = true;
		return go_on(l, IGD_STAGE_ADD_ANY);
	}
	if (l->port_at + 1 >= l->port_count)
		return finish(l, status, code);
	l->port_at++;
	return go_on(l, IGD_STAGE_ADD);
}

static bool same_ports(struct igd_ladder *l, int code)
{
	l->memory->same_ports = true;
	if (port_now(l) == l->wish.internal_port)
		return finish(l, MAP_CONFLICT, code);
	l->ports[0] = l->wish.internal_port;
	l->port_at = 0;
	l->port_count = 1;
	return go_on(l, IGD_STAGE_ADD);
}

static bool conflict(struct igd_ladder *l, int code)
{
	if (code == IGD_CONFLICT_IN_ENTRY && l->stage == IGD_STAGE_ADD &&
	    !l->replaced) {
		l->result.code = code;
		return go_on(l, IGD_STAGE_WHOSE);
	}
	return other_port(l, MAP_CONFLICT, code);
}

static bool refused(struct igd_ladder *l, int code)
{
	/* Some refuse the ports below 1024 only (RFC 6335 section 6). */
	if (port_now(l) < 1024)
		return other_port(l, MAP_REFUSED, code);
	return finish(l, MAP_REFUSED, code);
}

static bool answer_add(struct igd_ladder *l, const struct igd_answer *answer)
{
	switch (answer->code) {
	case IGD_OK:
		return granted(l, &answer->entry);
	case IGD_NOT_IN_TABLE:
	case IGD_ONLY_PERMANENT_LEASES:
	case IGD_INVALID_ARGS:
		return other_lease(l, answer->code);
	case IGD_SAME_PORTS_REQUIRED:
		return same_ports(l, answer->code);
	case IGD_CONFLICT_IN_ENTRY:
	case IGD_CONFLICT_WITH_OTHER:
	case IGD_ACTION_FAILED:
	case IGD_NO_WILDCARD_EXTERNAL_PORT:
		return conflict(l, answer->code);
	case IGD_NOT_AUTHORIZED:
		return refused(l, answer->code);
	case IGD_NO_PORT_MAPS_AVAILABLE:
		return finish(l, MAP_NO_RESOURCES, answer->code);
	default:
		break;
	}
	if (l->stage == IGD_STAGE_ADD_ANY) {
		l->memory->no_any = true;
		return other_port(l, MAP_CONFLICT, answer->code);
	}
	return finish(l, MAP_BROKEN, answer->code);
}

static bool answer_whose(struct igd_ladder *l, const struct igd_answer *answer)
{
	if (answer->code == IGD_OK && is_ours(l, &answer->entry)) {
		l->replaced = true;
		return go_on(l, IGD_STAGE_REPLACE);
	}
	return other_port(l, MAP_CONFLICT, l->result.code);
}

/* Another program of this host may have the outer port for a port of its own.
 */
static bool is_where_we_map(const struct igd_ladder *l,
			    const struct igd_entry *entry)
{
	return addr_equal(&entry->client, &l->lan) &&
	       entry->internal_port == l->wish.internal_port;
}

static bool answer_unmap_get(struct igd_ladder *l,
			     const struct igd_answer *answer)
{
	const struct igd_entry *entry = &answer->entry;

	if (answer->code == IGD_NO_SUCH_ENTRY)
		return finish(l, MAP_OK, IGD_OK);
	if (answer->code == IGD_OK && !is_where_we_map(l, entry) &&
	    strcmp(entry->description, l->wish.description) != 0)
		return finish(l, MAP_OK, IGD_OK);
	return go_on(l, IGD_STAGE_UNMAP);
}

static bool answer_unmap(struct igd_ladder *l, const struct igd_answer *answer)
{
	l->result.external.port = port_now(l);
	switch (answer->code) {
	case IGD_OK:
	case IGD_NO_SUCH_ENTRY:
		return finish(l, MAP_OK, IGD_OK);
	case IGD_NOT_AUTHORIZED:
		return finish(l, MAP_REFUSED, answer->code);
	default:
		return finish(l, MAP_BROKEN, answer->code);
	}
}

bool igd_ladder_answer(struct igd_ladder *ladder,
		       const struct igd_answer *answer)
{
	switch (ladder->stage) {
	case IGD_STAGE_ADD:
	case IGD_STAGE_ADD_ANY:
		return answer_add(ladder, answer);
	case IGD_STAGE_WHOSE:
		return answer_whose(ladder, answer);
	case IGD_STAGE_REPLACE:
		/* The answer to adding it tells how this went. */
		return go_on(ladder, IGD_STAGE_ADD);
	case IGD_STAGE_CLEAN:
		return finish(ladder, MAP_BROKEN, IGD_NOT_IN_TABLE);
	case IGD_STAGE_READ_BACK:
		if (answer->code == IGD_OK && is_ours(ladder, &answer->entry))
			return granted(ladder, &answer->entry);
		return go_on(ladder, IGD_STAGE_ADD);
	case IGD_STAGE_UNMAP_GET:
		return answer_unmap_get(ladder, answer);
	case IGD_STAGE_UNMAP:
		return answer_unmap(ladder, answer);
	case IGD_STAGE_DONE:
		break;
	}
	assert(ladder->stage != IGD_STAGE_DONE);
	return true;
}

void igd_ladder_lost(struct igd_ladder *ladder)
{
	if (ladder->stage == IGD_STAGE_ADD ||
	    ladder->stage == IGD_STAGE_ADD_ANY)
		ladder->stage = IGD_STAGE_READ_BACK;
}
