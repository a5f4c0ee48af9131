#include "mapping.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

struct mapping {
	struct nested_nat_user user; /* first: on_nested_changed() casts */
	struct nested_nat *nested;   /* borrowed, or NULL */
	struct lease_wish wish;
	struct lease *inner;
	struct lease *outer;    /* of the router beyond; NULL: none wanted */
	uint16_t outer_to_port; /* the gateway's port that OUTER leads to */
	bool is_doubted;        /* the gateway's public address is no use */
	bool is_silent;         /* OUTER has no verdict yet */
	mapping_changed_fn changed;
	void *arg;
	bool is_releasing;
	unsigned int releasing;
	bool is_confirmed;
	lease_released_fn released;
	void *released_arg;
};

static void tell(struct mapping *m)
{
	if (m->changed && !m->is_releasing)
		m->changed(m->arg, m);
}

static bool is_public(const struct lease_view *view)
{
	return addr_classify(&view->external.addr) == ADDR_PUBLIC;
}

/* Does the gateway's lease lead to another NAT, as far as we can tell? */
static bool needs_outer(const struct mapping *m, const struct lease_view *inner)
{
	return m->nested && inner->state == LEASE_HELD &&
	       (m->is_doubted || !is_public(inner));
}

static void drop_outer(struct mapping *m)
{
	if (m->outer)
		lease_release(m->outer, NULL, NULL);
	m->outer = NULL;
}

static void on_outer_changed(void *arg, struct lease *lease)
{
	struct mapping *m = arg;
	struct lease_view view = lease_view(lease);

	m->is_silent = false;
	/* A doubt that came to nothing changes nothing. */
	if (m->is_doubted && view.state == LEASE_FAILED) {
		m->is_doubted = false;
		drop_outer(m);
		return;
	}
	tell(m);
}

static void ask_outer(struct mapping *m, const struct lease_view *inner)
{
	struct lease_wish wish = m->wish;

	if (m->outer && m->outer_to_port == inner->external.port)
		return;
	drop_outer(m);
	wish.internal_port = inner->external.port;
	if (!wish.external_port)
		wish.external_port = m->wish.internal_port;
	wish.waited_ms = 0;
	m->outer_to_port = inner->external.port;
	m->is_silent = true;
	m->outer = lease_new(nested_nat_portmap(m->nested), &wish,
			     on_outer_changed, m);
}

/* Goes on from what the gateway grants and what is known of the router beyond
 * it. Returns whether there is something to wait for. */
static bool go_on(struct mapping *m)
{
	struct lease_view inner = lease_view(m->inner);

	if (!needs_outer(m, &inner)) {
		drop_outer(m);
		return false;
	}
	switch (nested_nat_state(m->nested)) {
	case NESTED_NAT_SEARCHING:
		drop_outer(m);
		return true;
	case NESTED_NAT_FOUND:
		ask_outer(m, &inner);
		return m->is_silent;
	case NESTED_NAT_IDLE:
	case NESTED_NAT_NONE:
		break;
	}
	drop_outer(m);
	m->is_doubted = false;
	return false;
}

static void on_nested_changed(struct nested_nat_user *user)
{
	struct mapping *m = (struct mapping *)user;
	struct lease_view inner = lease_view(m->inner);
	bool was_wanted = needs_outer(m, &inner);

	if (m->is_releasing || !was_wanted)
		return;
	/* Its portmap is another now. */
	if (nested_nat_state(m->nested) != NESTED_NAT_FOUND)
		drop_outer(m);
	if (!go_on(m) && !is_public(&inner))
		tell(m);
}

static void on_inner_changed(void *arg, struct lease *lease)
{
	struct mapping *m = arg;
	struct lease_view inner = lease_view(lease);
	const struct addr unknown = {.family = AF_UNSPEC};

	m->is_doubted = false;
	if (needs_outer(m, &inner))
		nested_nat_seek(m->nested, addr_is_set(&inner.external.addr)
					       ? &inner.external.addr
					       : &unknown);
	if (!go_on(m))
		tell(m);
}

void mapping_deepen(struct mapping *m)
{
	const struct addr unknown = {.family = AF_UNSPEC};
	struct lease_view inner = lease_view(m->inner);

	if (!m->nested || m->is_doubted || inner.state != LEASE_HELD)
		return;
	m->is_doubted = true;
	nested_nat_seek(m->nested, &unknown);
	(void)go_on(m);
}

