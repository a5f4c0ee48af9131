#include "conf_ini.h"

#include <ini.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define VALUE_MAX_BYTES 256

struct reading {
	const char *text; /* borrowed */
	size_t len;
	size_t at;
	unsigned int line; /* of the bytes before at */
	bool is_in_section;
	const struct conf_ini_handler *handler;
};

/* Returns what is wrong with the bytes of a line, or NULL. */
static const char *find_fault(const char *line, size_t len, size_t room)
{
	uint32_t code;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = text_utf8_length(line + i, len - i, &code);
		if (n == 0)
			return "the line is not UTF-8";
		if (code == '\0')
			return "the line has a NUL byte";
	}
	if (len + 2 > room)
		return "the line is too long";
	if (line[0] == '[' && !memchr(line, ']', len))
		return "the section has no ]";
	if (line[0] != '[' && !memchr(line, '=', len) &&
	    !memchr(line, ':', len))
		return "the line is neither [section] nor key = value";
	return NULL;
}

static bool is_empty_or_comment(const char *line, size_t len)
{
	return len == 0 || line[0] == ';' || line[0] == '#';
}

static void begin_section(struct reading *r, const char *line)
{
	char name[VALUE_MAX_BYTES];
	size_t len = strcspn(line + 1, "]");

	snprintf(name, sizeof(name), "%.*s", (int)len, line + 1);
	r->is_in_section = true;
	r->handler->section(r->handler->arg, text_trim(name), r->line);
}

/* Cuts the next line, without blanks at its ends, out of the text. */
static const char *next_line(struct reading *r, size_t *ret_len)
{
	const char *line = r->text + r->at;
	const char *end = memchr(line, '\n', r->len - r->at);
	size_t len = end ? (size_t)(end - line) : r->len - r->at;

	r->at += len + 1;
	r->line++;
	if (r->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		line += 3;
		len -= 3;
	}
	while (len > 0 && text_is_blank(line[len - 1]))
		len--;
	while (len > 0 && text_is_blank(*line)) {
		line++;
		len--;
	}
	*ret_len = len;
	return line;
}

/* Returns whether inih may see the line. */
static bool check_line(struct reading *r, const char *line, size_t len,
		       size_t room)
{
	const char *fault;

	if (is_empty_or_comment(line, len))
		return false;
	fault = find_fault(line, len, room);
	if (!fault)
		return true;
	if (line[0] == '[') {
		r->is_in_section = true;
		r->handler->section(r->handler->arg, NULL, r->line);
	}
	r->handler->problem(r->handler->arg, fault, r->line);
	return false;
}

/* inih's fgets(): gives each line of the text once, a bad one as empty. */
static char *give_line(char *buf, int buf_bytes, void *stream)
{
	struct reading *r = stream;
	const char *line;
	size_t len;

	if (r->at >= r->len || buf_bytes < 2)
		return NULL;
	line = next_line(r, &len);
	if (!check_line(r, line, len, (size_t)buf_bytes))
		len = 0;
	memcpy(buf, line, len);
	buf[len] = '\n';
	buf[len + 1] = '\0';
	if (len > 0 && buf[0] == '[')
		begin_section(r, buf);
	return buf;
}

/* Removes the quotes around VALUE. Returns whether they match. */
static bool unquote(char *value)
{
	size_t len = strlen(value);
	char quote = value[0];

	if (quote != '"' && quote != '\'')
		return len == 0 || !strpbrk(value + len - 1, "\"'");
	if (len < 2 || value[len - 1] != quote)
		return false;
	memmove(value, value + 1, len - 2);
	value[len - 2] = '\0';
	return true;
}

static int on_pair(void *user, const char *section, const char *name,
		   const char *value)
{
	struct reading *r = user;
	char copy[VALUE_MAX_BYTES];

	(void)section;
	snprintf(copy, sizeof(copy), "%s", value);
	if (!r->is_in_section)
		r->handler->problem(r->handler->arg,
				    "the line stands before any [section]",
				    r->line);
	else if (!unquote(copy))
		r->handler->problem(r->handler->arg,
				    "a quote is missing (a ; after a blank "
				    "begins a comment, also in quotes)",
				    r->line);
	else
		r->handler->pair(r->handler->arg, name, copy, r->line);
	return 1;
}

void conf_ini_read(const char *text, size_t len,
		   const struct conf_ini_handler *handler)
{
	struct reading r = {.text = text, .len = len, .handler = handler};

	/* Every fault has been told by the time that it returns. */
	(void)ini_parse_stream(give_line, &r, on_pair, &r);
}
