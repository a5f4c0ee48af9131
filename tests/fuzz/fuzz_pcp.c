/* fuzz_pcp: the PCP readers; what they accept survives a round trip. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_same_map(const struct pcp_map *a, const struct pcp_map *b)
{
	return memcmp(a->nonce, b->nonce, sizeof(a->nonce)) == 0 &&
	       a->protocol == b->protocol &&
	       a->internal_port == b->internal_port &&
	       a->external_port == b->external_port &&
	       addr_equal(&a->external, &b->external);
}

static void check_response(const uint8_t *data, size_t size)
{
	struct pcp_response a, b;
	uint8_t buf[PCP_MESSAGE_BYTES];
	int len;

	if (pcp_decode_response(data, size, &a) < 0)
		return;
	len = pcp_encode_response(&a, buf, sizeof(buf));
	if (len < 0 || pcp_decode_response(buf, (size_t)len, &b) < 0 ||
	    a.opcode != b.opcode || a.result != b.result ||
	    a.lifetime_s != b.lifetime_s || a.epoch_s != b.epoch_s ||
	    a.has_map != b.has_map ||
	    (a.has_map && !is_same_map(&a.map, &b.map)))
		abort();
}

static void check_request(const uint8_t *data, size_t size)
{
	struct pcp_request a, b;
	uint8_t buf[PCP_MESSAGE_BYTES];
	int len;

	if (pcp_decode_request(data, size, &a) < 0)
		return;
	len = pcp_encode_request(&a, buf, sizeof(buf));
	if (len < 0 || pcp_decode_request(buf, (size_t)len, &b) < 0 ||
	    a.opcode != b.opcode || a.lifetime_s != b.lifetime_s ||
	    !addr_equal(&a.client, &b.client) ||
	    (a.opcode == PCP_MAP && !is_same_map(&a.map, &b.map)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_response(data, size);
	check_request(data, size);
	return 0;
}
