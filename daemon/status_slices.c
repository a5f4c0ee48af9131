#include "status_slices.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "status_json.h"
#include "varlink.h"

/* Services in one turn of the loop: two milliseconds on a fast machine. */
#define SLICE 64

struct slices {
	struct app *app;
	struct control_call *call;
	const struct status_slices_kind *kind;
	struct loop_timer *turn;
	char last[CONFIG_NAME_BYTES]; /* written so far, by name */
	char *text;                   /* owned */
	size_t len, cap;
};

static void slices_free(void *arg)
{
	struct slices *s = arg;

	loop_timer_free(s->turn);
	free(s->text);
	free(s);
}

static void append(struct slices *s, const char *bytes, size_t len)
{
	if (s->len + len > s->cap) {
		s->cap = 2 * (s->len + len);
		s->text = xreallocarray(s->text, s->cap, 1);
	}
	memcpy(s->text + s->len, bytes, len);
	s->len += len;
}

/* Appends the elements of ITEMS (taken), without the brackets. */
static void append_items(struct slices *s, json_t *items)
{
	size_t len;
	char *text;

	if (json_array_size(items) == 0) {
		json_decref(items);
		return;
	}
	text = varlink_encode(items, &len);
	if (s->len > 0)
		append(s, ",", 1);
	append(s, text + 1, len - strlen("[]") - 1);
	free(text);
}

/* Writes the next services. Returns whether there are more. */
static bool write_slice(struct slices *s)
{
	const struct service **sorted = status_json_sort(s->app);
	size_t count = services_count(s->app->services), at = 0, end;

	while (at < count && strcmp(sorted[at]->config.name, s->last) <= 0)
		at++;
	end = count - at > SLICE ? at + SLICE : count;
	for (; at < end; at++) {
		append_items(s, s->kind->items(s->app, sorted[at]));
		strcpy(s->last, sorted[at]->config.name);
	}
	free(sorted);
	return end < count;
}

/* The frame with the items in its array. No string holds the key in quotes:
 * there they are escaped. */
static void reply(struct slices *s)
{
	json_t *message = varlink_reply_new(s->kind->frame(s->app), false);
	size_t frame_len, items_len = s->len;
	char *frame = varlink_encode(message, &frame_len), *gap, *text;

	gap = strstr(frame, s->kind->quoted_key);
	assert(gap);
	gap += strlen(s->kind->quoted_key) + strlen(":[");
	text = xcalloc(1, frame_len + items_len);
	memcpy(text, frame, (size_t)(gap - frame));
	if (items_len > 0)
		memcpy(text + (gap - frame), s->text, items_len);
	strcpy(text + (gap - frame) + items_len, gap);
	free(frame);
	control_on_gone(s->call, NULL, NULL);
	control_reply_text(s->call, text);
	slices_free(s);
}

static void on_turn(void *arg)
{
	struct slices *s = arg;

	if (write_slice(s))
		loop_timer_start(s->turn, 0);
	else
		reply(s);
}

void status_slices_reply(struct app *app, struct control_call *call,
			 const struct status_slices_kind *kind)
{
	struct slices *s = xcalloc(1, sizeof(*s));

	s->app = app;
	s->call = call;
	s->kind = kind;
	s->turn = loop_timer_new(app->loop, on_turn, s);
	control_on_gone(call, slices_free, s);
	on_turn(s);
}
