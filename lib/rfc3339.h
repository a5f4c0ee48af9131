/*
 * rfc3339: points in time as the text of RFC 3339, in UTC and whole seconds.
 *
 * Reads no clock.
 */
#ifndef LIB_RFC3339_H
#define LIB_RFC3339_H

#include <stddef.h>
#include <stdint.h>

#define RFC3339_TEXT_BYTES 32

/* Writes UNIX_S, seconds since 1970, as "2026-11-20T12:00:01Z" (RFC 3339
 * section 5.6) to BUF, of RFC3339_TEXT_BYTES, and returns BUF. */
const char *rfc3339_format(int64_t unix_s, char *buf);

/* Parses exactly that form. Returns 0 or -EINVAL. */
int rfc3339_parse(const char *text, int64_t *ret_unix_s);

#endif
