#include "lease.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lease_check.h"
#include "mem.h"
#include "renewal.h"

/* So long the protocols may stay silent before the first verdict; a late answer
 * is still welcome. */
#define SEARCH_MS       800
#define SEARCH_LEAST_MS 200
/* After a failure the next try comes after RETRY_FIRST_MS, doubling. */
#define RETRY_FIRST_MS 5000
#define RETRY_MOST_MS  60000
/* A refusal that names its own lifetime is believed up to here. */
#define RETRY_AFTER_MOST_S 3600
/* Other outer ports that are tried when the wished one is taken. */
#define CONFLICT_TRIES 4
/* Where other outer ports are looked for. */
#define OTHER_PORT_FIRST 40000
#define OTHER_PORT_COUNT 20000
/* So long the memory may take to keep what is about to be asked for. */
#define KEEPING_MS 250

enum attempt_state { ATTEMPT_IDLE, ATTEMPT_IN_FLIGHT, ATTEMPT_FAILED };

struct attempt {
	struct lease *lease; /* which lease and protocol a result is for */
	enum map_via via;
	enum attempt_state state;
	uint64_t id;
	uint64_t unmap_id; /* of the deletion at release; 0 = none under way */
	unsigned int conflicts;
	uint16_t external_port;
	struct map_result result; /* with ATTEMPT_FAILED */
};

struct grant {
	enum map_via via;
	struct endpoint external;
	uint32_t lifetime_s;
	bool is_permanent;
	uint64_t granted_ms;
	unsigned int renewals_failed;
};

struct lease {
	struct portmap_user user; /* first: on_client_changed() casts */
	struct portmap *portmap;
	struct lease_wish wish;
	uint8_t nonce[MAP_NONCE_BYTES];
	struct attempt attempts[MAP_VIA_COUNT];
	bool is_pursuing;
	bool is_renewal; /* pursuing with the holding protocol alone */
	bool is_held;
	bool has_failed;
	bool is_keeping; /* waits until it is remembered before it asks */
	bool has_past;
	struct lease_past past; /* of an earlier run, not yet taken over */
	bool is_gateway_away;   /* the protocol that holds it went silent */
	struct grant grant;
	struct endpoint previous; /* the external endpoint before this one */
	/* The gateway's outer address, as each protocol last told it. */
	struct addr outer[MAP_VIA_COUNT];
	struct map_result failure;
	unsigned int failures;
	struct loop_timer *timer; /* search deadline, renewal or retry */
	struct loop_timer *expiry;
	struct lease_check *check;
	uint64_t remake_id; /* of the deletion before it is made anew; or 0 */
	bool is_remaking;
	lease_changed_fn changed;
	void *arg;
	bool is_releasing;
	bool is_left;      /* what was asked for may stay behind the release */
	lease_released_fn released;
	void *released_arg;
};

static void consider(struct lease *lease);
static void pursue(struct lease *lease, bool is_renewal);

static struct loop *lease_loop(const struct lease *lease)
{
	return portmap_options(lease->portmap)->loop;
}

static struct log *lease_log(const struct lease *lease)
{
	return portmap_options(lease->portmap)->log;
}

static void tell(struct lease *lease)
{
	if (lease->changed && !lease->is_releasing)
		lease->changed(lease->arg, lease);
}

/* The same mapping has the same nonce over restarts of the daemon, so that a
 * server which checks it (RFC 6887 section 11.3) lets us renew and delete. */
static void derive_nonce(struct lease *lease)
{
	const struct portmap_options *options = portmap_options(lease->portmap);
	uint8_t hash[crypto_generichash_BYTES];
	char text[128], gateway[ADDR_TEXT_BYTES];

	snprintf(text, sizeof(text), "%s %s %u",
		 addr_format(&options->link.gateway, gateway, sizeof(gateway)),
		 transport_name(lease->wish.transport),
		 lease->wish.internal_port);
	crypto_generichash(hash, sizeof(hash), (const uint8_t *)text,
			   strlen(text), options->nonce_key,
			   sizeof(options->nonce_key));
	memcpy(lease->nonce, hash, sizeof(lease->nonce));
}

