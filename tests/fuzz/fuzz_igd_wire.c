/*
 * Feeds lines to both ends of the worker's wire. What parses must survive being
 * written and parsed again.
 */
#include <assert.h>
#include <string.h>

#include "igd_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const char *line, size_t len)
{
	struct igd_request request, again;
	char buf[IGD_WIRE_LINE_BYTES];
	int written;

	if (igd_request_parse(line, len, &request) < 0)
		return;
	written = igd_request_format(&request, buf, sizeof(buf));
	assert(written > 0 && buf[written - 1] == '\n');
	assert(igd_request_parse(buf, (size_t)written, &again) == 0);
	assert(again.id == request.id && again.verb == request.verb);
	assert(strcmp(again.url, request.url) == 0);
	assert(strcmp(again.description, request.description) == 0);
	assert(addr_equal(&again.gateway, &request.gateway));
}

static void check_answer(const char *line, size_t len)
{
	struct igd_answer answer, again;
	char buf[IGD_WIRE_LINE_BYTES];
	int written;

	if (igd_answer_parse(line, len, &answer) < 0)
		return;
	written = igd_answer_format(&answer, buf, sizeof(buf));
	assert(written > 0 && buf[written - 1] == '\n');
	assert(igd_answer_parse(buf, (size_t)written, &again) == 0);
	assert(again.code == answer.code);
	assert(strcmp(again.text, answer.text) == 0);
	assert(strcmp(again.entry.description, answer.entry.description) == 0);
	assert(addr_equal(&again.entry.client, &answer.entry.client));
	assert(igd_code_name(answer.code));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_request((const char *)data, size);
	check_answer((const char *)data, size);
	return 0;
}
