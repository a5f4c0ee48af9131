#include "keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lease.h"
#include "mem.h"
#include "orphans.h"
#include "port_pick.h"
#include "store.h"

_Static_assert(MAP_NONCE_BYTES == STATE_NONCE_BYTES, "one nonce");

struct keeper {
	struct log *log;
	struct store *store;
	struct services *services; /* borrowed; NULL at the end */
	struct orphans *orphans;
	struct portmap *portmap; /* borrowed */
};

/* --- leases to records -----------------------------------------------------
 */

static enum state_origin origin_of(const struct keeper *keeper,
				   enum transport transport, uint16_t port)
{
	const struct service *service =
	    keeper->services
		? services_find_port(keeper->services, transport, port)
		: NULL;

	if (!service)
		return STATE_HELPER;
	switch (service->origin) {
	case SERVICE_CONFIGURED:
		return STATE_FIXED;
	case SERVICE_AD_HOC:
		return STATE_AD_HOC;
	case SERVICE_PREPARED:
		return STATE_PREPARED;
	case SERVICE_ACQUIRED:
		return STATE_ACQUIRED;
	}
	return STATE_HELPER;
}

static enum state_via state_via(enum map_via via)
{
	static const enum state_via vias[MAP_VIA_COUNT] = {
	    [MAP_VIA_PCP] = STATE_VIA_PCP,
	    [MAP_VIA_NATPMP] = STATE_VIA_NATPMP,
	    [MAP_VIA_UPNP] = STATE_VIA_UPNP,
	};

	return vias[via];
}

static struct state_lease describe(const struct keeper *keeper,
				   const struct lease *lease)
{
	const struct portmap_options *options = lease_options(lease);
	const struct lease_wish *wish = lease_wish(lease);
	const struct lease_view view = lease_view(lease);
	struct state_lease state = {
	    .origin = origin_of(keeper, wish->transport, wish->internal_port),
	    .transport = wish->transport,
	    .via = STATE_VIA_ANY,
	    .gateway = options->link.gateway,
	    .local = options->link.local,
	    .internal_port = wish->internal_port,
	};

	snprintf(state.name, sizeof(state.name), "%s", wish->name);
	memcpy(state.nonce, lease_nonce(lease), sizeof(state.nonce));
	if (view.state != LEASE_HELD)
		return state;
	state.via = state_via(view.via);
	state.external = view.external;
	if (!view.is_permanent) {
		state.lifetime_s = view.lifetime_s;
		state.expires_s =
		    (uint64_t)time(NULL) + view.expires_in_ms / 1000;
	}
	return state;
}

static struct store_record *find(struct keeper *keeper,
				 const struct lease *lease)
{
	const struct lease_wish *wish = lease_wish(lease);

	return store_find(keeper->store, &lease_options(lease)->link.gateway,
			  wish->transport, wish->internal_port);
}

/* --- the memory of the leases ----------------------------------------------
 */

static bool recall(void *arg, const struct lease *lease,
		   struct lease_past *ret_past)
{
	const struct store_record *record = find(arg, lease);

	if (!record || !record->lease.external.port)
		return false;
	ret_past->external = record->lease.external;
	ret_past->via = record->lease.via == STATE_VIA_UPNP     ? MAP_VIA_UPNP
			: record->lease.via == STATE_VIA_NATPMP ? MAP_VIA_NATPMP
								: MAP_VIA_PCP;
	return true;
}

/* A port of the configuration is asked for again by the next start in any case;
 * one that was drawn by lot is found again only if it was written down. */
static bool is_guessable(enum state_origin origin)
{
	return origin == STATE_FIXED || origin == STATE_AD_HOC;
}

static bool keep(void *arg, const struct lease *lease)
{
	struct keeper *keeper = arg;
	struct state_lease state = describe(keeper, lease);
	struct store_record *record = find(keeper, lease);
	bool is_saved = true;

	/* What is known of the grant stays until there is another one. */
	if (record && state.via == STATE_VIA_ANY && record->lease.external.port)
		state = record->lease;
	is_saved = store_keep(keeper->store, &state);
	record = find(keeper, lease);
	if (record)
		record->owner = lease;
	return is_saved || is_guessable(state.origin);
}

static void end(void *arg, const struct lease *lease, bool is_left)
{
	struct keeper *keeper = arg;
	struct store_record *record = find(keeper, lease);

	/* Another lease for the same port has taken it over. */
	if (!record || record->owner != lease)
		return;
	record->owner = NULL;
	if (!is_left) {
		store_forget(keeper->store, &record->lease.gateway,
			     record->lease.transport,
			     record->lease.internal_port);
		return;
	}
	record->is_old = true;
	store_touch(keeper->store);
	orphans_look(keeper->orphans);
}

