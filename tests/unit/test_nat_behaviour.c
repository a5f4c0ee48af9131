#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "nat_behaviour.h"
#include "nat_peers.h"
#include "nat_servers.h"

#define SAMPLES 10

/* Voters 0 and 1 have the addresses 9.0.0.1 and 9.0.0.2, voter 2 9.0.0.3; the
 * other address of voter 0 is 9.0.1.1. Every socket S is local port 4000 + S of
 * 10.0.0.2, and the outer address is 8.8.8.8 unless said. */
struct sample_row {
	unsigned int socket, voter;
	const char *asked;
	const char *mapped;
};

struct row {
	const char *name;
	struct sample_row samples[SAMPLES];
	enum nat_mapping mapping;
	enum nat_confidence confidence;
	enum nat_allocation allocation;
	int step;
	enum nat_fact port_preserving;
	const char *external;
	unsigned int liars;
};

#define P0 "9.0.0.1:3478"
#define P1 "9.0.0.2:3478"
#define P2 "9.0.0.3:3478"
#define O0 "9.0.1.1:3478"
#define T0 "9.0.1.1:3479"
#define O2 "9.0.3.1:3478"
#define T2 "9.0.3.1:3479"

static const struct row rows[] = {
    {"nothing was heard",
     {{0, 0, NULL, NULL}},
     NAT_MAPPING_UNKNOWN,
     NAT_CONFIDENCE_NONE,
     NAT_ALLOCATION_UNKNOWN,
     0,
     NAT_UNKNOWN,
     NULL,
     0},
    {"no NAT",
     {{0, 0, P0, "10.0.0.2:4000"}},
     /* A private address is not believed, whoever says it. */
     NAT_MAPPING_UNKNOWN,
     NAT_CONFIDENCE_NONE,
     NAT_ALLOCATION_UNKNOWN,
     0,
     NAT_UNKNOWN,
     NULL,
     1},
    {"independent, ports kept",
     {{0, 0, P0, "8.8.8.8:4000"},
      {0, 1, P1, "8.8.8.8:4000"},
      {0, 0, O0, "8.8.8.8:4000"},
      {0, 0, T0, "8.8.8.8:4000"},
      {1, 0, P0, "8.8.8.8:4001"},
      {2, 0, P0, "8.8.8.8:4002"}},
     NAT_MAPPING_INDEPENDENT,
     NAT_CONFIDENCE_HIGH,
     NAT_ALLOCATION_PRESERVING,
     0,
     NAT_YES,
     "8.8.8.8:4000",
     0},
    {"independent, one server with two addresses",
     {{0, 0, P0, "8.8.8.8:4000"},
      {0, 0, O0, "8.8.8.8:4000"},
      {0, 0, T0, "8.8.8.8:4000"}},
     NAT_MAPPING_INDEPENDENT,
     NAT_CONFIDENCE_MEDIUM,
     NAT_ALLOCATION_PRESERVING,
     0,
     NAT_YES,
     "8.8.8.8:4000",
     0},
    {"independent, two plain servers",
     {{0, 0, P0, "8.8.8.8:700"}, {0, 1, P1, "8.8.8.8:700"}},
     NAT_MAPPING_INDEPENDENT,
     NAT_CONFIDENCE_MEDIUM,
     NAT_ALLOCATION_UNKNOWN,
     0,
     NAT_NO,
     "8.8.8.8:700",
     0},
    {"one plain server tells nothing",
     {{0, 0, P0, "8.8.8.8:700"}},
     NAT_MAPPING_UNKNOWN,
     NAT_CONFIDENCE_NONE,
     NAT_ALLOCATION_UNKNOWN,
     0,
     NAT_NO,
     "8.8.8.8:700",
     0},
    {"address-dependent",
     {{0, 0, P0, "8.8.8.8:700"},
      {0, 1, P1, "8.8.8.8:9000"},
      {0, 0, O0, "8.8.8.8:50000"},
      {0, 0, T0, "8.8.8.8:50000"}},
     NAT_MAPPING_ADDRESS,
     NAT_CONFIDENCE_HIGH,
     NAT_ALLOCATION_RANDOM,
     0,
     NAT_NO,
     "8.8.8.8:0",
     0},
    {"address-and-port-dependent, random",
     {{0, 0, P0, "8.8.8.8:700"},
      {0, 1, P1, "8.8.8.8:9000"},
      {0, 0, O0, "8.8.8.8:50000"},
      {0, 0, T0, "8.8.8.8:1024"}},
     NAT_MAPPING_ADDRESS_PORT,
     NAT_CONFIDENCE_HIGH,
     NAT_ALLOCATION_RANDOM,
     0,
     NAT_NO,
     "8.8.8.8:0",
     0},
    {"address-and-port-dependent, sequential with traffic between",
     {{0, 0, P0, "8.8.8.8:700"},
      {0, 1, P1, "8.8.8.8:702"},
      {0, 0, O0, "8.8.8.8:704"},
      {0, 0, T0, "8.8.8.8:710"},
      {1, 0, P0, "8.8.8.8:712"}},
     NAT_MAPPING_ADDRESS_PORT,
     NAT_CONFIDENCE_HIGH,
     NAT_ALLOCATION_SEQUENTIAL,
     2,
     NAT_NO,
     "8.8.8.8:0",
     0},
    {"sequential downwards, one sent again",
     {{0, 0, P0, "8.8.8.8:700"},
      {0, 1, P1, "8.8.8.8:699"},
      {0, 0, O0, "8.8.8.8:697"},
      {0, 0, T0, "8.8.8.8:698"},
      {1, 0, P0, "8.8.8.8:696"},
      {2, 0, P0, "8.8.8.8:695"}},
     NAT_MAPPING_ADDRESS_PORT,
     NAT_CONFIDENCE_HIGH,
     NAT_ALLOCATION_SEQUENTIAL,
     -1,
     NAT_NO,
     "8.8.8.8:0",
     0},
    {"preserving on first use, dependent",
     {{0, 0, P0, "8.8.8.8:4000"},
      {0, 0, O0, "8.8.8.8:50000"},
      {0, 0, T0, "8.8.8.8:2000"},
      {1, 0, P0, "8.8.8.8:4001"}},
     NAT_MAPPING_ADDRESS_PORT,
     NAT_CONFIDENCE_MEDIUM,
     NAT_ALLOCATION_PRESERVING,
     0,
     NAT_YES,
     "8.8.8.8:4000",
     0},
    {"one of three lies about the address",
     {{0, 0, P0, "8.8.8.8:4000"},
      {0, 1, P1, "8.8.8.8:4000"},
      {0, 2, P2, "1.1.1.1:4000"},
      {0, 2, O2, "1.1.1.1:5"},
      {0, 2, T2, "1.1.1.1:6"}},
     NAT_MAPPING_INDEPENDENT,
     NAT_CONFIDENCE_MEDIUM,
     NAT_ALLOCATION_PRESERVING,
     0,
     NAT_YES,
     "8.8.8.8:4000",
     1},
    {"one of three lies about the port",
     {{0, 2, P2, "8.8.8.8:5"},
      {0, 0, P0, "8.8.8.8:4000"},
      {0, 1, P1, "8.8.8.8:4000"},
      {0, 2, O2, "8.8.8.8:6"},
      {0, 2, T2, "8.8.8.8:7"},
      {1, 0, P0, "8.8.8.8:4001"},
      {2, 0, P0, "8.8.8.8:4002"}},
     NAT_MAPPING_INDEPENDENT,
     NAT_CONFIDENCE_MEDIUM,
     NAT_ALLOCATION_PRESERVING,
     0,
     NAT_YES,
     "8.8.8.8:4000",
     1},
    {"one of three claims that a symmetric NAT is none",
     {{0, 0, P0, "8.8.8.8:700"},
      {0, 1, P1, "8.8.8.8:9000"},
      {0, 2, P2, "8.8.8.8:4000"},
      {0, 2, O2, "8.8.8.8:4000"},
      {0, 2, T2, "8.8.8.8:4000"},
      {0, 0, O0, "8.8.8.8:50000"},
      {0, 0, T0, "8.8.8.8:1024"}},
     NAT_MAPPING_ADDRESS_PORT,
     NAT_CONFIDENCE_LOW,
     NAT_ALLOCATION_RANDOM,
     0,
     NAT_NO,
     "8.8.8.8:0",
     0},
    {"two servers disagree about the address",
     {{0, 0, P0, "8.8.8.8:4000"}, {0, 1, P1, "1.1.1.1:4000"}},
     NAT_MAPPING_UNKNOWN,
     NAT_CONFIDENCE_NONE,
     NAT_ALLOCATION_PRESERVING,
     0,
     NAT_YES,
     NULL,
     0},
};

