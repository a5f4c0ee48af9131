/*
 * echo: the datagrams of the asymmetric UDP echo, and their cookie extension.
 *
 * A client asks a server to send sixteen bytes to a port of the address that
 * the request came from. The request leaves from another local port than the
 * one under test, so that only a forward on the router, or no router at all,
 * lets the echo in. The protocol is that of the Mysterium network; it has no
 * RFC.
 *
 *   request   18 bytes: port (16 bits) | token (16 bytes)
 *   reply     16 bytes: token, to the port named, from any address
 *
 * A bare request makes its server send to whoever the source address names,
 * so it can be spent against a third party. The extension proves the source
 * first. It is longer than a request: a server without the extension drops it
 * or takes its first 18 bytes for a plain request, which they are.
 *
 *   extended  40 bytes: port | token | "TVEC" | version 1 | sequence | cookie
 *   cookie    38 bytes: "TVEC" | version 1 | sequence | token | cookie
 *
 * A client sends an extended request with a cookie of zeros beside the plain
 * one and waits for neither. The server answers a wrong cookie (zeros are
 * always wrong) with a right one, to the address and port that asked; a right
 * one with the reply. The sequence comes back as it was sent, so that each
 * answer gives the round trip even after a retransmission. No answer is
 * longer than what it answers (amplification is at most 1).
 *
 * Pure coding and decoding: no socket, no clock, no secret.
 */
#ifndef LIB_ECHO_H
#define LIB_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECHO_TOKEN_BYTES    16
#define ECHO_REQUEST_BYTES  18
#define ECHO_REPLY_BYTES    16
#define ECHO_COOKIE_BYTES   16
#define ECHO_EXTENDED_BYTES 40
#define ECHO_GRANT_BYTES    38
#define ECHO_DEFAULT_PORT   4589

/* A request, plain or extended. */
struct echo_request {
	uint16_t port; /* where the echo goes; 0 is never valid */
	uint8_t token[ECHO_TOKEN_BYTES];
	bool is_extended;
	uint8_t sequence;                  /* only when extended */
	uint8_t cookie[ECHO_COOKIE_BYTES]; /* only when extended */
};

/* A server's answer to an extended request whose cookie was wrong. */
struct echo_grant {
	uint8_t sequence;                  /* as in the request */
	uint8_t token[ECHO_TOKEN_BYTES];   /* as in the request */
	uint8_t cookie[ECHO_COOKIE_BYTES]; /* to be sent from now on */
};

/* Writes R to BUF. Returns the length, 18 or 40, or -EMSGSIZE. */
int echo_request_encode(const struct echo_request *r, void *buf,
			size_t buf_bytes);

/* Reads a request, which fills its datagram. Returns 0, or -EBADMSG for any
 * other length, port 0, or a foreign magic or version. */
int echo_request_decode(const void *buf, size_t len,
			struct echo_request *ret_request);

/* Writes G to BUF. Returns the length, 38, or -EMSGSIZE. */
int echo_grant_encode(const struct echo_grant *g, void *buf, size_t buf_bytes);

/* Reads a cookie answer, which fills its datagram. Returns 0 or -EBADMSG. */
int echo_grant_decode(const void *buf, size_t len,
		      struct echo_grant *ret_grant);

/* Is this datagram the reply to TOKEN: exactly its 16 bytes? */
bool echo_reply_matches(const void *buf, size_t len, const uint8_t *token);

#endif
