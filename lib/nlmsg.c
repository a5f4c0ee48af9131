#include "nlmsg.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

/* NLA_TYPE_MASK of linux/netlink.h, without its sign. */
#define ATTR_TYPE_MASK 0x3fffu

static size_t align4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static void skip(struct nl_attrs *rest, size_t len)
{
	size_t taken = align4(len);

	if (taken > rest->len)
		taken = rest->len;
	rest->bytes += taken;
	rest->len -= taken;
}

struct nl_reader nl_reader_init(const void *bytes, size_t len)
{
	return (struct nl_reader){.bytes = bytes, .len = len};
}

bool nl_next(struct nl_reader *reader, struct nl_message *ret_message)
{
	size_t left = reader->len - reader->at;
	struct nlmsghdr header;

	if (reader->is_broken || left == 0)
		return false;
	reader->is_broken = true;
	if (left < sizeof(header))
		return false;
	memcpy(&header, reader->bytes + reader->at, sizeof(header));
	if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > left)
		return false;
	reader->is_broken = false;
	*ret_message = (struct nl_message){
	    .type = header.nlmsg_type,
	    .flags = header.nlmsg_flags,
	    .sequence = header.nlmsg_seq,
	    .body = {reader->bytes + reader->at + sizeof(header),
		     header.nlmsg_len - sizeof(header)},
	};
	reader->at +=
	    align4(header.nlmsg_len) < left ? align4(header.nlmsg_len) : left;
	return true;
}

bool nl_is_end(const struct nl_message *message, int *ret_error)
{
	int32_t error = 0;

	if (message->type != NLMSG_DONE && message->type != NLMSG_ERROR)
		return false;
	if (message->body.len >= sizeof(error))
		memcpy(&error, message->body.bytes, sizeof(error));
	*ret_error = error > 0 ? -EPROTO : error;
	return true;
}

bool nl_take(struct nl_attrs *body, void *ret_header, size_t len)
{
	if (body->len < len)
		return false;
	memcpy(ret_header, body->bytes, len);
	skip(body, len);
	return true;
}

bool nl_next_attr(struct nl_attrs *rest, struct nl_attr *ret_attr)
{
	struct nlattr header;

	if (rest->len < sizeof(header))
		return false;
	memcpy(&header, rest->bytes, sizeof(header));
	if (header.nla_len < sizeof(header) || header.nla_len > rest->len)
		return false;
	ret_attr->type = (uint16_t)(header.nla_type & ATTR_TYPE_MASK);
	ret_attr->bytes = rest->bytes + sizeof(header);
	ret_attr->len = header.nla_len - sizeof(header);
	skip(rest, header.nla_len);
	return true;
}

struct nl_attrs nl_nested(const struct nl_attr *attr)
{
	return (struct nl_attrs){attr->bytes, attr->len};
}

uint32_t nl_u32(const struct nl_attr *attr, uint32_t otherwise)
{
	uint32_t v;

	if (attr->len < sizeof(v))
		return otherwise;
	memcpy(&v, attr->bytes, sizeof(v));
	return v;
}

uint32_t nl_u32_be(const struct nl_attr *attr, uint32_t otherwise)
{
	const uint8_t *b = attr->bytes;

	if (attr->len < 4)
		return otherwise;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

void nl_text(const struct nl_attr *attr, char *text, size_t text_bytes)
{
	size_t at = 0;

	while (at < attr->len && attr->bytes[at] && at + 1 < text_bytes) {
		uint8_t c = attr->bytes[at];

		text[at++] = c > 0x20 && c < 0x7f ? (char)c : '?';
	}
	text[at] = '\0';
}

size_t nl_write_request(uint16_t type, uint16_t flags, uint32_t sequence,
			const void *body, size_t len,
			uint8_t buf[NL_REQUEST_BYTES])
{
	struct nlmsghdr header = {
	    .nlmsg_type = type,
	    .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST),
	    .nlmsg_seq = sequence,
	};

	assert(sizeof(header) + align4(len) <= NL_REQUEST_BYTES);
	header.nlmsg_len = (uint32_t)(sizeof(header) + align4(len));
	memset(buf, 0, NL_REQUEST_BYTES);
	memcpy(buf, &header, sizeof(header));
	memcpy(buf + sizeof(header), body, len);
	return header.nlmsg_len;
}
