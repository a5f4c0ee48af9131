/*
 * method_upnp: a mapping from the router by PCP, NAT-PMP or UPnP, proven.
 *
 * Holds one lease for the service, judges the address that the router grants,
 * and proves the granted port by an echo from outside, or by a twin where the
 * service itself holds the port.
 */
#include "method_upnp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "mapping.h"
#include "mem.h"
#include "netmon.h"
#include "pinhole.h"
#include "portmap.h"
#include "prover.h"
#include "twin.h"

/*
 * Where manual comes first in the order, the mapping of the same outer port
 * waits so long for its first answer: with the mapping in place nobody could
 * tell whose forward let the echo in. The router is asked meanwhile.
 */
#define GATE_MS 450
/* A mapping is proven again so often, sooner while it is unproven. */
#define REPROVE_MS          300000
#define REPROVE_UNPROVEN_MS 60000
/* A router without a public address is asked again so often. */
#define PRIVATE_RETRY_MS 60000
/* A mapping that lets nothing in is made anew so often. */
#define REPAIR_MS 600000

enum phase {
	PHASE_START,    /* nothing done yet */
	PHASE_GATE,     /* waiting for the methods before this one */
	PHASE_LEASING,  /* asked the router */
	PHASE_PROVING,  /* granted, asked outside */
	PHASE_SETTLED,  /* reported */
	PHASE_PRIVATE,  /* granted a useless address and given back */
	PHASE_NO_ROUTE, /* there is no router to ask */
};

struct method_run {
	const struct method_env *env;
	const struct method_service *service;
	struct chain_slot *slot;
	enum phase phase;
	uint64_t gate_ms; /* when the gate was entered, on the loop's clock */
	struct loop_timer *timer;
	struct mapping *mapping;
	struct pinhole *pinhole;         /* over IPv6, beside all this */
	uint64_t repaired_ms;            /* 0 = never */
	struct endpoint proven_external; /* what the report speaks of */
	uint64_t question;
	struct twin *twin;
	struct method_report report;
	unsigned int stopping; /* what is still to be given back */
	void (*stopped)(void *arg);
	void *stopped_arg;
};

static void report(struct method_run *run, enum method_outcome outcome,
		   const char *detail)
{
	run->report.outcome = outcome;
	run->report.is_proven = false;
	snprintf(run->report.detail, sizeof(run->report.detail), "%s", detail);
	chain_report(run->slot, &run->report);
}

static void cancel_proof(struct method_run *run)
{
	prover_cancel(run->service->prover, run->question);
	run->question = 0;
	twin_cancel(run->twin);
	run->twin = NULL;
}

static void drop_lease(struct method_run *run)
{
	cancel_proof(run);
	if (run->mapping)
		mapping_release(run->mapping, NULL, NULL);
	run->mapping = NULL;
}

static enum method_outcome outcome_of(enum map_status status)
{
	switch (status) {
	case MAP_OK:
		return METHOD_OK;
	case MAP_TIMEOUT:
		return METHOD_TIMEOUT;
	case MAP_ABSENT:
		return METHOD_ABSENT;
	case MAP_REFUSED:
	case MAP_NO_RESOURCES:
	case MAP_NO_NETWORK:
		return METHOD_REFUSED;
	case MAP_CONFLICT:
		return METHOD_CONFLICT;
	case MAP_MISMATCH:
		return METHOD_PRIVATE_ADDRESS;
	case MAP_BROKEN:
		return METHOD_BROKEN;
	}
	return METHOD_BROKEN;
}

static void describe_private(const struct addr *outer, char *buf, size_t cap)
{
	char text[ADDR_TEXT_BYTES];

	switch (addr_classify(outer)) {
	case ADDR_UNSPECIFIED:
		snprintf(buf, cap,
			 "the router has no outer address: it is not "
			 "connected to the internet");
		return;
	case ADDR_CGNAT:
	case ADDR_DSLITE:
		snprintf(
		    buf, cap,
		    "the router's outer address %s is shared by the "
		    "provider (CGNAT): a port forward in the router cannot "
		    "work",
		    addr_format(outer, text, sizeof(text)));
		return;
	case ADDR_LOOPBACK:
	case ADDR_LINK_LOCAL:
	case ADDR_PRIVATE:
	case ADDR_MULTICAST:
	case ADDR_RESERVED:
	case ADDR_PUBLIC:
		break;
	}
	snprintf(buf, cap,
		 "the router's outer address %s is %s: there is a second "
		 "router in front of it",
		 addr_format(outer, text, sizeof(text)),
		 addr_class_name(addr_classify(outer)));
}

