/* Answers of a router's HTTP server, whole or in the making, and the SOAP in
 * them. The first byte tells whether the connection has ended. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http_reply.h"
#include "igd_soap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply;
	char *bytes;

	if (size == 0)
		return 0;
	/* Of exactly this size, so that a byte too far is seen. */
	bytes = malloc(size - 1 ? size - 1 : 1);
	if (!bytes)
		return 0;
	memcpy(bytes, data + 1, size - 1);
	if (http_reply_parse(bytes, size - 1, data[0] & 1, &reply) == 0) {
		if (reply.body_at + reply.body_len > size - 1)
			abort();
		(void)igd_soap_parse(bytes + reply.body_at, reply.body_len,
				     "AddPinhole");
	}
	(void)igd_soap_parse(bytes, size - 1, "GetFirewallStatus");
	free(bytes);
	return 0;
}
