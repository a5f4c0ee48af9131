/* fuzz_echo: both readers of the echo's datagrams; what is accepted must be
 * written back byte for byte. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(const uint8_t *data, size_t size, const uint8_t *back,
			int len)
{
	if (len < 0 || (size_t)len != size || memcmp(data, back, size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t back[ECHO_EXTENDED_BYTES];
	struct echo_request request;
	struct echo_grant grant;

	if (echo_request_decode(data, size, &request) == 0) {
		if (request.port == 0)
			abort();
		expect_same(data, size, back,
			    echo_request_encode(&request, back, sizeof(back)));
	}
	if (echo_grant_decode(data, size, &grant) == 0)
		expect_same(data, size, back,
			    echo_grant_encode(&grant, back, sizeof(back)));
	return 0;
}
