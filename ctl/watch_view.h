/*
 * watch_view: what traversalctl watch knows, and how it looks.
 *
 * Holds the last status and the last events and draws them; asks nobody and
 * waits for nothing.
 */
#ifndef CTL_WATCH_VIEW_H
#define CTL_WATCH_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "out.h"

#define WATCH_EVENTS_MOST 100

struct watch_view {
	json_t *status; /* owned; NULL = none yet */
	uint64_t status_at_ms;
	json_t *events; /* owned: the oldest first */
	size_t selected;
	bool has_legend;
	char message[128]; /* what became of the last key */
};

void watch_view_init(struct watch_view *view);
void watch_view_fini(struct watch_view *view);

/* Takes over what the daemon told at NOW_MS; borrows the argument. */
void watch_view_status(struct watch_view *view, json_t *status,
		       uint64_t now_ms);
void watch_view_event(struct watch_view *view, json_t *event);

/* Selects the next service (1) or the one before (-1). */
void watch_view_move(struct watch_view *view, int step);

/* The whole as owned text, for a screen of COLUMNS and ROWS; durations go on
 * since the status came. OUT tells how, its width does not count. */
char *watch_view_draw(const struct watch_view *view, const struct out *out,
		      size_t columns, size_t rows, uint64_t now_ms);

/* An event, or the status, as lines for where there is no screen. */
void watch_view_line(const struct out *out, json_t *event);
void watch_view_lines(const struct out *out, const json_t *status);

#endif