/* What the second router said, where one was asked. */
static void append_outer(const struct method_run *run, char *detail, size_t cap)
{
	char words[80];
	size_t len = strlen(detail);

	if (!run->mapping)
		return;
	mapping_describe_outer(run->mapping, words, sizeof(words));
	if (words[0])
		snprintf(detail + len, cap - len, "; %s", words);
}

static void report_private(struct method_run *run, const struct addr *outer)
{
	char detail[METHOD_DETAIL_BYTES];

	describe_private(outer, detail, sizeof(detail));
	append_outer(run, detail, sizeof(detail));
	drop_lease(run);
	run->phase = PHASE_PRIVATE;
	loop_timer_start(run->timer, PRIVATE_RETRY_MS);
	report(run, METHOD_PRIVATE_ADDRESS, detail);
}

static void report_failure(struct method_run *run,
			   const struct map_result *failure)
{
	struct addr outer = portmap_external(run->env->portmap);

	if (addr_is_set(&outer) && addr_classify(&outer) != ADDR_PUBLIC) {
		report_private(run, &outer);
		return;
	}
	run->phase = PHASE_LEASING;
	report(run, outcome_of(failure->status), failure->detail);
}

static void keep_proof(struct method_run *run,
		       const struct prove_result *result)
{
	struct method_proof *proof = &run->report.proof;

	run->report.has_proof = true;
	proof->kind = PROOF_ECHO;
	proof->received = result->outcome == PROVE_RECEIVED;
	proof->at_ms = result->at_ms;
	snprintf(proof->vantage, sizeof(proof->vantage), "%s", result->vantage);
}

static void settle(struct method_run *run, enum method_outcome outcome,
		   bool is_proven, const char *detail)
{
	run->phase = PHASE_SETTLED;
	loop_timer_start(run->timer,
			 is_proven ? REPROVE_MS : REPROVE_UNPROVEN_MS);
	run->report.outcome = outcome;
	run->report.is_proven = is_proven;
	snprintf(run->report.detail, sizeof(run->report.detail), "%s", detail);
	chain_report(run->slot, &run->report);
}

/* Some routers list a mapping that they no longer forward, and renewing it does
 * not help: deleted and made anew it works. Not too often, for there are other
 * reasons for silence. */
static void repair(struct method_run *run)
{
	uint64_t now_ms = loop_now_ms(run->env->loop);

	if (run->repaired_ms && now_ms - run->repaired_ms < REPAIR_MS)
		return;
	run->repaired_ms = now_ms;
	mapping_remake(run->mapping);
}

static void on_twin(void *arg, const struct prove_result *result)
{
	struct method_run *run = arg;
	char detail[METHOD_DETAIL_BYTES];

	run->twin = NULL;
	if (result->outcome == PROVE_RECEIVED) {
		keep_proof(run, result);
		settle(run, METHOD_OK, true,
		       "the service holds the port, so a second mapping of the "
		       "same router was proven from outside");
		return;
	}
	if (result->outcome == PROVE_SILENT && result->is_server_alive) {
		keep_proof(run, result);
		settle(run, METHOD_NO_REPLY, false,
		       "the router granted the mapping, but nothing comes in "
		       "through a second one made to test it");
		mapping_deepen(run->mapping);
		repair(run);
		return;
	}
	snprintf(detail, sizeof(detail),
		 "granted; unproven: the service holds the port, and %s",
		 result->detail);
	settle(run, METHOD_OK, false, detail);
}

static void start_twin(struct method_run *run)
{
	const struct twin_options options = {
	    .portmap = run->env->portmap,
	    .nested = run->env->nested,
	    .prover = prover_options(run->service->prover),
	    .ports = run->env->config->udp_ports,
	    .name = run->service->name,
	};

	run->twin = twin_start(&options, on_twin, run);
	if (!run->twin)
		settle(run, METHOD_OK, false,
		       "granted; unproven: the service holds the port, and no "
		       "port is free for a second mapping");
}

