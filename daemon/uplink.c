#include "uplink.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "gateway.h"
#include "keeper.h"
#include "nat_watch.h"
#include "nested_nat.h"
#include "pinhole.h"
#include "teller.h"

static bool is_same_path(const struct netview *a, const struct netview *b)
{
	return a->has_ipv4 == b->has_ipv4 &&
	       a->ipv4.ifindex == b->ipv4.ifindex &&
	       addr_equal(&a->ipv4.gateway, &b->ipv4.gateway) &&
	       addr_equal(&a->ipv4.local, &b->ipv4.local);
}

static void on_portmap_living(void *arg, int by)
{
	struct app *app = arg;

	app->portmaps += (unsigned int)by;
	if (app->portmaps == 0)
		app->idle(app);
}

static void on_lease_news(void *arg, const char *event,
			  const struct lease *lease)
{
	struct app *app = arg;

	teller_lease_news(app->teller, event, lease);
}

/* A router that has restarted has forgotten IPv6 as well. */
static void on_router_restarted(void *arg, enum map_via via)
{
	struct app *app = arg;

	teller_router_restarted(app->teller, via);
	pinholes_renew(app->env.pinholes);
}

/* What the portmaps of every gateway have in common. */
static struct portmap_options portmap_basics(struct app *app)
{
	struct portmap_options options = {
	    .loop = app->loop,
	    .log = app->log,
	    .lease_s = app->config->lease_s,
	    .memory = keeper_memory(app->keeper),
	    .news = on_lease_news,
	    .restarted = on_router_restarted,
	    .news_arg = app,
	    .living = on_portmap_living,
	    .living_arg = app,
	    .factory_arg = &app->env,
	};

	memcpy(options.nonce_key, app->secret, sizeof(options.nonce_key));
	snprintf(options.description, sizeof(options.description),
		 "traversald %02x%02x%02x", app->secret[0], app->secret[1],
		 app->secret[2]);
	return options;
}

static void make_portmap(struct app *app)
{
	const struct netpath *path = &app->netview.ipv4;
	struct portmap_options options;

	keeper_set_portmap(app->keeper, NULL);
	portmap_retire(app->env.portmap);
	app->env.portmap = NULL;
	nested_nat_reset(app->env.nested, NULL);
	if (!app->netview.has_ipv4 || !addr_is_set(&path->gateway) ||
	    !addr_is_set(&path->local))
		return;
	options = portmap_basics(app);
	options.link.gateway = path->gateway;
	options.link.local = path->local;
	options.link.ifindex = path->ifindex;
	gateway_fill_clients(&options);
	app->env.portmap = portmap_new(&options);
	keeper_set_portmap(app->keeper, app->env.portmap);
	nested_nat_reset(app->env.nested, &options);
	sodium_memzero(options.nonce_key, sizeof(options.nonce_key));
}

static void make_pinholes(struct app *app)
{
	const struct netview *view = &app->netview;
	struct portmap_options options;

	if (!view->has_ipv6 || !addr_is_set(&view->ipv6.gateway) ||
	    !addr_is_set(&view->stable_ipv6)) {
		pinholes_reset(app->env.pinholes, NULL);
		return;
	}
	options = portmap_basics(app);
	options.link.gateway = view->ipv6.gateway;
	options.link.local = view->stable_ipv6;
	options.link.ifindex = view->ipv6.ifindex;
	gateway_fill_ipv6_clients(&options);
	pinholes_reset(app->env.pinholes, &options);
	sodium_memzero(options.nonce_key, sizeof(options.nonce_key));
}

static bool is_same_ipv6(const struct netview *a, const struct netview *b)
{
	return a->has_ipv6 == b->has_ipv6 &&
	       a->ipv6.ifindex == b->ipv6.ifindex &&
	       addr_equal(&a->ipv6.gateway, &b->ipv6.gateway) &&
	       addr_equal(&a->stable_ipv6, &b->stable_ipv6);
}

static void log_path(struct app *app)
{
	const struct netpath *path = &app->netview.ipv4;
	char gateway[ADDR_TEXT_BYTES], local[ADDR_TEXT_BYTES];

	log_info(app->log,
		 "event=network-changed gateway=%s local=%s interface=%s",
		 addr_format(&path->gateway, gateway, sizeof(gateway)),
		 addr_format(&path->local, local, sizeof(local)),
		 app->netview.has_ipv4 ? path->ifname : "-");
}

void uplink_changed(void *arg, const struct netview *view)
{
	struct app *app = arg;
	struct netview before = app->netview;

	app->netview = *view;
	service_manager_progress(app->manager);
	if (app->is_stopping)
		return;
	if (before.generation == 0) {
		log_path(app);
		make_portmap(app);
		make_pinholes(app);
		nat_watch_again(app->env.nat, true);
		keeper_adopt(app->keeper, app->config);
		services_apply(app->services, NULL);
		teller_hear(app->teller);
		return;
	}
	if (!is_same_ipv6(&before, view))
		make_pinholes(app);
	if (is_same_path(&before, view))
		return;
	log_path(app);
	echo_rtt_forget(&app->rtt);
	resolver_reload(app->resolver);
	make_portmap(app);
	nat_watch_again(app->env.nat, true);
	services_again(app->services, CAUSE_NETWORK);
}

void uplink_remake(struct app *app)
{
	make_portmap(app);
	make_pinholes(app);
	services_again(app->services, CAUSE_NETWORK);
}

void uplink_retire(struct app *app)
{
	portmap_retire(app->env.portmap);
	app->env.portmap = NULL;
	nested_nat_reset(app->env.nested, NULL);
	pinholes_reset(app->env.pinholes, NULL);
}
