#include "metrics.h"

#include <stdio.h>
#include <string.h>

#include "pick.h"
#include "rfc3339.h"
#include "status_text.h"

/* --- families --------------------------------------------------------------
 */

static json_t *family(json_t *families, const char *name, const char *type,
		      const char *help)
{
	json_t *samples = json_array();

	json_array_append_new(families, json_pack("{s:s,s:s,s:s,s:o}", "name",
						  name, "type", type, "help",
						  help, "samples", samples));
	return samples;
}

/* Takes LABELS (may be NULL) and VALUE. */
static void add(json_t *samples, const char *suffix, json_t *labels,
		json_t *value)
{
	json_array_append_new(
	    samples,
	    json_pack("{s:s,s:o,s:o}", "suffix", suffix, "labels",
		      labels ? labels : json_object(), "value", value));
}

static void add_int(json_t *samples, json_t *labels, int64_t value)
{
	add(samples, "", labels, json_integer((json_int_t)value));
}

static void gauge(json_t *families, const char *name, const char *help,
		  int64_t value)
{
	add_int(family(families, name, "gauge", help), NULL, value);
}

/* --- the daemon, the verdict ------------------------------------------------
 */

static void tell_daemon(json_t *families, const json_t *status, int64_t now_s)
{
	const json_t *daemon = json_object_get(status, "daemon");
	int64_t up_s;

	add_int(family(families, "traversald_build_info", "gauge",
		       "The version of traversald."),
		json_pack("{s:s}", "version", pick_text(daemon, "version", "")),
		1);
	if (pick_int(daemon, "uptime_sec", &up_s))
		gauge(families, "traversald_start_time_seconds",
		      "When traversald started, as Unix time.", now_s - up_s);
	gauge(families, "traversald_config_generation",
	      "Configurations that came into force since the start.",
	      pick_int_or(daemon, "config_generation", 0));
}

static void tell_verdict(json_t *families, const json_t *status)
{
	const json_t *verdict = json_object_get(status, "verdict");
	enum reachable now =
	    reachable_parse(pick_text(verdict, "reachable", NULL));
	json_t *samples = family(families, "traversald_verdict", "gauge",
				 "1 for the verdict in force.");

	for (int i = 0; i < REACHABLE_COUNT; i++)
		add_int(samples,
			json_pack("{s:s}", "reachable",
				  reachable_name((enum reachable)i)),
			i == (int)now);
}

static void tell_findings(json_t *families, const json_t *status)
{
	static const char *const severities[] = {"info", "warning", "failure"};
	const json_t *finding, *findings = json_object_get(status, "findings");
	json_t *samples = family(families, "traversald_findings", "gauge",
				 "Findings, by severity.");
	size_t k;

	for (size_t i = 0; i < 3; i++) {
		int64_t count = 0;

		json_array_foreach (findings, k, finding)
			count += strcmp(pick_text(finding, "severity", ""),
					severities[i]) == 0;
		add_int(samples, json_pack("{s:s}", "severity", severities[i]),
			count);
	}
}

static void tell_nat(json_t *families, const json_t *status)
{
	const json_t *nat = json_object_get(status, "nat");
	const json_t *cgnat = json_object_get(nat, "cgnat");

	add_int(family(families, "traversald_nat_info", "gauge",
		       "How the NAT behaves, in the words of RFC 4787."),
		json_pack("{s:s,s:s,s:s}", "mapping",
			  pick_text(nat, "mapping", "unknown"), "filtering",
			  pick_text(nat, "filtering", "unknown"), "cgnat",
			  !json_is_boolean(cgnat) ? "unknown"
			  : json_is_true(cgnat)   ? "true"
						  : "false"),
		1);
}

/* --- services ---------------------------------------------------------------
 */

static bool has_family(const json_t *service, const char *name)
{
	const json_t *external;
	size_t i;

	json_array_foreach (json_object_get(service, "external"), i, external) {
		if (strcmp(pick_text(external, "family", ""), name) == 0)
			return true;
	}
	return false;
}

