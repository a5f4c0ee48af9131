/*
 * echo_cookie: proof that a client receives what is sent to its address.
 *
 * A cookie is a keyed hash of the address and of the minute; the server keeps
 * nothing of a client. Good for one to two minutes, and for as long as the
 * server runs.
 */
#ifndef DAEMON_ECHO_COOKIE_H
#define DAEMON_ECHO_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "echo.h"

#define ECHO_COOKIE_KEY_BYTES 32
#define ECHO_COOKIE_PERIOD_MS 60000

struct echo_cookie_key {
	uint8_t bytes[ECHO_COOKIE_KEY_BYTES];
};

/* A new random key. */
void echo_cookie_key_init(struct echo_cookie_key *key);
/* Forgets the key's bytes. */
void echo_cookie_key_fini(struct echo_cookie_key *key);

/* Writes the cookie of SOURCE at NOW_MS. */
void echo_cookie_make(const struct echo_cookie_key *key,
		      const struct addr *source, uint64_t now_ms,
		      uint8_t ret_cookie[ECHO_COOKIE_BYTES]);

/* Is it SOURCE's cookie of this period or the one before? Compares in constant
 * time. */
bool echo_cookie_is_valid(const struct echo_cookie_key *key,
			  const struct addr *source, uint64_t now_ms,
			  const uint8_t cookie[ECHO_COOKIE_BYTES]);

#endif
