/*
 * method_manual: is the port already forwarded, by hand or by nature?
 *
 * Asks the port check servers to send to the service's port. Only a real
 * forward, or no NAT at all, lets the echo in: the request leaves from another
 * port.
 */
#include "method_manual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "mem.h"
#include "netmon.h"
#include "portmap.h"
#include "prover.h"

/* A forward has no lease: it is proven again so often. */
#define REPROVE_MS 60000

struct method_run {
	const struct method_env *env;
	const struct method_service *service;
	struct chain_slot *slot;
	struct loop_timer *timer;
	uint64_t question; /* 0: none under way */
	bool is_repeated;  /* one silence is not yet a loss */
	struct method_report report;
};

static uint16_t outer_port(const struct method_run *run)
{
	return run->service->external_port ? run->service->external_port
					   : run->service->port;
}

static void report(struct method_run *run, enum method_outcome outcome,
		   const char *detail)
{
	run->report.outcome = outcome;
	run->report.is_proven = outcome == METHOD_OK;
	snprintf(run->report.detail, sizeof(run->report.detail), "%s", detail);
	if (outcome == METHOD_OK)
		loop_timer_start(run->timer, REPROVE_MS);
	chain_report(run->slot, &run->report);
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

/* That nothing can be proven now says nothing about a forward that was proven
 * before: it carries on, unproven. */
static void report_unprovable(struct method_run *run,
			      enum method_outcome outcome, const char *detail)
{
	if (run->report.outcome != METHOD_OK) {
		report(run, outcome, detail);
		return;
	}
	run->report.is_proven = false;
	snprintf(run->report.detail, sizeof(run->report.detail),
		 "proven before, not provable now: %s", detail);
	loop_timer_start(run->timer, REPROVE_MS);
	chain_report(run->slot, &run->report);
}

static void on_proof(void *arg, const struct prove_result *result)
{
	struct method_run *run = arg;

	run->question = 0;
	switch (result->outcome) {
	case PROVE_RECEIVED:
		run->is_repeated = false;
		if (chain_is_port_leased(run->slot, outer_port(run))) {
			report(run, METHOD_CONFLICT,
			       "our own mapping answers on this port; a manual "
			       "forward cannot be told apart from it");
			return;
		}
		keep_proof(run, result);
		report(run, METHOD_OK, "the echo from outside arrived");
		return;
	case PROVE_SILENT:
		if (run->report.outcome == METHOD_OK && !run->is_repeated) {
			run->is_repeated = true;
			loop_timer_start(run->timer, 0);
			return;
		}
		run->is_repeated = false;
		keep_proof(run, result);
		report(run, METHOD_NO_REPLY, result->detail);
		return;
	case PROVE_PORT_IN_USE:
		report_unprovable(run, METHOD_CONFLICT,
				  "port in use by the service; manual "
				  "forwarding unproven");
		return;
	case PROVE_NO_SERVER:
	case PROVE_IMPOSSIBLE:
		report_unprovable(run, METHOD_ABSENT, result->detail);
		return;
	}
}

/* Would the echo come in by our own mapping: by that of another method, or by
 * one that the last run left on the router? */
static bool is_own_mapping(const struct method_run *run)
{
	const struct method_service *service = run->service;

	return chain_is_port_leased(run->slot, outer_port(run)) ||
	       (run->env->portmap &&
		portmap_is_left(run->env->portmap, service->transport,
				service->port));
}

static void check(void *arg)
{
	struct method_run *run = arg;

	if (run->question)
		return;
	if (run->report.outcome != METHOD_OK && is_own_mapping(run)) {
		if (run->report.outcome == METHOD_RUNNING)
			report(run, METHOD_CONFLICT,
			       "our own mapping holds this port");
		else
			chain_report(run->slot, &run->report);
		return;
	}
	run->question =
	    prover_ask(run->service->prover, outer_port(run), on_proof, run);
}

static struct method_run *manual_start(const struct method_env *env,
				       const struct method_service *service,
				       struct chain_slot *slot)
{
	struct method_run *run = xcalloc(1, sizeof(*run));

	run->env = env;
	run->service = service;
	run->slot = slot;
	run->timer = loop_timer_new(env->loop, check, run);
	loop_timer_start(run->timer, 0);
	return run;
}

static void manual_again(struct method_run *run, enum method_cause cause)
{
	if (cause == CAUSE_NETWORK) {
		prover_cancel(run->service->prover, run->question);
		run->question = 0;
		run->is_repeated = false;
		run->report = (struct method_report){0};
	}
	loop_timer_start(run->timer, 0);
}

static size_t manual_externals(const struct method_run *run,
			       struct method_external *ret_externals)
{
	struct addr outer = {0};

	if (run->report.outcome != METHOD_OK)
		return 0;
	if (addr_classify(&run->env->netview->ipv4.local) == ADDR_PUBLIC)
		outer = run->env->netview->ipv4.local;
	else if (run->env->portmap)
		outer = portmap_external(run->env->portmap);
	ret_externals[0] = (struct method_external){
	    .via = "manual",
	    .endpoint = {.addr = outer, .port = outer_port(run)},
	    .gateway = run->env->netview->ipv4.gateway,
	};
	return 1;
}

static void manual_stop(struct method_run *run, void (*done)(void *arg),
			void *arg)
{
	prover_cancel(run->service->prover, run->question);
	loop_timer_free(run->timer);
	free(run);
	done(arg);
}

const struct method_ops method_manual = {
    .id = METHOD_MANUAL,
    .retry_first_ms = 60000,
    .retry_most_ms = 900000,
    .start = manual_start,
    .again = manual_again,
    .externals = manual_externals,
    .stop = manual_stop,
};
