/*
 * words: splits a variable's value into words as systemd does for an unquoted
 * $NAME in ExecStart=: on blanks, with quotes removed.
 *
 * No expansion happens, and nothing is an error.
 */
#ifndef LIB_WORDS_H
#define LIB_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct word {
	char *text;
	unsigned int line; /* 1-based, or 0 where there is none */
};

/* A growing list; {0} is an empty one. */
struct words {
	struct word *items; /* owned */
	size_t count;
	size_t cap;
};

/*
 * Appends the words of VALUE to LIST and returns whether every quote closed. A
 * backslash, also inside either kind of quotes, makes the next character
 * literal; a quote that never closes ends with the value; a pair of quotes
 * alone is an empty word. LINES tells the line of each byte of VALUE; NULL
 * means 0.
 */
bool words_split(const char *value, const unsigned int *lines,
		 struct words *list);

/* Appends a copy of the LEN bytes at TEXT. */
void words_add(struct words *list, const char *text, size_t len,
	       unsigned int line);

/* Frees every word and leaves an empty list. */
void words_clear(struct words *list);

#endif
