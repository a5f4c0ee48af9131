/*
 * pcp: the Port Control Protocol on the wire (RFC 6887).
 *
 * Encodes and decodes requests and answers of the opcodes ANNOUNCE and MAP, for
 * both address families; IPv4 travels as ::ffff:a.b.c.d. Sends nothing, keeps
 * no time, allocates nothing: see pcp_client.h for the client.
 */
#ifndef LIB_PCP_H
#define LIB_PCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* RFC 6887 section 19.1: the ports of the server and of its announcements. */
#define PCP_SERVER_PORT 5351
#define PCP_CLIENT_PORT 5350
/* RFC 6887 section 7: the longest message, and the headers of 7.1, 7.2. */
#define PCP_MESSAGE_BYTES 1100
#define PCP_HEADER_BYTES  24
/* RFC 6887 section 11.1: a MAP message without options, and its nonce. */
#define PCP_MAP_BYTES   60
#define PCP_NONCE_BYTES 12

/* RFC 6887 section 19.2. PEER is not spoken here. */
enum pcp_opcode { PCP_ANNOUNCE = 0, PCP_MAP = 1 };

/* RFC 6887 section 7.4. */
enum pcp_result {
	PCP_SUCCESS = 0,
	PCP_UNSUPP_VERSION = 1,
	PCP_NOT_AUTHORIZED = 2,
	PCP_MALFORMED_REQUEST = 3,
	PCP_UNSUPP_OPCODE = 4,
	PCP_UNSUPP_OPTION = 5,
	PCP_MALFORMED_OPTION = 6,
	PCP_NETWORK_FAILURE = 7,
	PCP_NO_RESOURCES = 8,
	PCP_UNSUPP_PROTOCOL = 9,
	PCP_USER_EX_QUOTA = 10,
	PCP_CANNOT_PROVIDE_EXTERNAL = 11,
	PCP_ADDRESS_MISMATCH = 12,
	PCP_EXCESSIVE_REMOTE_PEERS = 13,
};

/* The part of a MAP message that is its own (RFC 6887 section 11.1). */
struct pcp_map {
	uint8_t nonce[PCP_NONCE_BYTES];
	uint8_t protocol; /* IANA number; 0 = all */
	uint16_t internal_port;
	uint16_t external_port; /* suggested or assigned; 0 = any, none */
	/* Suggested or assigned. Unset is written as the all-zeros address of
	 * the client's family; the all-zeros address is read as unset. */
	struct addr external;
};

struct pcp_request {
	enum pcp_opcode opcode;
	uint32_t lifetime_s; /* 0 deletes */
	struct addr client;
	bool prefer_failure; /* RFC 6887 section 13.2; MAP only */
	struct pcp_map map;  /* with PCP_MAP */
};

struct pcp_response {
	enum pcp_opcode opcode;
	uint8_t result;      /* enum pcp_result, or one that we do not know */
	uint32_t lifetime_s; /* of the mapping, or of the error */
	uint32_t epoch_s;
	/* With PCP_MAP. The answer to a request that the server could not read
	 * may lack it. */
	bool has_map;
	struct pcp_map map;
};

/* Writes REQUEST to BUF. Returns its length, -ENOBUFS when it does not fit, or
 * -EAFNOSUPPORT when the client's address is not set. */
int pcp_encode_request(const struct pcp_request *request, void *buf,
		       size_t buf_bytes);

/*
 * Reads an answer of LEN bytes. Unknown options are skipped. Returns 0;
 * -EPROTONOSUPPORT for a proper answer of another version that says that it
 * does not speak ours (RFC 6887 section 9; a NAT-PMP server: RFC 6886 section
 * 3.5), see pcp_peek_version(); -EBADMSG for all else: RET_RESPONSE is then
 * untouched.
 */
int pcp_decode_response(const void *bytes, size_t len,
			struct pcp_response *ret_response);

/* The first byte of a message, 0 when there is none: 0 is NAT-PMP, 2 PCP. */
unsigned int pcp_peek_version(const void *bytes, size_t len);

/* The server's side, for tests: the same rules as above. */
int pcp_decode_request(const void *bytes, size_t len,
		       struct pcp_request *ret_request);
int pcp_encode_response(const struct pcp_response *response, void *buf,
			size_t buf_bytes);

/* "NOT_AUTHORIZED", ... as in RFC 6887 section 7.4; "unknown" for others. */
const char *pcp_result_name(unsigned int result);

#endif
