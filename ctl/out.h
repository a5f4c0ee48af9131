/*
 * out: text as people see it: glyphs, colours, width, durations.
 *
 * Every text goes through here, and nothing that could steer a terminal comes
 * out. Where the output is no terminal, lines are not wrapped: they are for
 * grep.
 */
#ifndef CTL_OUT_H
#define CTL_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "args.h"
#include "status_text.h"

/* Where the text of a labelled row begins. */
#define OUT_INDENT 13
#define OUT_BYTES  32 /* room for a duration or a time of day */

enum out_glyph {
	OUT_FROM,   /* arrow to the left */
	OUT_NONE,   /* dash: nothing there */
	OUT_LINK,   /* a stretch of path */
	OUT_BROKEN, /* one that is cut */
	OUT_CUT,    /* at the end of what was cut: one column */
	OUT_GLYPH_COUNT,
};

struct out {
	const struct args *args; /* borrowed */
	FILE *stream;            /* borrowed: where it goes */
	size_t width;            /* columns; 0: do not wrap */
	bool ascii;
	bool color;
};

/* To standard output; looks at ARGS, the environment and the terminal. */
struct out out_init(const struct args *args);

const char *out_glyph(const struct out *out, enum out_glyph glyph);

/* Prints TEXT wrapped to the width; it begins at column AT, further lines at
 * column INDENT. Ends the line. */
void out_wrap(const struct out *out, size_t at, size_t indent,
	      const char *text);

/* Prints a row "  LABEL    text", the text wrapped beside the label. An empty
 * label continues the row before. */
void out_row(const struct out *out, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints the first line: a coloured mark, SENTENCE, and ASIDE at the right
 * where there is room. */
void out_headline(const struct out *out, enum reachable reachable,
		  const char *sentence, const char *aside);

/* Columns of TEXT. */
size_t out_columns(const char *text);

/* Ends the line. */
void out_end(const struct out *out);

/* Prints the first COLUMNS columns of TEXT, with OUT_CUT where there is more;
 * returns how many were printed. */
size_t out_cut(const struct out *out, const char *text, size_t columns);

/* Prints TEXT, nothing in it can steer the terminal. Without ASCII only. */
void out_text(const struct out *out, const char *text, size_t len);

/* "41 s", "59 min", "1 h 59 min", "2 d 4 h" to BUF, of OUT_BYTES. */
const char *out_duration(int64_t s, char *buf);

/* The time of day of UNIX_S, "14:02", with the date when that is another day
 * than NOW_S; in UTC when asked for. */
const char *out_clock(const struct out *out, int64_t unix_s, int64_t now_s,
		      char *buf);

/* Prints VALUE as JSON as --json wants it. */
void out_json(const struct out *out, const json_t *value);

#endif
