/* fuzz_sanitize: nothing but safe text comes out, and once is enough. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sanitize.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char once[SANITIZE_BYTES], twice[SANITIZE_BYTES];
	uint32_t code;
	size_t len, n;

	sanitize(data, size, once, sizeof(once));
	len = strlen(once);
	for (size_t i = 0; i < len; i += n) {
		n = text_utf8_length(once + i, len - i, &code);
		if (n == 0 || code < ' ' || (code >= 0x7f && code < 0xa0) ||
		    (code >= 0x2028 && code <= 0x202e))
			abort();
	}
	sanitize(once, len, twice, sizeof(twice));
	if (strcmp(once, twice) != 0)
		abort();
	return 0;
}