static struct nat_observations observe(const struct row *row)
{
	struct nat_observations seen = {.sample_count = 0};

	assert_int_equal(addr_parse("10.0.0.2", &seen.local), 0);
	for (size_t i = 0; i < SAMPLES && row->samples[i].asked; i++) {
		const struct sample_row *r = &row->samples[i];
		struct nat_sample *s = &seen.samples[seen.sample_count++];

		s->socket = r->socket;
		s->voter = r->voter;
		s->order = (unsigned int)i;
		s->local_port = (uint16_t)(4000 + r->socket);
		assert_int_equal(endpoint_parse(r->asked, &s->asked), 0);
		assert_int_equal(endpoint_parse(r->mapped, &s->mapped), 0);
	}
	return seen;
}

static void nat_behaviour_judge_when_table_then_verdicts(void **state)
{
	char text[ENDPOINT_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct nat_observations seen = observe(&rows[i]);
		struct nat_behaviour nat = nat_behaviour_judge(&seen);

		if (nat.mapping != rows[i].mapping ||
		    nat.mapping_confidence != rows[i].confidence ||
		    nat.allocation != rows[i].allocation ||
		    nat.step != rows[i].step || nat.liars != rows[i].liars ||
		    nat.port_preserving != rows[i].port_preserving)
			fail_msg("%s: mapping %d (%d), allocation %d step %d, "
				 "preserving %d, liars %u",
				 rows[i].name, nat.mapping,
				 nat.mapping_confidence, nat.allocation,
				 nat.step, nat.port_preserving, nat.liars);
		if (!rows[i].external)
			assert_false(addr_is_set(&nat.external.addr));
		else if (rows[i].external[strlen(rows[i].external) - 2] != ':')
			assert_string_equal(
			    endpoint_format(&nat.external, text, sizeof(text)),
			    rows[i].external);
		else
			assert_int_equal(nat.external.port, 0);
	}
}

