#include "nested_nat.h"

#include <sodium.h>
#include <stdlib.h>

#include "hop_probe.h"
#include "mem.h"

/* Where the probe claims to go: a root name server, as no host has a route of
 * its own to it. It dies at the second router, and so tells that one's address.
 */
static const struct endpoint far_target = {
    .addr = {.family = AF_INET, .bytes = {193, 0, 14, 129}},
    .port = 33435,
};

/* The gateway is the first hop. */
#define OUTER_HOP 2

struct nested_nat {
	struct loop *loop;
	struct log *log;
	bool has_gateway;
	struct portmap_options gateway; /* with has_gateway */
	enum nested_nat_state state;
	struct addr outer; /* the gateway's outer address, as last told */
	struct addr router;
	uint64_t searched_ms;
	struct hop_probe *probe;
	struct portmap *portmap; /* with NESTED_NAT_FOUND */
	LIST_HEAD(, nested_nat_user) users;
	/* The next user to be told: a callback may remove any of them. */
	struct nested_nat_user *cursor;
};

static void tell_users(struct nested_nat *nested)
{
	struct nested_nat_user *user;

	nested->cursor = LIST_FIRST(&nested->users);
	while ((user = nested->cursor)) {
		nested->cursor = LIST_NEXT(user, link);
		user->changed(user);
	}
}

static void forget(struct nested_nat *nested)
{
	hop_probe_cancel(nested->probe);
	nested->probe = NULL;
	portmap_retire(nested->portmap);
	nested->portmap = NULL;
	nested->state = NESTED_NAT_IDLE;
	nested->router = (struct addr){0};
}

/* A provider's NAT may speak PCP (RFC 6888 section 3, REQ-9) or NAT-PMP to its
 * customers; UPnP is for homes. */
static bool is_home_network(const struct addr *router)
{
	return addr_classify(router) == ADDR_PRIVATE;
}

bool nested_nat_may_ask(const struct addr *hop, const struct addr *outer,
			const struct portmap_link *gateway)
{
	enum addr_class class = addr_classify(hop);

	if (hop->family != AF_INET ||
	    (class != ADDR_PRIVATE && class != ADDR_CGNAT))
		return false;
	return !addr_equal(hop, outer) && !addr_equal(hop, &gateway->gateway) &&
	       !addr_equal(hop, &gateway->local);
}

struct addr nested_nat_guess(const struct addr *outer)
{
	struct addr guess = *outer;

	if (outer->family != AF_INET || !is_home_network(outer) ||
	    outer->bytes[3] == 1)
		return (struct addr){0};
	guess.bytes[3] = 1;
	return guess;
}

static void make_portmap(struct nested_nat *nested)
{
	struct portmap_options options = nested->gateway;

	options.link.gateway = nested->router;
	options.link.seen = nested->outer;
	/* Its leases are parts of mappings whose news the gateway's tell. */
	if (!is_home_network(&nested->router))
		options.new_client[MAP_VIA_UPNP] = NULL;
	nested->portmap = portmap_new(&options);
	sodium_memzero(options.nonce_key, sizeof(options.nonce_key));
}

static void on_hop(void *arg, const struct addr *hop)
{
	struct nested_nat *nested = arg;
	const struct portmap_link *link = &nested->gateway.link;
	char outer[ADDR_TEXT_BYTES], router[ADDR_TEXT_BYTES];
	struct addr found = *hop;
	bool is_guess = false;

	nested->probe = NULL;
	nested->searched_ms = loop_now_ms(nested->loop);
	if (!addr_is_set(&found)) {
		found = nested_nat_guess(&nested->outer);
		is_guess = true;
	}
	nested->state = NESTED_NAT_NONE;
	if (nested_nat_may_ask(&found, &nested->outer, link)) {
		nested->router = found;
		nested->state = NESTED_NAT_FOUND;
		make_portmap(nested);
	}
	log_info(nested->log,
		 "event=outer-router address=%s guessed=%s "
		 "gateway_outer=%s",
		 addr_format(&nested->router, router, sizeof(router)),
		 is_guess ? "yes" : "no",
		 addr_format(&nested->outer, outer, sizeof(outer)));
	tell_users(nested);
}

static bool is_fresh(const struct nested_nat *nested)
{
	switch (nested->state) {
	case NESTED_NAT_IDLE:
		return false;
	case NESTED_NAT_SEARCHING:
	case NESTED_NAT_FOUND:
		return true;
	case NESTED_NAT_NONE:
		return loop_now_ms(nested->loop) - nested->searched_ms <
		       NESTED_NAT_AGAIN_MS;
	}
	return false;
}

void nested_nat_seek(struct nested_nat *nested, const struct addr *outer)
{
	struct hop_probe_options options = {
	    .loop = nested->loop,
	    .target = far_target,
	    .hops = OUTER_HOP,
	};

	if (!nested->has_gateway ||
	    (is_fresh(nested) && addr_equal(outer, &nested->outer)))
		return;
	forget(nested);
	nested->outer = *outer;
	nested->state = NESTED_NAT_SEARCHING;
	options.local = nested->gateway.link.local;
	nested->probe = hop_probe_start(&options, on_hop, nested);
	tell_users(nested);
}

void nested_nat_reset(struct nested_nat *nested,
		      const struct portmap_options *gateway)
{
	forget(nested);
	nested->outer = (struct addr){0};
	sodium_memzero(&nested->gateway, sizeof(nested->gateway));
	nested->has_gateway = gateway != NULL;
	if (gateway)
		nested->gateway = *gateway;
	tell_users(nested);
}

enum nested_nat_state nested_nat_state(const struct nested_nat *nested)
{
	return nested->state;
}

struct portmap *nested_nat_portmap(const struct nested_nat *nested)
{
	return nested->portmap;
}

struct addr nested_nat_router(const struct nested_nat *nested)
{
	return nested->router;
}

struct nested_nat *nested_nat_new(struct loop *loop, struct log *log)
{
	struct nested_nat *nested = xcalloc(1, sizeof(*nested));

	nested->loop = loop;
	nested->log = log;
	LIST_INIT(&nested->users);
	return nested;
}

void nested_nat_free(struct nested_nat *nested)
{
	if (!nested)
		return;
	forget(nested);
	sodium_memzero(&nested->gateway, sizeof(nested->gateway));
	free(nested);
}

void nested_nat_add_user(struct nested_nat *nested,
			 struct nested_nat_user *user)
{
	LIST_INSERT_HEAD(&nested->users, user, link);
}

void nested_nat_remove_user(struct nested_nat *nested,
			    struct nested_nat_user *user)
{
	if (nested->cursor == user)
		nested->cursor = LIST_NEXT(user, link);
	LIST_REMOVE(user, link);
}
