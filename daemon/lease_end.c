#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "lease_parts.h"

void lease_free(struct lease *lease)
{
	if (!lease)
		return;
	lease_cancel_attempts(lease);
	lease_cancel_remake(lease);
	lease_check_free(lease->check);
	portmap_remove_user(lease->portmap, &lease->user);
	loop_timer_free(lease->timer);
	loop_timer_free(lease->expiry);
	sodium_memzero(lease->nonce, sizeof(lease->nonce));
	free(lease);
}

static void end_release(struct lease *lease, bool confirmed)
{
	lease_released_fn released = lease->released;
	void *arg = lease->released_arg;

	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		struct map_client *client =
		    portmap_client(lease->portmap, (enum map_via)via);

		if (lease->attempts[via].unmap_id)
			client->ops->cancel(client,
					    lease->attempts[via].unmap_id);
	}
	if (lease->is_held)
		lease_announce(lease, confirmed ? "mapping-released"
						: "mapping-left-behind");
	lease_end_memory(lease, lease->is_left);
	lease_free(lease);
	if (released)
		released(arg, confirmed);
}

static bool is_unmapping(const struct lease *lease)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (lease->attempts[via].unmap_id)
			return true;
	return false;
}

static void on_unmap_done(void *arg, const struct map_result *result)
{
	struct attempt *attempt = arg;
	struct lease *lease = attempt->lease;

	attempt->unmap_id = 0;
	if (result->status != MAP_OK)
		lease->is_left = true;
	if (!is_unmapping(lease))
		end_release(lease, !lease->is_held || !lease->is_left);
}

static void on_release_deadline(void *arg)
{
	struct lease *lease = arg;

	lease->is_left = lease->is_left || is_unmapping(lease);
	end_release(lease, !lease->is_held);
}

/* What is on its way may be granted when nobody waits for it any more: it is
 * deleted as what is held. */
static void unmap_all(struct lease *lease)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		struct attempt *attempt = &lease->attempts[via];
		bool is_holder = lease->is_held && (int)lease->grant.via == via;
		bool is_asked = attempt->state == ATTEMPT_IN_FLIGHT;
		struct map_client *client =
		    portmap_client(lease->portmap, attempt->via);

		if (is_asked)
			client->ops->cancel(client, attempt->id);
		attempt->state = ATTEMPT_IDLE;
		if (is_holder || is_asked)
			attempt->unmap_id = lease_unmap_at(
			    lease, attempt->via,
			    is_holder ? lease->grant.external.port
				      : attempt->external_port,
			    on_unmap_done, attempt);
	}
}

void lease_release(struct lease *lease, lease_released_fn released, void *arg)
{
	struct loop_timer *deadline;

	assert(!lease->is_releasing);
	lease->is_releasing = true;
	lease->released = released;
	lease->released_arg = arg;
	lease_cancel_remake(lease);
	lease_check_stop(lease->check);
	loop_timer_stop(lease->timer);
	loop_timer_stop(lease->expiry);
	deadline =
	    loop_timer_new(lease_loop(lease), on_release_deadline, lease);
	loop_timer_free(lease->timer);
	lease->timer = deadline;
	lease->is_left = lease->has_past;
	unmap_all(lease);
	loop_timer_start(deadline, is_unmapping(lease) ? LEASE_RELEASE_MS : 0);
}