static void tell_reachable(json_t *samples, const json_t *service)
{
	static const char *const families[] = {"ipv4", "ipv6"};
	bool is_reachable =
	    strcmp(pick_text(service, "state", ""), "reachable") == 0;

	/* Without an outer address it is IPv4 that is missing. */
	for (int i = 0; i < 2; i++)
		if (i == 0 || has_family(service, families[i]))
			add_int(samples,
				json_pack("{s:s,s:s}", "service",
					  pick_text(service, "name", ""),
					  "family", families[i]),
				is_reachable &&
				    (i == 1 || has_family(service, "ipv4") ||
				     !has_family(service, "ipv6")));
}

static void tell_proof(json_t *samples, const json_t *service, int64_t now_s)
{
	const json_t *proof;
	int64_t age_s, youngest_s = -1;
	size_t i;

	json_array_foreach (json_object_get(service, "proof"), i, proof) {
		if (strcmp(pick_text(proof, "result", ""), "received") == 0 &&
		    pick_int(proof, "age_sec", &age_s) &&
		    (youngest_s < 0 || age_s < youngest_s))
			youngest_s = age_s;
	}
	if (youngest_s >= 0)
		add_int(samples,
			json_pack("{s:s}", "service",
				  pick_text(service, "name", "")),
			now_s - youngest_s);
}

static void tell_services(json_t *families, const json_t *status, int64_t now_s)
{
	const json_t *service, *services = json_object_get(status, "services");
	json_t *reachable =
	    family(families, "traversald_reachable", "gauge",
		   "1: proven to be reachable from the internet.");
	json_t *proven =
	    family(families, "traversald_last_proof_timestamp_seconds", "gauge",
		   "When a packet from outside last came in, as Unix time.");
	size_t i, count = json_array_size(services);

	json_array_foreach (services, i, service) {
		if (i >= METRICS_SERVICES_MOST)
			break;
		tell_reachable(reachable, service);
		tell_proof(proven, service, now_s);
	}
	gauge(families, "traversald_services", "Services, told of or not.",
	      (int64_t)count);
	gauge(families, "traversald_services_omitted",
	      "Services without series of their own.",
	      count > METRICS_SERVICES_MOST
		  ? (int64_t)count - METRICS_SERVICES_MOST
		  : 0);
}

static void tell_mappings(json_t *families, const json_t *mappings)
{
	const json_t *mapping;
	json_t *samples = family(
	    families, "traversald_mapping_expiry_timestamp_seconds", "gauge",
	    "When a mapping ends unless renewed, as Unix time.");
	int64_t expires_s;
	size_t i;

	json_array_foreach (mappings, i, mapping) {
		if (json_array_size(samples) >= METRICS_SERVICES_MOST)
			break;
		if (rfc3339_parse(pick_text(mapping, "expires", ""),
				  &expires_s) == 0)
			add_int(samples,
				json_pack("{s:s,s:s}", "service",
					  pick_text(mapping, "name", ""),
					  "method",
					  pick_text(mapping, "via", "")),
				expires_s);
	}
}

/* --- what was counted -------------------------------------------------------
 */

static const char *const vias[] = {"pcp", "nat-pmp", "upnp"};

#define VIA_COUNT (sizeof(vias) / sizeof(vias[0]))

/* How often EVENT was told of; with VIA, in that way. */
static int64_t event_count(const json_t *counters, const char *event,
			   const char *via)
{
	const json_t *row;
	int64_t sum = 0;
	size_t i;

	json_array_foreach (json_object_get(counters, "events"), i, row) {
		if (strcmp(pick_text(row, "event", ""), event) == 0 &&
		    (!via || strcmp(pick_text(row, "via", ""), via) == 0))
			sum += pick_int_or(row, "count", 0);
	}
	return sum;
}

static void tell_renewals(json_t *families, const json_t *counters)
{
	static const struct {
		const char *event, *result;
	} rows[] = {
	    {"mapping-acquired", "acquired"},
	    {"mapping-renewed", "renewed"},
	    {"mapping-lost", "lost"},
	};
	json_t *samples =
	    family(families, "traversald_mapping_renewals_total", "counter",
		   "What became of mappings, by how they were asked for.");

	for (size_t i = 0; i < VIA_COUNT; i++)
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
			add_int(samples,
				json_pack("{s:s,s:s}", "method", vias[i],
					  "result", rows[k].result),
				event_count(counters, rows[k].event, vias[i]));
}

static void counter(json_t *families, const char *name, const char *help,
		    int64_t value)
{
	add_int(family(families, name, "counter", help), NULL, value);
}

