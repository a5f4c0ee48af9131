#include "teller.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "nat_watch.h"
#include "status_json.h"

/* Changes within this time are told together. */
#define TELL_MS 5

struct teller {
	struct app *app;
	struct loop_timer *timer;
	const char *told_mapping; /* of the NAT, in the last event */
	const char *told_filtering;
};

void teller_lease_news(void *arg, const char *event, const struct lease *lease)
{
	struct teller *teller = arg;
	struct lease_view view = lease_view(lease);
	const struct lease_wish *wish = lease_wish(lease);
	json_t *fields = json_pack(
	    "{s:s,s:i,s:o,s:s,s:i}", "protocol",
	    transport_name(wish->transport), "internal_port",
	    wish->internal_port, "external",
	    status_json_endpoint(&view.external), "via", map_via_name(view.via),
	    "lifetime_sec", (int)view.lifetime_s);

	if (strcmp(event, "mapping-left-behind") == 0 &&
	    teller->app->is_stopping)
		teller->app->has_left = true;
	if (addr_is_set(&view.previous.addr))
		json_object_set_new(fields, "previous",
				    status_json_endpoint(&view.previous));
	events_emit(teller->app->events, event, wish->name, fields);
}

void teller_router_restarted(void *arg, enum map_via via)
{
	struct teller *teller = arg;

	events_emit(teller->app->events, EVENT_ROUTER_RESTARTED, NULL,
		    json_pack("{s:s}", "via", map_via_name(via)));
}

static bool is_same(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

void teller_nat_checked(void *arg)
{
	struct teller *teller = arg;
	const struct nat_watch_view *view =
	    nat_watch_view(teller->app->env.nat);
	const char *mapping = nat_mapping_name(view->result.nat.mapping);
	const char *filtering = nat_filtering_name(view->result.nat.filtering);

	service_manager_progress(teller->app->manager);
	if (view->state != NAT_WATCH_KNOWN ||
	    (is_same(mapping, teller->told_mapping) &&
	     is_same(filtering, teller->told_filtering)))
		return;
	teller->told_mapping = mapping;
	teller->told_filtering = filtering;
	events_emit(teller->app->events, EVENT_NAT_TYPE_CHANGED, NULL,
		    json_pack("{s:s?,s:s?,s:s?}", "mapping", mapping,
			      "filtering", filtering, "legacy_name",
			      nat_legacy_name(&view->result.nat)));
}

static void tell_service(struct app *app, struct service *service)
{
	enum chain_state state = chain_state(service->chain);
	int carrier = chain_carrier(service->chain);
	int method =
	    carrier < 0
		? -1
		: (int)chain_attempt(service->chain, (size_t)carrier).id;

	if (method != service->told_carrier)
		events_emit(
		    app->events, EVENT_METHOD_CHANGED, service->config.name,
		    json_pack("{s:s?,s:s?}", "from",
			      service->told_carrier < 0
				  ? NULL
				  : method_name(
					(enum method_id)service->told_carrier),
			      "to",
			      method < 0
				  ? NULL
				  : method_name((enum method_id)method)));
	if (state != service->told_state && state != CHAIN_TRYING)
		events_emit(
		    app->events,
		    state == CHAIN_UNREACHABLE ? EVENT_UNREACHABLE
					       : EVENT_REACHABLE,
		    service->config.name,
		    json_pack("{s:s}", "state", chain_state_name(state)));
	service->told_state = state;
	service->told_carrier = method;
}

/* A service that was just added is being tried: what is known of the others
 * stands until it has settled. */
static bool is_undecided(struct app *app)
{
	struct service *service;
	size_t trying = 0;

	LIST_FOREACH (service, services_list(app->services), link)
		trying += chain_state(service->chain) == CHAIN_TRYING;
	return trying > 0 && trying < services_count(app->services) &&
	       app->verdict.reachable != REACHABLE_UNKNOWN;
}

static struct verdict judge(struct app *app)
{
	size_t count = services_count(app->services), used = 0;
	struct verdict_input *inputs = xcalloc(count, sizeof(*inputs));
	struct service *service;
	struct verdict verdict;

	LIST_FOREACH (service, services_list(app->services), link) {
		inputs[used] = verdict_input_of(service->chain);
		inputs[used++].is_offline =
		    !app->netview.has_ipv4 && !app->netview.has_ipv6;
	}
	verdict = verdict_judge(inputs, used);
	free(inputs);
	return verdict;
}

static void update_verdict(void *arg)
{
	struct teller *teller = arg;
	struct app *app = teller->app;
	struct verdict verdict = is_undecided(app) ? app->verdict : judge(app);
	struct service *service;

	LIST_FOREACH (service, services_list(app->services), link)
		tell_service(app, service);
	service_manager_status(app->manager, verdict.summary);
	if (strcmp(verdict.code, app->verdict.code) == 0 &&
	    verdict.reachable == app->verdict.reachable)
		return;
	if (verdict.reachable != app->verdict.reachable)
		app->verdict_since_ms = loop_now_ms(app->loop);
	app->verdict = verdict;
	log_info(app->log, "event=verdict-changed reachable=%s code=%s",
		 reachable_name(verdict.reachable), verdict.code);
	events_emit(app->events, EVENT_VERDICT_CHANGED, NULL,
		    json_pack("{s:s,s:s,s:s}", "reachable",
			      reachable_name(verdict.reachable), "code",
			      verdict.code, "summary", verdict.summary));
}

struct teller *teller_new(struct app *app)
{
	struct teller *teller = xcalloc(1, sizeof(*teller));

	teller->app = app;
	teller->timer = loop_timer_new(app->loop, update_verdict, teller);
	return teller;
}

void teller_free(struct teller *teller)
{
	if (!teller)
		return;
	loop_timer_free(teller->timer);
	free(teller);
}

void teller_hear(struct teller *teller)
{
	service_manager_progress(teller->app->manager);
	if (!loop_timer_is_running(teller->timer))
		loop_timer_start(teller->timer, TELL_MS);
}

void teller_hush(struct teller *teller)
{
	loop_timer_stop(teller->timer);
}
