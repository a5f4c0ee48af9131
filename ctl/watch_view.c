#include "watch_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "pick.h"
#include "render.h"
#include "rfc3339.h"
#include "table.h"

/* Narrower than this everything is shown as if it were so wide. */
#define WIDTH_LEAST 20

void watch_view_init(struct watch_view *view)
{
	*view = (struct watch_view){.events = json_array()};
}

void watch_view_fini(struct watch_view *view)
{
	json_decref(view->status);
	json_decref(view->events);
}

static size_t service_count(const struct watch_view *view)
{
	return json_array_size(json_object_get(view->status, "services"));
}

void watch_view_status(struct watch_view *view, json_t *status, uint64_t now_ms)
{
	json_decref(view->status);
	view->status = json_incref(status);
	view->status_at_ms = now_ms;
	watch_view_move(view, 0);
}

void watch_view_event(struct watch_view *view, json_t *event)
{
	json_array_append(view->events, event);
	if (json_array_size(view->events) > WATCH_EVENTS_MOST)
		json_array_remove(view->events, 0);
}

void watch_view_move(struct watch_view *view, int step)
{
	size_t count = service_count(view);

	if (step > 0)
		view->selected++;
	else if (step < 0 && view->selected > 0)
		view->selected--;
	if (view->selected >= count)
		view->selected = count > 0 ? count - 1 : 0;
}

/* --- time goes on -----------------------------------------------------------
 */

static void add_to(json_t *value, json_int_t s)
{
	json_int_t sum;

	if (!json_is_integer(value) ||
	    __builtin_add_overflow(json_integer_value(value), s, &sum))
		return;
	json_integer_set(value, sum > 0 ? sum : 0);
}

/* Lets S seconds pass for all durations in VALUE. */
static void age(json_t *value, json_int_t s)
{
	const char *key;
	json_t *member;
	size_t i;

	json_array_foreach (value, i, member)
		age(member, s);
	json_object_foreach (value, key, member) {
		if (strcmp(key, "age_sec") == 0 ||
		    strcmp(key, "uptime_sec") == 0)
			add_to(member, s);
		else if (strcmp(key, "expires_in_sec") == 0 ||
			 strcmp(key, "renew_in_sec") == 0)
			add_to(member, -s);
		else
			age(member, s);
	}
}

/* --- parts of the screen ----------------------------------------------------
 */

static const char *clock_text(const struct out *out, int64_t unix_s, char *buf)
{
	time_t t = (time_t)unix_s;
	struct tm tm = {0};

	if (out->args->utc)
		gmtime_r(&t, &tm);
	else
		localtime_r(&t, &tm);
	strftime(buf, OUT_BYTES, "%H:%M:%S", &tm);
	return buf;
}

static void draw_keys(const struct out *out)
{
	out_cut(out,
		out->ascii ? "q quit  p probe  ? legend  up/down service"
			   : "q quit  p probe  ? legend  ↑↓ service",
		out->width);
	out_end(out);
}

static void draw_headline(const struct out *out, const json_t *status)
{
	const json_t *verdict = json_object_get(status, "verdict");
	enum reachable reachable = render_reachable(status, NULL);
	char clock[OUT_BYTES];

	out_headline(out, reachable,
		     status_text_sentence(reachable,
					  pick_text(verdict, "summary", NULL)),
		     clock_text(out, time(NULL), clock));
}

/* The age of the youngest packet that came in. */
static bool last_in(const json_t *service, int64_t *ret_age_s)
{
	const json_t *proof;
	int64_t age_s;
	bool is_known = false;
	size_t i;

	json_array_foreach (json_object_get(service, "proof"), i, proof) {
		if (strcmp(pick_text(proof, "result", ""), "received") != 0 ||
		    !pick_int(proof, "age_sec", &age_s) ||
		    (is_known && age_s >= *ret_age_s))
			continue;
		*ret_age_s = age_s;
		is_known = true;
	}
	return is_known;
}

static void add_service(struct table *table, const json_t *service,
			bool is_selected)
{
	const json_t *first =
	    json_array_get(json_object_get(service, "external"), 0);
	char external[PICK_ENDPOINT_BYTES], text[OUT_BYTES];
	int64_t s;

	table_add(table, "%s %s", is_selected ? ">" : " ",
		  pick_text(service, "name", "?"));
	table_add(table, "%s", pick_text(service, "protocol", "?"));
	table_add(table, "%lld",
		  (long long)pick_int_or(json_object_get(service, "local"),
					 "port", 0));
	table_add(table, "%s", pick_endpoint(first, external));
	table_add(table, "%s",
		  pick_text(first, "via", pick_text(service, "method", "-")));
	table_add(table, "%s",
		  pick_int(first, "expires_in_sec", &s) ? out_duration(s, text)
							: "-");
	table_add(table, "%s",
		  last_in(service, &s) ? out_duration(s, text) : "-");
	table_add(table, "%s", pick_text(service, "state", "?"));
}

static void draw_services(const struct out *out, const json_t *status,
			  size_t from, size_t count, size_t selected)
{
	static const struct table_column columns[] = {
	    {"  SERVICE", 0}, {"PROTO", 2},   {"PORT", 1},    {"EXTERNAL", 5},
	    {"VIA", 3},       {"ENDS IN", 6}, {"LAST IN", 4}, {"STATE", 0},
	};
	struct table table = {columns, sizeof(columns) / sizeof(columns[0]),
			      NULL, 0};
	const json_t *services = json_object_get(status, "services");

	for (size_t i = from; i < from + count; i++)
		if (json_array_get(services, i))
			add_service(&table, json_array_get(services, i),
				    i == selected);
	if (table.cell_count > 0)
		table_print(out, &table);
	else
		out_wrap(out, 0, 0, "no services");
}

