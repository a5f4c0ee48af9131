#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	char letter;
	uint32_t seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

bool text_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char *text_trim(char *s)
{
	size_t len;

	while (text_is_blank(*s))
		s++;
	len = strlen(s);
	while (len > 0 && text_is_blank(s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

bool text_strip_quotes(char *s)
{
	size_t len = strlen(s);
	char opened = '\0';

	if (len > 0 && is_quote(s[0])) {
		opened = s[0];
		memmove(s, s + 1, len);
		len--;
	}
	if (len > 0 && is_quote(s[len - 1]) &&
	    (!opened || s[len - 1] == opened)) {
		s[len - 1] = '\0';
		return true;
	}
	return opened != '\0';
}

char *text_next_element(char **cursor)
{
	char *element = *cursor, *comma;

	if (!element)
		return NULL;
	comma = strchr(element, ',');
	if (comma)
		*comma++ = '\0';
	*cursor = comma;
	return text_trim(element);
}

int text_parse_uint(const char *text, uint32_t max, uint32_t *ret_value)
{
	uint64_t value = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > UINT32_MAX)
			value = (uint64_t)UINT32_MAX + 1;
	}
	if (value > max)
		return -ERANGE;
	*ret_value = (uint32_t)value;
	return 0;
}

int text_parse_port(const char *text, uint16_t *ret_port)
{
	uint32_t value;
	int r = text_parse_uint(text, UINT16_MAX, &value);

	if (r < 0)
		return r;
	if (value == 0)
		return -ERANGE;
	*ret_port = (uint16_t)value;
	return 0;
}

int text_parse_bool(const char *text, bool *ret_value)
{
	static const char *const words[2][6] = {
	    {"0", "f", "F", "false", "FALSE", "False"},
	    {"1", "t", "T", "true", "TRUE", "True"},
	};

	for (size_t value = 0; value < 2; value++) {
		for (size_t i = 0; i < 6; i++) {
			if (strcmp(text, words[value][i]) == 0) {
				*ret_value = value == 1;
				return 0;
			}
		}
	}
	return -EINVAL;
}

static uint32_t unit_seconds(char letter)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].letter == letter)
			return units[i].seconds;
	return 0;
}

/* Reads "90m" at *TEXT and moves behind it; a number alone means seconds. */
static int parse_term(const char **text, uint64_t *ret_s)
{
	const char *p = *text;
	uint64_t number = 0;
	uint32_t unit = 1;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		number = number * 10 + (uint64_t)(*p - '0');
		if (number > UINT32_MAX)
			return -ERANGE;
	}
	if (*p != '\0') {
		unit = unit_seconds(*p++);
		if (unit == 0)
			return -EINVAL;
	}
	*text = p;
	*ret_s = number * unit;
	return 0;
}

int text_parse_duration(const char *text, uint32_t *ret_s)
{
	uint64_t total = 0, term;
	int r;

	do {
		r = parse_term(&text, &term);
		if (r < 0)
			return r;
		total += term;
		if (total > UINT32_MAX)
			return -ERANGE;
	} while (*text);
	*ret_s = (uint32_t)total;
	return 0;
}

const char *text_format_duration(uint32_t s, char *buf, size_t buf_bytes)
{
	size_t at = 0;

	snprintf(buf, buf_bytes, "0s");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint32_t n = s / units[i].seconds;

		/* "24h" reads better beside "2h" than "1d" does. */
		if (n == 0 || units[i].letter == 'd' || at >= buf_bytes)
			continue;
		at += (size_t)snprintf(buf + at, buf_bytes - at, "%u%c", n,
				       units[i].letter);
		s %= units[i].seconds;
	}
	return buf;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t text_edit_distance(const char *a, const char *b)
{
	size_t row[TEXT_DISTANCE_MAX_BYTES + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > TEXT_DISTANCE_MAX_BYTES || b_len > TEXT_DISTANCE_MAX_BYTES)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t change = lower(a[i - 1]) != lower(b[j - 1]);
			size_t above = row[j];

			row[j] =
			    least(above + 1, row[j - 1] + 1, diagonal + change);
			diagonal = above;
		}
	}
	return row[b_len];
}

/* Noncharacters, and what UTF-8 may not encode. */
static bool is_character(uint32_t code)
{
	return code <= 0x10ffff && (code & 0xfffff800) != 0xd800 &&
	       (code & 0xfffe) != 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef);
}

static size_t utf8_expected_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

size_t text_utf8_length(const char *bytes, size_t len, uint32_t *ret_code)
{
	static const uint8_t first_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = len > 0 ? utf8_expected_length((uint8_t)bytes[0]) : 0;
	uint32_t code;

	if (n == 0 || n > len)
		return 0;
	code = (uint8_t)bytes[0] & first_mask[n];
	for (size_t i = 1; i < n; i++) {
		uint8_t next = (uint8_t)bytes[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (next & 0x3f);
	}
	if (code < smallest[n] || !is_character(code))
		return 0;
	*ret_code = code;
	return n;
}