static void nat_behaviour_judge_when_order_shuffled_then_by_order(void **state)
{
	struct nat_observations seen = observe(&rows[8]);
	struct nat_behaviour nat;

	(void)state;
	assert_string_equal(
	    rows[8].name,
	    "address-and-port-dependent, sequential with traffic between");
	for (size_t i = 0; i < seen.sample_count / 2; i++) {
		struct nat_sample s = seen.samples[i];

		seen.samples[i] = seen.samples[seen.sample_count - 1 - i];
		seen.samples[seen.sample_count - 1 - i] = s;
	}
	nat = nat_behaviour_judge(&seen);
	assert_int_equal(nat.step, 2);
	assert_int_equal(nat.last_port, 712);
}

static void nat_behaviour_judge_when_no_nat_then_none(void **state)
{
	static const struct row row = {.samples = {{0, 0, P0, "8.8.8.8:4000"},
						   {0, 1, P1, "8.8.8.8:4000"},
						   {1, 0, P0, "8.8.8.8:4001"}}};
	struct nat_observations seen = observe(&row);
	struct nat_behaviour nat;

	(void)state;
	assert_int_equal(addr_parse("8.8.8.8", &seen.local), 0);
	nat = nat_behaviour_judge(&seen);
	assert_int_equal(nat.mapping, NAT_MAPPING_NONE);
	assert_int_equal(nat.mapping_confidence, NAT_CONFIDENCE_HIGH);
	assert_string_equal(nat_legacy_name(&nat), "none");
	seen.samples[2].mapped.port = 9;
	nat = nat_behaviour_judge(&seen);
	assert_int_equal(nat.mapping, NAT_MAPPING_INDEPENDENT);
}

