/*
 * wire: the bounded big-endian reader and writer that every packet passes.
 *
 * Both remember an overrun instead of failing at once, so that a codec reads a
 * whole packet and asks once: wire_reader_is_ok(), wire_writer_is_ok(). After
 * an overrun reads give zero and writes do nothing. Neither allocates.
 */
#ifndef LIB_WIRE_H
#define LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_reader {
	const uint8_t *bytes; /* borrowed */
	size_t len;
	size_t at;
	bool overrun;
};

struct wire_writer {
	uint8_t *bytes; /* borrowed */
	size_t cap;
	size_t at;
	bool overrun;
};

/* Starts reading LEN bytes at BYTES, which must outlive the reader. */
struct wire_reader wire_reader_init(const void *bytes, size_t len);
uint8_t wire_get_u8(struct wire_reader *r);
uint16_t wire_get_u16(struct wire_reader *r);
uint32_t wire_get_u32(struct wire_reader *r);
uint64_t wire_get_u64(struct wire_reader *r);
/* Copies LEN bytes to OUT (zeroes OUT on overrun). */
void wire_get_bytes(struct wire_reader *r, void *out, size_t len);
void wire_skip(struct wire_reader *r, size_t len);
/* Bytes not yet read; 0 after an overrun. */
size_t wire_remaining(const struct wire_reader *r);
bool wire_reader_is_ok(const struct wire_reader *r);

/* Starts writing to CAP bytes at BYTES, which must outlive the writer. */
struct wire_writer wire_writer_init(void *bytes, size_t cap);
void wire_put_u8(struct wire_writer *w, uint8_t v);
void wire_put_u16(struct wire_writer *w, uint16_t v);
void wire_put_u32(struct wire_writer *w, uint32_t v);
void wire_put_u64(struct wire_writer *w, uint64_t v);
void wire_put_bytes(struct wire_writer *w, const void *bytes, size_t len);
void wire_put_zeros(struct wire_writer *w, size_t len);
bool wire_writer_is_ok(const struct wire_writer *w);

#endif
