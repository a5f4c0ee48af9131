#include "lease.h"

#include <string.h>

#include "lease_hold.h"
#include "lease_race.h"
#include "mem.h"

/* So long the memory may take to keep what is about to be asked for. */
#define KEEPING_MS 250

/* Looks for a mapping that is not what was granted. */
static void on_checked(void *arg, enum lease_check_finding finding,
		       const struct map_result *result)
{
	struct lease *lease = arg;

	switch (finding) {
	case LEASE_CHECK_EXTENDED:
		if (!lease->grant.is_permanent)
			loop_timer_start(lease->expiry,
					 (uint64_t)result->lifetime_s * 1000);
		return;
	case LEASE_CHECK_MOVED:
		lease_accept(lease, lease->grant.via, result);
		return;
	case LEASE_CHECK_STOLEN:
	case LEASE_CHECK_GONE:
		log_warn(lease_log(lease),
			 "event=mapping-missing service=%s via=%s cause=%s",
			 lease->wish.name, map_via_name(lease->grant.via),
			 finding == LEASE_CHECK_STOLEN ? "stolen" : "gone");
		lease_announce(lease, "mapping-lost");
		lease_pursue(lease, true);
		return;
	}
}

static void on_timer(void *arg)
{
	struct lease *lease = arg;

	lease->is_keeping = false;
	if (!lease->is_pursuing) {
		lease_pursue(lease, lease->is_held);
	} else if (lease_is_answer_due(lease)) {
		/* It ends by the client's own deadline. */
		loop_timer_start(lease->timer, LEASE_SEARCH_MS);
	} else if (lease->is_held) {
		lease_cancel_attempts(lease);
		lease_fail(lease);
	} else if (!lease->has_failed) {
		/* The first verdict; an answer may still come. */
		lease->failure = lease_worst_failure(lease);
		lease->has_failed = true;
		lease->failures++;
		lease_schedule_retry(lease);
		lease_tell(lease);
	} else {
		lease->failures++;
		lease_pursue(lease, false);
		lease_schedule_retry(lease);
	}
}

static void on_expiry(void *arg)
{
	struct lease *lease = arg;

	lease_announce(lease, "mapping-lost");
	lease_check_stop(lease->check);
	lease->is_held = false;
	lease->user.is_holding = false;
	lease_pursue(lease, false);
	lease_tell(lease);
}

static void adopt_external_address(struct lease *lease,
				   const struct map_client *client)
{
	if (!addr_is_set(&client->external) ||
	    addr_equal(&client->external, &lease->grant.external.addr))
		return;
	lease->previous = lease->grant.external;
	lease->grant.external.addr = client->external;
	lease_keep(lease);
	lease_announce(lease, "address-changed");
	lease_tell(lease);
}

/* A gateway that was away may have forgotten everything without a word. */
static void on_holder_changed(struct lease *lease,
			      const struct map_client *client)
{
	if (client->state == MAP_CLIENT_ABSENT)
		lease->is_gateway_away = true;
	if (lease->is_gateway_away && client->state == MAP_CLIENT_READY) {
		lease->is_gateway_away = false;
		lease_pursue(lease, true);
	} else if (lease->is_pursuing) {
		lease_consider(lease);
	}
	/* Last: who hears of it may end the lease. */
	adopt_external_address(lease, client);
}

/* Does a protocol tell of another outer address than before? The one that holds
 * the mapping may not say so by itself. */
static bool is_readdressed(struct lease *lease, const struct map_client *client)
{
	struct addr before = lease->outer[client->via];

	if (!addr_is_set(&client->external))
		return false;
	lease->outer[client->via] = client->external;
	return addr_is_set(&before) && !addr_equal(&before, &client->external);
}

static void on_client_changed(struct portmap_user *user, enum map_via via)
{
	struct lease *lease = (struct lease *)user;
	const struct map_client *client = portmap_client(lease->portmap, via);
	bool has_moved = is_readdressed(lease, client);

	if (lease->is_releasing || lease->is_keeping)
		return;
	if (lease->is_held && lease->grant.via == via)
		on_holder_changed(lease, client);
	else if (lease->is_pursuing)
		lease_consider(lease);
	else if (lease->is_held && has_moved)
		lease_pursue(lease, true);
	else if (!lease->is_held && client->state == MAP_CLIENT_READY &&
		 lease->attempts[via].state != ATTEMPT_FAILED)
		lease_pursue(lease, false);
}