static void on_proof(void *arg, const struct prove_result *result)
{
	struct method_run *run = arg;
	char detail[METHOD_DETAIL_BYTES];

	run->question = 0;
	switch (result->outcome) {
	case PROVE_RECEIVED:
		keep_proof(run, result);
		settle(run, METHOD_OK, true,
		       "the router granted a mapping and the echo from outside "
		       "arrived");
		return;
	case PROVE_SILENT:
		keep_proof(run, result);
		if (!result->is_server_alive)
			break;
		settle(run, METHOD_NO_REPLY, false,
		       "the router granted the mapping, but nothing comes in "
		       "through it");
		mapping_deepen(run->mapping);
		repair(run);
		return;
	case PROVE_PORT_IN_USE:
		start_twin(run);
		return;
	case PROVE_NO_SERVER:
	case PROVE_IMPOSSIBLE:
		break;
	}
	if (portmap_has_no_network(run->env->portmap)) {
		settle(run, METHOD_REFUSED, false,
		       "the router granted a mapping, but says that it has no "
		       "connection to the internet");
		return;
	}
	snprintf(detail, sizeof(detail),
		 "the router granted a mapping; nothing outside confirmed it: "
		 "%s",
		 result->detail);
	settle(run, METHOD_OK, false, detail);
}

static void prove(struct method_run *run)
{
	if (run->question || run->twin)
		return;
	run->question = prover_ask(run->service->prover,
				   run->proven_external.port, on_proof, run);
}

static void on_mapping_changed(void *arg, struct mapping *mapping)
{
	struct method_run *run = arg;
	struct lease_view view = mapping_view(mapping);

	switch (view.state) {
	case LEASE_HELD:
		if (addr_classify(&view.external.addr) != ADDR_PUBLIC) {
			report_private(run, &view.external.addr);
			return;
		}
		cancel_proof(run);
		run->proven_external = view.external;
		run->report.has_proof = false;
		run->phase = PHASE_PROVING;
		prove(run);
		return;
	case LEASE_FAILED:
		cancel_proof(run);
		report_failure(run, &view.failure);
		return;
	case LEASE_SEARCHING:
		/* It expired unrenewed; the search goes on. */
		cancel_proof(run);
		run->phase = PHASE_LEASING;
		report(run, METHOD_TIMEOUT,
		       "the mapping expired and the router did not renew it");
		return;
	}
}

static void ask_router(struct method_run *run)
{
	struct lease_wish wish = {
	    .transport = run->service->transport,
	    .internal_port = run->service->port,
	    .external_port = run->service->external_port,
	    .lifetime_s = run->service->lifetime_s,
	};

	snprintf(wish.name, sizeof(wish.name), "%s", run->service->name);
	/* A port that a manual forward holds is not ours to map. */
	if (chain_is_earlier_ok(run->slot, METHOD_MANUAL))
		wish.avoid_port = wish.external_port ? wish.external_port
						     : wish.internal_port;
	if (run->phase == PHASE_GATE)
		wish.waited_ms = loop_now_ms(run->env->loop) - run->gate_ms;
	run->phase = PHASE_LEASING;
	run->mapping = mapping_new(run->env->portmap, run->env->nested, &wish,
				   on_mapping_changed, run);
}

/* It came or went: whoever reads the externals hears of it. */
static void on_pinhole_changed(void *arg)
{
	struct method_run *run = arg;

	if (run->report.outcome != METHOD_RUNNING)
		chain_report(run->slot, &run->report);
}

static void ask_ipv6_router(struct method_run *run)
{
	struct lease_wish wish = {
	    .transport = run->service->transport,
	    .internal_port = run->service->port,
	    .lifetime_s = run->service->lifetime_s,
	};

	if (run->pinhole || !run->env->pinholes)
		return;
	snprintf(wish.name, sizeof(wish.name), "%s", run->service->name);
	run->pinhole =
	    pinhole_new(run->env->pinholes, &wish, on_pinhole_changed, run);
}

static bool is_gate_open(const struct method_run *run)
{
	return run->service->transport == TRANSPORT_TCP ||
	       !chain_is_earlier_running(run->slot, METHOD_MANUAL);
}

