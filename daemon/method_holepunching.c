/*
 * method_holepunching: can peers be met by punching, and where are we then?
 *
 * Rests on what nat_watch found out, and, while it carries a service whose port
 * is ours to use, keeps a STUN mapping of that port alive, so that the outer
 * endpoint which peers are told stays true. The punching itself is done with
 * each peer on demand.
 */
#include "method_holepunching.h"

#include <stdio.h>
#include <stdlib.h>

#include "chain.h"
#include "mem.h"
#include "nat_watch.h"
#include "stun_keep.h"

/* How much of a mapping's measured life passes between two packets. */
#define KEEP_PERCENT 80

struct method_run {
	struct nat_watch_user user; /* first: on_nat_changed() casts */
	const struct method_env *env;
	const struct method_service *service;
	struct chain_slot *slot;
	struct loop_timer *timer;
	struct stun_keep *keep;
	struct method_report report;
};

static void report(struct method_run *run, enum method_outcome outcome,
		   const char *detail)
{
	run->report.outcome = outcome;
	snprintf(run->report.detail, sizeof(run->report.detail), "%s", detail);
	chain_report(run->slot, &run->report);
}

static void report_nat(struct method_run *run,
		       const struct nat_watch_view *view)
{
	const struct nat_behaviour *nat = &view->result.nat;
	const char *name = nat_legacy_name(nat);
	bool is_open = nat->filtering == NAT_FILTERING_INDEPENDENT &&
		       (nat->mapping == NAT_MAPPING_INDEPENDENT ||
			nat->mapping == NAT_MAPPING_NONE);
	char detail[METHOD_DETAIL_BYTES];

	run->report.is_partial = !is_open;
	run->report.is_proven = is_open;
	if (is_open) {
		run->report.has_proof = true;
		run->report.proof = (struct method_proof){.kind = PROOF_INBOUND,
							  .received = true,
							  .at_ms = view->at_ms};
		snprintf(run->report.proof.vantage,
			 sizeof(run->report.proof.vantage),
			 "a STUN server's other address");
		report(run, METHOD_OK,
		       "the NAT lets packets from anywhere in while the port "
		       "is kept open");
		return;
	}
	run->report.has_proof = false;
	snprintf(detail, sizeof(detail),
		 "UDP leaves and STUN answers; peers are met by hole punching "
		 "(NAT: %s)",
		 name ? name : "not known in full");
	report(run, METHOD_OK, detail);
}

static void keep_mapping(struct method_run *run,
			 const struct nat_watch_view *view)
{
	if (run->service->transport != TRANSPORT_UDP)
		return;
	if (view->lifetime_ms)
		stun_keep_interval(run->keep, (uint64_t)view->lifetime_ms *
						  KEEP_PERCENT / 100);
	stun_keep_servers(run->keep, view->servers, view->server_count);
}

static void judge(struct method_run *run)
{
	const struct nat_watch_view *view = nat_watch_view(run->env->nat);

	switch (view->state) {
	case NAT_WATCH_RUNNING:
		return;
	case NAT_WATCH_KNOWN:
		keep_mapping(run, view);
		report_nat(run, view);
		return;
	case NAT_WATCH_SILENT:
		report(run, METHOD_NO_REPLY, view->detail);
		return;
	case NAT_WATCH_NO_SERVER:
		report(run, METHOD_ABSENT, view->detail);
		return;
	}
}

static void on_nat_changed(struct nat_watch_user *user)
{
	judge((struct method_run *)user);
}

static void on_timer(void *arg)
{
	struct method_run *run = arg;

	if (run->service->transport == TRANSPORT_TCP)
		report(run, METHOD_ABSENT, "hole punching is for UDP ports");
	else if (!run->env->nat)
		report(run, METHOD_ABSENT, "the NAT is not observed");
	else
		judge(run);
}

static struct method_run *holepunching_start(
    const struct method_env *env, const struct method_service *service,
    struct chain_slot *slot)
{
	struct method_run *run = xcalloc(1, sizeof(*run));

	run->user.changed = on_nat_changed;
	run->env = env;
	run->service = service;
	run->slot = slot;
	run->timer = loop_timer_new(env->loop, on_timer, run);
	run->keep = stun_keep_new(env->loop, env->log, service);
	if (env->nat && service->transport == TRANSPORT_UDP)
		nat_watch_add_user(env->nat, &run->user);
	loop_timer_start(run->timer, 0);
	return run;
}

static void holepunching_again(struct method_run *run, enum method_cause cause)
{
	if (cause == CAUSE_NETWORK) {
		run->report = (struct method_report){0};
		stun_keep_forget(run->keep);
	}
	/* The watch itself was asked again by whoever noticed. */
	loop_timer_start(run->timer, 0);
}

static void holepunching_sibling_changed(struct method_run *run)
{
	stun_keep_enable(run->keep, chain_is_carrier(run->slot));
}

static void holepunching_let_go(struct method_run *run)
{
	stun_keep_let_go(run->keep);
}

static size_t holepunching_externals(const struct method_run *run,
				     struct method_external *ret_externals)
{
	const struct nat_watch_view *view;
	struct endpoint outer;

	if (run->report.outcome != METHOD_OK)
		return 0;
	view = nat_watch_view(run->env->nat);
	outer = stun_keep_external(run->keep);
	if (!addr_is_set(&outer.addr))
		outer = (struct endpoint){
		    .addr = view->result.nat.external.addr,
		    .port = view->result.nat.port_preserving == NAT_YES
				? run->service->port
				: 0,
		};
	if (!addr_is_set(&outer.addr))
		return 0;
	ret_externals[0] =
	    (struct method_external){.via = "stun", .endpoint = outer};
	return 1;
}

static void holepunching_stop(struct method_run *run, void (*done)(void *arg),
			      void *arg)
{
	if (run->env->nat && run->service->transport == TRANSPORT_UDP)
		nat_watch_remove_user(run->env->nat, &run->user);
	stun_keep_free(run->keep);
	loop_timer_free(run->timer);
	free(run);
	done(arg);
}

const struct method_ops method_holepunching = {
    .id = METHOD_HOLEPUNCHING,
    .start = holepunching_start,
    .again = holepunching_again,
    .sibling_changed = holepunching_sibling_changed,
    .let_go = holepunching_let_go,
    .externals = holepunching_externals,
    .stop = holepunching_stop,
};