static void nat_behaviour_judge_when_addresses_vary_then_pooled(void **state)
{
	static const struct row row = {.samples = {{0, 0, P0, "8.8.8.8:700"},
						   {0, 1, P1, "8.8.8.8:700"},
						   {1, 0, P0, "8.8.4.4:701"}}};
	struct nat_observations seen = observe(&row);

	(void)state;
	assert_int_equal(nat_behaviour_judge(&seen).pooled, NAT_YES);
	seen.sample_count = 2;
	assert_int_equal(nat_behaviour_judge(&seen).pooled, NAT_NO);
}

static void nat_behaviour_judge_when_ports_in_block_then_block(void **state)
{
	static const struct row row = {
	    .samples = {{0, 0, P0, "8.8.8.8:20700"},
			{0, 1, P1, "8.8.8.8:20485"},
			{0, 0, O0, "8.8.8.8:21600"},
			{0, 0, T0, "8.8.8.8:20999"},
			{1, 0, P0, "8.8.8.8:20490"}}};
	struct nat_observations seen = observe(&row);
	struct nat_behaviour nat = nat_behaviour_judge(&seen);

	(void)state;
	assert_int_equal(nat.allocation, NAT_ALLOCATION_RANDOM);
	assert_int_equal(nat.block_first, 20480);
	assert_int_equal(nat.block_last, 22527);
	seen.samples[0].mapped.port = 60000;
	assert_int_equal(nat_behaviour_judge(&seen).block_last, 0);
}

