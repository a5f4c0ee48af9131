/*
 * stun: STUN messages on the wire (RFC 8489, RFC 5780, RFC 3489's leftovers).
 *
 * Writes Binding requests, reads every class of Binding message. Keeps no
 * transactions and sends nothing: that is daemon/stun_client.h. Does not verify
 * MESSAGE-INTEGRITY: a Binding request to a public server has no credentials
 * (RFC 8489 section 14.5 skips it then) and the SHA-1 it needs is not at hand.
 */
#ifndef LIB_STUN_H
#define LIB_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define STUN_PORT         3478 /* RFC 8489 section 8.1 */
#define STUN_ID_BYTES     12   /* RFC 8489 section 5 */
#define STUN_HEADER_BYTES 20   /* RFC 8489 section 5 */
#define STUN_TEXT_BYTES   64   /* kept of SOFTWARE and of a reason phrase */
/* Room for any request that stun_request_encode() writes without PADDING. */
#define STUN_REQUEST_BYTES 48

#define STUN_METHOD_BINDING 1 /* RFC 8489 section 18.2 */

/* RFC 8489 section 5: the two class bits. */
enum stun_class {
	STUN_CLASS_REQUEST,
	STUN_CLASS_INDICATION,
	STUN_CLASS_SUCCESS,
	STUN_CLASS_ERROR,
};

/* A Binding request. */
struct stun_request {
	uint8_t id[STUN_ID_BYTES]; /* random, of this transaction alone */
	bool change_ip;            /* CHANGE-REQUEST, RFC 5780 section 7.2 */
	bool change_port;
	uint16_t response_port; /* RESPONSE-PORT, RFC 5780 section 7.5; 0: no */
	uint16_t padding_bytes; /* PADDING, RFC 5780 section 7.6; 0: none */
	bool has_fingerprint;   /* FINGERPRINT, RFC 8489 section 14.7 */
};

/* A message that was read. An endpoint whose attribute was missing has an
 * address of AF_UNSPEC. */
struct stun_message {
	enum stun_class class;
	uint16_t method;
	uint8_t id[STUN_ID_BYTES];
	/* XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS where there is no other. */
	struct endpoint mapped;
	/* OTHER-ADDRESS, or CHANGED-ADDRESS of RFC 3489. */
	struct endpoint other;
	/* RESPONSE-ORIGIN, or SOURCE-ADDRESS of RFC 3489. */
	struct endpoint origin;
	uint16_t error_code; /* 300 to 699; 0: none */
	bool change_ip;
	bool change_port;
	uint16_t response_port; /* 0: none */
	uint16_t padding_bytes; /* 0: none */
	bool has_fingerprint;   /* and it was right */
	bool has_integrity;     /* and it was not verified */
	/* Printable ASCII; what was not is '?'. */
	char reason[STUN_TEXT_BYTES];
	char software[STUN_TEXT_BYTES];
};

/*
 * Writes REQUEST to the CAP bytes at BUF and its length to *ret_len. Returns 0,
 * or -ENOBUFS when it does not fit.
 */
int stun_request_encode(const struct stun_request *request, void *buf,
			size_t cap, size_t *ret_len);

/* Do these bytes begin like a STUN message: two zero bits, a length that fits
 * and the magic cookie (RFC 8489 section 5)? */
bool stun_is_message(const void *bytes, size_t len);

/*
 * Reads the one message that fills the LEN bytes at BYTES. Returns 0; -EINVAL
 * when it is not STUN or malformed; -EBADMSG when its FINGERPRINT is wrong;
 * -EOPNOTSUPP when it has an attribute that must be understood and is not
 * (RFC 8489 section 14).
 */
int stun_parse(const void *bytes, size_t len, struct stun_message *ret_message);

#endif
