#include "envfile_lex.h"

#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "text.h"

#define NOWHERE SIZE_MAX

enum lex_state {
	PRE_KEY,
	KEY,
	PRE_VALUE,
	VALUE,
	VALUE_ESCAPE,
	SINGLE_QUOTE,
	DOUBLE_QUOTE,
	DOUBLE_QUOTE_ESCAPE,
	COMMENT,
	COMMENT_ESCAPE,
	CUT_COMMENT,
};

struct lexer {
	const char *text; /* borrowed */
	size_t len;
	size_t at;
	unsigned int line;
	enum lex_state state;
	bool cuts_comments;
	struct env_raw raw;  /* its buffers are owned, as long as the text */
	size_t key_blank_at; /* where the blanks at its end begin */
	size_t value_blank_at;
	unsigned int quote_line;
	bool after_quote; /* a piece of the value was quoted */
	bool after_blank; /* and blanks follow it */
	const struct envfile_lex_handler *handler;
};

static bool is_newline(char c)
{
	return c == '\n' || c == '\r';
}

bool envfile_is_name_byte(char c, bool is_first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (!is_first && c >= '0' && c <= '9');
}

static void tell(const struct lexer *lx, enum envfile_note note,
		 unsigned int line)
{
	lx->handler->note(lx->handler->arg, note, line);
}

static char peek(const struct lexer *lx, size_t at)
{
	return at < lx->len ? lx->text[at] : '\0';
}

/* Does the line after the newline at hand look like DAEMON_OPTS=...? */
static bool is_assignment_next(const struct lexer *lx)
{
	size_t at = lx->at + 1, start;

	if (peek(lx, lx->at) == '\r' && peek(lx, at) == '\n')
		at++;
	while (peek(lx, at) == ' ' || peek(lx, at) == '\t')
		at++;
	start = at;
	while (envfile_is_name_byte(peek(lx, at), at == start) &&
	       !(peek(lx, at) >= 'a' && peek(lx, at) <= 'z'))
		at++;
	return at > start && peek(lx, at) == '=';
}

static void key_put(struct lexer *lx, char c)
{
	if (!text_is_blank(c))
		lx->key_blank_at = NOWHERE;
	else if (lx->key_blank_at == NOWHERE)
		lx->key_blank_at = lx->raw.key_len;
	lx->raw.key[lx->raw.key_len++] = c;
}

static void value_put(struct lexer *lx, char c)
{
	lx->raw.value_lines[lx->raw.value_len] = lx->line;
	lx->raw.value[lx->raw.value_len++] = c;
}

static void push(struct lexer *lx)
{
	if (lx->state == VALUE && lx->value_blank_at != NOWHERE)
		lx->raw.value_len = lx->value_blank_at;
	if (lx->key_blank_at != NOWHERE)
		lx->raw.key_len = lx->key_blank_at;
	lx->raw.key[lx->raw.key_len] = '\0';
	lx->raw.value[lx->raw.value_len] = '\0';
	lx->state = PRE_KEY;
	lx->handler->assignment(lx->handler->arg, &lx->raw);
}

static void drop_key(struct lexer *lx)
{
	tell(lx, ENVFILE_NO_EQUALS, lx->raw.line);
	lx->state = PRE_KEY;
}

static void step_pre_key(struct lexer *lx, char c)
{
	if (c == '#' || c == ';') {
		lx->state = COMMENT;
		return;
	}
	if (text_is_blank(c))
		return;
	lx->state = KEY;
	lx->raw.key_len = 0;
	lx->raw.line = lx->line;
	key_put(lx, c);
}

static void step_key(struct lexer *lx, char c)
{
	if (is_newline(c)) {
		drop_key(lx);
	} else if (c == '=') {
		lx->state = PRE_VALUE;
		lx->raw.value_len = 0;
		lx->value_blank_at = NOWHERE;
		lx->after_quote = lx->after_blank = false;
	} else {
		key_put(lx, c);
	}
}

static void open_quote(struct lexer *lx, enum lex_state state)
{
	if (lx->after_quote && lx->after_blank)
		tell(lx, ENVFILE_JOINED, lx->raw.line);
	lx->state = state;
	lx->quote_line = lx->line;
	lx->after_quote = lx->after_blank = false;
}

static void close_quote(struct lexer *lx)
{
	lx->state = PRE_VALUE;
	lx->after_quote = true;
}

static void step_pre_value(struct lexer *lx, char c)
{
	if (is_newline(c)) {
		push(lx);
	} else if (c == '\'') {
		open_quote(lx, SINGLE_QUOTE);
	} else if (c == '"') {
		open_quote(lx, DOUBLE_QUOTE);
	} else if (c == '\\') {
		lx->state = VALUE_ESCAPE;
	} else if (text_is_blank(c)) {
		lx->after_blank = true;
	} else if (c == '#' && lx->after_quote && lx->after_blank &&
		   lx->cuts_comments) {
		lx->state = CUT_COMMENT;
		tell(lx, ENVFILE_COMMENT_CUT, lx->line);
	} else {
		lx->state = VALUE;
		value_put(lx, c);
	}
}

