/*
 * renewal: when to renew a lease and when to try again, as pure arithmetic.
 *
 * Takes the randomness as an argument, so that tests can choose it.
 */
#ifndef LIB_RENEWAL_H
#define LIB_RENEWAL_H

#include <stdint.h>

/* RFC 6887 section 11.2.1: requests to renew are at least 4 s apart. */
#define RENEWAL_LEAST_MS 4000

/*
 * Milliseconds from the grant of a lease of LIFETIME_S seconds until its
 * renewal number ATTEMPT (0 = the first). RFC 6887 section 11.2.1: the first at
 * 1/2 to 5/8 of the lifetime, the second at 3/4 to 3/4 + 1/16, the third at
 * 7/8 to 7/8 + 1/32, and so on: the window is chosen uniformly by RANDOM. Never
 * less than one second before it expires, if it is that long.
 */
uint64_t renewal_delay_ms(uint32_t lifetime_s, unsigned int attempt,
			  uint32_t random);

/*
 * Milliseconds to wait before trying again what failed ATTEMPT times (1 =
 * once): FIRST_MS doubled each time, at most MOST_MS, plus or minus 1/8 by
 * RANDOM.
 */
uint64_t renewal_backoff_ms(uint64_t first_ms, uint64_t most_ms,
			    unsigned int attempt, uint32_t random);

#endif
