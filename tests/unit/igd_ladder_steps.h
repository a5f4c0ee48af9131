/*
 * igd_ladder_steps: walks the UPnP ladder in the words of its tests.
 */
#ifndef TESTS_IGD_LADDER_STEPS_H
#define TESTS_IGD_LADDER_STEPS_H

#include "unit.h"

#include <string.h>

#include "igd_ladder.h"

#define WISHED_S 7200

static const struct map_request wish = {.transport = TRANSPORT_UDP,
					.internal_port = 51820,
					.lifetime_s = WISHED_S,
					.description = "traversald test"};

static inline struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline struct igd_ladder start(const struct map_request *w,
				      struct igd_memory *memory,
				      unsigned int version)
{
	struct addr lan = address("192.168.1.20");
	struct igd_ladder l;

	igd_ladder_map(&l, w, memory, 12345);
	igd_ladder_set_router(&l, &lan, version);
	return l;
}

/* What the worker answers when the table holds what was asked for. */
static inline struct igd_answer yes(const struct igd_ladder *l,
				    uint32_t lease_s)
{
	struct igd_request r = igd_ladder_request(l);

	return (struct igd_answer){
	    .entry = {.protocol = r.protocol,
		      .external_port = r.external_port,
		      .internal_port = r.internal_port,
		      .lease_s = lease_s,
		      .is_enabled = 1,
		      .client = l->lan},
	};
}

static inline bool answer_code(struct igd_ladder *l, int code)
{
	struct igd_answer a = {.code = code};

	return igd_ladder_answer(l, &a);
}

static inline bool answer_yes(struct igd_ladder *l, uint32_t lease_s)
{
	struct igd_answer a = yes(l, lease_s);

	return igd_ladder_answer(l, &a);
}

static inline void expect(const struct igd_ladder *l, enum igd_verb verb,
			  unsigned int port, uint32_t lease_s)
{
	struct igd_request r = igd_ladder_request(l);

	assert_int_equal(r.verb, verb);
	assert_int_equal(r.external_port, port);
	assert_int_equal(r.lease_s, lease_s);
	assert_int_equal(r.internal_port, wish.internal_port);
	assert_string_equal(r.description, wish.description);
}

#endif
