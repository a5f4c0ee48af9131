#include "unit.h"

#include "stun_retry.h"
#include "stun_vote.h"

#define BALLOTS_MOST 6

struct row {
	const char *name;
	const char *ballots[BALLOTS_MOST][2]; /* server, mapped */
	enum stun_verdict verdict;
	const char *external;
	unsigned int servers, agreeing, rejected;
};

static const struct row rows[] = {
    {"nobody", {{0}}, STUN_VERDICT_SILENT, NULL, 0, 0, 0},
    {"one server",
     {{"9.0.0.1:1", "8.8.8.8:5"}},
     STUN_VERDICT_SINGLE,
     "8.8.8.8:5",
     1,
     1,
     0},
    {"one server on two ports is one",
     {{"9.0.0.1:1", "8.8.8.8:5"}, {"9.0.0.1:2", "8.8.8.8:5"}},
     STUN_VERDICT_SINGLE,
     "8.8.8.8:5",
     1,
     1,
     0},
    {"two agree",
     {{"9.0.0.1:1", "8.8.8.8:5"}, {"9.0.0.2:1", "8.8.8.8:5"}},
     STUN_VERDICT_ENDPOINT,
     "8.8.8.8:5",
     2,
     2,
     0},
    {"two differ in the port",
     {{"9.0.0.1:1", "8.8.8.8:5"}, {"9.0.0.2:1", "8.8.8.8:6"}},
     STUN_VERDICT_ADDRESS,
     "8.8.8.8:0",
     2,
     2,
     0},
    {"two differ in the address",
     {{"9.0.0.1:1", "8.8.8.8:5"}, {"9.0.0.2:1", "8.8.4.4:5"}},
     STUN_VERDICT_SPLIT,
     NULL,
     2,
     0,
     0},
    {"one of three lies about the address",
     {{"9.0.0.1:1", "1.1.1.1:5"},
      {"9.0.0.2:1", "8.8.8.8:5"},
      {"9.0.0.3:1", "8.8.8.8:5"}},
     STUN_VERDICT_ENDPOINT,
     "8.8.8.8:5",
     3,
     2,
     0},
    {"one of three lies about the port",
     {{"9.0.0.1:1", "8.8.8.8:7"},
      {"9.0.0.2:1", "8.8.8.8:5"},
      {"9.0.0.3:1", "8.8.8.8:5"}},
     STUN_VERDICT_ENDPOINT,
     "8.8.8.8:5",
     3,
     2,
     0},
    {"a liar who votes often is one",
     {{"9.0.0.1:1", "1.1.1.1:5"},
      {"9.0.0.1:2", "1.1.1.1:5"},
      {"9.0.0.1:3", "1.1.1.1:5"},
      {"9.0.0.2:1", "8.8.8.8:5"},
      {"9.0.0.3:1", "8.8.8.8:5"}},
     STUN_VERDICT_ENDPOINT,
     "8.8.8.8:5",
     3,
     2,
     0},
    {"two of four are no majority",
     {{"9.0.0.1:1", "1.1.1.1:5"},
      {"9.0.0.2:1", "1.1.1.1:5"},
      {"9.0.0.3:1", "8.8.8.8:5"},
      {"9.0.0.4:1", "8.8.4.4:5"}},
     STUN_VERDICT_SPLIT,
     NULL,
     4,
     0,
     0},
    {"private, loopback and port 0 do not count",
     {{"9.0.0.1:1", "192.168.1.1:5"},
      {"9.0.0.2:1", "100.64.0.1:5"},
      {"9.0.0.3:1", "127.0.0.1:5"},
      {"9.0.0.4:1", "8.8.8.8:5"}},
     STUN_VERDICT_SINGLE,
     "8.8.8.8:5",
     1,
     1,
     3},
    {"IPv6",
     {{"[2600::1]:1", "[2606:4700::9]:5"}, {"[2600::2]:1", "[2606:4700::9]:5"}},
     STUN_VERDICT_ENDPOINT,
     "[2606:4700::9]:5",
     2,
     2,
     0},
};

