/*
 * sanitize: the door that every string from the network passes once.
 *
 * What comes out is valid UTF-8 on one line, without anything that a terminal,
 * a log or a page acts upon. It is for showing, not for comparing.
 */
#ifndef LIB_SANITIZE_H
#define LIB_SANITIZE_H

#include <stddef.h>

/* Room for the longest result: 128 bytes and the NUL. */
#define SANITIZE_BYTES 129

/*
 * Writes LEN bytes at BYTES to BUF as safe text and returns BUF. Control
 * characters (C0, DEL, C1), characters that change the direction of text or
 * break the line (U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069,
 * U+FEFF) and bytes that are no UTF-8 become \xNN, byte by byte. The result
 * ends before the first character that does not fit into BUF_BYTES or into
 * SANITIZE_BYTES, never inside one.
 */
const char *sanitize(const void *bytes, size_t len, char *buf,
		     size_t buf_bytes);

#endif
