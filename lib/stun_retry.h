/*
 * stun_retry: when a STUN request is sent again (RFC 8489 section 6.2.1).
 *
 * The first wait is shorter than the RFC's 500 ms: home users wait for a dozen
 * of these in a row. It follows the measured round trip (RFC 6298) but is never
 * under 100 ms. Pure: samples come in, waits come out.
 */
#ifndef LIB_STUN_RETRY_H
#define LIB_STUN_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define STUN_RTO_LEAST_MS 100
#define STUN_RTO_MOST_MS  3000
#define STUN_RETRY_RC     7  /* requests in all, RFC 8489 section 6.2.1 */
#define STUN_RETRY_RM     16 /* wait after the last, in RTOs; same section */

/* What is known of the round trip; {0} is nothing. */
struct stun_rtt {
	uint32_t srtt_us;   /* smoothed round trip */
	uint32_t rttvar_us; /* its variation */
	unsigned int samples;
};

/* Takes in a round trip in ms, of a request that was sent once only (Karn's
 * rule, RFC 6298 section 3). */
void stun_rtt_sample(struct stun_rtt *rtt, uint32_t sample_ms);

/* The wait before the first retransmission in ms (RFC 6298 section 2.3). */
uint32_t stun_rtt_rto_ms(const struct stun_rtt *rtt);

/*
 * How long to wait in ms after the SENT-th request (counted from 1) of a
 * transaction whose first wait is RTO_MS. The wait doubles each time, or stays
 * the same when IS_FLAT. After STUN_RETRY_RC requests it is the last wait.
 */
uint32_t stun_retry_wait_ms(uint32_t rto_ms, unsigned int sent, bool is_flat);

#endif
