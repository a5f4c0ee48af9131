/*
 * state_file: what the daemon remembers of its leases, as text.
 *
 * One line a lease between a line that names the version and one that seals the
 * whole: a file that was cut or altered is told from a good one. Reads and
 * writes no file, keeps no time, allocates nothing. The addresses and ports in
 * it are what routers said: who reads it judges them anew.
 */
#ifndef LIB_STATE_FILE_H
#define LIB_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "transport.h"

/* Every service that the daemon may have, and as many helpers. */
#define STATE_LEASES_MOST 2048
#define STATE_LINE_BYTES  512
/* No file is longer. */
#define STATE_FILE_BYTES (STATE_LEASES_MOST * STATE_LINE_BYTES)

#define STATE_NAME_BYTES  32
#define STATE_NONCE_BYTES 12 /* RFC 6887 section 11.1 */

/* Whose port it is. */
enum state_origin {
	STATE_FIXED = 1, /* of the configuration */
	STATE_AD_HOC,    /* asked for by hand */
	STATE_PREPARED,  /* of the pool, in our hands */
	STATE_ACQUIRED,  /* of the pool, handed out */
	STATE_HELPER,    /* ours for a moment, to prove another one */
};

enum state_via {
	STATE_VIA_ANY = 1, /* asked for; who granted it is not known */
	STATE_VIA_PCP,
	STATE_VIA_NATPMP,
	STATE_VIA_UPNP,
};

struct state_lease {
	char name[STATE_NAME_BYTES]; /* the service's */
	enum state_origin origin;
	enum transport transport;
	enum state_via via;
	struct addr gateway;
	struct addr local;
	uint16_t internal_port;
	struct endpoint external; /* port 0, address unset: not known */
	uint8_t nonce[STATE_NONCE_BYTES];
	uint32_t lifetime_s; /* 0: it never expires */
	uint64_t expires_s;  /* seconds since 1970; 0: never */
};

/* Writes COUNT leases to BUF, with a NUL behind. Returns the length without it,
 * or -ENOSPC. */
int state_file_encode(const struct state_lease *leases, size_t count, char *buf,
		      size_t buf_bytes);

/*
 * Reads LEN bytes of TEXT into at most CAP leases. Returns 0;
 * -EPROTONOSUPPORT for a version that is not ours; -ENOSPC for more leases than
 * CAP; -EBADMSG for all else: cut, altered, or never one of ours. RET_COUNT is
 * written only with 0.
 */
int state_file_decode(const char *text, size_t len, struct state_lease *leases,
		      size_t cap, size_t *ret_count);

#endif
