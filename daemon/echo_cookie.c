#include "echo_cookie.h"

#include <sodium.h>

#include "wire.h"

_Static_assert(ECHO_COOKIE_BYTES >= crypto_generichash_BYTES_MIN,
	       "BLAKE2b can be cut to a cookie");
_Static_assert(ECHO_COOKIE_KEY_BYTES == crypto_generichash_KEYBYTES,
	       "the key is BLAKE2b's");

void echo_cookie_key_init(struct echo_cookie_key *key)
{
	crypto_generichash_keygen(key->bytes);
}

void echo_cookie_key_fini(struct echo_cookie_key *key)
{
	sodium_memzero(key->bytes, sizeof(key->bytes));
}

static void make(const struct echo_cookie_key *key, const struct addr *source,
		 uint64_t period, uint8_t ret_cookie[ECHO_COOKIE_BYTES])
{
	uint8_t subject[1 + sizeof(source->bytes) + 8];
	struct wire_writer w = wire_writer_init(subject, sizeof(subject));

	wire_put_u8(&w, source->family == AF_INET6 ? 6 : 4);
	wire_put_bytes(&w, source->bytes, sizeof(source->bytes));
	wire_put_u64(&w, period);
	(void)crypto_generichash(ret_cookie, ECHO_COOKIE_BYTES, subject,
				 sizeof(subject), key->bytes,
				 sizeof(key->bytes));
}

void echo_cookie_make(const struct echo_cookie_key *key,
		      const struct addr *source, uint64_t now_ms,
		      uint8_t ret_cookie[ECHO_COOKIE_BYTES])
{
	make(key, source, now_ms / ECHO_COOKIE_PERIOD_MS, ret_cookie);
}

bool echo_cookie_is_valid(const struct echo_cookie_key *key,
			  const struct addr *source, uint64_t now_ms,
			  const uint8_t cookie[ECHO_COOKIE_BYTES])
{
	uint64_t period = now_ms / ECHO_COOKIE_PERIOD_MS;
	uint8_t now[ECHO_COOKIE_BYTES], before[ECHO_COOKIE_BYTES];
	bool is_now, is_before;

	make(key, source, period, now);
	/* In period 0 this is a period that never comes: no harm. */
	make(key, source, period - 1, before);
	is_now = sodium_memcmp(cookie, now, sizeof(now)) == 0;
	is_before = sodium_memcmp(cookie, before, sizeof(before)) == 0;
	return is_now || is_before;
}
