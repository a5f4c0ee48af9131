/*
 * echo_rtt: how long to wait for an echo, learnt from those that came.
 *
 * The smoothing of RFC 6298 section 2 over round trips to the port-check
 * servers. The caller of the checks keeps one and hands it to each; it forgets
 * it when the network changes. Pure: samples come in, a wait comes out.
 */
#ifndef LIB_ECHO_RTT_H
#define LIB_ECHO_RTT_H

#include <stdbool.h>
#include <stdint.h>

/* What Mysterium's checker waits, and the most that is waited here. */
#define ECHO_WAIT_MOST_MS 2000
/* Less would take a busy router's queue for silence. */
#define ECHO_WAIT_LEAST_MS 300

#define ECHO_RTT_BUCKETS 8

/* How long all round trips took so far, also those that are forgotten. */
struct echo_rtt_counts {
	uint64_t at_most[ECHO_RTT_BUCKETS]; /* echo_rtt_bucket_ms() */
	uint64_t count;
	uint64_t sum_ms;
};

/* {0} knows nothing yet. */
struct echo_rtt {
	uint32_t srtt_us;   /* smoothed round trip */
	uint32_t rttvar_us; /* its variation */
	unsigned int samples;
	struct echo_rtt_counts counts;
};

/* Starts with an estimate of the round trip in ms as if it were measured;
 * 0 = unknown. */
void echo_rtt_init(struct echo_rtt *rtt, uint32_t estimate_ms);

/* Takes in one measured round trip in ms. */
void echo_rtt_sample(struct echo_rtt *rtt, uint32_t sample_ms);

/* Forgets what it learnt, for another network; the counts stay. */
void echo_rtt_forget(struct echo_rtt *rtt);

/* The limit of a bucket in ms; each counts all samples up to its limit. */
uint32_t echo_rtt_bucket_ms(unsigned int bucket);

/* The smoothed round trip in ms, 0 = unknown. */
uint32_t echo_rtt_smoothed_ms(const struct echo_rtt *rtt);

/* How long to wait for an echo, in ms: three round trips or, where they vary a
 * lot, the smoothed one plus four variations (RFC 6298 section 2.3), within
 * 300 ms and 2 s; 2 s while unknown. */
uint32_t echo_rtt_wait_ms(const struct echo_rtt *rtt);

#endif
