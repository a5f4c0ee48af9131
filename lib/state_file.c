#include "state_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD        "traversald-state 1\n"
#define HEAD_WORD   "traversald-state "
#define SEAL_WORD   "end "
#define VALUE_BYTES 128

static const char *const origin_names[] = {
    [STATE_FIXED] = "fixed",       [STATE_AD_HOC] = "ad-hoc",
    [STATE_PREPARED] = "prepared", [STATE_ACQUIRED] = "acquired",
    [STATE_HELPER] = "helper",
};

static const char *const via_names[] = {
    [STATE_VIA_ANY] = "any",
    [STATE_VIA_PCP] = "pcp",
    [STATE_VIA_NATPMP] = "nat-pmp",
    [STATE_VIA_UPNP] = "upnp",
};

/* CRC-32 of IEEE 802.3, as gzip and Ethernet have it: against accidents only.
 */
static uint32_t crc32_of(const char *text, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint8_t)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* --- writing --- */

static bool is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '%';
}

static void escape(const char *name, char *buf)
{
	static const char digits[] = "0123456789abcdef";
	/* A dash alone stands for no name. */
	bool is_dash = strcmp(name, "-") == 0;

	for (size_t i = 0; i < STATE_NAME_BYTES && name[i]; i++) {
		if (is_plain(name[i]) && !is_dash) {
			*buf++ = name[i];
			continue;
		}
		*buf++ = '%';
		*buf++ = digits[(uint8_t)name[i] >> 4];
		*buf++ = digits[(uint8_t)name[i] & 15];
	}
	*buf = '\0';
}

static void format_nonce(const uint8_t *nonce, char *buf)
{
	for (size_t i = 0; i < STATE_NONCE_BYTES; i++)
		snprintf(buf + 2 * i, 3, "%02x", nonce[i]);
}

static int format_lease(const struct state_lease *lease, char *buf, size_t cap)
{
	char name[3 * STATE_NAME_BYTES + 1], nonce[2 * STATE_NONCE_BYTES + 1];
	char gateway[ADDR_TEXT_BYTES], local[ADDR_TEXT_BYTES];
	char external[ADDR_TEXT_BYTES];
	int len;

	escape(lease->name, name);
	format_nonce(lease->nonce, nonce);
	len = snprintf(
	    buf, cap,
	    "lease %s %s %s %s %s %s %u %s %u %s %" PRIu32 " %" PRIu64 "\n",
	    *name ? name : "-", origin_names[lease->origin],
	    transport_name(lease->transport), via_names[lease->via],
	    addr_format(&lease->gateway, gateway, sizeof(gateway)),
	    addr_format(&lease->local, local, sizeof(local)),
	    lease->internal_port,
	    addr_format(&lease->external.addr, external, sizeof(external)),
	    lease->external.port, nonce, lease->lifetime_s, lease->expires_s);
	return (size_t)len < cap ? len : -ENOSPC;
}

int state_file_encode(const struct state_lease *leases, size_t count, char *buf,
		      size_t buf_bytes)
{
	size_t at = sizeof(HEAD) - 1;
	int len;

	if (buf_bytes <= at)
		return -ENOSPC;
	memcpy(buf, HEAD, sizeof(HEAD));
	for (size_t i = 0; i < count; i++) {
		len = format_lease(&leases[i], buf + at, buf_bytes - at);
		if (len < 0)
			return len;
		at += (size_t)len;
	}
	len =
	    snprintf(buf + at, buf_bytes - at, SEAL_WORD "%zu %08" PRIx32 "\n",
		     count, crc32_of(buf, at));
	if ((size_t)len >= buf_bytes - at)
		return -ENOSPC;
	return (int)at + len;
}

/* --- reading --- */

/* The text that is left to read. */
struct cursor {
	const char *at;
	const char *end;
};

/* Takes the next word, up to a space or the end. False when there is none or it
 * is too long for BUF. */
static bool take_word(struct cursor *c, char *buf, size_t cap)
{
	size_t len = 0;

	while (c->at + len < c->end && c->at[len] != ' ')
		len++;
	if (len == 0 || len >= cap || memchr(c->at, '\0', len))
		return false;
	memcpy(buf, c->at, len);
	buf[len] = '\0';
	c->at += len;
	if (c->at < c->end)
		c->at++;
	return true;
}

static bool take_number(struct cursor *c, uint64_t most, uint64_t *ret_number)
{
	char word[24], *end;
	uint64_t number;

	if (!take_word(c, word, sizeof(word)) || word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	number = strtoull(word, &end, 10);
	if (*end || errno || number > most)
		return false;
	*ret_number = number;
	return true;
}

static bool take_name_of(struct cursor *c, const char *const *names,
			 size_t count, unsigned int *ret_index)
{
	char word[VALUE_BYTES];

	if (!take_word(c, word, sizeof(word)))
		return false;
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i], word) == 0) {
			*ret_index = (unsigned int)i;
			return true;
		}
	return false;
}

