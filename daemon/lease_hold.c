#include "lease_hold.h"

#include <sodium.h>
#include <string.h>

#include "renewal.h"

uint64_t lease_expires_in_ms(const struct lease *lease)
{
	return loop_timer_remaining_ms(lease->expiry);
}

void lease_schedule_renewal(struct lease *lease)
{
	const struct grant *grant = &lease->grant;
	uint64_t age_ms = loop_now_ms(lease_loop(lease)) - grant->granted_ms;
	uint32_t lifetime_s = grant->is_permanent
				  ? portmap_options(lease->portmap)->lease_s
				  : grant->lifetime_s;
	uint64_t due_ms = renewal_delay_ms(lifetime_s, grant->renewals_failed,
					   randombytes_random());
	uint64_t delay_ms = due_ms > age_ms ? due_ms - age_ms : 0;

	if (grant->renewals_failed && delay_ms < RENEWAL_LEAST_MS)
		delay_ms = RENEWAL_LEAST_MS;
	loop_timer_start(lease->timer, delay_ms);
}

/* PCP and NAT-PMP keep one mapping for an inner port: a new outer port has
 * replaced the old one, and a deletion would hit the new one. */
static bool is_left_behind(enum map_via via, uint16_t port,
			   const struct grant *now)
{
	return port && port != now->external.port &&
	       (via != now->via || via == MAP_VIA_UPNP);
}

/* What was held before, by this run or an earlier one, is given back if the new
 * grant has not replaced it. */
static void leave_nothing_behind(struct lease *lease, const struct grant *now)
{
	const struct lease_past *past = &lease->past;

	if (lease->is_held &&
	    is_left_behind(lease->grant.via, lease->grant.external.port, now))
		lease_unmap_at(lease, lease->grant.via,
			       lease->grant.external.port, NULL, NULL);
	if (lease->has_past &&
	    is_left_behind(past->via, past->external.port, now))
		lease_unmap_at(lease, past->via, past->external.port, NULL,
			       NULL);
	lease->has_past = false;
}

static const char *grant_event(const struct lease *lease,
			       const struct grant *now)
{
	const struct endpoint *before = &lease->grant.external;

	if (!lease->is_held || before->port != now->external.port)
		return "mapping-acquired";
	if (!addr_equal(&before->addr, &now->external.addr))
		return "address-changed";
	return lease->grant.via == now->via ? "mapping-renewed"
					    : "mapping-acquired";
}

static void start_check(struct lease *lease)
{
	const struct map_request request =
	    lease_make_request(lease, lease->grant.external.port);

	lease_check_start(lease->check, lease->grant.via, &request);
}

void lease_accept(struct lease *lease, enum map_via via,
		  const struct map_result *result)
{
	const struct map_client *client = portmap_client(lease->portmap, via);
	struct grant grant = {
	    .via = via,
	    .external = result->external,
	    .lifetime_s = result->lifetime_s,
	    .is_permanent = result->is_permanent,
	    .granted_ms = loop_now_ms(lease_loop(lease)),
	};
	const char *event;
	bool is_new;

	if (!addr_is_set(&grant.external.addr))
		grant.external.addr = client->external;
	event = grant_event(lease, &grant);
	is_new = strcmp(event, "mapping-renewed") != 0;
	leave_nothing_behind(lease, &grant);
	if (lease->is_held && is_new)
		lease->previous = lease->grant.external;
	lease_cancel_attempts(lease);
	lease->user.is_holding = true;
	lease->user.via = via;
	lease->is_gateway_away = false;
	lease->grant = grant;
	lease->is_held = true;
	lease->is_pursuing = false;
	lease->has_failed = false;
	lease->failures = 0;
	if (grant.is_permanent)
		loop_timer_stop(lease->expiry);
	else
		loop_timer_start(lease->expiry,
				 (uint64_t)grant.lifetime_s * 1000);
	lease_schedule_renewal(lease);
	start_check(lease);
	lease_keep(lease);
	lease_announce(lease, event);
	is_new = is_new || lease->is_remaking;
	lease->is_remaking = false;
	if (is_new)
		lease_tell(lease);
}
