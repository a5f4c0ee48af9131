#include "igd_wire.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field_type { FIELD_NUMBER, FIELD_SIGNED, FIELD_ADDR, FIELD_TEXT };

/* One member of a message: its name on the wire, where it is, what it may be.
 */
struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	uint32_t max; /* of a number; of a text: its room with the NUL */
	bool is_required;
};

/* A value's room before it is decoded: every byte may be escaped. */
#define VALUE_BYTES (3 * IGD_URL_BYTES)

#define NUMBER(s, m, most)                                                     \
	.type = FIELD_NUMBER, .offset = offsetof(s, m), .max = (most)
#define ADDR(s, m) .type = FIELD_ADDR, .offset = offsetof(s, m)
#define TEXT(s, m)                                                             \
	.type = FIELD_TEXT, .offset = offsetof(s, m), .max = sizeof(((s *)0)->m)

static const struct field request_fields[] = {
    {"id", NUMBER(struct igd_request, id, UINT32_MAX), .is_required = true},
    {"verb", NUMBER(struct igd_request, verb, IGD_PINHOLE_STATUS),
     .is_required = true},
    {"url", TEXT(struct igd_request, url)},
    {"gateway", ADDR(struct igd_request, gateway)},
    {"client", ADDR(struct igd_request, client)},
    {"protocol", NUMBER(struct igd_request, protocol, IGD_TCP)},
    {"external-port", NUMBER(struct igd_request, external_port, UINT16_MAX)},
    {"internal-port", NUMBER(struct igd_request, internal_port, UINT16_MAX)},
    {"lease", NUMBER(struct igd_request, lease_s, UINT32_MAX)},
    {"limit", NUMBER(struct igd_request, limit, UINT16_MAX)},
    {"unique", NUMBER(struct igd_request, unique, UINT16_MAX)},
    {"description", TEXT(struct igd_request, description)},
};

static const struct field answer_fields[] = {
    {"id", NUMBER(struct igd_answer, id, UINT32_MAX), .is_required = true},
    {"part", NUMBER(struct igd_answer, part, IGD_MORE), .is_required = true},
    {"code", .type = FIELD_SIGNED, .offset = offsetof(struct igd_answer, code)},
    {"external", ADDR(struct igd_answer, external)},
    {"lan", ADDR(struct igd_answer, lan)},
    {"version", NUMBER(struct igd_answer, version, 9)},
    {"services", NUMBER(struct igd_answer, services, UINT16_MAX)},
    {"uptime", NUMBER(struct igd_answer, uptime_s, UINT32_MAX)},
    {"sandbox", NUMBER(struct igd_answer, sandbox, UINT16_MAX)},
    {"unique", NUMBER(struct igd_answer, unique, UINT16_MAX)},
    {"protocol", NUMBER(struct igd_answer, entry.protocol, IGD_TCP)},
    {"external-port",
     NUMBER(struct igd_answer, entry.external_port, UINT16_MAX)},
    {"internal-port",
     NUMBER(struct igd_answer, entry.internal_port, UINT16_MAX)},
    {"lease", NUMBER(struct igd_answer, entry.lease_s, UINT32_MAX)},
    {"enabled", NUMBER(struct igd_answer, entry.is_enabled, 1)},
    {"client", ADDR(struct igd_answer, entry.client)},
    {"description", TEXT(struct igd_answer, entry.description)},
    {"text", TEXT(struct igd_answer, text)},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char hex_digits[] = "0123456789abcdef";

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || strchr("-_.:/,?&[]()", c);
}

static void escape(const char *text, char *buf)
{
	for (; *text; text++) {
		if (is_plain(*text)) {
			*buf++ = *text;
			continue;
		}
		*buf++ = '%';
		*buf++ = hex_digits[(unsigned char)*text >> 4];
		*buf++ = hex_digits[*text & 15];
	}
	*buf = '\0';
}

static int hex_value(char c)
{
	const char *found = c ? strchr(hex_digits, c) : NULL;

	return found ? (int)(found - hex_digits) : -1;
}

/* Decodes the LEN bytes of a value to BUF; a NUL may not hide in it. */
static int unescape(const char *value, size_t len, char *buf, size_t buf_bytes)
{
	size_t at = 0;
	int high, low;

	for (size_t i = 0; i < len; i++, at++) {
		if (at + 1 >= buf_bytes)
			return -EBADMSG;
		if (value[i] != '%') {
			if (value[i] == '\0' || !is_plain(value[i]))
				return -EBADMSG;
			buf[at] = value[i];
			continue;
		}
		if (len - i < 3)
			return -EBADMSG;
		high = hex_value(value[i + 1]);
		low = hex_value(value[i + 2]);
		if (high < 0 || low < 0 || high + low == 0)
			return -EBADMSG;
		buf[at] = (char)(high << 4 | low);
		i += 2;
	}
	buf[at] = '\0';
	return 0;
}

