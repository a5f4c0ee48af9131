#include "echo.h"

#include <errno.h>
#include <string.h>

#include "wire.h"

#define ECHO_MAGIC   0x54564543u /* "TVEC" */
#define ECHO_VERSION 1

static void put_extension(struct wire_writer *w, uint8_t sequence)
{
	wire_put_u32(w, ECHO_MAGIC);
	wire_put_u8(w, ECHO_VERSION);
	wire_put_u8(w, sequence);
}

static bool get_extension(struct wire_reader *r, uint8_t *ret_sequence)
{
	uint32_t magic = wire_get_u32(r);
	uint8_t version = wire_get_u8(r);

	*ret_sequence = wire_get_u8(r);
	return magic == ECHO_MAGIC && version == ECHO_VERSION;
}

static int written(const struct wire_writer *w)
{
	return wire_writer_is_ok(w) ? (int)w->at : -EMSGSIZE;
}

int echo_request_encode(const struct echo_request *r, void *buf,
			size_t buf_bytes)
{
	struct wire_writer w = wire_writer_init(buf, buf_bytes);

	wire_put_u16(&w, r->port);
	wire_put_bytes(&w, r->token, sizeof(r->token));
	if (r->is_extended) {
		put_extension(&w, r->sequence);
		wire_put_bytes(&w, r->cookie, sizeof(r->cookie));
	}
	return written(&w);
}

int echo_request_decode(const void *buf, size_t len,
			struct echo_request *ret_request)
{
	struct wire_reader r = wire_reader_init(buf, len);
	struct echo_request q = {.is_extended = len == ECHO_EXTENDED_BYTES};

	if (len != ECHO_REQUEST_BYTES && len != ECHO_EXTENDED_BYTES)
		return -EBADMSG;
	q.port = wire_get_u16(&r);
	wire_get_bytes(&r, q.token, sizeof(q.token));
	if (q.is_extended) {
		if (!get_extension(&r, &q.sequence))
			return -EBADMSG;
		wire_get_bytes(&r, q.cookie, sizeof(q.cookie));
	}
	if (q.port == 0 || !wire_reader_is_ok(&r))
		return -EBADMSG;
	*ret_request = q;
	return 0;
}

int echo_grant_encode(const struct echo_grant *g, void *buf, size_t buf_bytes)
{
	struct wire_writer w = wire_writer_init(buf, buf_bytes);

	put_extension(&w, g->sequence);
	wire_put_bytes(&w, g->token, sizeof(g->token));
	wire_put_bytes(&w, g->cookie, sizeof(g->cookie));
	return written(&w);
}

int echo_grant_decode(const void *buf, size_t len, struct echo_grant *ret_grant)
{
	struct wire_reader r = wire_reader_init(buf, len);
	struct echo_grant g;

	if (len != ECHO_GRANT_BYTES || !get_extension(&r, &g.sequence))
		return -EBADMSG;
	wire_get_bytes(&r, g.token, sizeof(g.token));
	wire_get_bytes(&r, g.cookie, sizeof(g.cookie));
	if (!wire_reader_is_ok(&r))
		return -EBADMSG;
	*ret_grant = g;
	return 0;
}

bool echo_reply_matches(const void *buf, size_t len, const uint8_t *token)
{
	return len == ECHO_REPLY_BYTES &&
	       memcmp(buf, token, ECHO_TOKEN_BYTES) == 0;
}
