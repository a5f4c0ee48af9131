#include <stdio.h>
#include <string.h>

#include "pick.h"
#include "render.h"
#include "table.h"

static const struct {
	const char *word;
	const char *text;
} peers[] = {
    {"open", "no NAT, or a mapping"},
    {"full-cone", "full cone"},
    {"restricted-cone", "restricted cone"},
    {"port-restricted-cone", "port restricted cone"},
    {"symmetric", "symmetric, most mobile networks"},
};

static const char *peer_text(const char *word)
{
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (strcmp(peers[i].word, word) == 0)
			return peers[i].text;
	return word;
}

static const char *reach_text(const char *word)
{
	if (strcmp(word, "predict") == 0)
		return "only by port search";
	return word;
}

static const char *yes_or_no(const json_t *nat, const char *key)
{
	const json_t *value = json_object_get(nat, key);

	if (!json_is_boolean(value))
		return "unknown";
	return json_is_true(value) ? "yes" : "no";
}

static void spell_name(const char *word, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", word);
	for (char *dash = buf; (dash = strchr(dash, '-'));)
		*dash = ' ';
}

static void render_facts(const struct out *out, const json_t *nat)
{
	int64_t layers, timeout_s;
	char name[64];

	out_row(out, "Mapping", "%s", pick_text(nat, "mapping", "unknown"));
	out_row(out, "Filtering", "%s", pick_text(nat, "filtering", "unknown"));
	spell_name(pick_text(nat, "legacy_name", "unknown"), name,
		   sizeof(name));
	out_row(out, "Old name", "%s", name);
	out_row(out, "Outside", "%s", pick_text(nat, "external", "unknown"));
	out_row(out, "Port kept", "%s", yes_or_no(nat, "port_preserving"));
	out_row(out, "New ports", "%s",
		pick_text(nat, "allocation", "unknown"));
	out_row(out, "Hairpin", "%s", yes_or_no(nat, "hairpin"));
	if (pick_int(nat, "layers", &layers))
		out_row(out, "NATs", "%lld%s", (long long)layers,
			json_is_true(json_object_get(nat, "cgnat"))
			    ? ", one of them the provider's (CGNAT)"
			    : "");
	if (pick_int(nat, "udp_timeout_sec", &timeout_s))
		out_row(out, "UDP timeout", "%lld s or more",
			(long long)timeout_s);
	out_row(out, "Confidence", "%s, from %lld answers",
		pick_text(nat, "confidence", "none"),
		(long long)pick_int_or(nat, "samples", 0));
}

static void render_peers(const struct out *out, const json_t *list)
{
	static const struct table_column columns[] = {
	    {"PEER BEHIND", 0}, {"WITH A MAPPING", 0}, {"PUNCHING ONLY", 0}};
	struct table table = {columns, 3, NULL, 0};
	size_t index;
	json_t *peer;

	json_array_foreach (list, index, peer) {
		table_add(&table, "%s",
			  peer_text(pick_text(peer, "peer", "?")));
		table_add(
		    &table, "%s",
		    reach_text(pick_text(peer, "with_mapping", "unknown")));
		table_add(&table, "%s",
			  reach_text(pick_text(peer, "punching", "unknown")));
	}
	table_print(out, &table);
}

void render_nat(const struct out *out, const json_t *nat)
{
	if (!pick_text(nat, "mapping", NULL)) {
		out_row(out, "NAT",
			"not known: no STUN server has answered. Why: "
			"traversalctl status -v, at holepunching");
		return;
	}
	render_facts(out, nat);
	if (json_array_size(json_object_get(nat, "peers")) == 0)
		return;
	out_end(out);
	render_peers(out, json_object_get(nat, "peers"));
}
