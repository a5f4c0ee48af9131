#include "status_json.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "health.h"
#include "mem.h"
#include "nat_peers.h"
#include "nat_watch.h"
#include "net_layers.h"

#define SCHEMA 1

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static json_t *address_or_null(const struct addr *a)
{
	char text[ADDR_TEXT_BYTES];

	if (!addr_is_set(a))
		return json_null();
	return json_string(addr_format(a, text, sizeof(text)));
}

static json_t *seconds(uint64_t ms)
{
	return json_integer((json_int_t)((ms + 500) / 1000));
}

json_t *status_json_time(struct app *app, uint64_t at_ms)
{
	uint64_t now_ms = loop_now_ms(app->loop);
	struct timespec now;
	struct tm tm;
	time_t at;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	at = now.tv_sec + (time_t)((int64_t)(at_ms - now_ms) / 1000);
	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static const char *family_name(const struct addr *a)
{
	return a->family == AF_INET6 ? "ipv6" : "ipv4";
}

static json_t *port_or_null(uint16_t port)
{
	return port ? json_integer(port) : json_null();
}

json_t *status_json_endpoint(const struct endpoint *endpoint)
{
	return json_pack("{s:s,s:o,s:o}", "family",
			 family_name(&endpoint->addr), "address",
			 address_or_null(&endpoint->addr), "port",
			 port_or_null(endpoint->port));
}

static json_t *external_json(const struct method_external *external)
{
	json_t *object = status_json_endpoint(&external->endpoint);
	bool has_term = external->has_lease && !external->is_permanent;

	json_object_set_new(object, "via", json_string(external->via));
	json_object_set_new(object, "gateway",
			    address_or_null(&external->gateway));
	json_object_set_new(object, "lifetime_sec",
			    has_term ? json_integer(external->lifetime_s)
				     : json_null());
	json_object_set_new(object, "expires_in_sec",
			    has_term ? seconds(external->expires_in_ms)
				     : json_null());
	json_object_set_new(object, "renew_in_sec",
			    external->has_lease ? seconds(external->renew_in_ms)
						: json_null());
	return object;
}

/* Appends the endpoints of an attempt; WITH_IPV4 or those of IPv6 alone. */
static void append_externals(json_t *array, const struct service *service,
			     size_t index, bool with_ipv4)
{
	struct method_external externals[METHOD_EXTERNALS];
	size_t count = chain_externals(service->chain, index, externals);

	for (size_t i = 0; i < count; i++)
		if (with_ipv4 || externals[i].endpoint.addr.family == AF_INET6)
			json_array_append_new(array,
					      external_json(&externals[i]));
}

/* Those of the carrier, and what is open over IPv6 whoever carries. */
static json_t *externals_json(const struct service *service)
{
	json_t *array = json_array();
	int carrier = chain_carrier(service->chain);

	if (carrier >= 0)
		append_externals(array, service, (size_t)carrier, true);
	for (size_t i = 0; i < chain_attempt_count(service->chain); i++)
		if ((int)i != carrier)
			append_externals(array, service, i, false);
	return array;
}

static json_t *attempts_json(const struct service *service)
{
	json_t *array = json_array();

	for (size_t i = 0; i < chain_attempt_count(service->chain); i++) {
		struct chain_attempt attempt = chain_attempt(service->chain, i);

		json_array_append_new(
		    array,
		    json_pack("{s:s,s:s,s:s,s:I}", "method",
			      method_name(attempt.id), "outcome",
			      method_outcome_name(attempt.report.outcome),
			      "detail", attempt.report.detail, "took_ms",
			      (json_int_t)attempt.took_ms));
	}
	return array;
}

static const char *proof_kind_name(enum method_proof_kind kind)
{
	static const char *const names[] = {
	    [PROOF_ECHO] = "echo",
	    [PROOF_INBOUND] = "inbound",
	    [PROOF_PUNCH] = "punch",
	};

	return names[kind];
}

static json_t *proofs_json(struct app *app, const struct service *service)
{
	json_t *array = json_array();

	for (size_t i = 0; i < chain_attempt_count(service->chain); i++) {
		struct chain_attempt attempt = chain_attempt(service->chain, i);
		const struct method_proof *proof = &attempt.report.proof;

		if (!attempt.report.has_proof)
			continue;
		json_array_append_new(
		    array,
		    json_pack("{s:s,s:o,s:s,s:o,s:s}", "kind",
			      proof_kind_name(proof->kind), "vantage",
			      text_or_null(proof->vantage), "result",
			      proof->received ? "received" : "silent",
			      "age_sec",
			      seconds(loop_now_ms(app->loop) - proof->at_ms),
			      "method", method_name(attempt.id)));
	}
	return array;
}

static json_t *method_json(const struct service *service)
{
	int carrier = chain_carrier(service->chain);

	if (carrier < 0)
		return json_null();
	return json_string(
	    method_name(chain_attempt(service->chain, (size_t)carrier).id));
}

static json_t *local_json(struct app *app, const struct service *service)
{
	return json_pack("{s:o,s:i}", "address",
			 address_or_null(&app->netview.ipv4.local), "port",
			 service->config.port);
}

json_t *status_json_service(struct app *app, const struct service *service)
{
	return json_pack(
	    "{s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o}", "name", service->config.name,
	    "protocol", transport_name(service->config.transport), "state",
	    chain_state_name(chain_state(service->chain)), "method",
	    method_json(service), "local", local_json(app, service), "external",
	    externals_json(service), "attempts", attempts_json(service),
	    "proof", proofs_json(app, service));
}

/* The leases of a service, whether they carry it or are spares: that of IPv4
 * first. Returns how many there are, up to METHOD_EXTERNALS. */
static size_t list_leases(const struct service *service,
			  struct method_external *ret_leases)
{
	struct method_external externals[METHOD_EXTERNALS];
	size_t count, used = 0;

	for (size_t i = 0; i < chain_attempt_count(service->chain); i++) {
		count = chain_externals(service->chain, i, externals);
		for (size_t k = 0; k < count; k++)
			if (externals[k].has_lease && used < METHOD_EXTERNALS)
				ret_leases[used++] = externals[k];
	}
	return used;
}

static json_t *internal_json(struct app *app, const struct service *service,
			     const struct method_external *lease)
{
	bool is_ipv6 = lease->endpoint.addr.family == AF_INET6;

	return json_pack("{s:o,s:i}", "address",
			 address_or_null(is_ipv6 ? &app->netview.stable_ipv6
						 : &app->netview.ipv4.local),
			 "port", service->config.port);
}

static json_t *mapping_json(struct app *app, const struct service *service,
			    const struct method_external *lease)
{
	json_t *object = external_json(lease);
	json_t *outer = json_pack("{s:O,s:O,s:O}", "address",
				  json_object_get(object, "address"), "port",
				  json_object_get(object, "port"), "family",
				  json_object_get(object, "family"));

	json_object_del(object, "address");
	json_object_del(object, "port");
	json_object_del(object, "family");
	json_object_update_new(
	    object,
	    json_pack("{s:s,s:s,s:o,s:o,s:o,s:s,s:s,s:b}", "name",
		      service->config.name, "protocol",
		      transport_name(service->config.transport), "internal",
		      internal_json(app, service, lease), "external", outer,
		      "expires",
		      lease->is_permanent
			  ? json_null()
			  : status_json_time(app, loop_now_ms(app->loop) +
						      lease->expires_in_ms),
		      "state", "active", "description", service->config.name,
		      "ours", 1));
	return object;
}

json_t *status_json_mapping(struct app *app, const struct service *service)
{
	struct method_external leases[METHOD_EXTERNALS];

	if (list_leases(service, leases) == 0)
		return NULL;
	return mapping_json(app, service, &leases[0]);
}

json_t *status_json_acquired(struct app *app, const struct service *service)
{
	json_t *object = status_json_service(app, service);

	json_object_set_new(object, "port", json_integer(service->config.port));
	json_object_del(object, "attempts");
	json_object_del(object, "proof");
	return object;
}

static void append_findings(json_t *array, const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];

		json_array_append_new(
		    array,
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:o}", "id", f->id,
			      "severity", finding_severity_name(f->severity),
			      "title", f->title, "detail", f->detail, "fix",
			      f->fix, "file", text_or_null(f->file), "line",
			      f->line ? json_integer(f->line) : json_null()));
	}
}