/* "-" is the unset one. */
static bool take_addr(struct cursor *c, struct addr *ret_addr)
{
	char word[VALUE_BYTES];

	if (!take_word(c, word, sizeof(word)))
		return false;
	if (strcmp(word, "-") == 0) {
		*ret_addr = (struct addr){0};
		return true;
	}
	return addr_parse(word, ret_addr) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool take_nonce(struct cursor *c, uint8_t *ret_nonce)
{
	char word[VALUE_BYTES];
	int high, low;

	if (!take_word(c, word, sizeof(word)) ||
	    strlen(word) != (size_t)2 * STATE_NONCE_BYTES)
		return false;
	for (size_t i = 0; i < STATE_NONCE_BYTES; i++) {
		high = hex_digit(word[2 * i]);
		low = hex_digit(word[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret_nonce[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool take_name(struct cursor *c, char *ret_name)
{
	char word[3 * STATE_NAME_BYTES + 1];
	size_t len = 0;
	int high, low;

	if (!take_word(c, word, sizeof(word)))
		return false;
	if (strcmp(word, "-") == 0)
		word[0] = '\0';
	for (const char *at = word; *at; at++) {
		char byte = *at;

		if (byte == '%') {
			high = hex_digit(at[1]);
			low = high < 0 ? -1 : hex_digit(at[2]);
			if (low < 0 || (high == 0 && low == 0))
				return false;
			byte = (char)(high << 4 | low);
			at += 2;
		}
		if (len == STATE_NAME_BYTES - 1)
			return false;
		ret_name[len++] = byte;
	}
	ret_name[len] = '\0';
	return true;
}

static bool take_transport(struct cursor *c, enum transport *ret_transport)
{
	char word[VALUE_BYTES];

	return take_word(c, word, sizeof(word)) &&
	       transport_parse(word, ret_transport) == 0;
}

static bool take_ends(struct cursor *c, struct state_lease *lease)
{
	uint64_t internal, external;

	if (!take_addr(c, &lease->gateway) || !take_addr(c, &lease->local) ||
	    !take_number(c, UINT16_MAX, &internal) || internal == 0 ||
	    !take_addr(c, &lease->external.addr) ||
	    !take_number(c, UINT16_MAX, &external))
		return false;
	lease->internal_port = (uint16_t)internal;
	lease->external.port = (uint16_t)external;
	return true;
}

static bool take_term(struct cursor *c, struct state_lease *lease)
{
	uint64_t lifetime;

	if (!take_nonce(c, lease->nonce) ||
	    !take_number(c, UINT32_MAX, &lifetime) ||
	    !take_number(c, UINT64_MAX, &lease->expires_s))
		return false;
	lease->lifetime_s = (uint32_t)lifetime;
	return c->at == c->end;
}

static bool parse_lease(struct cursor line, struct state_lease *ret_lease)
{
	struct state_lease lease = {.lifetime_s = 0};
	unsigned int origin, via;
	char word[VALUE_BYTES];

	if (!take_word(&line, word, sizeof(word)) ||
	    strcmp(word, "lease") != 0 || !take_name(&line, lease.name) ||
	    !take_name_of(&line, origin_names,
			  sizeof(origin_names) / sizeof(origin_names[0]),
			  &origin) ||
	    !take_transport(&line, &lease.transport) ||
	    !take_name_of(&line, via_names,
			  sizeof(via_names) / sizeof(via_names[0]), &via) ||
	    !take_ends(&line, &lease) || !take_term(&line, &lease))
		return false;
	lease.origin = (enum state_origin)origin;
	lease.via = (enum state_via)via;
	*ret_lease = lease;
	return true;
}

/* Finds the last line and compares what it says with the text before it.
 * Returns the length of that text, or -EBADMSG. */
static long check_seal(const char *text, size_t len, uint64_t *ret_count)
{
	struct cursor line = {text, text + len};
	char word[VALUE_BYTES], expected[16];
	size_t start = len;

	if (len == 0 || text[len - 1] != '\n')
		return -EBADMSG;
	line.end--;
	for (start = len - 1; start > 0 && text[start - 1] != '\n'; start--)
		;
	line.at = text + start;
	snprintf(expected, sizeof(expected), "%08" PRIx32,
		 crc32_of(text, start));
	if (!take_word(&line, word, sizeof(word)) || strcmp(word, "end") != 0 ||
	    !take_number(&line, STATE_LEASES_MOST, ret_count) ||
	    !take_word(&line, word, sizeof(word)) ||
	    strcmp(word, expected) != 0 || line.at != line.end)
		return -EBADMSG;
	return (long)start;
}

static bool starts_with(const char *text, size_t len, const char *word)
{
	return len >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

int state_file_decode(const char *text, size_t len, struct state_lease *leases,
		      size_t cap, size_t *ret_count)
{
	const char *at = text + sizeof(HEAD) - 1, *end, *newline;
	uint64_t sealed;
	size_t count = 0;
	long body;

	if (!starts_with(text, len, HEAD))
		return starts_with(text, len, HEAD_WORD) ? -EPROTONOSUPPORT
							 : -EBADMSG;
	body = check_seal(text, len, &sealed);
	if (body < (long)sizeof(HEAD) - 1)
		return -EBADMSG;
	for (end = text + body; at < end; at = newline + 1, count++) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (count == cap)
			return -ENOSPC;
		if (!parse_lease((struct cursor){at, newline}, &leases[count]))
			return -EBADMSG;
	}
	if (count != sealed)
		return -EBADMSG;
	*ret_count = count;
	return 0;
}