static struct map_request make_request(const struct lease *lease,
				       uint16_t external_port)
{
	const struct portmap_options *options = portmap_options(lease->portmap);
	struct map_request request = {
	    .transport = lease->wish.transport,
	    .internal_port = lease->wish.internal_port,
	    .external_port = external_port,
	    .lifetime_s = lease->wish.lifetime_s ? lease->wish.lifetime_s
						 : options->lease_s,
	};

	/* Some servers want the real address back (once it is known). */
	if (lease->is_held)
		request.external_addr = lease->grant.external.addr;
	memcpy(request.nonce, lease->nonce, sizeof(request.nonce));
	snprintf(request.description, sizeof(request.description), "%s %s",
		 options->description, lease->wish.name);
	return request;
}

/* An outer port other than the wished one: stable for the first try, so that a
 * restart finds the same, then random. */
static uint16_t other_port(const struct lease *lease, unsigned int attempt)
{
	uint32_t number;

	if (attempt == 1 && lease->has_past && lease->past.external.port)
		return lease->past.external.port;
	if (attempt <= 1)
		memcpy(&number, lease->nonce, sizeof(number));
	else
		number = randombytes_random();
	return (uint16_t)(OTHER_PORT_FIRST + number % OTHER_PORT_COUNT);
}

static uint16_t first_port(const struct lease *lease)
{
	uint16_t port = lease->wish.external_port ? lease->wish.external_port
						  : lease->wish.internal_port;

	if (lease->is_held)
		return lease->grant.external.port;
	if (!lease->wish.external_port && lease->has_past &&
	    lease->past.external.port)
		port = lease->past.external.port;
	return port == lease->wish.avoid_port ? other_port(lease, 0) : port;
}

static void cancel_attempts(struct lease *lease)
{
	struct map_client *client;
	struct attempt *attempt;

	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		attempt = &lease->attempts[via];
		client = portmap_client(lease->portmap, attempt->via);
		if (attempt->state == ATTEMPT_IN_FLIGHT)
			client->ops->cancel(client, attempt->id);
		attempt->state = ATTEMPT_IDLE;
		attempt->conflicts = 0;
	}
}

static uint64_t expires_in_ms(const struct lease *lease)
{
	return loop_timer_remaining_ms(lease->expiry);
}

static void schedule_renewal(struct lease *lease)
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

static uint64_t unmap_at(struct lease *lease, enum map_via via, uint16_t port,
			 map_done_fn done, void *arg)
{
	struct map_client *client = portmap_client(lease->portmap, via);
	struct map_request request = make_request(lease, port);

	return client ? client->ops->unmap(client, &request, done, arg) : 0;
}

/* --- what is remembered over the end of the daemon --- */

static const struct portmap_memory *memory_of(const struct lease *lease)
{
	return &portmap_options(lease->portmap)->memory;
}

static bool keep(const struct lease *lease)
{
	const struct portmap_memory *memory = memory_of(lease);

	return !memory->keep || memory->keep(memory->arg, lease);
}

static void recall(struct lease *lease)
{
	const struct portmap_memory *memory = memory_of(lease);

	lease->has_past =
	    memory->recall && memory->recall(memory->arg, lease, &lease->past);
}

static void end_memory(const struct lease *lease, bool is_left)
{
	const struct portmap_memory *memory = memory_of(lease);

	if (memory->end)
		memory->end(memory->arg, lease, is_left);
}

static void announce(const struct lease *lease, const char *event)
{
	const struct portmap_options *options = portmap_options(lease->portmap);
	char text[ENDPOINT_TEXT_BYTES];

	log_info(lease_log(lease),
		 "event=%s service=%s protocol=%s internal=%u external=%s "
		 "via=%s lifetime_s=%u",
		 event, lease->wish.name, transport_name(lease->wish.transport),
		 lease->wish.internal_port,
		 endpoint_format(&lease->grant.external, text, sizeof(text)),
		 map_via_name(lease->grant.via), lease->grant.lifetime_s);
	if (options->news && !lease->wish.is_quiet)
		options->news(options->news_arg, event, lease);
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
		unmap_at(lease, lease->grant.via, lease->grant.external.port,
			 NULL, NULL);
	if (lease->has_past &&
	    is_left_behind(past->via, past->external.port, now))
		unmap_at(lease, past->via, past->external.port, NULL, NULL);
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
	    make_request(lease, lease->grant.external.port);

	lease_check_start(lease->check, lease->grant.via, &request);
}

