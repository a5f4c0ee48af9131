/*
 * nlmsg: messages and attributes of netlink(7), of any protocol.
 *
 * Walks what the kernel sent and writes short requests. What a message means
 * is told by rtnl.h, netconf.h, sockdiag.h and nfchain.h. Netlink is in host
 * byte order and aligned to four bytes; every length is checked before it is
 * used, and nothing here allocates.
 */
#ifndef LIB_NLMSG_H
#define LIB_NLMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NL_REQUEST_BYTES 128

/* One attribute; BYTES is borrowed from the buffer. */
struct nl_attr {
	uint16_t type;
	const uint8_t *bytes;
	size_t len;
};

/* What is left of a run of attributes, or of a message's body. */
struct nl_attrs {
	const uint8_t *bytes;
	size_t len;
};

struct nl_message {
	uint16_t type;
	uint16_t flags;
	uint32_t sequence;
	struct nl_attrs body;
};

/* Walks the messages of one received buffer. */
struct nl_reader {
	const uint8_t *bytes; /* borrowed */
	size_t len;
	size_t at;
	bool is_broken; /* a length did not fit: nothing more is read */
};

/* Starts reading LEN bytes at BYTES, which must outlive the reader. */
struct nl_reader nl_reader_init(const void *bytes, size_t len);

/* Reads the next message. Returns false at the end and at a broken one. */
bool nl_next(struct nl_reader *reader, struct nl_message *ret_message);

/* Is it the end of a dump, or an error? Then *RET_ERROR is 0 or -E... . */
bool nl_is_end(const struct nl_message *message, int *ret_error);

/* Takes a header of LEN bytes, padded to four, off the front of a body. */
bool nl_take(struct nl_attrs *body, void *ret_header, size_t len);

/* Takes the next attribute off. Trailing bytes that are no attribute end the
 * run, as in the kernel's own parser. */
bool nl_next_attr(struct nl_attrs *rest, struct nl_attr *ret_attr);

/* The attributes inside an attribute. */
struct nl_attrs nl_nested(const struct nl_attr *attr);

/* An integer in host order or, with _be, in network order; OTHERWISE where the
 * attribute is too short. */
uint32_t nl_u32(const struct nl_attr *attr, uint32_t otherwise);
uint32_t nl_u32_be(const struct nl_attr *attr, uint32_t otherwise);

/* Copies a text, cut to TEXT_BYTES with its NUL. What is not printable ASCII
 * becomes '?'. */
void nl_text(const struct nl_attr *attr, char *text, size_t text_bytes);

/* Writes a request of that type and flags with the LEN bytes of BODY, at most
 * NL_REQUEST_BYTES - 16. Returns its length. */
size_t nl_write_request(uint16_t type, uint16_t flags, uint32_t sequence,
			const void *body, size_t len,
			uint8_t buf[NL_REQUEST_BYTES]);

#endif
