#include "http_reply.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* RFC 9112 section 4. */
#define STATUS_LINE_LEAST 12 /* "HTTP/1.1 200" */
#define LENGTH_DIGITS     7  /* more is more than anybody reads */

struct head {
	bool has_length;
	size_t length;
	bool is_chunked;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int parse_status(const char *bytes, size_t len, unsigned int *ret_status)
{
	const char *at = bytes + 9;

	if (len < STATUS_LINE_LEAST || memcmp(bytes, "HTTP/1.", 7) != 0 ||
	    !is_digit(bytes[7]) || bytes[8] != ' ')
		return -EBADMSG;
	if (at[0] < '1' || !is_digit(at[0]) || !is_digit(at[1]) ||
	    !is_digit(at[2]))
		return -EBADMSG;
	*ret_status = (unsigned int)((at[0] - '0') * 100 + (at[1] - '0') * 10 +
				     (at[2] - '0'));
	return 0;
}

static bool is_name(const char *line, size_t len, const char *name)
{
	return len > strlen(name) && line[strlen(name)] == ':' &&
	       strncasecmp(line, name, strlen(name)) == 0;
}

static int parse_length(const char *text, size_t len, size_t *ret_length)
{
	size_t length = 0, digits = 0;

	for (; digits < len && is_digit(text[digits]); digits++)
		if (digits < LENGTH_DIGITS)
			length = length * 10 + (size_t)(text[digits] - '0');
	if (digits == 0 || digits > LENGTH_DIGITS)
		return -EBADMSG;
	*ret_length = length;
	return 0;
}

static int parse_header(const char *line, size_t len, struct head *head)
{
	const char *value = memchr(line, ':', len);
	size_t value_len;

	if (!value)
		return 0;
	value++;
	value_len = len - (size_t)(value - line);
	while (value_len && (*value == ' ' || *value == '\t')) {
		value++;
		value_len--;
	}
	if (is_name(line, len, "Content-Length")) {
		head->has_length = true;
		return parse_length(value, value_len, &head->length);
	}
	if (is_name(line, len, "Transfer-Encoding"))
		head->is_chunked =
		    value_len >= 7 && strncasecmp(value, "chunked", 7) == 0;
	return 0;
}

/* The end of the line that starts at AT: where the next one starts, or 0 when
 * it has not ended. A bare LF is taken for a line's end too. */
static size_t next_line(const char *bytes, size_t len, size_t at,
			size_t *ret_line_len)
{
	const char *lf = memchr(bytes + at, '\n', len - at);
	size_t end;

	if (!lf)
		return 0;
	end = (size_t)(lf - bytes);
	*ret_line_len = end - at;
	if (end > at && bytes[end - 1] == '\r')
		(*ret_line_len)--;
	return end + 1;
}

/* Reads the header. Returns where the body starts, 0 when there is more to
 * come, or -EBADMSG. */
static int parse_head(const char *bytes, size_t len, struct head *head,
		      size_t *ret_body_at)
{
	size_t at = 0, next, line_len;
	bool is_first = true;

	for (;; at = next, is_first = false) {
		next = next_line(bytes, len, at, &line_len);
		if (next == 0)
			return -EAGAIN;
		if (line_len == 0)
			break;
		if (!is_first && parse_header(bytes + at, line_len, head) < 0)
			return -EBADMSG;
	}
	if (is_first)
		return -EBADMSG;
	*ret_body_at = next;
	return 0;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_chunk_size(const char *line, size_t len, size_t *ret_size)
{
	size_t size = 0, at = 0;

	for (; at < len && hex_value(line[at]) >= 0; at++) {
		if (at == LENGTH_DIGITS)
			return -EBADMSG;
		size = size * 16 + (size_t)hex_value(line[at]);
	}
	if (at == 0)
		return -EBADMSG;
	*ret_size = size;
	return 0;
}

/* RFC 9112 section 7.1. Walks over the chunks; joins them only with JOIN, so
 * that nothing has changed as long as more has to come. */
static int walk_chunks(char *bytes, size_t len, size_t from, bool join,
		       size_t *ret_body_len)
{
	size_t at = from, to = from, next, line_len, size;

	for (;;) {
		next = next_line(bytes, len, at, &line_len);
		if (next == 0)
			return -EAGAIN;
		if (parse_chunk_size(bytes + at, line_len, &size) < 0)
			return -EBADMSG;
		if (size == 0)
			break;
		if (len - next < size)
			return -EAGAIN;
		if (join)
			memmove(bytes + to, bytes + next, size);
		to += size;
		at = next + size;
		next = next_line(bytes, len, at, &line_len);
		if (next == 0)
			return -EAGAIN;
		if (line_len != 0)
			return -EBADMSG;
		at = next;
	}
	*ret_body_len = to - from;
	return 0;
}

int http_reply_parse(char *bytes, size_t len, bool is_end,
		     struct http_reply *ret_reply)
{
	struct http_reply reply = {.status = 0};
	struct head head = {.has_length = false};
	int error;

	if (len < STATUS_LINE_LEAST)
		return is_end ? -EBADMSG : -EAGAIN;
	if (parse_status(bytes, len, &reply.status) < 0)
		return -EBADMSG;
	error = parse_head(bytes, len, &head, &reply.body_at);
	if (error == 0 && head.is_chunked) {
		error = walk_chunks(bytes, len, reply.body_at, false,
				    &reply.body_len);
		if (error == 0)
			error = walk_chunks(bytes, len, reply.body_at, true,
					    &reply.body_len);
	} else if (error == 0 && head.has_length) {
		reply.body_len = head.length;
		if (len - reply.body_at < head.length)
			error = -EAGAIN;
	} else if (error == 0) {
		reply.body_len = len - reply.body_at;
		if (!is_end)
			error = -EAGAIN;
	}
	if (error)
		return error == -EAGAIN && is_end ? -EBADMSG : error;
	*ret_reply = reply;
	return 0;
}