static void accept_grant(struct lease *lease, enum map_via via,
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
	cancel_attempts(lease);
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
	schedule_renewal(lease);
	start_check(lease);
	keep(lease);
	announce(lease, event);
	is_new = is_new || lease->is_remaking;
	lease->is_remaking = false;
	if (is_new)
		tell(lease);
}

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
		accept_grant(lease, lease->grant.via, result);
		return;
	case LEASE_CHECK_STOLEN:
	case LEASE_CHECK_GONE:
		log_warn(lease_log(lease),
			 "event=mapping-missing service=%s via=%s cause=%s",
			 lease->wish.name, map_via_name(lease->grant.via),
			 finding == LEASE_CHECK_STOLEN ? "stolen" : "gone");
		announce(lease, "mapping-lost");
		pursue(lease, true);
		return;
	}
}

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

static struct map_result worst_failure(const struct lease *lease)
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

static void schedule_retry(struct lease *lease)
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

static void fail(struct lease *lease)
{
	bool is_renewal = lease->is_renewal;

	lease->failure = worst_failure(lease);
	lease->is_pursuing = false;
	if (lease->is_held && is_renewal) {
		/* The protocol that holds it failed: ask them all. */
		pursue(lease, false);
		return;
	}
	if (lease->is_held) {
		lease->grant.renewals_failed++;
		log_warn(lease_log(lease),
			 "event=renewal-failed service=%s outcome=%s "
			 "expires_in_s=%u detail=\"%s\"",
			 lease->wish.name,
			 map_status_name(lease->failure.status),
			 (unsigned int)(expires_in_ms(lease) / 1000),
			 lease->failure.detail);
		schedule_renewal(lease);
		return;
	}
	lease->has_failed = true;
	lease->failures++;
	schedule_retry(lease);
	tell(lease);
}

static void on_map_done(void *arg, const struct map_result *result)
{
	struct attempt *attempt = arg;
	struct lease *lease = attempt->lease;

	attempt->state = ATTEMPT_FAILED;
	attempt->result = *result;
	if (result->status == MAP_OK) {
		accept_grant(lease, attempt->via, result);
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
		attempt->external_port = other_port(lease, attempt->conflicts);
		attempt->state = ATTEMPT_IDLE;
	}
	consider(lease);
}

static void start_attempt(struct lease *lease, struct attempt *attempt)
{
	struct map_client *client =
	    portmap_client(lease->portmap, attempt->via);
	struct map_request request =
	    make_request(lease, attempt->external_port);

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
static void consider(struct lease *lease)
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
		fail(lease);
}

/* How long the first verdict may take. */
static uint64_t search_ms(const struct lease *lease)
{
	uint64_t waited_ms = lease->has_failed ? 0 : lease->wish.waited_ms;

	return waited_ms + SEARCH_LEAST_MS < SEARCH_MS ? SEARCH_MS - waited_ms
						       : SEARCH_LEAST_MS;
}

static void pursue(struct lease *lease, bool is_renewal)
{
	struct attempt *attempt;

	cancel_attempts(lease);
	lease->is_pursuing = true;
	lease->is_renewal = is_renewal;
	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		attempt = &lease->attempts[via];
		attempt->external_port = first_port(lease);
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
	consider(lease);
}

/* Is a protocol that has answered still working for this lease? */
static bool is_answer_due(const struct lease *lease)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (lease->attempts[via].state == ATTEMPT_IN_FLIGHT &&
		    portmap_client(lease->portmap, lease->attempts[via].via)
			    ->state == MAP_CLIENT_READY)
			return true;
	return false;
}

