/*
 * The state file: whatever is on the disk is refused or read, and what was read
 * is written again so that it reads the same. A first byte of '!' stands for a
 * text without its seal, which is made here: else nothing gets past it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state_file.h"

#define LEASES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct state_lease *leases, size_t count)
{
	static char text[LEASES * STATE_LINE_BYTES];
	static struct state_lease again[LEASES];
	size_t again_count;
	int len = state_file_encode(leases, count, text, sizeof(text));

	if (len < 0 ||
	    state_file_decode(text, (size_t)len, again, LEASES, &again_count) ||
	    again_count != count)
		abort();
	for (size_t i = 0; i < count; i++)
		if (strcmp(again[i].name, leases[i].name) != 0 ||
		    again[i].internal_port != leases[i].internal_port ||
		    again[i].expires_s != leases[i].expires_s ||
		    !endpoint_equal(&again[i].external, &leases[i].external))
			abort();
}

/* As the file has it (CRC-32), so that what lies behind it is reached. */
static uint32_t seal_of(const uint8_t *bytes, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static size_t count_lines(const uint8_t *bytes, size_t len)
{
	size_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += bytes[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state_lease leases[LEASES];
	static char text[65536];
	size_t count = 0, len = size;

	if (size == 0 || size > sizeof(text) - 64)
		return 0;
	memcpy(text, data, size);
	if (data[0] == '!' && size > 1) {
		len = size - 1;
		memcpy(text, data + 1, len);
		len += (size_t)snprintf(text + len, 64, "end %zu %08x\n",
					count_lines(data + 1, size - 1) - 1,
					seal_of(data + 1, size - 1));
	}
	if (state_file_decode(text, len, leases, LEASES, &count) == 0)
		check_round_trip(leases, count);
	return 0;
}
