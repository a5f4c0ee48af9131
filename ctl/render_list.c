#include <string.h>

#include "pick.h"
#include "render.h"
#include "table.h"

static const char *duration_or(const json_t *object, const char *key,
			       const char *otherwise, char *buf)
{
	int64_t s;

	return pick_int(object, key, &s) ? out_duration(s, buf) : otherwise;
}

void render_check(const struct out *out, const json_t *result)
{
	enum reachable reachable =
	    reachable_parse(pick_text(result, "reachable", NULL));
	const char *service = pick_text(result, "service", NULL);

	out_headline(
	    out, reachable,
	    status_text_sentence(reachable, pick_text(result, "summary", NULL)),
	    "");
	out_row(out, service ? service : "port", "%s %lld",
		strcmp(pick_text(result, "protocol", ""), "tcp") == 0 ? "TCP"
								      : "UDP",
		(long long)pick_int_or(result, "port", 0));
	render_proofs(out, json_object_get(result, "proof"));
	render_attempts(out, json_object_get(result, "attempts"));
}

static void add_mapping(struct table *table, const json_t *mapping)
{
	char internal[PICK_ENDPOINT_BYTES], external[PICK_ENDPOINT_BYTES];
	char expires[OUT_BYTES], renews[OUT_BYTES];
	bool is_ours = json_is_true(json_object_get(mapping, "ours"));
	int64_t lifetime_s;
	bool has_term = pick_int(mapping, "lifetime_sec", &lifetime_s);

	table_add(
	    table, "%s",
	    pick_text(mapping, "name", pick_text(mapping, "description", "-")));
	table_add(table, "%s", pick_text(mapping, "protocol", "?"));
	table_add(
	    table, "%s",
	    pick_endpoint(json_object_get(mapping, "internal"), internal));
	table_add(
	    table, "%s",
	    pick_endpoint(json_object_get(mapping, "external"), external));
	table_add(table, "%s", pick_text(mapping, "via", "-"));
	table_add(table, "%s",
		  duration_or(mapping, "expires_in_sec",
			      is_ours && !has_term ? "never" : "-", expires));
	table_add(table, "%s",
		  duration_or(mapping, "renew_in_sec", "-", renews));
	table_add(table, "%s", pick_text(mapping, "gateway", "-"));
	table_add(table, "%s",
		  is_ours ? pick_text(mapping, "state", "?") : "foreign");
}

void render_mappings(const struct out *out, const json_t *mappings)
{
	static const struct table_column columns[] = {
	    {"SERVICE", 0},  {"PROTO", 5},   {"INTERNAL", 3},
	    {"EXTERNAL", 0}, {"VIA", 4},     {"EXPIRES IN", 7},
	    {"RENEW IN", 2}, {"GATEWAY", 1}, {"STATE", 6},
	};
	struct table table = {columns, sizeof(columns) / sizeof(columns[0]),
			      NULL, 0};
	const json_t *mapping;
	size_t i;

	if (json_array_size(mappings) == 0) {
		out_wrap(out, 0, 0, "no mappings");
		return;
	}
	json_array_foreach (mappings, i, mapping)
		add_mapping(&table, mapping);
	table_print(out, &table);
}

void render_mapping(const struct out *out, const json_t *mapping)
{
	char internal[PICK_ENDPOINT_BYTES], external[PICK_ENDPOINT_BYTES];
	char expires[OUT_BYTES];
	int64_t expires_s;

	out_row(out, pick_text(mapping, "name", "-"), "%s %s  %s  %s   via %s",
		pick_text(mapping, "protocol", "?"),
		pick_endpoint(json_object_get(mapping, "internal"), internal),
		out_glyph(out, OUT_FROM),
		pick_endpoint(json_object_get(mapping, "external"), external),
		render_via(pick_text(mapping, "via", "?")));
	if (pick_int(mapping, "expires_in_sec", &expires_s))
		out_row(out, "",
			"expires in %s, renewed automatically until unmapped",
			out_duration(expires_s, expires));
}

void render_acquired(const struct out *out, const json_t *ports)
{
	static const struct table_column columns[] = {{"PORT", 0},
						      {"PROTO", 2},
						      {"EXTERNAL", 0},
						      {"VIA", 1},
						      {"STATE", 3}};
	struct table table = {columns, sizeof(columns) / sizeof(columns[0]),
			      NULL, 0};
	char external[PICK_ENDPOINT_BYTES];
	const json_t *port, *first;
	size_t i;

	json_array_foreach (ports, i, port) {
		first = json_array_get(json_object_get(port, "external"), 0);
		table_add(&table, "%lld",
			  (long long)pick_int_or(port, "port", 0));
		table_add(&table, "%s", pick_text(port, "protocol", "udp"));
		table_add(&table, "%s", pick_endpoint(first, external));
		table_add(&table, "%s", pick_text(first, "via", "-"));
		table_add(&table, "%s", pick_text(port, "state", "?"));
	}
	table_print(out, &table);
}

static void add_entry(struct table *table, const json_t *entry)
{
	const char *file = pick_text(entry, "file", NULL);
	const char *origin = pick_text(entry, "origin", "?");
	int64_t line = pick_int_or(entry, "line", 0);

	table_add(table, "%s", pick_text(entry, "key", "?"));
	if (file && line > 0)
		table_add(table, "%s:%lld", file, (long long)line);
	else if (file)
		table_add(table, "%s", file);
	else if (strcmp(origin, "default") == 0)
		table_add(table, "the default");
	else
		table_add(table, "%s",
			  strcmp(origin, "command-line") == 0
			      ? "the command line"
			      : origin);
	table_add(table, "%s", pick_text(entry, "value", ""));
}

static void render_entries(const struct out *out, const json_t *entries,
			   bool ours)
{
	static const struct table_column columns[] = {
	    {"OPTION", 0}, {"FROM", 0}, {"VALUE", 0}};
	struct table table = {columns, sizeof(columns) / sizeof(columns[0]),
			      NULL, 0};
	const json_t *entry;
	size_t i;

	json_array_foreach (entries, i, entry) {
		if (json_is_false(json_object_get(entry, "ours")) != ours)
			add_entry(&table, entry);
	}
	if (table.cell_count == 0)
		return;
	if (!ours)
		out_wrap(out, 0, 0,
			 "\nNot ours: flags of the node, accepted and not "
			 "used:");
	table_print(out, &table);
}

void render_config(const struct out *out, const json_t *entries)
{
	render_entries(out, entries, true);
	render_entries(out, entries, false);
}