static void draw_selected(const struct out *out, const struct watch_view *view,
			  const json_t *status)
{
	const json_t *service =
	    json_array_get(json_object_get(status, "services"), view->selected);

	if (!service)
		return;
	render_service(out, service);
	render_attempts(out, json_object_get(service, "attempts"));
}

static void draw_legend(const struct out *out)
{
	static const struct {
		enum reachable reachable;
		const char *text;
	} rows[] = {
	    {REACHABLE_YES, "reachable: a packet from outside came in"},
	    {REACHABLE_LIKELY,
	     "likely: a router granted it, nothing outside confirmed it; or "
	     "limited: some peers, by hole punching"},
	    {REACHABLE_NO, "not reachable: traversalctl status says why"},
	    {REACHABLE_UNKNOWN, "not found out yet"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		out_headline(out, rows[i].reachable, rows[i].text, "");
	out_row(out, "VIA", "how the outer port was obtained");
	out_row(out, "ENDS IN", "the lease; it is renewed before that");
	out_row(out, "LAST IN", "the last packet from outside");
	out_row(out, "p", "finds out everything anew (group traversald)");
	out_row(out, "words", "traversalctl explain");
}

/* --- events -----------------------------------------------------------------
 */

static bool is_common(const char *key)
{
	return strcmp(key, "seq") == 0 || strcmp(key, "time") == 0 ||
	       strcmp(key, "event") == 0 || strcmp(key, "service") == 0;
}

static void put_member(FILE *stream, const char *key, const json_t *value)
{
	char endpoint[PICK_ENDPOINT_BYTES];

	if (json_is_string(value))
		fprintf(stream, " %s=%s", key, json_string_value(value));
	else if (json_is_integer(value))
		fprintf(stream, " %s=%lld", key,
			(long long)json_integer_value(value));
	else if (json_is_object(value) && json_object_get(value, "address"))
		fprintf(stream, " %s=%s", key, pick_endpoint(value, endpoint));
}

/* "14:07:01 mapping-renewed wireguard via=pcp ..."; owned. */
static char *event_text(const struct out *out, json_t *event)
{
	char clock[OUT_BYTES] = "--:--:--", *text = NULL;
	const char *service = pick_text(event, "service", NULL), *key;
	int64_t unix_s;
	json_t *value;
	size_t len;
	FILE *stream = open_memstream(&text, &len);

	if (!stream)
		abort();
	if (rfc3339_parse(pick_text(event, "time", ""), &unix_s) == 0)
		clock_text(out, unix_s, clock);
	fprintf(stream, "%s %s%s%s", clock, pick_text(event, "event", "?"),
		service ? " " : "", service ? service : "");
	json_object_foreach (event, key, value) {
		if (!is_common(key))
			put_member(stream, key, value);
	}
	fclose(stream);
	return text;
}

/* The newest first, one line each. */
static void draw_events(const struct out *out, const struct watch_view *view)
{
	for (size_t i = json_array_size(view->events); i > 0; i--) {
		char *text =
		    event_text(out, json_array_get(view->events, i - 1));

		out_cut(out, text, out->width);
		out_end(out);
		free(text);
	}
}

/* --- the whole --------------------------------------------------------------
 */

/* So many services fit beside the rest; the selected one is among them. */
static void draw_body(const struct watch_view *view, const struct out *out,
		      const json_t *status, size_t rows)
{
	size_t count = rows > 16 ? rows / 2 : 4, from = 0;

	if (view->selected >= count)
		from = view->selected + 1 - count;
	draw_services(out, status, from, count, view->selected);
	if (service_count(view) > count)
		out_row(out, "", "%zu services, %zu shown", service_count(view),
			count);
	out_end(out);
	draw_selected(out, view, status);
	out_end(out);
	draw_events(out, view);
}

char *watch_view_draw(const struct watch_view *view, const struct out *out,
		      size_t columns, size_t rows, uint64_t now_ms)
{
	json_t *status = json_deep_copy(view->status);
	struct out to = *out;
	char *text = NULL;
	size_t len;

	to.width = columns < WIDTH_LEAST ? WIDTH_LEAST : columns;
	to.stream = open_memstream(&text, &len);
	if (!to.stream)
		abort();
	age(status, (json_int_t)((now_ms - view->status_at_ms) / 1000));
	draw_keys(&to);
	if (*view->message)
		out_wrap(&to, 0, 0, view->message);
	if (!status)
		out_wrap(&to, 0, 0, "waiting for traversald");
	else
		draw_headline(&to, status);
	out_end(&to);
	if (view->has_legend)
		draw_legend(&to);
	else if (status)
		draw_body(view, &to, status, rows);
	fclose(to.stream);
	json_decref(status);
	return text;
}

static void put_line(const struct out *out, char *text)
{
	out_text(out, text, strlen(text));
	out_end(out);
	free(text);
}

void watch_view_line(const struct out *out, json_t *event)
{
	put_line(out, event_text(out, event));
}

void watch_view_lines(const struct out *out, const json_t *status)
{
	const json_t *service, *first;
	char clock[OUT_BYTES], external[PICK_ENDPOINT_BYTES];
	size_t i;

	clock_text(out, time(NULL), clock);
	put_line(out,
		 xasprintf("%s status reachable=%s", clock,
			   reachable_name(render_reachable(status, NULL))));
	json_array_foreach (json_object_get(status, "services"), i, service) {
		first = json_array_get(json_object_get(service, "external"), 0);
		put_line(out,
			 xasprintf("%s service %s state=%s external=%s via=%s",
				   clock, pick_text(service, "name", "?"),
				   pick_text(service, "state", "?"),
				   pick_endpoint(first, external),
				   pick_text(first, "via", "-")));
	}
}