struct mapping *mapping_new(struct portmap *portmap, struct nested_nat *nested,
			    const struct lease_wish *wish,
			    mapping_changed_fn changed, void *arg)
{
	struct mapping *m = xcalloc(1, sizeof(*m));

	m->user.changed = on_nested_changed;
	m->nested = nested;
	m->wish = *wish;
	m->changed = changed;
	m->arg = arg;
	m->inner = lease_new(portmap, wish, on_inner_changed, m);
	if (nested)
		nested_nat_add_user(nested, &m->user);
	return m;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where OUTER leads to, by way of INNER: whichever ends first ends both. */
static struct lease_view join(const struct lease_view *inner,
			      const struct lease_view *outer)
{
	struct lease_view view = *outer;

	view.renew_in_ms = least(inner->renew_in_ms, outer->renew_in_ms);
	if (inner->is_permanent)
		return view;
	if (outer->is_permanent) {
		view.is_permanent = false;
		view.lifetime_s = inner->lifetime_s;
		view.expires_in_ms = inner->expires_in_ms;
		return view;
	}
	view.lifetime_s = (uint32_t)least(inner->lifetime_s, outer->lifetime_s);
	view.expires_in_ms = least(inner->expires_in_ms, outer->expires_in_ms);
	return view;
}

struct lease_view mapping_view(const struct mapping *m)
{
	struct lease_view inner = lease_view(m->inner), outer;

	if (!needs_outer(m, &inner))
		return inner;
	if (!m->outer) {
		if (!m->is_doubted &&
		    nested_nat_state(m->nested) == NESTED_NAT_SEARCHING)
			inner.state = LEASE_SEARCHING;
		return inner;
	}
	outer = lease_view(m->outer);
	switch (outer.state) {
	case LEASE_HELD:
		return join(&inner, &outer);
	case LEASE_FAILED:
		return inner;
	case LEASE_SEARCHING:
		if (!m->is_doubted)
			inner.state = LEASE_SEARCHING;
		return inner;
	}
	return inner;
}

unsigned int mapping_layers(const struct mapping *m)
{
	if (lease_view(m->inner).state != LEASE_HELD)
		return 0;
	return m->outer && lease_view(m->outer).state == LEASE_HELD ? 2 : 1;
}

void mapping_describe_outer(const struct mapping *m, char *buf,
			    size_t buf_bytes)
{
	char router[ADDR_TEXT_BYTES];
	struct lease_view outer;
	struct addr address;

	buf[0] = '\0';
	if (!m->outer)
		return;
	outer = lease_view(m->outer);
	address = nested_nat_router(m->nested);
	if (outer.state == LEASE_FAILED)
		snprintf(buf, buf_bytes, "%s: %s",
			 addr_format(&address, router, sizeof(router)),
			 outer.failure.status == MAP_ABSENT
			     ? "answers neither PCP nor NAT-PMP nor UPnP"
			     : outer.failure.detail);
}

void mapping_remake(struct mapping *m)
{
	lease_remake(m->inner);
}

void mapping_renew(struct mapping *m)
{
	lease_renew(m->inner);
	if (m->outer)
		lease_renew(m->outer);
}

static void on_released(void *arg, bool confirmed)
{
	struct mapping *m = arg;
	lease_released_fn released = m->released;
	void *released_arg = m->released_arg;

	m->is_confirmed = m->is_confirmed && confirmed;
	if (--m->releasing > 0)
		return;
	confirmed = m->is_confirmed;
	free(m);
	if (released)
		released(released_arg, confirmed);
}

void mapping_release(struct mapping *m, lease_released_fn released, void *arg)
{
	assert(!m->is_releasing);
	m->is_releasing = true;
	m->released = released;
	m->released_arg = arg;
	m->is_confirmed = true;
	m->releasing = m->outer ? 2 : 1;
	if (m->nested)
		nested_nat_remove_user(m->nested, &m->user);
	/* The requests to the outer one leave first: they pass the NAT of the
	 * gateway either way. */
	if (m->outer)
		lease_release(m->outer, on_released, m);
	lease_release(m->inner, on_released, m);
}
