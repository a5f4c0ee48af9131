#include "stun.h"

#include <errno.h>
#include <string.h>

#include "wire.h"

#define MAGIC_COOKIE       0x2112a442u /* RFC 8489 section 5 */
#define FINGERPRINT_XOR    0x5354554eu /* RFC 8489 section 14.7 */
#define FINGERPRINT_BYTES  8u          /* with its attribute header */
#define ATTR_HEADER_BYTES  4u          /* RFC 8489 section 14 */
#define ATTR_OPTIONAL_BIT  0x8000u     /* RFC 8489 section 14 */
#define CHANGE_IP_BIT      4u          /* RFC 5780 section 7.2 */
#define CHANGE_PORT_BIT    2u          /* RFC 5780 section 7.2 */
#define FAMILY_IPV4        1           /* RFC 8489 section 14.1 */
#define FAMILY_IPV6        2           /* RFC 8489 section 14.1 */
#define MAPPED_IPV4_BYTES  8u          /* RFC 8489 section 14.1 */
#define MAPPED_IPV6_BYTES  20u         /* RFC 8489 section 14.1 */
#define ERROR_HEADER_BYTES 4u          /* RFC 8489 section 14.8 */

/* RFC 8489 section 18.3, RFC 5780 section 9.1, RFC 3489 section 11.2. */
enum attr {
	ATTR_MAPPED_ADDRESS = 0x0001,
	ATTR_RESPONSE_ADDRESS = 0x0002,
	ATTR_CHANGE_REQUEST = 0x0003,
	ATTR_SOURCE_ADDRESS = 0x0004,
	ATTR_CHANGED_ADDRESS = 0x0005,
	ATTR_USERNAME = 0x0006,
	ATTR_PASSWORD = 0x0007,
	ATTR_MESSAGE_INTEGRITY = 0x0008,
	ATTR_ERROR_CODE = 0x0009,
	ATTR_UNKNOWN_ATTRIBUTES = 0x000a,
	ATTR_REFLECTED_FROM = 0x000b,
	ATTR_REALM = 0x0014,
	ATTR_NONCE = 0x0015,
	ATTR_MESSAGE_INTEGRITY_SHA256 = 0x001c,
	ATTR_PASSWORD_ALGORITHM = 0x001d,
	ATTR_USERHASH = 0x001e,
	ATTR_XOR_MAPPED_ADDRESS = 0x0020,
	ATTR_PADDING = 0x0026,
	ATTR_RESPONSE_PORT = 0x0027,
	ATTR_SOFTWARE = 0x8022,
	ATTR_FINGERPRINT = 0x8028,
	ATTR_RESPONSE_ORIGIN = 0x802b,
	ATTR_OTHER_ADDRESS = 0x802c,
};

/* The attributes of a message while it is read. The first of each kind counts
 * (RFC 8489 section 14). */
struct parse {
	struct stun_message *message;
	const uint8_t *bytes;
	size_t len;
	struct endpoint plain_mapped;
	struct endpoint changed;
	struct endpoint source;
	bool is_sealed; /* an integrity attribute was passed */
};

/* One attribute: VALUE holds LEN bytes, the message goes on at END. */
struct attr_view {
	uint16_t type;
	size_t len;
	const uint8_t *value;
	size_t start; /* of its header, from the start of the message */
	size_t end;
};

