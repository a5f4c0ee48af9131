#include "echo_limit.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define SLOTS     16384u /* a power of two */
#define RATE_MOST 1000000u

/* Thousandths of a token: RATE of them come back each millisecond. */
struct bucket {
	uint32_t spent;
	uint32_t at_ms; /* wraps after 49 days */
};

struct echo_limit {
	unsigned int rate;
	uint8_t key[crypto_shorthash_KEYBYTES];
	struct bucket buckets[SLOTS];
};

struct echo_limit *echo_limit_new(unsigned int rate)
{
	struct echo_limit *limit = xcalloc(1, sizeof(*limit));

	assert(rate >= 1 && rate <= RATE_MOST);
	limit->rate = rate;
	crypto_shorthash_keygen(limit->key);
	return limit;
}

void echo_limit_free(struct echo_limit *limit)
{
	if (!limit)
		return;
	sodium_memzero(limit->key, sizeof(limit->key));
	free(limit);
}

/* The bytes that name the network: family, then the prefix. Both prefix
 * lengths are whole bytes. */
static struct bucket *bucket_of(struct echo_limit *limit,
				const struct addr *source)
{
	uint8_t network[1 + ECHO_LIMIT_PREFIX6 / 8] = {0};
	uint8_t hash[crypto_shorthash_BYTES];
	uint32_t slot;

	network[0] = source->family == AF_INET6 ? 6 : 4;
	memcpy(network + 1, source->bytes,
	       source->family == AF_INET6 ? ECHO_LIMIT_PREFIX6 / 8
					  : ECHO_LIMIT_PREFIX4 / 8);
	crypto_shorthash(hash, network, sizeof(network), limit->key);
	memcpy(&slot, hash, sizeof(slot));
	return &limit->buckets[slot % SLOTS];
}

bool echo_limit_take(struct echo_limit *limit, const struct addr *source,
		     uint64_t now_ms)
{
	struct bucket *b = bucket_of(limit, source);
	uint64_t back = (uint64_t)((uint32_t)now_ms - b->at_ms) * limit->rate;

	b->spent = back < b->spent ? b->spent - (uint32_t)back : 0;
	b->at_ms = (uint32_t)now_ms;
	if (b->spent + 1000 > limit->rate * 1000)
		return false;
	b->spent += 1000;
	return true;
}
