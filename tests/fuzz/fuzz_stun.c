/* fuzz_stun: the STUN reader, and that what it read is within its promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stun_message m;

	if (stun_parse(data, size, &m) < 0)
		return 0;
	if (!stun_is_message(data, size) ||
	    memchr(m.software, '\0', sizeof(m.software)) == NULL ||
	    memchr(m.reason, '\0', sizeof(m.reason)) == NULL ||
	    (m.error_code && (m.error_code < 300 || m.error_code > 699)))
		abort();
	return 0;
}