/* Writes a value, "" when it is absent. */
static void format_value(const struct field *f, const void *message, char *buf)
{
	const char *at = (const char *)message + f->offset;
	char text[ADDR_TEXT_BYTES];
	struct addr addr;
	uint32_t number;
	int32_t code;

	buf[0] = '\0';
	switch (f->type) {
	case FIELD_NUMBER:
		memcpy(&number, at, sizeof(number));
		if (number || f->is_required)
			sprintf(buf, "%u", number);
		break;
	case FIELD_SIGNED:
		memcpy(&code, at, sizeof(code));
		if (code)
			sprintf(buf, "%d", code);
		break;
	case FIELD_ADDR:
		memcpy(&addr, at, sizeof(addr));
		if (addr_is_set(&addr))
			escape(addr_format(&addr, text, sizeof(text)), buf);
		break;
	case FIELD_TEXT:
		escape(at, buf);
		break;
	}
}

static int format(const struct field *fields, size_t count, const void *message,
		  char *buf, size_t buf_bytes)
{
	char value[VALUE_BYTES];
	size_t at = 0;
	int len;

	for (size_t i = 0; i < count; i++) {
		format_value(&fields[i], message, value);
		if (value[0] == '\0')
			continue;
		len = snprintf(buf + at, buf_bytes - at, "%s%s=%s",
			       at ? " " : "", fields[i].name, value);
		if (len < 0 || (size_t)len >= buf_bytes - at)
			return -ENOSPC;
		at += (size_t)len;
	}
	if (buf_bytes - at < 2)
		return -ENOSPC;
	buf[at++] = '\n';
	buf[at] = '\0';
	return (int)at;
}

static int parse_number(const char *text, const struct field *f, char *at)
{
	unsigned long long value;
	uint32_t number;
	char *end;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 10)
		return -EBADMSG;
	value = strtoull(text, &end, 10);
	if (*end != '\0' || value > f->max)
		return -EBADMSG;
	number = (uint32_t)value;
	memcpy(at, &number, sizeof(number));
	return 0;
}

static int parse_signed(const char *text, char *at)
{
	int32_t code;
	char *end;
	long value;

	if (strlen(text) > 7 || strspn(text, "-0123456789") != strlen(text))
		return -EBADMSG;
	value = strtol(text, &end, 10);
	if (*end != '\0' || end == text)
		return -EBADMSG;
	code = (int32_t)value;
	memcpy(at, &code, sizeof(code));
	return 0;
}

static int parse_value(const struct field *f, const char *value, size_t len,
		       char *at)
{
	char text[ADDR_TEXT_BYTES];
	struct addr addr;

	if (f->type == FIELD_TEXT)
		return unescape(value, len, at, f->max);
	if (unescape(value, len, text, sizeof(text)) < 0)
		return -EBADMSG;
	if (f->type == FIELD_NUMBER)
		return parse_number(text, f, at);
	if (f->type == FIELD_SIGNED)
		return parse_signed(text, at);
	if (addr_parse(text, &addr) < 0)
		return -EBADMSG;
	memcpy(at, &addr, sizeof(addr));
	return 0;
}

static int parse_word(const struct field *fields, size_t count,
		      const char *word, size_t len, char *message,
		      uint32_t *seen)
{
	const char *equals = memchr(word, '=', len);
	size_t name_len;

	if (!equals)
		return -EBADMSG;
	name_len = (size_t)(equals - word);
	for (size_t i = 0; i < count; i++) {
		if (strlen(fields[i].name) != name_len ||
		    memcmp(fields[i].name, word, name_len) != 0)
			continue;
		if (*seen & 1u << i)
			return -EBADMSG;
		*seen |= 1u << i;
		return parse_value(&fields[i], equals + 1, len - name_len - 1,
				   message + fields[i].offset);
	}
	return -EBADMSG;
}

