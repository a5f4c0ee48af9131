#include "punch_wire.h"

#include <string.h>

#include "wire.h"

static const char ping_words[] = "continuously pinging to ";
static const char ok_words[] = "OK";
static const char ack_words[] = "OK_ACK";

static void put_text(struct wire_writer *w, const char *text)
{
	wire_put_bytes(w, text, strlen(text));
}

static size_t encode_mysterium(const void *session, enum punch_message message,
			       const struct endpoint *to, uint8_t *buf)
{
	struct wire_writer w = wire_writer_init(buf, PUNCH_MESSAGE_BYTES);
	char text[ENDPOINT_TEXT_BYTES];

	(void)session;
	switch (message) {
	case PUNCH_PING:
		put_text(&w, ping_words);
		put_text(&w, endpoint_format(to, text, sizeof(text)));
		break;
	case PUNCH_OK:
		put_text(&w, ok_words);
		break;
	case PUNCH_ACK:
		put_text(&w, ack_words);
		break;
	case PUNCH_OTHER:
		break;
	}
	return w.at;
}

static bool is_text(const uint8_t *bytes, size_t len, const char *text)
{
	return len == strlen(text) && memcmp(bytes, text, len) == 0;
}

static enum punch_message classify_mysterium(const void *session,
					     const uint8_t *bytes, size_t len)
{
	size_t words = strlen(ping_words);

	(void)session;
	if (is_text(bytes, len, ok_words))
		return PUNCH_OK;
	if (is_text(bytes, len, ack_words))
		return PUNCH_ACK;
	if (len >= words && memcmp(bytes, ping_words, words) == 0)
		return PUNCH_PING;
	return PUNCH_OTHER;
}

const struct punch_codec punch_codec_mysterium = {
    .encode = encode_mysterium,
    .classify = classify_mysterium,
};
