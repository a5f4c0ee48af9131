#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem.h"
#include "pick.h"
#include "render.h"
#include "rfc3339.h"

#define HINTS_MOST 3 /* without -v */

static const json_t *find_service(const json_t *status, const char *name)
{
	const json_t *service;
	size_t i;

	json_array_foreach (json_object_get(status, "services"), i, service)
		if (strcmp(pick_text(service, "name", ""), name) == 0)
			return service;
	return NULL;
}

enum reachable render_reachable(const json_t *status, const char *only)
{
	if (only)
		return reachable_from_state(
		    pick_text(find_service(status, only), "state", NULL));
	return reachable_parse(
	    pick_text(json_object_get(status, "verdict"), "reachable", NULL));
}

/* --- the first line ---------------------------------------------------------
 */

/* The youngest proof that came in, or -1. */
static int64_t proof_age_s(const json_t *status, const char *only)
{
	const json_t *service, *proof;
	int64_t age_s, youngest_s = -1;
	size_t i, k;

	json_array_foreach (json_object_get(status, "services"), i, service) {
		if (only && strcmp(pick_text(service, "name", ""), only) != 0)
			continue;
		json_array_foreach (json_object_get(service, "proof"), k,
				    proof) {
			if (pick_int(proof, "age_sec", &age_s) &&
			    (youngest_s < 0 || age_s < youngest_s))
				youngest_s = age_s;
		}
	}
	return youngest_s;
}

static char *aside_text(const struct out *out, const json_t *status,
			const char *only, enum reachable reachable)
{
	int64_t age_s = proof_age_s(status, only), since_s, now_s = time(NULL);
	char duration[OUT_BYTES], clock[OUT_BYTES];
	const char *since =
	    pick_text(json_object_get(status, "verdict"), "since", NULL);

	if (reachable == REACHABLE_YES && age_s >= 0)
		return xasprintf("checked %s ago",
				 out_duration(age_s, duration));
	if (only || !since || rfc3339_parse(since, &since_s) < 0)
		return xstrdup("");
	return xasprintf("since %s (%s)", out_clock(out, since_s, now_s, clock),
			 out_duration(now_s - since_s, duration));
}

static void render_headline(const struct out *out, const json_t *status,
			    const char *only)
{
	const json_t *verdict = json_object_get(status, "verdict");
	enum reachable reachable = render_reachable(status, only);
	char *aside = aside_text(out, status, only, reachable);

	out_headline(
	    out, reachable,
	    status_text_sentence(
		reachable, only ? NULL : pick_text(verdict, "summary", NULL)),
	    aside);
	free(aside);
}

/* --- where, why, what to do ------------------------------------------------
 */

static void render_where(const struct out *out, const json_t *nat)
{
	const char *link = out_glyph(out, OUT_LINK);
	const char *cut = out_glyph(out, OUT_BROKEN);

	if (json_is_true(json_object_get(nat, "cgnat")))
		out_row(out, "Where",
			"you %s router %s provider NAT (CGNAT) %s internet",
			link, cut, link);
	else if (pick_int_or(nat, "layers", 0) > 1)
		out_row(out, "Where",
			"you %s router %s another router %s internet", link,
			cut, link);
}

static bool is_failure(const json_t *finding)
{
	return strcmp(pick_text(finding, "severity", ""), "failure") == 0;
}

/* What each method met, where no finding explains more. */
static void render_reasons(const struct out *out, const json_t *status,
			   const char *only)
{
	const json_t *service, *attempt;
	const char *label = "Why", *detail;
	size_t i, k;

	json_array_foreach (json_object_get(status, "services"), i, service) {
		if (only && strcmp(pick_text(service, "name", ""), only) != 0)
			continue;
		json_array_foreach (json_object_get(service, "attempts"), k,
				    attempt) {
			detail = pick_text(attempt, "detail", "");
			if (!*detail)
				continue;
			out_row(out, label, "%s: %s",
				pick_text(attempt, "method", "?"), detail);
			label = "";
		}
		return; /* the first one stands for all */
	}
}

static void render_why(const struct out *out, const json_t *status,
		       const char *only)
{
	const json_t *finding, *findings = json_object_get(status, "findings");
	const char *why = "Why", *fix_label = "Do this", *fix;
	size_t i;

	json_array_foreach (findings, i, finding) {
		if (!is_failure(finding))
			continue;
		out_row(out, why, "%s", pick_text(finding, "title", "?"));
		if (*pick_text(finding, "detail", ""))
			out_row(out, "", "%s",
				pick_text(finding, "detail", ""));
		why = "";
	}
	if (*why && !out->args->verbose)
		render_reasons(out, status, only);
	json_array_foreach (findings, i, finding) {
		fix = pick_text(finding, "fix", "");
		if (!is_failure(finding) || !*fix)
			continue;
		out_row(out, fix_label, "%s", fix);
		fix_label = "";
	}
}

