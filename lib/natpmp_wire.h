/*
 * natpmp_wire: is this datagram a proper NAT-PMP message? (RFC 6886)
 *
 * The guard in front of libnatpmp, which reads whatever comes, and the parser
 * of a gateway's announcements. It writes no requests. The names differ from
 * those of <natpmp.h> so that one file can include both.
 */
#ifndef LIB_NATPMP_WIRE_H
#define LIB_NATPMP_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* RFC 6886 section 3: the ports of the gateway and of its announcements. */
#define NATPMP_WIRE_SERVER_PORT 5351
#define NATPMP_WIRE_CLIENT_PORT 5350
/* RFC 6886 section 3.2, 3.3: the exact lengths of the two answers. */
#define NATPMP_WIRE_ADDRESS_BYTES 12
#define NATPMP_WIRE_MAP_BYTES     16

/* RFC 6886 section 3.2, 3.3. */
enum natpmp_wire_op {
	NATPMP_WIRE_ADDRESS = 0,
	NATPMP_WIRE_MAP_UDP = 1,
	NATPMP_WIRE_MAP_TCP = 2,
};

/* RFC 6886 section 3.5. */
enum natpmp_wire_result {
	NATPMP_WIRE_SUCCESS = 0,
	NATPMP_WIRE_UNSUPP_VERSION = 1,
	NATPMP_WIRE_NOT_AUTHORIZED = 2,
	NATPMP_WIRE_NETWORK_FAILURE = 3,
	NATPMP_WIRE_NO_RESOURCES = 4,
	NATPMP_WIRE_UNSUPP_OPCODE = 5,
};

struct natpmp_wire_answer {
	enum natpmp_wire_op op;
	uint16_t result; /* enum natpmp_wire_result, or an unknown one */
	uint32_t epoch_s;
	struct addr external;   /* of an address answer */
	uint16_t internal_port; /* these three: of a map answer; on an error */
	uint16_t external_port; /* they say nothing (RFC 6886 section 3.5) */
	uint32_t lifetime_s;
};

/*
 * Reads an answer of LEN bytes: version 0, one of the three opcodes with the
 * top bit, and exactly the length of that opcode. Returns 0; -EPROTONOSUPPORT
 * when it refuses the version or the opcode in the short form (8 bytes) or as
 * PCP does (RFC 6887 section 9): libnatpmp must not see those; -EBADMSG for all
 * else. RET_ANSWER is written only with 0.
 */
int natpmp_wire_decode_answer(const void *bytes, size_t len,
			      struct natpmp_wire_answer *ret_answer);

/*
 * Reads an unasked announcement of the external address (RFC 6886 section
 * 3.2.1): an address answer with result 0. Returns 0 or -EBADMSG.
 */
int natpmp_wire_decode_announcement(const void *bytes, size_t len,
				    struct natpmp_wire_answer *ret_answer);

/* "not authorized", ... in the words of RFC 6886 section 3.5; "unknown". */
const char *natpmp_wire_result_name(unsigned int result);

#endif
