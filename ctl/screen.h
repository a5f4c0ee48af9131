/*
 * screen: the whole terminal, for a view that is drawn again and again.
 *
 * Plain escape sequences (ECMA-48 and the private modes of xterm), no terminal
 * database. While it is open it also takes the signals that end or resize a
 * program, so that every way out leads through screen_close(). It knows nothing
 * of what is shown.
 */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

struct screen;

enum screen_key {
	SCREEN_NOTHING = 0, /* other keys are their characters */
	SCREEN_UP = 256,
	SCREEN_DOWN,
	SCREEN_LEFT,
	SCREEN_RIGHT,
};

/* Can standard input and output be used as a screen? */
bool screen_is_possible(void);

/* Takes the terminal over. Returns 0 and an owned screen, or -errno. */
int screen_open(struct screen **ret_screen);

/* Gives it back as it was, and the signals; NULL is allowed. */
void screen_close(struct screen *screen);

/* Waits until there is a key, a signal or something to read at one of COUNT
 * FDS (-1: none), or TIMEOUT_MS are over; -1: forever. */
void screen_wait(struct screen *screen, const int *fds, size_t count,
		 int timeout_ms);

/* The next key, or SCREEN_NOTHING; never waits. */
int screen_key(struct screen *screen);

/* The signal that wants the end, 0 for none; SIGHUP when the terminal has gone.
 * Never waits. */
int screen_ended_by(struct screen *screen);

/* Its size as it is now. */
void screen_size(const struct screen *screen, size_t *ret_columns,
		 size_t *ret_rows);

/* Shows TEXT, as much as there is room for; the same text again costs nothing.
 */
void screen_show(struct screen *screen, const char *text);

#endif