static size_t read_ballots(const struct row *row, struct stun_ballot *ballots)
{
	size_t n = 0;

	for (; n < BALLOTS_MOST && row->ballots[n][0]; n++) {
		assert_int_equal(
		    endpoint_parse(row->ballots[n][0], &ballots[n].server), 0);
		assert_int_equal(
		    endpoint_parse(row->ballots[n][1], &ballots[n].mapped), 0);
	}
	return n;
}

static void stun_vote_count_when_table_then_verdicts(void **state)
{
	struct stun_ballot ballots[BALLOTS_MOST] = {0};
	char text[ENDPOINT_TEXT_BYTES];
	struct stun_vote vote;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		vote =
		    stun_vote_count(ballots, read_ballots(&rows[i], ballots));
		if (vote.verdict != rows[i].verdict ||
		    vote.servers != rows[i].servers ||
		    vote.agreeing != rows[i].agreeing ||
		    vote.rejected != rows[i].rejected)
			fail_msg("%s: %s, %u of %u, %u rejected", rows[i].name,
				 stun_verdict_name(vote.verdict), vote.agreeing,
				 vote.servers, vote.rejected);
		if (rows[i].external)
			assert_string_equal(
			    endpoint_format(&vote.external, text, sizeof(text)),
			    rows[i].external);
		else
			assert_false(addr_is_set(&vote.external.addr));
	}
}

static void stun_vote_count_when_port_zero_then_rejected(void **state)
{
	struct stun_ballot ballot = {.server = {.port = 1}};
	struct stun_vote vote;

	(void)state;
	assert_int_equal(addr_parse("8.8.8.8", &ballot.mapped.addr), 0);
	vote = stun_vote_count(&ballot, 1);
	assert_int_equal(vote.verdict, STUN_VERDICT_SILENT);
	assert_int_equal(vote.rejected, 1);
}

static void stun_retry_wait_ms_when_rto_500_then_schedule_of_rfc(void **state)
{
	/* RFC 8489 section 6.2.1: sent at 0, 500, 1500, 3500, 7500, 15500 and
	 * 31500 ms, failed at 39500 ms. */
	static const uint32_t at_ms[] = {500,   1500,  3500, 7500,
					 15500, 31500, 39500};
	uint32_t now_ms = 0;

	(void)state;
	for (unsigned int sent = 1; sent <= COUNT_OF(at_ms); sent++) {
		now_ms += stun_retry_wait_ms(500, sent, false);
		assert_int_equal(now_ms, at_ms[sent - 1]);
	}
	assert_int_equal(stun_retry_wait_ms(100, 6, true), 100);
}

static void stun_rtt_rto_ms_when_samples_then_follows(void **state)
{
	struct stun_rtt rtt = {0};

	(void)state;
	assert_int_equal(stun_rtt_rto_ms(&rtt), STUN_RTO_LEAST_MS);
	stun_rtt_sample(&rtt, 200);
	assert_int_equal(stun_rtt_rto_ms(&rtt), 600);
	for (int i = 0; i < 50; i++)
		stun_rtt_sample(&rtt, 200);
	assert_in_range(stun_rtt_rto_ms(&rtt), 200, 205);
	stun_rtt_sample(&rtt, UINT32_MAX);
	assert_int_equal(stun_rtt_rto_ms(&rtt), STUN_RTO_MOST_MS);
	for (int i = 0; i < 50; i++)
		stun_rtt_sample(&rtt, 1);
	assert_int_equal(stun_rtt_rto_ms(&rtt), STUN_RTO_LEAST_MS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stun_vote_count_when_table_then_verdicts),
	    cmocka_unit_test(stun_vote_count_when_port_zero_then_rejected),
	    cmocka_unit_test(
		stun_retry_wait_ms_when_rto_500_then_schedule_of_rfc),
	    cmocka_unit_test(stun_rtt_rto_ms_when_samples_then_follows),
	};

	return cmocka_run_group_tests_name("stun_vote", tests, NULL, NULL);
}
