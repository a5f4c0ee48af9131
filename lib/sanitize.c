#include "sanitize.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define ESCAPED_BYTES 4 /* \xNN */

static bool is_harmless(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {
	    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c},
	    {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
	    {0xfeff, 0xfeff},
	};

	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++)
		if (code >= harmful[i].first && code <= harmful[i].last)
			return false;
	return true;
}

const char *sanitize(const void *bytes, size_t len, char *buf, size_t buf_bytes)
{
	const char *in = bytes;
	size_t room = buf_bytes < SANITIZE_BYTES ? buf_bytes : SANITIZE_BYTES;
	size_t at = 0, n, need;
	uint32_t code;

	if (room == 0)
		return buf;
	for (size_t i = 0; i < len; i += n) {
		bool is_safe;

		n = text_utf8_length(in + i, len - i, &code);
		is_safe = n > 0 && is_harmless(code);
		n = n > 0 ? n : 1;
		need = is_safe ? n : n * ESCAPED_BYTES;
		if (at + need >= room)
			break;
		if (is_safe) {
			memcpy(buf + at, in + i, n);
			at += n;
			continue;
		}
		for (size_t j = 0; j < n; j++, at += ESCAPED_BYTES)
			snprintf(buf + at, ESCAPED_BYTES + 1, "\\x%02x",
				 (unsigned int)(uint8_t)in[i + j]);
	}
	buf[at] = '\0';
	return buf;
}
