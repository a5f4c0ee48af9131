/*
 * envfile_lex: the state machine under envfile.h, which finds assignments in
 * the bytes of a file exactly as systemd 252 does.
 *
 * Judges neither names nor values and keeps nothing.
 */
#ifndef LIB_ENVFILE_LEX_H
#define LIB_ENVFILE_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "envfile.h"

/* An assignment as found. The handler may write to the buffers, which end in a
 * NUL and may hold others; they are the lexer's. */
struct env_raw {
	char *key;
	size_t key_len;
	char *value;
	unsigned int *value_lines; /* 1-based line of each byte of value */
	size_t value_len;
	unsigned int line; /* 1-based, where the key begins */
};

struct envfile_lex_handler {
	void (*assignment)(void *arg, struct env_raw *raw);
	void (*note)(void *arg, enum envfile_note note, unsigned int line);
	void *arg;
};

/* May C stand in a variable's name, IS_FIRST or later? */
bool envfile_is_name_byte(char c, bool is_first);

/*
 * Reads LEN bytes of TEXT and calls HANDLER for what it finds, in order.
 * CUTS_COMMENTS departs from systemd in one point: blanks and # after a closing
 * quote begin a comment. Memory grows with LEN, which the caller bounds.
 */
void envfile_lex(const char *text, size_t len, bool cuts_comments,
		 const struct envfile_lex_handler *handler);

#endif
