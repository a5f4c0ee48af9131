/*
 * text: small helpers for the words that people write.
 *
 * Knows nothing of the configuration. Nothing here depends on the locale.
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer words are never near another one; see text_edit_distance(). */
#define TEXT_DISTANCE_MAX_BYTES 64

/* Room for the longest text of text_format_duration(), with its NUL. */
#define TEXT_DURATION_BYTES 24

/* Is C a space, a tab, a line feed or a carriage return? */
bool text_is_blank(char c);

/* Cuts the blanks at both ends of S in place; returns the first byte kept. */
char *text_trim(char *s);

/* Removes one layer of quotes (' or ") around S in place, also when only one
 * end has it. Returns whether there was one. */
bool text_strip_quotes(char *s);

/*
 * Returns the next element of a comma separated list, trimmed in place, and
 * moves *CURSOR behind it; NULL at the end. "a,,b" has an empty element, ""
 * has one. *CURSOR starts at a writable string.
 */
char *text_next_element(char **cursor);

/* Parses decimal digits and nothing else. Returns 0, -EINVAL, or -ERANGE when
 * the number is above MAX. */
int text_parse_uint(const char *text, uint32_t max, uint32_t *ret_value);

/* Parses a port, 1 to 65535. Returns 0, -EINVAL or -ERANGE. */
int text_parse_port(const char *text, uint16_t *ret_port);

/* Parses 1 t T TRUE true True 0 f F FALSE false False. Returns 0 or -EINVAL. */
int text_parse_bool(const char *text, bool *ret_value);

/* Parses "7200", "7200s", "90m", "2h", "1d" or a sum like "1h30m" into seconds.
 * Returns 0, -EINVAL, or -ERANGE beyond 32 bits. */
int text_parse_duration(const char *text, uint32_t *ret_s);

/* Writes seconds as "2h", "1h30m", "45s" to BUF and returns BUF. */
const char *text_format_duration(uint32_t s, char *buf, size_t buf_bytes);

/* Returns how many letters must be added, removed or changed to make B of A,
 * ignoring the case of ASCII letters; SIZE_MAX when either is longer than
 * TEXT_DISTANCE_MAX_BYTES. */
size_t text_edit_distance(const char *a, const char *b);

/*
 * Returns the length of the UTF-8 character that BYTES starts with, 1 to 4, and
 * its code in *RET_CODE; 0 where there is none among LEN bytes: overlong,
 * truncated, a surrogate, above U+10FFFF (RFC 3629 section 3) or one of the
 * codes that Unicode keeps for no character.
 */
size_t text_utf8_length(const char *bytes, size_t len, uint32_t *ret_code);

#endif
