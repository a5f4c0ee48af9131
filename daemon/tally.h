/*
 * tally: how often something happened, by its name and how it came about.
 *
 * Bounded: what finds no row any more is counted nowhere. It knows no event.
 */
#ifndef DAEMON_TALLY_H
#define DAEMON_TALLY_H

#include <stddef.h>
#include <stdint.h>

#define TALLY_ROWS 64

struct tally_row {
	const char *name; /* borrowed for good */
	char via[16];     /* "" = none */
	uint64_t count;
};

/* {0} has counted nothing. */
struct tally {
	struct tally_row rows[TALLY_ROWS];
	size_t count;
};

/* Counts one more of NAME, which must live as long as the tally; VIA may be
 * NULL, and is cut to its room. */
void tally_add(struct tally *tally, const char *name, const char *via);

#endif