static void begin(struct method_run *run)
{
	if (!run->env->portmap) {
		run->phase = PHASE_NO_ROUTE;
		report(run, METHOD_ABSENT,
		       "this host has no IPv4 default route: there is no "
		       "router to ask");
		return;
	}
	if (is_gate_open(run)) {
		ask_router(run);
		return;
	}
	run->phase = PHASE_GATE;
	run->gate_ms = loop_now_ms(run->env->loop);
	portmap_probe(run->env->portmap);
	loop_timer_start(run->timer, GATE_MS);
}

static void on_timer(void *arg)
{
	struct method_run *run = arg;

	switch (run->phase) {
	case PHASE_START:
		ask_ipv6_router(run);
		begin(run);
		return;
	case PHASE_PRIVATE:
		begin(run);
		return;
	case PHASE_GATE:
		ask_router(run);
		return;
	case PHASE_SETTLED:
		prove(run);
		return;
	case PHASE_LEASING:
	case PHASE_PROVING:
	case PHASE_NO_ROUTE:
		return;
	}
}

static struct method_run *upnp_start(const struct method_env *env,
				     const struct method_service *service,
				     struct chain_slot *slot)
{
	struct method_run *run = xcalloc(1, sizeof(*run));

	run->env = env;
	run->service = service;
	run->slot = slot;
	run->timer = loop_timer_new(env->loop, on_timer, run);
	loop_timer_start(run->timer, 0);
	return run;
}

static void restart(struct method_run *run)
{
	drop_lease(run);
	run->report = (struct method_report){0};
	run->phase = PHASE_START;
	loop_timer_start(run->timer, 0);
}

static void upnp_again(struct method_run *run, enum method_cause cause)
{
	if (cause == CAUSE_REQUEST && run->pinhole)
		pinhole_renew(run->pinhole);
	if (cause == CAUSE_NETWORK || !run->mapping) {
		restart(run);
		return;
	}
	if (cause == CAUSE_REQUEST)
		mapping_renew(run->mapping);
	if (run->phase == PHASE_SETTLED)
		loop_timer_start(run->timer, 0);
}

static void upnp_sibling_changed(struct method_run *run)
{
	if (run->phase == PHASE_GATE && is_gate_open(run))
		loop_timer_start(run->timer, 0);
}

static struct method_external external_of(const struct lease_view *view)
{
	return (struct method_external){
	    .via = map_via_name(view->via),
	    .endpoint = view->external,
	    .gateway = view->gateway,
	    .has_lease = true,
	    .is_permanent = view->is_permanent,
	    .lifetime_s = view->lifetime_s,
	    .expires_in_ms = view->expires_in_ms,
	    .renew_in_ms = view->renew_in_ms,
	};
}

static size_t upnp_externals(const struct method_run *run,
			     struct method_external *ret_externals)
{
	struct lease_view view = {.state = LEASE_SEARCHING};
	size_t count = 0;

	if (run->mapping)
		view = mapping_view(run->mapping);
	if (view.state == LEASE_HELD)
		ret_externals[count++] = external_of(&view);
	if (pinhole_view(run->pinhole, &view))
		ret_externals[count++] = external_of(&view);
	return count;
}

static void on_released(void *arg, bool confirmed)
{
	struct method_run *run = arg;
	void (*stopped)(void *) = run->stopped;
	void *stopped_arg = run->stopped_arg;

	(void)confirmed;
	if (--run->stopping > 0)
		return;
	free(run);
	stopped(stopped_arg);
}

static void upnp_stop(struct method_run *run, void (*done)(void *arg),
		      void *arg)
{
	struct mapping *mapping = run->mapping;

	cancel_proof(run);
	loop_timer_free(run->timer);
	run->stopped = done;
	run->stopped_arg = arg;
	run->stopping = 2;
	pinhole_release(run->pinhole, on_released, run);
	if (mapping)
		mapping_release(mapping, on_released, run);
	else
		on_released(run, true);
}

const struct method_ops method_upnp = {
    .id = METHOD_UPNP,
    .start = upnp_start,
    .again = upnp_again,
    .sibling_changed = upnp_sibling_changed,
    .externals = upnp_externals,
    .stop = upnp_stop,
};