static void on_timer(void *arg)
{
	struct lease *lease = arg;

	lease->is_keeping = false;
	if (!lease->is_pursuing) {
		pursue(lease, lease->is_held);
	} else if (is_answer_due(lease)) {
		/* It ends by the client's own deadline. */
		loop_timer_start(lease->timer, SEARCH_MS);
	} else if (lease->is_held) {
		cancel_attempts(lease);
		fail(lease);
	} else if (!lease->has_failed) {
		/* The first verdict; an answer may still come. */
		lease->failure = worst_failure(lease);
		lease->has_failed = true;
		lease->failures++;
		schedule_retry(lease);
		tell(lease);
	} else {
		lease->failures++;
		pursue(lease, false);
		schedule_retry(lease);
	}
}

static void on_expiry(void *arg)
{
	struct lease *lease = arg;

	announce(lease, "mapping-lost");
	lease_check_stop(lease->check);
	lease->is_held = false;
	lease->user.is_holding = false;
	pursue(lease, false);
	tell(lease);
}

static void adopt_external_address(struct lease *lease,
				   const struct map_client *client)
{
	if (!addr_is_set(&client->external) ||
	    addr_equal(&client->external, &lease->grant.external.addr))
		return;
	lease->previous = lease->grant.external;
	lease->grant.external.addr = client->external;
	keep(lease);
	announce(lease, "address-changed");
	tell(lease);
}

/* A gateway that was away may have forgotten everything without a word. */
static void on_holder_changed(struct lease *lease,
			      const struct map_client *client)
{
	if (client->state == MAP_CLIENT_ABSENT)
		lease->is_gateway_away = true;
	if (lease->is_gateway_away && client->state == MAP_CLIENT_READY) {
		lease->is_gateway_away = false;
		pursue(lease, true);
	} else if (lease->is_pursuing) {
		consider(lease);
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
		consider(lease);
	else if (lease->is_held && has_moved)
		pursue(lease, true);
	else if (!lease->is_held && client->state == MAP_CLIENT_READY &&
		 lease->attempts[via].state != ATTEMPT_FAILED)
		pursue(lease, false);
}

static void on_gateway_restarted(struct portmap_user *user, enum map_via via)
{
	struct lease *lease = (struct lease *)user;

	/* Whichever protocol noticed it: the table is the gateway's. */
	(void)via;
	if (!lease->is_releasing && !lease->is_keeping)
		pursue(lease, lease->is_held);
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
	derive_nonce(lease);
	portmap_add_user(portmap, &lease->user);
	recall(lease);
	lease->is_keeping = !keep(lease);
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
		view.expires_in_ms = expires_in_ms(lease);
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
		pursue(lease, lease->is_held);
}

static void cancel_remake(struct lease *lease)
{
	struct map_client *client =
	    portmap_client(lease->portmap, lease->grant.via);

	if (lease->remake_id)
		client->ops->cancel(client, lease->remake_id);
	lease->remake_id = 0;
}

void lease_free(struct lease *lease)
{
	if (!lease)
		return;
	cancel_attempts(lease);
	cancel_remake(lease);
	lease_check_free(lease->check);
	portmap_remove_user(lease->portmap, &lease->user);
	loop_timer_free(lease->timer);
	loop_timer_free(lease->expiry);
	sodium_memzero(lease->nonce, sizeof(lease->nonce));
	free(lease);
}

static void on_remade(void *arg, const struct map_result *result)
{
	struct lease *lease = arg;

	(void)result;
	lease->remake_id = 0;
	pursue(lease, lease->is_held);
}

void lease_remake(struct lease *lease)
{
	if (!lease->is_held || lease->is_releasing || lease->remake_id)
		return;
	log_warn(lease_log(lease),
		 "event=mapping-remade service=%s via=%s cause=\"listed, but "
		 "nothing comes in\"",
		 lease->wish.name, map_via_name(lease->grant.via));
	cancel_attempts(lease);
	lease_check_stop(lease->check);
	lease->is_remaking = true;
	lease->remake_id =
	    unmap_at(lease, lease->grant.via, lease->grant.external.port,
		     on_remade, lease);
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
		announce(lease, confirmed ? "mapping-released"
					  : "mapping-left-behind");
	end_memory(lease, lease->is_left);
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
			attempt->unmap_id =
			    unmap_at(lease, attempt->via,
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
	cancel_remake(lease);
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
