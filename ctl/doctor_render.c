#include "doctor_render.h"

#include <stdio.h>
#include <string.h>

#define SCHEMA    1
#define ID_AT     7
#define TEXT_AT   30
#define DETAIL_AT 15
#define NARROW    60 /* below this the text stands under the id */

/* --- the screen -------------------------------------------------------------
 */

static void put_result(const struct out *out, enum doctor_result result)
{
	static const struct {
		const char *word, *color;
	} marks[DOCTOR_RESULT_COUNT] = {
	    [DOCTOR_OK] = {"ok  ", "32"},
	    [DOCTOR_WARNING] = {"WARN", "33"},
	    [DOCTOR_FAILURE] = {"FAIL", "31"},
	    [DOCTOR_SKIPPED] = {"skip", "36"},
	};

	if (out->color)
		fprintf(out->stream, " \033[1;%sm%s\033[0m  ",
			marks[result].color, marks[result].word);
	else
		fprintf(out->stream, " %s  ", marks[result].word);
}

static void put_detail(const struct out *out, const char *label,
		       const char *text)
{
	if (!text || !*text)
		return;
	fprintf(out->stream, "%*s%-*s", ID_AT, "", DETAIL_AT - ID_AT, label);
	out_wrap(out, DETAIL_AT, DETAIL_AT, text);
}

/* Commands are never wrapped: they are for copying. */
static void put_commands(const struct out *out, const char *label,
			 const char *text)
{
	size_t len;

	for (; text && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		fprintf(out->stream, "%*s%-*s", ID_AT, "", DETAIL_AT - ID_AT,
			label);
		out_text(out, text, len);
		fputc('\n', out->stream);
		label = "";
	}
}

static void put_item(const struct out *out, const char *id,
		     const struct doctor_item *item)
{
	bool is_narrow = out->width > 0 && out->width < NARROW;

	put_result(out, item->result);
	if (is_narrow) {
		fprintf(out->stream, "%s\n%*s", id, ID_AT, "");
		out_wrap(out, ID_AT, ID_AT, item->text);
	} else {
		fprintf(out->stream, "%-*s", TEXT_AT - ID_AT, id);
		out_wrap(out, TEXT_AT, TEXT_AT, item->text);
	}
	if (item->result == DOCTOR_OK && !item->avoid && !out->args->verbose)
		return;
	put_detail(out, "Effect", item->effect);
	put_detail(out, "Fix", item->fix);
	put_commands(out, item->fix && *item->fix ? "" : "Fix", item->commands);
	put_detail(out, "Keep", item->keep);
	put_detail(out, "Not", item->avoid);
	if (item->file && item->line)
		fprintf(out->stream, "%*s%-*s%s:%u\n", ID_AT, "",
			DETAIL_AT - ID_AT, "File", item->file, item->line);
}

static void put_sum(const struct out *out, size_t count, const char *one,
		    const char *many)
{
	if (count > 0)
		fprintf(out->stream, " · %zu %s", count,
			count == 1 ? one : many);
}

void doctor_render_screen(const struct out *out,
			  const struct doctor_reports *reports,
			  uint64_t took_ms)
{
	const size_t *totals = reports->totals;

	for (size_t i = 0; i < reports->count; i++)
		for (size_t k = 0; k < reports->items[i].items.count; k++)
			put_item(out, reports->items[i].check->id,
				 &reports->items[i].items.items[k]);
	if (out->ascii) {
		fprintf(out->stream,
			" %zu ok, %zu warnings, %zu failures, %zu skipped, "
			"%.1f s\n",
			totals[DOCTOR_OK], totals[DOCTOR_WARNING],
			totals[DOCTOR_FAILURE], totals[DOCTOR_SKIPPED],
			(double)took_ms / 1000);
		return;
	}
	fprintf(out->stream, " %zu ok", totals[DOCTOR_OK]);
	put_sum(out, totals[DOCTOR_WARNING], "warning", "warnings");
	put_sum(out, totals[DOCTOR_FAILURE], "failure", "failures");
	put_sum(out, totals[DOCTOR_SKIPPED], "skipped", "skipped");
	fprintf(out->stream, " · %.1f s\n", (double)took_ms / 1000);
}

/* --- JSON -------------------------------------------------------------------
 */

static json_t *text_json(const char *text)
{
	json_t *value = text && *text ? json_string(text) : NULL;

	return value ? value : json_null();
}

static json_t *lines_json(const char *text)
{
	json_t *list = json_array();
	size_t len;

	for (; text && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		json_array_append_new(list, json_stringn(text, len));
	}
	return list;
}

