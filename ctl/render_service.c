#include <stdio.h>
#include <string.h>

#include "pick.h"
#include "render.h"

/* Pairs of the interface's words and those for people. */
struct word_pair {
	const char *word, *text;
};

static const char *translate(const struct word_pair *pairs, size_t count,
			     const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].word, word) == 0)
			return pairs[i].text;
	return word;
}

#define TRANSLATE(pairs, word)                                                 \
	translate(pairs, sizeof(pairs) / sizeof((pairs)[0]), word)

const char *render_via(const char *via)
{
	static const struct word_pair pairs[] = {
	    {"pcp", "PCP mapping"},
	    {"nat-pmp", "NAT-PMP mapping"},
	    {"upnp", "UPnP mapping"},
	    {"stun", "hole punching"},
	    {"manual", "manual port forward"},
	};

	return TRANSLATE(pairs, via);
}

static const char *protocol_text(const char *protocol)
{
	static const struct word_pair pairs[] = {{"udp", "UDP"},
						 {"tcp", "TCP"}};

	return TRANSLATE(pairs, protocol);
}

/* How long a mapping holds, and who sees to it that it goes on. */
static void render_term(const struct out *out, const json_t *external)
{
	char expires[OUT_BYTES], renews[OUT_BYTES];
	int64_t expires_s, renews_s;

	if (!pick_int(external, "expires_in_sec", &expires_s))
		return;
	out_duration(expires_s, expires);
	if (pick_int(external, "renew_in_sec", &renews_s))
		out_row(out, "", "expires in %s, renewed automatically in %s",
			expires, out_duration(renews_s, renews));
	else
		out_row(out, "", "expires in %s, not renewed", expires);
}

static void render_externals(const struct out *out, const json_t *service,
			     const char *label, int64_t port)
{
	const json_t *externals = json_object_get(service, "external");
	const char *protocol =
	    protocol_text(pick_text(service, "protocol", "?"));
	char endpoint[PICK_ENDPOINT_BYTES];
	const json_t *external;
	size_t i;

	json_array_foreach (externals, i, external) {
		out_row(out, i == 0 ? label : "", "%s %lld  %s  %s   via %s",
			protocol, (long long)port, out_glyph(out, OUT_FROM),
			pick_endpoint(external, endpoint),
			render_via(pick_text(external, "via", "?")));
		render_term(out, external);
	}
	if (json_array_size(externals) == 0)
		out_row(out, label, "%s %lld  %s  %s", protocol,
			(long long)port, out_glyph(out, OUT_NONE),
			strcmp(pick_text(service, "state", ""), "trying") == 0
			    ? "still trying"
			    : "no inbound path");
}

static void render_proof(const struct out *out, const json_t *proof)
{
	const char *kind = pick_text(proof, "kind", "?");
	const char *vantage = pick_text(proof, "vantage", NULL);
	char age[OUT_BYTES] = "?";
	int64_t age_s;

	if (pick_int(proof, "age_sec", &age_s))
		out_duration(age_s, age);
	if (strcmp(kind, "inbound") == 0)
		out_row(out, "", "proven by: a packet from outside, %s ago",
			age);
	else
		out_row(out, "", "proven by: %s (outside), %s ago",
			vantage ? vantage : kind, age);
}

void render_proofs(const struct out *out, const json_t *proofs)
{
	const json_t *proof;
	size_t i, received = 0;

	json_array_foreach (proofs, i, proof) {
		if (strcmp(pick_text(proof, "result", ""), "received") != 0)
			continue;
		render_proof(out, proof);
		received++;
	}
	if (received == 0 && json_array_size(proofs) > 0)
		out_row(out, "", "not proven: no packet came in from outside");
}

static const char *outcome_text(const char *outcome)
{
	static const struct word_pair pairs[] = {
	    {"no-reply", "no reply"},
	    {"absent", "not offered"},
	    {"timeout", "timed out"},
	    {"private-address", "private address"},
	    {"broken", "makes no sense"},
	    {"running", "still trying"},
	};

	return TRANSLATE(pairs, outcome);
}

/* " (2.0 s)", " (41 ms)" or nothing, to BUF of OUT_BYTES. */
static const char *took_text(const json_t *attempt, char *buf)
{
	int64_t ms;

	if (!pick_int(attempt, "took_ms", &ms) || ms < 0)
		buf[0] = '\0';
	else if (ms < 1000)
		snprintf(buf, OUT_BYTES, " (%d ms)", (int)ms);
	else
		snprintf(buf, OUT_BYTES, " (%lld.%d s)", (long long)ms / 1000,
			 (int)(ms % 1000 / 100));
	return buf;
}

void render_attempts(const struct out *out, const json_t *attempts)
{
	const json_t *attempt;
	char took[OUT_BYTES];
	size_t i;

	json_array_foreach (attempts, i, attempt) {
		const char *detail = pick_text(attempt, "detail", "");

		out_row(out, i == 0 ? "  tried" : "", "%-13s%s%s%s%s",
			pick_text(attempt, "method", "?"),
			outcome_text(pick_text(attempt, "outcome", "?")),
			took_text(attempt, took), *detail ? ": " : "", detail);
	}
}

void render_service(const struct out *out, const json_t *service)
{
	int64_t port =
	    pick_int_or(json_object_get(service, "local"), "port", 0);

	render_externals(out, service, pick_text(service, "name", "?"), port);
	render_proofs(out, json_object_get(service, "proof"));
	if (out->args->verbose)
		render_attempts(out, json_object_get(service, "attempts"));
}