json_t *status_json_findings(struct app *app)
{
	json_t *array = json_array();
	struct findings now = {0};

	append_findings(array, &app->config->findings);
	append_findings(array, &app->runtime);
	health_findings(app, &now);
	net_layers_findings(app, &now);
	append_findings(array, &now);
	findings_clear(&now);
	return array;
}

static json_t *chain_json(const struct config *config)
{
	json_t *array = json_array();

	for (size_t i = 0; i < config->chain_count; i++)
		json_array_append_new(
		    array, json_string(method_name(config->chain[i])));
	return array;
}

static json_t *fact(enum nat_fact fact)
{
	return fact == NAT_UNKNOWN ? json_null()
				   : json_boolean(fact == NAT_YES);
}

static json_t *reach(enum nat_reach reach)
{
	static const char *const names[] = {
	    [NAT_REACH_UNKNOWN] = NULL,
	    [NAT_REACH_NO] = "no",
	    [NAT_REACH_PREDICT] = "predict",
	    [NAT_REACH_YES] = "yes",
	};

	return text_or_null(names[reach]);
}

/* Who can connect, with a mapping and by punching alone. */
static json_t *peers_json(const struct nat_behaviour *nat)
{
	struct nat_party open = nat_peers_self(nat, true);
	struct nat_party bare = nat_peers_self(nat, false);
	json_t *array = json_array();

	for (int kind = 0; kind < NAT_PEER_COUNT; kind++) {
		struct nat_party peer =
		    nat_peers_typical((enum nat_peer_kind)kind);

		json_array_append_new(
		    array,
		    json_pack("{s:s,s:o,s:o}", "peer",
			      nat_peer_kind_name((enum nat_peer_kind)kind),
			      "with_mapping",
			      reach(nat_peers_reach(&open, &peer)), "punching",
			      reach(nat_peers_reach(&bare, &peer))));
	}
	return array;
}

