/*
 * punch_wire: what two peers say to each other while they punch.
 *
 * Turns datagrams into the few things that a peer can mean, and back. One codec
 * a dialect; the engine knows none of their bytes. The dialect of Mysterium
 * nodes is plain text without any proof of who speaks: whoever reaches a port
 * may say it.
 */
#ifndef LIB_PUNCH_WIRE_H
#define LIB_PUNCH_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* No message of any codec is longer. */
#define PUNCH_MESSAGE_BYTES 64

enum punch_message {
	PUNCH_PING,  /* 'are you there?' */
	PUNCH_OK,    /* 'I hear you' */
	PUNCH_ACK,   /* 'and I hear that you hear me' */
	PUNCH_OTHER, /* nothing of this dialect: data, or noise */
};

struct punch_codec {
	/* Writes MESSAGE (not PUNCH_OTHER), for TO, into BUF of at least
	 * PUNCH_MESSAGE_BYTES; returns its length. */
	size_t (*encode)(const void *session, enum punch_message message,
			 const struct endpoint *to, uint8_t *buf);
	/* What the LEN bytes at BYTES mean. */
	enum punch_message (*classify)(const void *session,
				       const uint8_t *bytes, size_t len);
};

/* "continuously pinging to ADDRESS:PORT" (only the words before the address
 * count), "OK" and "OK_ACK", exactly. Needs no session. */
extern const struct punch_codec punch_codec_mysterium;

#endif
