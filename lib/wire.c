#include "wire.h"

#include <string.h>

struct wire_reader wire_reader_init(const void *bytes, size_t len)
{
	return (struct wire_reader){.bytes = bytes, .len = len};
}

static const uint8_t *take(struct wire_reader *r, size_t len)
{
	const uint8_t *p;

	if (r->overrun || len > r->len - r->at) {
		r->overrun = true;
		return NULL;
	}
	p = r->bytes + r->at;
	r->at += len;
	return p;
}

static uint64_t get_uint(struct wire_reader *r, size_t len)
{
	const uint8_t *p = take(r, len);
	uint64_t v = 0;

	for (size_t i = 0; p && i < len; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t wire_get_u8(struct wire_reader *r)
{
	return (uint8_t)get_uint(r, 1);
}

uint16_t wire_get_u16(struct wire_reader *r)
{
	return (uint16_t)get_uint(r, 2);
}

uint32_t wire_get_u32(struct wire_reader *r)
{
	return (uint32_t)get_uint(r, 4);
}

uint64_t wire_get_u64(struct wire_reader *r)
{
	return get_uint(r, 8);
}

void wire_get_bytes(struct wire_reader *r, void *out, size_t len)
{
	const uint8_t *p = take(r, len);

	if (p && len)
		memcpy(out, p, len);
	else if (len)
		memset(out, 0, len);
}

void wire_skip(struct wire_reader *r, size_t len)
{
	(void)take(r, len);
}

size_t wire_remaining(const struct wire_reader *r)
{
	return r->overrun ? 0 : r->len - r->at;
}

bool wire_reader_is_ok(const struct wire_reader *r)
{
	return !r->overrun;
}

struct wire_writer wire_writer_init(void *bytes, size_t cap)
{
	return (struct wire_writer){.bytes = bytes, .cap = cap};
}

static uint8_t *room(struct wire_writer *w, size_t len)
{
	uint8_t *p;

	if (w->overrun || len > w->cap - w->at) {
		w->overrun = true;
		return NULL;
	}
	p = w->bytes + w->at;
	w->at += len;
	return p;
}

static void put_uint(struct wire_writer *w, uint64_t v, size_t len)
{
	uint8_t *p = room(w, len);

	for (size_t i = len; p && i > 0; i--) {
		p[i - 1] = (uint8_t)v;
		v >>= 8;
	}
}

void wire_put_u8(struct wire_writer *w, uint8_t v)
{
	put_uint(w, v, 1);
}

void wire_put_u16(struct wire_writer *w, uint16_t v)
{
	put_uint(w, v, 2);
}

void wire_put_u32(struct wire_writer *w, uint32_t v)
{
	put_uint(w, v, 4);
}

void wire_put_u64(struct wire_writer *w, uint64_t v)
{
	put_uint(w, v, 8);
}

void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t len)
{
	uint8_t *p = room(w, len);

	if (p && len)
		memcpy(p, bytes, len);
}

void wire_put_zeros(struct wire_writer *w, size_t len)
{
	uint8_t *p = room(w, len);

	if (p && len)
		memset(p, 0, len);
}

bool wire_writer_is_ok(const struct wire_writer *w)
{
	return !w->overrun;
}