/* CRC-32 of ITU V.42, as FINGERPRINT wants it (RFC 8489 section 14.7). */
static uint32_t crc32_of(const uint8_t *bytes, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static uint32_t fingerprint_of(const uint8_t *bytes, size_t len)
{
	return crc32_of(bytes, len) ^ FINGERPRINT_XOR;
}

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static void put_attr(struct wire_writer *w, enum attr type, size_t len)
{
	wire_put_u16(w, (uint16_t)type);
	wire_put_u16(w, (uint16_t)len);
}

static void put_attributes(struct wire_writer *w, const struct stun_request *q)
{
	if (q->change_ip || q->change_port) {
		put_attr(w, ATTR_CHANGE_REQUEST, 4);
		wire_put_u32(w, (q->change_ip ? CHANGE_IP_BIT : 0) |
				    (q->change_port ? CHANGE_PORT_BIT : 0));
	}
	if (q->response_port) {
		put_attr(w, ATTR_RESPONSE_PORT, 4);
		wire_put_u16(w, q->response_port);
		wire_put_zeros(w, 2);
	}
	if (q->padding_bytes) {
		put_attr(w, ATTR_PADDING, q->padding_bytes);
		wire_put_zeros(w, padded(q->padding_bytes));
	}
}

static size_t attributes_bytes(const struct stun_request *q)
{
	size_t n = 0;

	if (q->change_ip || q->change_port)
		n += ATTR_HEADER_BYTES + 4;
	if (q->response_port)
		n += ATTR_HEADER_BYTES + 4;
	if (q->padding_bytes)
		n += ATTR_HEADER_BYTES + padded(q->padding_bytes);
	return n + (q->has_fingerprint ? FINGERPRINT_BYTES : 0);
}

int stun_request_encode(const struct stun_request *request, void *buf,
			size_t cap, size_t *ret_len)
{
	struct wire_writer w = wire_writer_init(buf, cap);
	size_t len = attributes_bytes(request);

	if (STUN_HEADER_BYTES + len > cap || len > UINT16_MAX)
		return -ENOBUFS;
	wire_put_u16(&w, STUN_METHOD_BINDING);
	wire_put_u16(&w, (uint16_t)len);
	wire_put_u32(&w, MAGIC_COOKIE);
	wire_put_bytes(&w, request->id, STUN_ID_BYTES);
	put_attributes(&w, request);
	if (request->has_fingerprint) {
		uint32_t crc = fingerprint_of(w.bytes, w.at);

		put_attr(&w, ATTR_FINGERPRINT, 4);
		wire_put_u32(&w, crc);
	}
	*ret_len = w.at;
	return 0;
}

bool stun_is_message(const void *bytes, size_t len)
{
	struct wire_reader r = wire_reader_init(bytes, len);
	uint16_t type = wire_get_u16(&r);
	uint16_t body_bytes = wire_get_u16(&r);
	uint32_t cookie = wire_get_u32(&r);

	return len >= STUN_HEADER_BYTES && type >> 14 == 0 &&
	       body_bytes % 4 == 0 && body_bytes == len - STUN_HEADER_BYTES &&
	       cookie == MAGIC_COOKIE;
}

/* RFC 8489 section 5, figure 3: the class bits sit inside the method's. */
static void read_type(struct stun_message *m, uint16_t type)
{
	m->class = (enum stun_class)((type >> 7 & 2) | (type >> 4 & 1));
	m->method =
	    (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
}

static int read_address(const struct attr_view *a, struct endpoint *ret)
{
	struct wire_reader r = wire_reader_init(a->value, a->len);
	struct endpoint e = {0};
	uint8_t bytes[16];
	uint8_t family;

	wire_skip(&r, 1);
	family = wire_get_u8(&r);
	e.port = wire_get_u16(&r);
	if (family == FAMILY_IPV4 && a->len == MAPPED_IPV4_BYTES) {
		wire_get_bytes(&r, bytes, 4);
		e.addr = addr_from_ipv4(bytes);
	} else if (family == FAMILY_IPV6 && a->len == MAPPED_IPV6_BYTES) {
		wire_get_bytes(&r, bytes, 16);
		e.addr = addr_from_ipv6(bytes);
	} else {
		return -EINVAL;
	}
	if (!addr_is_set(&ret->addr))
		*ret = e;
	return 0;
}

/* RFC 8489 section 14.2: port and address are XORed with the cookie, an IPv6
 * address with the cookie and the transaction id. */
static int read_xor_address(const struct attr_view *a,
			    const uint8_t mask[static 16], struct endpoint *ret)
{
	uint8_t value[MAPPED_IPV6_BYTES];
	struct attr_view plain = *a;

	if (a->len != MAPPED_IPV4_BYTES && a->len != MAPPED_IPV6_BYTES)
		return -EINVAL;
	memcpy(value, a->value, a->len);
	value[2] ^= mask[0];
	value[3] ^= mask[1];
	for (size_t i = 4; i < a->len; i++)
		value[i] ^= mask[i - 4];
	plain.value = value;
	return read_address(&plain, ret);
}

static void read_text(char *text, const uint8_t *bytes, size_t len)
{
	size_t i;

	if (text[0])
		return;
	for (i = 0; i < len && i < STUN_TEXT_BYTES - 1; i++)
		text[i] =
		    bytes[i] >= ' ' && bytes[i] <= '~' ? (char)bytes[i] : '?';
	text[i] = '\0';
}

static int read_error(struct stun_message *m, const struct attr_view *a)
{
	unsigned int hundreds, rest;

	if (a->len < ERROR_HEADER_BYTES)
		return -EINVAL;
	hundreds = a->value[2] & 7;
	rest = a->value[3];
	if (hundreds < 3 || hundreds > 6 || rest > 99)
		return -EINVAL;
	if (m->error_code == 0)
		m->error_code = (uint16_t)(hundreds * 100 + rest);
	read_text(m->reason, a->value + ERROR_HEADER_BYTES,
		  a->len - ERROR_HEADER_BYTES);
	return 0;
}

static int read_change_request(struct stun_message *m,
			       const struct attr_view *a)
{
	if (a->len != 4)
		return -EINVAL;
	m->change_ip = a->value[3] & CHANGE_IP_BIT;
	m->change_port = a->value[3] & CHANGE_PORT_BIT;
	return 0;
}

static int read_response_port(struct stun_message *m, const struct attr_view *a)
{
	struct wire_reader r = wire_reader_init(a->value, a->len);

	m->response_port = wire_get_u16(&r);
	return wire_reader_is_ok(&r) ? 0 : -EINVAL;
}

static int read_fingerprint(struct parse *p, const struct attr_view *a)
{
	struct wire_reader r = wire_reader_init(a->value, a->len);
	uint32_t crc = wire_get_u32(&r);

	/* It has to be the last attribute. */
	if (a->len != 4 || a->end != p->len)
		return -EINVAL;
	if (crc != fingerprint_of(p->bytes, a->start))
		return -EBADMSG;
	p->message->has_fingerprint = true;
	return 0;
}

static int read_unknown(uint16_t type)
{
	return type & ATTR_OPTIONAL_BIT ? 0 : -EOPNOTSUPP;
}

static int read_attr(struct parse *p, const struct attr_view *a)
{
	struct stun_message *m = p->message;

	switch (a->type) {
	case ATTR_XOR_MAPPED_ADDRESS:
		/* The mask is the cookie and the id: bytes 4 to 19. */
		return read_xor_address(a, p->bytes + 4, &m->mapped);
	case ATTR_MAPPED_ADDRESS:
		return read_address(a, &p->plain_mapped);
	case ATTR_OTHER_ADDRESS:
		return read_address(a, &m->other);
	case ATTR_CHANGED_ADDRESS:
		return read_address(a, &p->changed);
	case ATTR_RESPONSE_ORIGIN:
		return read_address(a, &m->origin);
	case ATTR_SOURCE_ADDRESS:
		return read_address(a, &p->source);
	case ATTR_ERROR_CODE:
		return read_error(m, a);
	case ATTR_CHANGE_REQUEST:
		return read_change_request(m, a);
	case ATTR_RESPONSE_PORT:
		return read_response_port(m, a);
	case ATTR_PADDING:
		m->padding_bytes = (uint16_t)a->len;
		return 0;
	case ATTR_SOFTWARE:
		read_text(m->software, a->value, a->len);
		return 0;
	case ATTR_MESSAGE_INTEGRITY:
	case ATTR_MESSAGE_INTEGRITY_SHA256:
		p->is_sealed = true;
		m->has_integrity = true;
		return 0;
	case ATTR_RESPONSE_ADDRESS:
	case ATTR_USERNAME:
	case ATTR_PASSWORD:
	case ATTR_UNKNOWN_ATTRIBUTES:
	case ATTR_REFLECTED_FROM:
	case ATTR_REALM:
	case ATTR_NONCE:
	case ATTR_PASSWORD_ALGORITHM:
	case ATTR_USERHASH:
		return 0;
	default:
		return read_unknown(a->type);
	}
}

/* RFC 8489 section 14.5: what follows an integrity attribute is ignored, but
 * for FINGERPRINT. */
static int accept_attr(struct parse *p, const struct attr_view *a)
{
	if (a->type == ATTR_FINGERPRINT)
		return read_fingerprint(p, a);
	return p->is_sealed ? 0 : read_attr(p, a);
}

static int read_attributes(struct parse *p, struct wire_reader *r)
{
	struct attr_view a;
	int error = 0;

	while (error == 0 && wire_remaining(r) > 0) {
		a.start = r->at;
		a.type = wire_get_u16(r);
		a.len = wire_get_u16(r);
		a.value = p->bytes + r->at;
		wire_skip(r, padded(a.len));
		a.end = r->at;
		if (!wire_reader_is_ok(r))
			return -EINVAL;
		error = accept_attr(p, &a);
	}
	return error;
}

static void prefer(struct endpoint *best, const struct endpoint *second)
{
	if (!addr_is_set(&best->addr))
		*best = *second;
}

int stun_parse(const void *bytes, size_t len, struct stun_message *ret_message)
{
	struct stun_message m = {0};
	struct parse p = {.message = &m, .bytes = bytes, .len = len};
	struct wire_reader r = wire_reader_init(bytes, len);
	int error;

	if (!stun_is_message(bytes, len))
		return -EINVAL;
	read_type(&m, wire_get_u16(&r));
	wire_skip(&r, 6);
	wire_get_bytes(&r, m.id, STUN_ID_BYTES);
	error = read_attributes(&p, &r);
	if (error < 0)
		return error;
	prefer(&m.mapped, &p.plain_mapped);
	prefer(&m.other, &p.changed);
	prefer(&m.origin, &p.source);
	*ret_message = m;
	return 0;
}
