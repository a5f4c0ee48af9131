/*
 * epoch: has a gateway lost its mappings? The clocks of PCP and NAT-PMP.
 *
 * Every answer of a gateway tells for how many seconds it has kept its
 * mappings. One that does not fit to the answer before means that they are
 * gone. Pure arithmetic: the caller brings the client's clock, which must count
 * suspend and never step back.
 */
#ifndef LIB_EPOCH_H
#define LIB_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

/* What the last answer of one gateway said, and when. Starts zeroed. */
struct epoch {
	bool has_previous;
	uint32_t previous_server_s;
	uint64_t previous_client_ms;
};

/*
 * Takes the epoch time SERVER_S of a PCP answer that came at CLIENT_MS and
 * remembers both. True when the server may have lost its state (RFC 6887
 * section 8.5): it went back by over one second, or the two clocks differ by
 * over 2 s and 1/16 of what has passed. The first answer never is a reset.
 */
bool pcp_epoch_is_reset(struct epoch *epoch, uint32_t server_s,
			uint64_t client_ms);

/*
 * The same for the seconds since start of epoch of a NAT-PMP answer (RFC 6886
 * section 3.6): a reset when SERVER_S is more than 2 s under the previous one
 * plus 7/8 of the time since then. A clock that runs fast is none.
 */
bool natpmp_epoch_is_reset(struct epoch *epoch, uint32_t server_s,
			   uint64_t client_ms);

#endif