static json_t *nat_json(struct app *app)
{
	static const struct nat_behaviour unknown;
	const struct nat_watch_view *view = nat_watch_view(app->env.nat);
	struct net_layers layers = net_layers(app);
	bool is_known = view->state == NAT_WATCH_KNOWN;
	const struct nat_behaviour *nat =
	    is_known ? &view->result.nat : &unknown;

	return json_pack(
	    "{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:o,s:o}", "mapping",
	    text_or_null(nat_mapping_name(nat->mapping)), "filtering",
	    text_or_null(nat_filtering_name(nat->filtering)), "legacy_name",
	    text_or_null(nat_legacy_name(nat)), "hairpin", fact(nat->hairpin),
	    "port_preserving", fact(nat->port_preserving), "layers",
	    layers.count < 0 ? json_null() : json_integer(layers.count),
	    "cgnat", fact(layers.cgnat), "allocation",
	    text_or_null(nat_allocation_name(nat->allocation)), "external",
	    address_or_null(&nat->external.addr), "confidence",
	    text_or_null(nat_confidence_name(nat->mapping_confidence)),
	    "samples", (int)nat->samples, "udp_timeout_sec",
	    view->lifetime_ms ? json_integer(view->lifetime_ms / 1000)
			      : json_null(),
	    "peers", is_known ? peers_json(nat) : json_array());
}

static json_t *daemon_json(struct app *app)
{
	return json_pack("{s:s,s:i,s:o,s:i}", "version", VERSION, "pid",
			 (int)getpid(), "uptime_sec",
			 seconds(loop_now_ms(app->loop) - app->started_ms),
			 "config_generation", (int)app->config_generation);
}

static json_t *verdict_json(struct app *app)
{
	return json_pack("{s:s,s:o,s:s,s:s}", "reachable",
			 reachable_name(app->verdict.reachable), "since",
			 status_json_time(app, app->verdict_since_ms), "code",
			 app->verdict.code, "summary", app->verdict.summary);
}

static int compare_names(const void *a, const void *b)
{
	const struct service *const *left = a, *const *right = b;

	return strcmp((*left)->config.name, (*right)->config.name);
}

const struct service **status_json_sort(struct app *app)
{
	size_t used = 0;
	const struct service **sorted =
	    xcalloc(services_count(app->services), sizeof(struct service *));
	struct service *service;

	LIST_FOREACH (service, services_list(app->services), link)
		sorted[used++] = service;
	qsort(sorted, used, sizeof(struct service *), compare_names);
	return sorted;
}

static json_t *services_json(struct app *app, const struct service *only)
{
	const struct service **sorted = status_json_sort(app);
	json_t *array = json_array();

	for (size_t i = 0; i < services_count(app->services); i++)
		if (!only || sorted[i] == only)
			json_array_append_new(
			    array, status_json_service(app, sorted[i]));
	free(sorted);
	return array;
}

/* SERVICES is taken. */
static json_t *frame_json(struct app *app, json_t *services)
{
	return json_pack("{s:i,s:o,s:o,s:o,s:o,s:o,s:o}", "schema", SCHEMA,
			 "daemon", daemon_json(app), "verdict",
			 verdict_json(app), "chain", chain_json(app->config),
			 "services", services, "nat", nat_json(app), "findings",
			 status_json_findings(app));
}

json_t *status_json_mappings(struct app *app, const struct service *service)
{
	struct method_external leases[METHOD_EXTERNALS];
	size_t count = list_leases(service, leases);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array,
				      mapping_json(app, service, &leases[i]));
	return array;
}

json_t *status_json_frame(struct app *app)
{
	return frame_json(app, json_array());
}

json_t *status_json(struct app *app, const struct service *only)
{
	return frame_json(app, services_json(app, only));
}

json_t *status_json_check(struct app *app, const struct service *service,
			  uint64_t began_ms)
{
	const struct verdict_input input = verdict_input_of(service->chain);
	struct verdict verdict = verdict_judge(&input, 1);

	return json_pack("{s:s,s:s,s:i,s:s,s:s,s:s,s:o,s:o,s:I}", "service",
			 service->config.name, "protocol",
			 transport_name(service->config.transport), "port",
			 service->config.port, "reachable",
			 reachable_name(verdict.reachable), "code",
			 verdict.code, "summary", verdict.summary, "attempts",
			 attempts_json(service), "proof",
			 proofs_json(app, service), "took_ms",
			 (json_int_t)(loop_now_ms(app->loop) - began_ms));
}
