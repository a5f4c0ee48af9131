#include "lease_race.h"

#include <sodium.h>

#include "lease_hold.h"
#include "renewal.h"

/* The least of LEASE_SEARCH_MS that is waited for the first verdict; a late
 * answer is still welcome. */
#define SEARCH_LEAST_MS 200
/* After a failure the next try comes after RETRY_FIRST_MS, doubling. */
#define RETRY_FIRST_MS 5000
#define RETRY_MOST_MS  60000
/* A refusal that names its own lifetime is believed up to here. */
#define RETRY_AFTER_MOST_S 3600
/* Other outer ports that are tried when the wished one is taken. */
#define CONFLICT_TRIES 4

/* How much a failure tells a person: a refusal more than a silence. */
static int failure_weight(enum map_status status)
{
	switch (status) {
	case MAP_OK:
		return 0;
	case MAP_ABSENT:
		return 1;
	case MAP_TIMEOUT:
		return 2;
	case MAP_BROKEN:
		return 3;
	case MAP_CONFLICT:
		return 4;
	case MAP_NO_RESOURCES:
		return 5;
	case MAP_REFUSED:
		return 6;
	case MAP_NO_NETWORK:
		return 7;
	case MAP_MISMATCH:
		return 8;
	}
	return 0;
}

struct map_result lease_worst_failure(const struct lease *lease)
{
	struct map_result worst = {
	    .status = MAP_ABSENT,
	    .detail = "the router answers neither PCP nor NAT-PMP nor UPnP",
	};

	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (lease->attempts[via].state == ATTEMPT_FAILED &&
		    failure_weight(lease->attempts[via].result.status) >
			failure_weight(worst.status))
			worst = lease->attempts[via].result;
	return worst;
}

void lease_schedule_retry(struct lease *lease)
{
	uint64_t delay_ms =
	    renewal_backoff_ms(RETRY_FIRST_MS, RETRY_MOST_MS, lease->failures,
			       randombytes_random());
	uint64_t after_s = lease->failure.retry_after_s;

	if (after_s > RETRY_AFTER_MOST_S)
		after_s = RETRY_AFTER_MOST_S;
	if (delay_ms < after_s * 1000)
		delay_ms = after_s * 1000;
	loop_timer_start(lease->timer, delay_ms);
}

void lease_fail(struct lease *lease)
{
	bool is_renewal = lease->is_renewal;

	lease->failure = lease_worst_failure(lease);
	lease->is_pursuing = false;
	if (lease->is_held && is_renewal) {
		/* The protocol that holds it failed: ask them all. */
		lease_pursue(lease, false);
		return;
	}
	if (lease->is_held) {
		lease->grant.renewals_failed++;
		log_warn(lease_log(lease),
			 "event=renewal-failed service=%s outcome=%s "
			 "expires_in_s=%u detail=\"%s\"",
			 lease->wish.name,
			 map_status_name(lease->failure.status),
			 (unsigned int)(lease_expires_in_ms(lease) / 1000),
			 lease->failure.detail);
		lease_schedule_renewal(lease);
		return;
	}
	lease->has_failed = true;
	lease->failures++;
	lease_schedule_retry(lease);
	lease_tell(lease);
}

static void on_map_done(void *arg, const struct map_result *result)
{
	struct attempt *attempt = arg;
	struct lease *lease = attempt->lease;

	attempt->state = ATTEMPT_FAILED;
	attempt->result = *result;
	if (result->status == MAP_OK) {
		lease_accept(lease, attempt->via, result);
		return;
	}
	log_debug(lease_log(lease),
		  "event=mapping-failed service=%s via=%s outcome=%s code=%d "
		  "detail=\"%s\"",
		  lease->wish.name, map_via_name(attempt->via),
		  map_status_name(result->status), result->code,
		  result->detail);
	if (result->status == MAP_CONFLICT &&
	    attempt->conflicts < CONFLICT_TRIES) {
		attempt->conflicts++;
		attempt->external_port =
		    lease_other_port(lease, attempt->conflicts);
		attempt->state = ATTEMPT_IDLE;
	}
	lease_consider(lease);
}

static void start_attempt(struct lease *lease, struct attempt *attempt)
{
	struct map_client *client =
	    portmap_client(lease->portmap, attempt->via);
	struct map_request request =
	    lease_make_request(lease, attempt->external_port);

	attempt->state = ATTEMPT_IN_FLIGHT;
	attempt->id = client->ops->map(client, &request, on_map_done, attempt);
}

/* A PCP request is its own probe; the others wait for the answer to theirs. */
static bool can_start(const struct map_client *client)
{
	return client->state == MAP_CLIENT_READY || client->via == MAP_VIA_PCP;
}

/*
 * Starts what is worth starting now: the best protocol that answers, and those
 * before it that have not answered yet. Gives up when nothing is left.
 */
void lease_consider(struct lease *lease)
{
	bool is_waiting = false;

	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		struct attempt *attempt = &lease->attempts[via];
		struct map_client *client =
		    portmap_client(lease->portmap, attempt->via);

		if (!client || attempt->state == ATTEMPT_FAILED)
			continue;
		if (attempt->state == ATTEMPT_IDLE && can_start(client))
			start_attempt(lease, attempt);
		if (attempt->state == ATTEMPT_IN_FLIGHT &&
		    client->state == MAP_CLIENT_READY)
			return;
		/* One that was silent to its probe is not waited for; its late
		 * answer is welcome all the same. */
		if (client->state != MAP_CLIENT_ABSENT)
			is_waiting = true;
	}
	if (!is_waiting)
		lease_fail(lease);
}

/* How long the first verdict may take. */
static uint64_t search_ms(const struct lease *lease)
{
	uint64_t waited_ms = lease->has_failed ? 0 : lease->wish.waited_ms;

	return waited_ms + SEARCH_LEAST_MS < LEASE_SEARCH_MS
		   ? LEASE_SEARCH_MS - waited_ms
		   : SEARCH_LEAST_MS;
}

void lease_pursue(struct lease *lease, bool is_renewal)
{
	struct attempt *attempt;

	lease_cancel_attempts(lease);
	lease->is_pursuing = true;
	lease->is_renewal = is_renewal;
	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		attempt = &lease->attempts[via];
		attempt->external_port = lease_first_port(lease);
		attempt->result = (struct map_result){.status = MAP_ABSENT};
		if (is_renewal && attempt->via != lease->grant.via)
			attempt->state = ATTEMPT_FAILED;
	}
	loop_timer_start(lease->timer, search_ms(lease));
	if (is_renewal) {
		start_attempt(lease, &lease->attempts[lease->grant.via]);
		return;
	}
	portmap_probe(lease->portmap);
	lease_consider(lease);
}

/* Is a protocol that has answered still working for this lease? */
bool lease_is_answer_due(const struct lease *lease)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (lease->attempts[via].state == ATTEMPT_IN_FLIGHT &&
		    portmap_client(lease->portmap, lease->attempts[via].via)
			    ->state == MAP_CLIENT_READY)
			return true;
	return false;
}