static bool is_left(void *arg, const struct addr *gateway,
		    enum transport transport, uint16_t internal_port)
{
	struct keeper *keeper = arg;
	const struct store_record *record =
	    store_find(keeper->store, gateway, transport, internal_port);

	return record && record->is_old && record->lease.external.port;
}

struct portmap_memory keeper_memory(struct keeper *keeper)
{
	return (struct portmap_memory){
	    .recall = recall,
	    .is_left = is_left,
	    .keep = keep,
	    .end = end,
	    .arg = keeper,
	};
}

/* --- the last run ----------------------------------------------------------
 */

static bool is_in_pool(const struct config *config,
		       const struct state_lease *lease)
{
	return config->has_pool && lease->transport == TRANSPORT_UDP &&
	       lease->internal_port >= config->udp_ports.first &&
	       lease->internal_port <= config->udp_ports.last;
}

/* A port that was handed out and is in use now still serves its owner. */
static void adopt_pool_port(struct keeper *keeper,
			    const struct state_lease *lease)
{
	int fd = port_pick_udp_at(lease->internal_port);

	if (fd >= 0 || (fd == -EADDRINUSE && lease->origin == STATE_ACQUIRED))
		services_adopt(keeper->services, lease->name,
			       lease->internal_port, fd);
}

static void adopt_by_hand(struct keeper *keeper,
			  const struct state_lease *lease)
{
	struct service_config config = {.transport = lease->transport,
					.port = lease->internal_port,
					.external = lease->external.port};
	struct service *service;

	snprintf(config.name, sizeof(config.name), "%s", lease->name);
	services_map(keeper->services, &config, 0, &service);
}

static void adopt(struct keeper *keeper, const struct config *config,
		  const struct state_lease *lease)
{
	for (size_t i = 0; i < config->service_count; i++)
		if (config->services[i].transport == lease->transport &&
		    config->services[i].port == lease->internal_port)
			return;
	switch (lease->origin) {
	case STATE_AD_HOC:
		adopt_by_hand(keeper, lease);
		return;
	case STATE_PREPARED:
	case STATE_ACQUIRED:
		if (is_in_pool(config, lease))
			adopt_pool_port(keeper, lease);
		return;
	case STATE_FIXED:
	case STATE_HELPER:
		return;
	}
}

void keeper_adopt(struct keeper *keeper, const struct config *config)
{
	for (size_t i = 0; i < store_count(keeper->store); i++)
		adopt(keeper, config, &store_at(keeper->store, i)->lease);
}

static bool is_wanted(void *arg, const struct state_lease *lease)
{
	struct keeper *keeper = arg;

	return keeper->services &&
	       services_find_port(keeper->services, lease->transport,
				  lease->internal_port);
}

/* A port changes hands without a change of its lease. */
static void refresh(void *arg, struct state_lease *lease)
{
	struct keeper *keeper = arg;
	enum state_origin origin =
	    origin_of(keeper, lease->transport, lease->internal_port);

	if (origin != STATE_HELPER)
		lease->origin = origin;
}

static void on_saved(void *arg)
{
	struct keeper *keeper = arg;

	if (keeper->portmap)
		portmap_tell_kept(keeper->portmap);
}

/* --- life and end ----------------------------------------------------------
 */

struct keeper *keeper_new(struct loop *loop, struct log *log,
			  const char *data_dir, struct services *services)
{
	struct keeper *keeper = xcalloc(1, sizeof(*keeper));
	const struct store_options options = {
	    .loop = loop,
	    .log = log,
	    .data_dir = data_dir,
	    .saved = on_saved,
	    .refresh = refresh,
	    .arg = keeper,
	};

	keeper->log = log;
	keeper->services = services;
	keeper->store = store_new(&options);
	keeper->orphans =
	    orphans_new(loop, log, keeper->store, is_wanted, keeper);
	return keeper;
}

void keeper_stop(struct keeper *keeper)
{
	keeper->services = NULL;
	keeper_set_portmap(keeper, NULL);
}

void keeper_free(struct keeper *keeper)
{
	if (!keeper)
		return;
	orphans_free(keeper->orphans);
	store_free(keeper->store);
	free(keeper);
}

void keeper_set_portmap(struct keeper *keeper, struct portmap *portmap)
{
	keeper->portmap = portmap;
	orphans_set_portmap(keeper->orphans, portmap);
}

int keeper_read_error(const struct keeper *keeper)
{
	return store_read_error(keeper->store);
}

int keeper_write_error(const struct keeper *keeper)
{
	return store_write_error(keeper->store);
}