static void nat_behaviour_judge_when_filter_runs_then_verdicts(void **state)
{
	static const struct {
		struct nat_filter_run runs[NAT_RUNS];
		enum nat_fact control;
		enum nat_filtering filtering;
		enum nat_confidence confidence;
	} table[] = {
	    /* Nothing was asked. */
	    {{{0}, {0}},
	     NAT_UNKNOWN,
	     NAT_FILTERING_UNKNOWN,
	     NAT_CONFIDENCE_NONE},
	    /* Silence once is not enough. */
	    {{{true, false, false}, {0}},
	     NAT_YES,
	     NAT_FILTERING_UNKNOWN,
	     NAT_CONFIDENCE_NONE},
	    {{{true, false, true}, {0}},
	     NAT_YES,
	     NAT_FILTERING_UNKNOWN,
	     NAT_CONFIDENCE_NONE},
	    /* What was heard once is. */
	    {{{true, true, true}, {0}},
	     NAT_YES,
	     NAT_FILTERING_INDEPENDENT,
	     NAT_CONFIDENCE_MEDIUM},
	    {{{true, false, false}, {true, true, false}},
	     NAT_YES,
	     NAT_FILTERING_INDEPENDENT,
	     NAT_CONFIDENCE_MEDIUM},
	    {{{true, true, true}, {true, true, true}},
	     NAT_YES,
	     NAT_FILTERING_INDEPENDENT,
	     NAT_CONFIDENCE_HIGH},
	    {{{true, false, true}, {true, false, true}},
	     NAT_YES,
	     NAT_FILTERING_ADDRESS,
	     NAT_CONFIDENCE_HIGH},
	    {{{true, false, true}, {true, false, false}},
	     NAT_YES,
	     NAT_FILTERING_ADDRESS,
	     NAT_CONFIDENCE_MEDIUM},
	    {{{true, false, false}, {true, false, false}},
	     NAT_YES,
	     NAT_FILTERING_ADDRESS_PORT,
	     NAT_CONFIDENCE_HIGH},
	    {{{true, false, false}, {true, false, false}},
	     NAT_UNKNOWN,
	     NAT_FILTERING_ADDRESS_PORT,
	     NAT_CONFIDENCE_MEDIUM},
	    /* The server does not do what it is asked. */
	    {{{true, false, false}, {true, false, false}},
	     NAT_NO,
	     NAT_FILTERING_UNKNOWN,
	     NAT_CONFIDENCE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct nat_observations seen = {.control = table[i].control};
		struct nat_behaviour nat;

		memcpy(seen.runs, table[i].runs, sizeof(seen.runs));
		nat = nat_behaviour_judge(&seen);
		if (nat.filtering != table[i].filtering ||
		    nat.filtering_confidence != table[i].confidence)
			fail_msg("row %zu: %d (%d)", i, nat.filtering,
				 nat.filtering_confidence);
	}
}

static void nat_behaviour_judge_when_silent_hairpin_then_by_mapping(void **s)
{
	struct nat_observations seen = observe(&rows[2]);

	(void)s;
	seen.hairpin = NAT_NO;
	assert_int_equal(nat_behaviour_judge(&seen).hairpin, NAT_NO);
	seen = observe(&rows[7]);
	seen.hairpin = NAT_NO;
	assert_int_equal(nat_behaviour_judge(&seen).hairpin, NAT_UNKNOWN);
}

static void nat_legacy_name_when_table_then_rfc3489_words(void **state)
{
	static const struct {
		enum nat_mapping mapping;
		enum nat_filtering filtering;
		const char *name;
	} table[] = {
	    {NAT_MAPPING_UNKNOWN, NAT_FILTERING_ADDRESS, NULL},
	    {NAT_MAPPING_NONE, NAT_FILTERING_ADDRESS_PORT, "none"},
	    {NAT_MAPPING_INDEPENDENT, NAT_FILTERING_UNKNOWN, NULL},
	    {NAT_MAPPING_INDEPENDENT, NAT_FILTERING_INDEPENDENT, "full-cone"},
	    {NAT_MAPPING_INDEPENDENT, NAT_FILTERING_ADDRESS, "restricted-cone"},
	    {NAT_MAPPING_INDEPENDENT, NAT_FILTERING_ADDRESS_PORT,
	     "port-restricted-cone"},
	    {NAT_MAPPING_ADDRESS, NAT_FILTERING_INDEPENDENT, "symmetric"},
	    {NAT_MAPPING_ADDRESS_PORT, NAT_FILTERING_UNKNOWN, "symmetric"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct nat_behaviour nat = {.mapping = table[i].mapping,
					    .filtering = table[i].filtering};

		if (table[i].name)
			assert_string_equal(nat_legacy_name(&nat),
					    table[i].name);
		else
			assert_null(nat_legacy_name(&nat));
	}
}

/* Rows and columns as enum nat_peer_kind: y plain, p with prediction, - no. */
static void nat_peers_reach_when_typical_kinds_then_matrix(void **state)
{
	static const char *const matrix[NAT_PEER_COUNT] = {
	    "yyyyy", "yyyyy", "yyyyy", "yyyyp", "yyyp-"};
	static const char letters[] = {'?', '-', 'p', 'y'};

	(void)state;
	for (int a = 0; a < NAT_PEER_COUNT; a++) {
		for (int b = 0; b < NAT_PEER_COUNT; b++) {
			struct nat_party x =
			    nat_peers_typical((enum nat_peer_kind)a);
			struct nat_party y =
			    nat_peers_typical((enum nat_peer_kind)b);

			if (letters[nat_peers_reach(&x, &y)] != matrix[a][b])
				fail_msg("%d with %d", a, b);
		}
	}
}

static void nat_peers_reach_when_mapped_or_predictable_then_better(void **state)
{
	struct nat_party hard = nat_peers_typical(NAT_PEER_SYMMETRIC);
	struct nat_party other = nat_peers_typical(NAT_PEER_SYMMETRIC);

	(void)state;
	hard.is_open = true;
	assert_int_equal(nat_peers_reach(&hard, &other), NAT_REACH_YES);
	assert_int_equal(nat_peers_audience(&hard), NAT_AUDIENCE_ALL);
	hard.is_open = false;
	hard.allocation = NAT_ALLOCATION_SEQUENTIAL;
	assert_int_equal(nat_peers_reach(&hard, &other), NAT_REACH_NO);
	other.allocation = NAT_ALLOCATION_SEQUENTIAL;
	assert_int_equal(nat_peers_reach(&hard, &other), NAT_REACH_PREDICT);
}

static void nat_peers_audience_when_kinds_then_all_most_limited(void **state)
{
	static const enum nat_audience wanted[NAT_PEER_COUNT] = {
	    NAT_AUDIENCE_ALL, NAT_AUDIENCE_ALL, NAT_AUDIENCE_ALL,
	    NAT_AUDIENCE_MOST, NAT_AUDIENCE_LIMITED};
	struct nat_behaviour nat = {.mapping = NAT_MAPPING_UNKNOWN};
	struct nat_party party;

	(void)state;
	for (int k = 0; k < NAT_PEER_COUNT; k++) {
		party = nat_peers_typical((enum nat_peer_kind)k);
		assert_int_equal(nat_peers_audience(&party), wanted[k]);
	}
	party = nat_peers_self(&nat, false);
	assert_int_equal(nat_peers_audience(&party), NAT_AUDIENCE_UNKNOWN);
	party = nat_peers_self(&nat, true);
	assert_int_equal(nat_peers_audience(&party), NAT_AUDIENCE_ALL);
}

static struct endpoint parse(const char *text)
{
	struct endpoint e;

	assert_int_equal(endpoint_parse(text, &e), 0);
	return e;
}

static void nat_server_answered_when_other_is_bad_then_dropped(void **state)
{
	static const struct {
		const char *other;
		bool is_kept;
	} table[] = {
	    {"9.0.1.1:3479", true},   {"9.0.0.1:3479", false},
	    {"9.0.1.1:3478", false},  {"192.168.1.1:53", false},
	    {"127.0.0.1:22", false},  {"224.0.0.1:3479", false},
	    {"[2600::1]:53", false},  {"100.64.0.1:3479", false},
	    {"169.254.1.1:5", false},
	};
	struct endpoint mapped = parse("8.8.8.8:1");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct nat_server server = {.at = parse(P0)};
		struct endpoint other = parse(table[i].other);

		nat_server_answered(&server, &mapped, &other);
		if (addr_is_set(&server.other.addr) != table[i].is_kept)
			fail_msg("%s", table[i].other);
	}
}

static void nat_servers_choose_when_liar_then_not_chosen(void **state)
{
	struct nat_server servers[3] = {
	    {.at = parse(P2)}, {.at = parse(P0)}, {.at = parse(P1)}};
	struct endpoint mapped = parse("8.8.8.8:1"), lie = parse("1.1.1.1:1");
	struct endpoint other0 = parse(T0), other2 = parse(T2);
	struct endpoint none = {.port = 0};
	struct nat_choice choice;

	(void)state;
	assert_true(nat_servers_choose(servers, 3, &choice) < 0);
	nat_server_answered(&servers[0], &lie, &other2);
	nat_server_answered(&servers[1], &mapped, &other0);
	nat_server_answered(&servers[2], &mapped, &none);
	assert_int_equal(nat_servers_choose(servers, 3, &choice), 0);
	assert_int_equal(choice.able_count, 1);
	assert_int_equal(choice.able[0], 1);
	assert_int_equal(choice.able[1], 1);
	assert_int_equal(choice.plain, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nat_behaviour_judge_when_table_then_verdicts),
	    cmocka_unit_test(
		nat_behaviour_judge_when_order_shuffled_then_by_order),
	    cmocka_unit_test(nat_behaviour_judge_when_no_nat_then_none),
	    cmocka_unit_test(
		nat_behaviour_judge_when_addresses_vary_then_pooled),
	    cmocka_unit_test(
		nat_behaviour_judge_when_ports_in_block_then_block),
	    cmocka_unit_test(
		nat_behaviour_judge_when_filter_runs_then_verdicts),
	    cmocka_unit_test(
		nat_behaviour_judge_when_silent_hairpin_then_by_mapping),
	    cmocka_unit_test(nat_legacy_name_when_table_then_rfc3489_words),
	    cmocka_unit_test(nat_peers_reach_when_typical_kinds_then_matrix),
	    cmocka_unit_test(
		nat_peers_reach_when_mapped_or_predictable_then_better),
	    cmocka_unit_test(
		nat_peers_audience_when_kinds_then_all_most_limited),
	    cmocka_unit_test(
		nat_server_answered_when_other_is_bad_then_dropped),
	    cmocka_unit_test(nat_servers_choose_when_liar_then_not_chosen),
	};

	return cmocka_run_group_tests_name("nat_behaviour", tests, NULL, NULL);
}