/* --- the rest ---------------------------------------------------------------
 */

static const char *behaviour(const char *word)
{
	if (strcmp(word, "address-and-port-dependent") == 0)
		return "address+port";
	if (strcmp(word, "address-dependent") == 0)
		return "address";
	return word;
}

static void render_nat_line(const struct out *out, const json_t *nat)
{
	const char *mapping = pick_text(nat, "mapping", NULL);
	const char *filtering = pick_text(nat, "filtering", NULL);
	const char *legacy = pick_text(nat, "legacy_name", NULL);
	char name[64];

	if (!mapping)
		return;
	if (strcmp(mapping, "none") == 0) {
		out_row(out, "NAT", "none: this host has a public address");
		return;
	}
	snprintf(name, sizeof(name), "%s", legacy ? legacy : "");
	for (char *dash = name; (dash = strchr(dash, '-'));)
		*dash = ' ';
	out_row(out, "NAT", "%s mapping%s%s%s%s%s%s", behaviour(mapping),
		filtering ? ", " : "", filtering ? behaviour(filtering) : "",
		filtering ? " filtering" : "", legacy ? " (\"" : "", name,
		legacy ? "\")" : "");
}

static void render_finding(const struct out *out, const char *label,
			   const json_t *finding)
{
	const char *file = pick_text(finding, "file", NULL);
	const char *detail = pick_text(finding, "detail", "");
	const char *fix = pick_text(finding, "fix", "");
	int64_t line = pick_int_or(finding, "line", 0);

	if (file && line > 0)
		out_row(out, label, "%s:%lld: %s", file, (long long)line,
			pick_text(finding, "title", "?"));
	else
		out_row(out, label, "%s%s%s", file ? file : "",
			file ? ": " : "", pick_text(finding, "title", "?"));
	if (*detail && out->args->verbose)
		out_row(out, "", "%s", detail);
	if (*fix)
		out_row(out, "", "%s %s", out->ascii ? "->" : "→", fix);
}

void render_findings(const struct out *out, const json_t *findings)
{
	const json_t *finding;
	size_t i;

	json_array_foreach (findings, i, finding)
		render_finding(out, pick_text(finding, "severity", "?"),
			       finding);
}

/* The findings that do not explain why; those that do were told above. */
static void render_hints(const struct out *out, const json_t *status,
			 bool with_failures)
{
	const json_t *finding, *findings = json_object_get(status, "findings");
	size_t i, shown = 0, left = 0;

	json_array_foreach (findings, i, finding) {
		const char *severity = pick_text(finding, "severity", "info");

		if (is_failure(finding) && !with_failures)
			continue;
		if (!out->args->verbose && shown >= HINTS_MOST) {
			left++;
			continue;
		}
		render_finding(
		    out, strcmp(severity, "info") == 0 ? "hint" : severity,
		    finding);
		shown++;
	}
	if (left > 0)
		out_row(out, "", "and %zu more: traversalctl status -v", left);
}

static void render_daemon(const struct out *out, const json_t *status)
{
	const json_t *daemon = json_object_get(status, "daemon");
	const json_t *method;
	char chain[128] = "", up[OUT_BYTES];
	size_t i, at = 0;

	json_array_foreach (json_object_get(status, "chain"), i, method) {
		if (json_string_value(method) && at < sizeof(chain))
			at += (size_t)snprintf(chain + at, sizeof(chain) - at,
					       "%s%s", i ? ", " : "",
					       json_string_value(method));
	}
	out_row(out, "chain", "%s", chain);
	out_row(out, "daemon",
		"version %s, pid %lld, up %s, configuration %lld",
		pick_text(daemon, "version", "?"),
		(long long)pick_int_or(daemon, "pid", 0),
		out_duration(pick_int_or(daemon, "uptime_sec", 0), up),
		(long long)pick_int_or(daemon, "config_generation", 0));
}

void render_status(const struct out *out, const json_t *status,
		   const char *only)
{
	enum reachable reachable = render_reachable(status, only);
	const json_t *service;
	size_t i;

	render_headline(out, status, only);
	json_array_foreach (json_object_get(status, "services"), i, service) {
		if (!only || strcmp(pick_text(service, "name", ""), only) == 0)
			render_service(out, service);
	}
	if (reachable == REACHABLE_NO) {
		render_where(out, json_object_get(status, "nat"));
		render_why(out, status, only);
	}
	render_nat_line(out, json_object_get(status, "nat"));
	if (out->args->verbose)
		render_daemon(out, status);
	render_hints(out, status, reachable != REACHABLE_NO);
}
