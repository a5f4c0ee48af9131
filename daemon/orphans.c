#include "orphans.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "renewal.h"

/* What is still to be taken over gets so long before the first look. */
#define LOOK_MS 1000
/* What was not confirmed is tried again, doubling. */
#define RETRY_FIRST_MS 5000
#define RETRY_MOST_MS  60000

struct orphans {
	struct loop *loop;
	struct log *log;
	struct store *store;
	orphans_wanted_fn is_wanted;
	void *arg;
	struct portmap *portmap;  /* NULL: no gateway */
	struct portmap_user user; /* keeps the portmap while it is ours */
	struct loop_timer *timer;
	unsigned int failures;
	size_t at; /* where the walk stands */
	/* The deletion under way, none while ID is 0. */
	uint64_t id;
	enum map_via via;
	struct state_lease lease;
	bool is_confirmed; /* by a protocol, in this walk */
	bool has_failed;   /* another one has not answered */
};

static enum map_via first_via(const struct state_lease *lease)
{
	switch (lease->via) {
	case STATE_VIA_ANY:
	case STATE_VIA_PCP:
		return MAP_VIA_PCP;
	case STATE_VIA_NATPMP:
		return MAP_VIA_NATPMP;
	case STATE_VIA_UPNP:
		return MAP_VIA_UPNP;
	}
	return MAP_VIA_PCP;
}

static struct map_request request_of(const struct orphans *orphans)
{
	const struct state_lease *lease = &orphans->lease;
	struct map_request request = {
	    .transport = lease->transport,
	    .internal_port = lease->internal_port,
	    .external_port = lease->external.port ? lease->external.port
						  : lease->internal_port,
	    .external_addr = lease->external.addr,
	};

	memcpy(request.nonce, lease->nonce, sizeof(request.nonce));
	snprintf(request.description, sizeof(request.description), "%s %s",
		 portmap_options(orphans->portmap)->description, lease->name);
	return request;
}

/* An old record of this gateway that only the host as it is now can delete. */
static bool is_orphan(const struct orphans *orphans,
		      const struct store_record *record)
{
	const struct portmap_link *link =
	    &portmap_options(orphans->portmap)->link;

	return record->is_old &&
	       addr_equal(&record->lease.gateway, &link->gateway) &&
	       addr_equal(&record->lease.local, &link->local) &&
	       !orphans->is_wanted(orphans->arg, &record->lease);
}

static void next_orphan(struct orphans *orphans);

static void finish_orphan(struct orphans *orphans)
{
	const struct state_lease *lease = &orphans->lease;
	bool is_gone = orphans->is_confirmed && !orphans->has_failed;

	log_info(orphans->log,
		 "event=%s service=%s protocol=%s internal=%u external=%u",
		 is_gone ? "orphan-deleted" : "orphan-left", lease->name,
		 transport_name(lease->transport), lease->internal_port,
		 lease->external.port);
	if (is_gone) {
		store_forget(orphans->store, &lease->gateway, lease->transport,
			     lease->internal_port);
		orphans->failures = 0;
	} else {
		orphans->at++;
		orphans->failures++;
	}
	next_orphan(orphans);
}

static void ask(struct orphans *orphans);

static void on_unmapped(void *arg, const struct map_result *result)
{
	struct orphans *orphans = arg;

	orphans->id = 0;
	if (result->status == MAP_OK)
		orphans->is_confirmed = true;
	/* What another protocol has made a server may refuse to delete. */
	else if (result->status != MAP_ABSENT && result->status != MAP_REFUSED)
		orphans->has_failed = true;
	if (orphans->lease.via == STATE_VIA_ANY &&
	    orphans->via + 1 < MAP_VIA_COUNT) {
		orphans->via++;
		ask(orphans);
		return;
	}
	finish_orphan(orphans);
}

static void ask(struct orphans *orphans)
{
	struct map_client *client =
	    portmap_client(orphans->portmap, orphans->via);
	const struct map_request request = request_of(orphans);
	const struct map_result absent = {.status = MAP_ABSENT};

	if (!client) {
		on_unmapped(orphans, &absent);
		return;
	}
	orphans->id =
	    client->ops->unmap(client, &request, on_unmapped, orphans);
}

static void next_orphan(struct orphans *orphans)
{
	while (orphans->at < store_count(orphans->store) &&
	       !is_orphan(orphans, store_at(orphans->store, orphans->at)))
		orphans->at++;
	if (orphans->at == store_count(orphans->store)) {
		if (orphans->failures)
			loop_timer_start(
			    orphans->timer,
			    renewal_backoff_ms(RETRY_FIRST_MS, RETRY_MOST_MS,
					       orphans->failures,
					       randombytes_random()));
		return;
	}
	orphans->lease = store_at(orphans->store, orphans->at)->lease;
	orphans->via = first_via(&orphans->lease);
	orphans->is_confirmed = orphans->has_failed = false;
	ask(orphans);
}

static void on_timer(void *arg)
{
	struct orphans *orphans = arg;

	if (!orphans->portmap || orphans->id)
		return;
	orphans->at = 0;
	next_orphan(orphans);
}

static void on_changed(struct portmap_user *user, enum map_via via)
{
	(void)user;
	(void)via;
}

static void cancel(struct orphans *orphans)
{
	struct map_client *client;

	loop_timer_stop(orphans->timer);
	if (!orphans->portmap)
		return;
	client = portmap_client(orphans->portmap, orphans->via);
	if (orphans->id)
		client->ops->cancel(client, orphans->id);
	orphans->id = 0;
	portmap_remove_user(orphans->portmap, &orphans->user);
	orphans->portmap = NULL;
}

struct orphans *orphans_new(struct loop *loop, struct log *log,
			    struct store *store, orphans_wanted_fn is_wanted,
			    void *arg)
{
	struct orphans *orphans = xcalloc(1, sizeof(*orphans));

	orphans->loop = loop;
	orphans->log = log;
	orphans->store = store;
	orphans->is_wanted = is_wanted;
	orphans->arg = arg;
	orphans->user.changed = on_changed;
	orphans->user.restarted = on_changed;
	orphans->timer = loop_timer_new(loop, on_timer, orphans);
	return orphans;
}

void orphans_free(struct orphans *orphans)
{
	if (!orphans)
		return;
	cancel(orphans);
	loop_timer_free(orphans->timer);
	free(orphans);
}

void orphans_set_portmap(struct orphans *orphans, struct portmap *portmap)
{
	cancel(orphans);
	orphans->portmap = portmap;
	orphans->failures = 0;
	if (!portmap)
		return;
	portmap_add_user(portmap, &orphans->user);
	orphans_look(orphans);
}

void orphans_look(struct orphans *orphans)
{
	if (orphans->portmap)
		loop_timer_start(orphans->timer, LOOK_MS);
}