static void tell_events(json_t *families, const json_t *counters)
{
	counter(families, "traversald_external_address_changes_total",
		"Changes of the outer address of a mapping.",
		event_count(counters, "address-changed", NULL));
	counter(families, "traversald_router_epoch_resets_total",
		"Restarts of the router that were noticed.",
		event_count(counters, "router-restarted", NULL));
	counter(families, "traversald_verdict_changes_total",
		"Changes of the verdict.",
		event_count(counters, "verdict-changed", NULL));
	counter(families, "traversald_method_changes_total",
		"Changes of what carries a service.",
		event_count(counters, "method-changed", NULL));
	counter(families, "traversald_config_failures_total",
		"Configurations that were refused.",
		event_count(counters, "config-failed", NULL));
}

static void tell_rejected(json_t *families, const json_t *counters)
{
	const json_t *row;
	json_t *samples = family(
	    families, "traversald_rejected_packets_total", "counter",
	    "Datagrams that were not what they had to be, since the router "
	    "was met.");
	size_t i;

	json_array_foreach (json_object_get(counters, "rejected"), i, row) {
		if (i < VIA_COUNT)
			add_int(samples,
				json_pack("{s:s,s:s}", "proto",
					  pick_text(row, "protocol", ""),
					  "reason", "invalid"),
				pick_int_or(row, "count", 0));
	}
}

static void tell_punching(json_t *families, const json_t *counters)
{
	const json_t *punch = json_object_get(counters, "punch");
	json_t *packets =
	    family(families, "traversald_punch_packets_total", "counter",
		   "Packets of hole punching; in: those that were understood.");
	json_t *attempts =
	    family(families, "traversald_punch_attempts_total", "counter",
		   "Attempts to punch, by what came of them.");

	add_int(packets, json_pack("{s:s}", "direction", "out"),
		pick_int_or(punch, "packets_sent", 0));
	add_int(packets, json_pack("{s:s}", "direction", "in"),
		pick_int_or(punch, "packets_heard", 0));
	add_int(attempts, json_pack("{s:s}", "result", "connected"),
		pick_int_or(punch, "connected", 0));
	add_int(attempts, json_pack("{s:s}", "result", "failed"),
		pick_int_or(punch, "failed", 0));
}

#define BUCKETS_MOST 16

static void tell_round_trips(json_t *families, const json_t *counters)
{
	const json_t *trips = json_object_get(counters, "round_trips");
	const json_t *bucket;
	json_t *samples =
	    family(families, "traversald_probe_rtt_seconds", "histogram",
		   "Round trips to the port-check servers.");
	int64_t count = pick_int_or(trips, "count", 0);
	char limit[32];
	size_t i;

	json_array_foreach (json_object_get(trips, "buckets"), i, bucket) {
		if (i >= BUCKETS_MOST)
			break;
		snprintf(limit, sizeof(limit), "%g",
			 (double)pick_int_or(bucket, "at_most_ms", 0) / 1000);
		add(samples, "_bucket", json_pack("{s:s}", "le", limit),
		    json_integer(pick_int_or(bucket, "count", 0)));
	}
	add(samples, "_bucket", json_pack("{s:s}", "le", "+Inf"),
	    json_integer(count));
	add(samples, "_sum", NULL,
	    json_real((double)pick_int_or(trips, "sum_ms", 0) / 1000));
	add(samples, "_count", NULL, json_integer(count));
}

static void tell_counters(json_t *families, const json_t *counters)
{
	tell_renewals(families, counters);
	tell_events(families, counters);
	tell_rejected(families, counters);
	tell_punching(families, counters);
	tell_round_trips(families, counters);
	counter(families, "traversald_slow_callbacks_total",
		"Steps that held up the event loop.",
		pick_int_or(counters, "slow_callbacks", 0));
}

json_t *metrics_new(const json_t *status, const json_t *mappings,
		    const json_t *counters, int64_t now_s)
{
	json_t *families = json_array();

	gauge(families, "traversald_up", "1: traversald answers.",
	      status != NULL);
	if (!status)
		return families;
	tell_daemon(families, status, now_s);
	tell_verdict(families, status);
	tell_services(families, status, now_s);
	tell_mappings(families, mappings);
	tell_nat(families, status);
	tell_findings(families, status);
	if (counters)
		tell_counters(families, counters);
	return families;
}