static void step_value(struct lexer *lx, char c)
{
	if (is_newline(c)) {
		push(lx);
		return;
	}
	if (c == '\\') {
		lx->state = VALUE_ESCAPE;
		lx->value_blank_at = NOWHERE;
		return;
	}
	if (!text_is_blank(c))
		lx->value_blank_at = NOWHERE;
	else if (lx->value_blank_at == NOWHERE)
		lx->value_blank_at = lx->raw.value_len;
	value_put(lx, c);
}

static void step_value_escape(struct lexer *lx, char c)
{
	lx->state = VALUE;
	if (!is_newline(c))
		value_put(lx, c);
}

static void put_quoted(struct lexer *lx, char c)
{
	if (is_newline(c) && is_assignment_next(lx))
		tell(lx, ENVFILE_SWALLOWED, lx->quote_line);
	value_put(lx, c);
}

static void step_single_quote(struct lexer *lx, char c)
{
	if (c == '\'')
		close_quote(lx);
	else
		put_quoted(lx, c);
}

static void step_double_quote(struct lexer *lx, char c)
{
	if (c == '"')
		close_quote(lx);
	else if (c == '\\')
		lx->state = DOUBLE_QUOTE_ESCAPE;
	else
		put_quoted(lx, c);
}

static void step_double_quote_escape(struct lexer *lx, char c)
{
	lx->state = DOUBLE_QUOTE;
	if (c == '\n')
		return;
	if (c != '"' && c != '\\' && c != '`' && c != '$')
		value_put(lx, '\\');
	value_put(lx, c);
}

static void step_comment(struct lexer *lx, char c)
{
	if (c == '\\')
		lx->state = COMMENT_ESCAPE;
	else if (is_newline(c))
		lx->state = PRE_KEY;
}

static void step_comment_escape(struct lexer *lx, char c)
{
	bool is_crlf = c == '\r' && peek(lx, lx->at + 1) == '\n';

	lx->state = COMMENT;
	if (is_newline(c) && !is_crlf && is_assignment_next(lx))
		tell(lx, ENVFILE_COMMENT_CONTINUED, lx->line);
}

static void step_cut_comment(struct lexer *lx, char c)
{
	if (is_newline(c))
		push(lx);
}

static void (*const steps[])(struct lexer *lx, char c) = {
    [PRE_KEY] = step_pre_key,
    [KEY] = step_key,
    [PRE_VALUE] = step_pre_value,
    [VALUE] = step_value,
    [VALUE_ESCAPE] = step_value_escape,
    [SINGLE_QUOTE] = step_single_quote,
    [DOUBLE_QUOTE] = step_double_quote,
    [DOUBLE_QUOTE_ESCAPE] = step_double_quote_escape,
    [COMMENT] = step_comment,
    [COMMENT_ESCAPE] = step_comment_escape,
    [CUT_COMMENT] = step_cut_comment,
};

static void finish(struct lexer *lx)
{
	switch (lx->state) {
	case SINGLE_QUOTE:
	case DOUBLE_QUOTE:
	case DOUBLE_QUOTE_ESCAPE:
		tell(lx, ENVFILE_UNTERMINATED, lx->quote_line);
		push(lx);
		break;
	case PRE_VALUE:
	case VALUE:
	case VALUE_ESCAPE:
	case CUT_COMMENT:
		push(lx);
		break;
	case KEY:
		drop_key(lx);
		break;
	case PRE_KEY:
	case COMMENT:
	case COMMENT_ESCAPE:
		break;
	}
}

void envfile_lex(const char *text, size_t len, bool cuts_comments,
		 const struct envfile_lex_handler *handler)
{
	struct lexer lx = {
	    .text = text,
	    .len = len,
	    .line = 1,
	    .cuts_comments = cuts_comments,
	    .key_blank_at = NOWHERE,
	    .value_blank_at = NOWHERE,
	    .handler = handler,
	};

	lx.raw.key = xcalloc(len + 1, 1);
	lx.raw.value = xcalloc(len + 1, 1);
	lx.raw.value_lines = xcalloc(len + 1, sizeof(*lx.raw.value_lines));
	for (; lx.at < len; lx.at++) {
		char c = text[lx.at];

		steps[lx.state](&lx, c);
		if (c == '\n' || (c == '\r' && peek(&lx, lx.at + 1) != '\n'))
			lx.line++;
	}
	finish(&lx);
	free(lx.raw.key);
	free(lx.raw.value);
	free(lx.raw.value_lines);
}