static int parse(const struct field *fields, size_t count, const char *line,
		 size_t len, void *message)
{
	const char *space;
	uint32_t seen = 0;
	size_t word_len;

	if (len && line[len - 1] == '\n')
		len--;
	if (len == 0 || len >= IGD_WIRE_LINE_BYTES)
		return -EBADMSG;
	for (;;) {
		space = memchr(line, ' ', len);
		word_len = space ? (size_t)(space - line) : len;
		if (parse_word(fields, count, line, word_len, message, &seen) <
		    0)
			return -EBADMSG;
		if (!space)
			break;
		line += word_len + 1;
		len -= word_len + 1;
	}
	for (size_t i = 0; i < count; i++)
		if (fields[i].is_required && !(seen & 1u << i))
			return -EBADMSG;
	return 0;
}

int igd_request_format(const struct igd_request *request, char *buf,
		       size_t buf_bytes)
{
	return format(request_fields, COUNT_OF(request_fields), request, buf,
		      buf_bytes);
}

int igd_answer_format(const struct igd_answer *answer, char *buf,
		      size_t buf_bytes)
{
	return format(answer_fields, COUNT_OF(answer_fields), answer, buf,
		      buf_bytes);
}

int igd_request_parse(const char *line, size_t len,
		      struct igd_request *ret_request)
{
	struct igd_request request = {0};

	if (parse(request_fields, COUNT_OF(request_fields), line, len,
		  &request) < 0 ||
	    request.verb == 0)
		return -EBADMSG;
	*ret_request = request;
	return 0;
}

int igd_answer_parse(const char *line, size_t len,
		     struct igd_answer *ret_answer)
{
	struct igd_answer answer = {0};

	if (parse(answer_fields, COUNT_OF(answer_fields), line, len, &answer) <
		0 ||
	    answer.part == 0)
		return -EBADMSG;
	*ret_answer = answer;
	return 0;
}

/* IGD:1 WANIPConnection section 2.4, IGD:2 WANIPConnection section 2.5, UDA
 * 1.1 section 3.2.2. */
const char *igd_code_name(int code)
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
	    {IGD_OK, "ok"},
	    {IGD_UNREACHABLE, "no whole answer"},
	    {IGD_NONSENSE, "an answer that makes no sense"},
	    {IGD_NOT_IN_TABLE, "accepted, but not in the router's table"},
	    {IGD_NO_SERVICE, "the device maps no ports"},
	    {IGD_URL_REFUSED, "the description leads to another host"},
	    {IGD_NOT_OPEN, "no description read yet"},
	    {IGD_BAD_REQUEST, "request not understood"},
	    {IGD_NO_WORKER, "traversald-igd cannot be started"},
	    {IGD_SILENT, "no answer to the search"},
	    {IGD_INVALID_ACTION, "InvalidAction"},
	    {IGD_INVALID_ARGS, "InvalidArgs"},
	    {IGD_ACTION_FAILED, "ActionFailed"},
	    {IGD_UNIMPLEMENTED, "OptionalActionNotImplemented"},
	    {IGD_NOT_AUTHORIZED, "ActionNotAuthorized"},
	    {IGD_PINHOLE_SPACE_EXHAUSTED, "PinholeSpaceExhausted"},
	    {IGD_PINHOLE_DISABLED, "FirewallDisabled"},
	    {IGD_PINHOLE_NOT_ALLOWED, "InboundPinholeNotAllowed"},
	    {IGD_PINHOLE_NO_SUCH_ENTRY, "NoSuchEntry"},
	    {IGD_PINHOLE_PROTOCOL, "ProtocolNotSupported"},
	    {IGD_ARRAY_INDEX_INVALID, "SpecifiedArrayIndexInvalid"},
	    {IGD_NO_SUCH_ENTRY, "NoSuchEntryInArray"},
	    {IGD_NO_WILDCARD_EXTERNAL_PORT, "WildCardNotPermittedInExtPort"},
	    {IGD_CONFLICT_IN_ENTRY, "ConflictInMappingEntry"},
	    {IGD_SAME_PORTS_REQUIRED, "SamePortValuesRequired"},
	    {IGD_ONLY_PERMANENT_LEASES, "OnlyPermanentLeasesSupported"},
	    {IGD_ONLY_WILDCARD_REMOTE, "RemoteHostOnlySupportsWildcard"},
	    {IGD_ONLY_WILDCARD_EXTERNAL, "ExternalPortOnlySupportsWildcard"},
	    {IGD_NO_PORT_MAPS_AVAILABLE, "NoPortMapsAvailable"},
	    {IGD_CONFLICT_WITH_OTHER, "ConflictWithOtherMechanisms"},
	    {IGD_NO_WILDCARD_INTERNAL, "WildCardNotPermittedInIntPort"},
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i].code == code)
			return names[i].name;
	return code > 0 ? "UPnP error" : "unknown";
}
