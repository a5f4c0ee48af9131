/*
 * Feeds bytes to the control plane's framing and message checks the way a
 * socket would: in pieces whose sizes the input chooses.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "varlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parsed must survive writing and parsing again. */
static void check_round_trip(struct varlink_request *request)
{
	struct varlink_request again;
	const char *why;
	size_t len;
	char *text = varlink_encode(json_incref(request->root), &len);

	assert(text[len - 1] == '\0');
	assert(varlink_parse_request(text, len - 1, &again, &why) ==
	       VARLINK_OK);
	assert(json_equal(again.root, request->root));
	varlink_request_fini(&again);
	free(text);
}

static void check_message(const char *message, size_t len)
{
	struct varlink_request request;
	struct varlink_reply reply;
	const char *why = NULL;
	size_t interface_len;

	assert(strlen(message) == len);
	if (varlink_parse_request(message, len, &request, &why) == VARLINK_OK) {
		assert(varlink_split_name(request.method, &interface_len));
		assert(varlink_depth(message, len) <= VARLINK_DEPTH_MOST);
		check_round_trip(&request);
		varlink_request_fini(&request);
	} else {
		assert(why);
	}
	why = NULL;
	if (varlink_parse_reply(message, len, &reply, &why) == VARLINK_OK)
		varlink_reply_fini(&reply);
	else
		assert(why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char bytes[4096];
	struct varlink_buffer buffer;
	const char *message;
	size_t room, len, piece;
	char *space;

	varlink_buffer_init(&buffer, bytes, sizeof(bytes));
	while (size > 0) {
		space = varlink_buffer_space(&buffer, &room);
		piece = (size_t)data[0] * 16 + 1;
		piece = piece < size ? piece : size;
		piece = piece < room ? piece : room;
		if (piece == 0) {
			assert(varlink_buffer_is_overrun(&buffer));
			break;
		}
		memcpy(space, data, piece);
		varlink_buffer_add(&buffer, piece);
		data += piece;
		size -= piece;
		while ((message = varlink_buffer_next(&buffer, &len)))
			check_message(message, len);
		assert(!varlink_buffer_has_message(&buffer));
	}
	return 0;
}