static void on_gateway_restarted(struct portmap_user *user, enum map_via via)
{
	struct lease *lease = (struct lease *)user;

	/* Whichever protocol noticed it: the table is the gateway's. */
	(void)via;
	if (!lease->is_releasing && !lease->is_keeping)
		lease_pursue(lease, lease->is_held);
}

static void on_kept(struct portmap_user *user)
{
	struct lease *lease = (struct lease *)user;

	if (lease->is_keeping && !lease->is_releasing)
		loop_timer_start(lease->timer, 0);
}

struct lease *lease_new(struct portmap *portmap, const struct lease_wish *wish,
			lease_changed_fn changed, void *arg)
{
	struct lease *lease = xcalloc(1, sizeof(*lease));
	struct loop *loop = portmap_options(portmap)->loop;

	lease->user.changed = on_client_changed;
	lease->user.restarted = on_gateway_restarted;
	lease->user.kept = on_kept;
	lease->portmap = portmap;
	lease->wish = *wish;
	lease->changed = changed;
	lease->arg = arg;
	lease->timer = loop_timer_new(loop, on_timer, lease);
	lease->expiry = loop_timer_new(loop, on_expiry, lease);
	lease->check = lease_check_new(portmap, on_checked, lease);
	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		lease->attempts[via].lease = lease;
		lease->attempts[via].via = (enum map_via)via;
	}
	lease_derive_nonce(lease);
	portmap_add_user(portmap, &lease->user);
	lease_recall(lease);
	lease->is_keeping = !lease_keep(lease);
	/* From the loop, so that the caller holds the lease when it speaks. */
	loop_timer_start(lease->timer, lease->is_keeping ? KEEPING_MS : 0);
	return lease;
}

struct lease_view lease_view(const struct lease *lease)
{
	struct lease_view view = {.state = LEASE_SEARCHING};

	if (lease->is_held) {
		view.state = LEASE_HELD;
		view.via = lease->grant.via;
		view.external = lease->grant.external;
		view.previous = lease->previous;
		view.gateway = portmap_options(lease->portmap)->link.gateway;
		view.lifetime_s = lease->grant.lifetime_s;
		view.is_permanent = lease->grant.is_permanent;
		view.expires_in_ms = lease_expires_in_ms(lease);
		view.renew_in_ms = lease->is_pursuing
				       ? 0
				       : loop_timer_remaining_ms(lease->timer);
	} else if (lease->has_failed) {
		view.state = LEASE_FAILED;
		view.failure = lease->failure;
	}
	return view;
}

const struct lease_wish *lease_wish(const struct lease *lease)
{
	return &lease->wish;
}

const uint8_t *lease_nonce(const struct lease *lease)
{
	return lease->nonce;
}

const struct portmap_options *lease_options(const struct lease *lease)
{
	return portmap_options(lease->portmap);
}

void lease_renew(struct lease *lease)
{
	if (!lease->is_releasing && !lease->is_keeping)
		lease_pursue(lease, lease->is_held);
}

static void on_remade(void *arg, const struct map_result *result)
{
	struct lease *lease = arg;

	(void)result;
	lease->remake_id = 0;
	lease_pursue(lease, lease->is_held);
}

void lease_remake(struct lease *lease)
{
	if (!lease->is_held || lease->is_releasing || lease->remake_id)
		return;
	log_warn(lease_log(lease),
		 "event=mapping-remade service=%s via=%s cause=\"listed, but "
		 "nothing comes in\"",
		 lease->wish.name, map_via_name(lease->grant.via));
	lease_cancel_attempts(lease);
	lease_check_stop(lease->check);
	lease->is_remaking = true;
	lease->remake_id =
	    lease_unmap_at(lease, lease->grant.via, lease->grant.external.port,
			   on_remade, lease);
}
