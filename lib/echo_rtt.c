#include "echo_rtt.h"

/* Above this a sample says nothing about the path: cap it, so that the sums
 * below stay far from 32 bits. */
#define SAMPLE_MOST_MS 60000

void echo_rtt_init(struct echo_rtt *rtt, uint32_t estimate_ms)
{
	*rtt = (struct echo_rtt){0};
	if (estimate_ms)
		echo_rtt_sample(rtt, estimate_ms);
}

void echo_rtt_forget(struct echo_rtt *rtt)
{
	*rtt = (struct echo_rtt){.counts = rtt->counts};
}

uint32_t echo_rtt_bucket_ms(unsigned int bucket)
{
	static const uint32_t limits_ms[ECHO_RTT_BUCKETS] = {
	    5, 10, 25, 50, 100, 250, 500, 1000,
	};

	return limits_ms[bucket];
}

static void count(struct echo_rtt_counts *counts, uint32_t sample_ms)
{
	for (unsigned int i = 0; i < ECHO_RTT_BUCKETS; i++)
		counts->at_most[i] += sample_ms <= echo_rtt_bucket_ms(i);
	counts->count++;
	counts->sum_ms += sample_ms;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* RFC 6298 sections 2.2 and 2.3: alpha is 1/8, beta 1/4. */
void echo_rtt_sample(struct echo_rtt *rtt, uint32_t sample_ms)
{
	uint32_t us;

	if (sample_ms > SAMPLE_MOST_MS)
		sample_ms = SAMPLE_MOST_MS;
	count(&rtt->counts, sample_ms);
	us = (sample_ms ? sample_ms : 1) * 1000;
	if (rtt->samples == 0) {
		rtt->srtt_us = us;
		rtt->rttvar_us = us / 2;
	} else {
		rtt->rttvar_us =
		    (3 * rtt->rttvar_us + distance(rtt->srtt_us, us)) / 4;
		rtt->srtt_us = (7 * rtt->srtt_us + us) / 8;
	}
	if (rtt->samples < UINT32_MAX)
		rtt->samples++;
}

uint32_t echo_rtt_smoothed_ms(const struct echo_rtt *rtt)
{
	return (rtt->srtt_us + 999) / 1000;
}

uint32_t echo_rtt_wait_ms(const struct echo_rtt *rtt)
{
	uint32_t us = 3 * rtt->srtt_us;
	uint32_t varied_us = rtt->srtt_us + 4 * rtt->rttvar_us;
	uint32_t ms;

	if (rtt->samples == 0)
		return ECHO_WAIT_MOST_MS;
	ms = ((varied_us > us ? varied_us : us) + 999) / 1000;
	if (ms < ECHO_WAIT_LEAST_MS)
		return ECHO_WAIT_LEAST_MS;
	return ms < ECHO_WAIT_MOST_MS ? ms : ECHO_WAIT_MOST_MS;
}
