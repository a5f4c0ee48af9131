#include "lease_parts.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Where other outer ports are looked for. */
#define OTHER_PORT_FIRST 40000
#define OTHER_PORT_COUNT 20000

struct loop *lease_loop(const struct lease *lease)
{
	return portmap_options(lease->portmap)->loop;
}

struct log *lease_log(const struct lease *lease)
{
	return portmap_options(lease->portmap)->log;
}

void lease_tell(struct lease *lease)
{
	if (lease->changed && !lease->is_releasing)
		lease->changed(lease->arg, lease);
}

/* The same mapping has the same nonce over restarts of the daemon, so that a
 * server which checks it (RFC 6887 section 11.3) lets us renew and delete. */
void lease_derive_nonce(struct lease *lease)
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

struct map_request lease_make_request(const struct lease *lease,
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
uint16_t lease_other_port(const struct lease *lease, unsigned int attempt)
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

uint16_t lease_first_port(const struct lease *lease)
{
	uint16_t port = lease->wish.external_port ? lease->wish.external_port
						  : lease->wish.internal_port;

	if (lease->is_held)
		return lease->grant.external.port;
	if (!lease->wish.external_port && lease->has_past &&
	    lease->past.external.port)
		port = lease->past.external.port;
	return port == lease->wish.avoid_port ? lease_other_port(lease, 0)
					      : port;
}

void lease_cancel_attempts(struct lease *lease)
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

void lease_cancel_remake(struct lease *lease)
{
	struct map_client *client =
	    portmap_client(lease->portmap, lease->grant.via);

	if (lease->remake_id)
		client->ops->cancel(client, lease->remake_id);
	lease->remake_id = 0;
}

uint64_t lease_unmap_at(struct lease *lease, enum map_via via, uint16_t port,
			map_done_fn done, void *arg)
{
	struct map_client *client = portmap_client(lease->portmap, via);
	struct map_request request = lease_make_request(lease, port);

	return client ? client->ops->unmap(client, &request, done, arg) : 0;
}

/* --- what is remembered over the end of the daemon --- */

static const struct portmap_memory *memory_of(const struct lease *lease)
{
	return &portmap_options(lease->portmap)->memory;
}

bool lease_keep(const struct lease *lease)
{
	const struct portmap_memory *memory = memory_of(lease);

	return !memory->keep || memory->keep(memory->arg, lease);
}

void lease_recall(struct lease *lease)
{
	const struct portmap_memory *memory = memory_of(lease);

	lease->has_past =
	    memory->recall && memory->recall(memory->arg, lease, &lease->past);
}

void lease_end_memory(const struct lease *lease, bool is_left)
{
	const struct portmap_memory *memory = memory_of(lease);

	if (memory->end)
		memory->end(memory->arg, lease, is_left);
}

void lease_announce(const struct lease *lease, const char *event)
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
