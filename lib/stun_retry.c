#include "stun_retry.h"

static uint32_t difference(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

void stun_rtt_sample(struct stun_rtt *rtt, uint32_t sample_ms)
{
	uint32_t most_us = STUN_RTO_MOST_MS * 1000u;
	uint32_t us = sample_ms < STUN_RTO_MOST_MS ? sample_ms * 1000 : most_us;

	if (rtt->samples++ == 0) {
		rtt->srtt_us = us;
		rtt->rttvar_us = us / 2;
		return;
	}
	/* RFC 6298 section 2.3: beta = 1/4, alpha = 1/8. */
	rtt->rttvar_us =
	    (3 * rtt->rttvar_us + difference(rtt->srtt_us, us)) / 4;
	rtt->srtt_us = (7 * rtt->srtt_us + us) / 8;
}

uint32_t stun_rtt_rto_ms(const struct stun_rtt *rtt)
{
	uint32_t rto_ms = (rtt->srtt_us + 4 * rtt->rttvar_us) / 1000;

	if (rto_ms < STUN_RTO_LEAST_MS)
		return STUN_RTO_LEAST_MS;
	return rto_ms < STUN_RTO_MOST_MS ? rto_ms : STUN_RTO_MOST_MS;
}

uint32_t stun_retry_wait_ms(uint32_t rto_ms, unsigned int sent, bool is_flat)
{
	if (sent >= STUN_RETRY_RC)
		return STUN_RETRY_RM * rto_ms;
	return is_flat || sent == 0 ? rto_ms : rto_ms << (sent - 1);
}