static json_t *item_json(const char *id, const struct doctor_item *item)
{
	return json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id", id,
			 "result", doctor_result_name(item->result), "title",
			 text_json(item->text), "detail",
			 text_json(item->effect), "fix", text_json(item->fix),
			 "commands", lines_json(item->commands), "keep",
			 text_json(item->keep), "avoid", text_json(item->avoid),
			 "file", text_json(item->file), "line",
			 item->line ? json_integer(item->line) : json_null());
}

json_t *doctor_render_json(const struct doctor_reports *reports,
			   uint64_t took_ms)
{
	json_t *checks = json_array(), *totals = json_object();

	for (size_t i = 0; i < reports->count; i++)
		for (size_t k = 0; k < reports->items[i].items.count; k++)
			json_array_append_new(
			    checks,
			    item_json(reports->items[i].check->id,
				      &reports->items[i].items.items[k]));
	for (int r = 0; r < DOCTOR_RESULT_COUNT; r++)
		json_object_set_new(
		    totals, doctor_result_name((enum doctor_result)r),
		    json_integer((json_int_t)reports->totals[r]));
	return json_pack("{s:i,s:s,s:o,s:o,s:I}", "schema", SCHEMA, "result",
			 doctor_result_name(doctor_worst(reports)), "totals",
			 totals, "checks", checks, "took_ms",
			 (json_int_t)took_ms);
}

/* --- the script -------------------------------------------------------------
 */

/* Each line as a comment; nothing in TEXT can end it. */
static void put_comment(const struct out *out, const char *label,
			const char *text)
{
	size_t len;

	for (; text && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		fprintf(out->stream, "# %s", label);
		out_text(out, text, len);
		fputc('\n', out->stream);
	}
}

static void put_fix(const struct out *out, const char *id,
		    const struct doctor_item *item)
{
	if (item->result != DOCTOR_WARNING && item->result != DOCTOR_FAILURE)
		return;
	fprintf(out->stream, "\n# %s\n", id);
	put_comment(out, "", item->text);
	put_comment(out, "by hand: ", item->fix);
	put_comment(out, "to keep it: ", item->keep);
	put_comment(out, "not: ", item->avoid);
	if (item->commands)
		fprintf(out->stream, "%s\n", item->commands);
}

void doctor_render_script(const struct out *out,
			  const struct doctor_reports *reports)
{
	fputs(
	    "#!/bin/sh\n"
	    "# What traversalctl doctor advises on this host. It was not run: "
	    "read it first.\n"
	    "set -eu\n",
	    out->stream);
	for (size_t i = 0; i < reports->count; i++)
		for (size_t k = 0; k < reports->items[i].items.count; k++)
			put_fix(out, reports->items[i].check->id,
				&reports->items[i].items.items[k]);
}

/* --- the checks themselves --------------------------------------------------
 */

static const char *place_name(enum doctor_place place)
{
	switch (place) {
	case DOCTOR_DAEMON:
		return "daemon";
	case DOCTOR_PROBE:
		return "firewall-probe";
	case DOCTOR_HERE:
		break;
	}
	return "host";
}

void doctor_render_list(const struct out *out)
{
	const struct doctor_check *check;

	for (size_t i = 0; (check = doctor_at(i)); i++) {
		fprintf(out->stream, "%-24s", check->id);
		out_wrap(out, 24, 24, check->title);
	}
}

json_t *doctor_check_json(const struct doctor_check *check)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "id", check->id,
			 "title", check->title, "cause", check->cause, "fix",
			 check->fix, "place", place_name(check->place),
			 "severity", doctor_result_name(check->worst), "active",
			 check->is_active);
}

json_t *doctor_list_json(void)
{
	const struct doctor_check *check;
	json_t *list = json_array();

	for (size_t i = 0; (check = doctor_at(i)); i++)
		json_array_append_new(list, doctor_check_json(check));
	return json_pack("{s:i,s:o}", "schema", SCHEMA, "checks", list);
}

void doctor_render_explain(const struct out *out,
			   const struct doctor_check *check)
{
	fprintf(out->stream, "%s\n", check->id);
	out_row(out, "Looks at", "%s", check->title);
	out_row(out, "Cause", "%s", check->cause);
	out_row(out, "Fix", "%s", check->fix);
	out_row(out, "At worst", "%s", doctor_result_name(check->worst));
	out_row(out, "Told by", "%s",
		check->place == DOCTOR_DAEMON  ? "traversald"
		: check->place == DOCTOR_PROBE ? "the firewall probe"
					       : "this host, to any user");
}
