/*
 * usage: the arguments in a command's help, such as "show | check [FILE]",
 * read by a program.
 *
 * Arguments stand apart by blanks, ways to call it by a bar with blanks; words
 * in capitals stand for something, others are written as they are. Options are
 * passed over.
 */
#ifndef CTL_USAGE_H
#define CTL_USAGE_H

#include <stddef.h>

#define USAGE_ITEM_BYTES 64

/* Copies to BUF, of USAGE_ITEM_BYTES, the argument that may come after the
 * COUNT words in BEFORE when the command is called in the way number WAY of
 * USAGE: "FILE", "SERVICE|PORT", "check". "" when none may. Returns -ENOENT
 * when there is no such way, else 0. */
int usage_next(const char *usage, size_t way, const char *const *before,
	       size_t count, char *buf);

#endif
