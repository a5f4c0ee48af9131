#include "pinhole.h"

#include <sodium.h>
#include <stdlib.h>

#include "mem.h"
#include "renewal.h"

struct pinholes {
	struct loop *loop;
	struct portmap *portmap; /* NULL: there is no router */
	LIST_HEAD(, pinhole) list;
};

struct pinhole {
	struct pinholes *pinholes;
	struct lease_wish wish;
	struct lease *lease;      /* NULL: no router, or one that was mute */
	struct loop_timer *again; /* runs: the router was mute */
	unsigned int mute;        /* times in a row */
	pinhole_changed_fn changed;
	void *arg;
	LIST_ENTRY(pinhole) link;
};

static void drop(struct pinhole *pinhole)
{
	loop_timer_stop(pinhole->again);
	if (pinhole->lease)
		lease_release(pinhole->lease, NULL, NULL);
	pinhole->lease = NULL;
}

static void rest(struct pinhole *pinhole)
{
	drop(pinhole);
	pinhole->mute++;
	loop_timer_start(
	    pinhole->again,
	    renewal_backoff_ms(PINHOLE_AGAIN_MS, PINHOLE_AGAIN_MOST_MS,
			       pinhole->mute, randombytes_random()));
}

static void on_lease_changed(void *arg, struct lease *lease)
{
	struct pinhole *pinhole = arg;
	struct lease_view view = lease_view(lease);

	if (view.state == LEASE_HELD)
		pinhole->mute = 0;
	else if (view.state == LEASE_FAILED &&
		 portmap_is_absent(pinhole->pinholes->portmap))
		rest(pinhole);
	pinhole->changed(pinhole->arg);
}

static void ask(struct pinhole *pinhole)
{
	if (!pinhole->pinholes->portmap)
		return;
	pinhole->lease = lease_new(pinhole->pinholes->portmap, &pinhole->wish,
				   on_lease_changed, pinhole);
}

static void on_again(void *arg)
{
	ask(arg);
}

struct pinhole *pinhole_new(struct pinholes *pinholes,
			    const struct lease_wish *wish,
			    pinhole_changed_fn changed, void *arg)
{
	struct pinhole *pinhole = xcalloc(1, sizeof(*pinhole));

	pinhole->pinholes = pinholes;
	pinhole->wish = *wish;
	/* A firewall translates nothing. */
	pinhole->wish.external_port = wish->internal_port;
	pinhole->wish.avoid_port = 0;
	pinhole->wish.waited_ms = 0;
	pinhole->changed = changed;
	pinhole->arg = arg;
	pinhole->again = loop_timer_new(pinholes->loop, on_again, pinhole);
	LIST_INSERT_HEAD(&pinholes->list, pinhole, link);
	ask(pinhole);
	return pinhole;
}

bool pinhole_view(const struct pinhole *pinhole, struct lease_view *ret_view)
{
	struct lease_view view;

	if (!pinhole || !pinhole->lease)
		return false;
	view = lease_view(pinhole->lease);
	if (view.state != LEASE_HELD ||
	    addr_classify(&view.external.addr) != ADDR_PUBLIC)
		return false;
	*ret_view = view;
	return true;
}

void pinhole_renew(struct pinhole *pinhole)
{
	if (pinhole->lease) {
		lease_renew(pinhole->lease);
		return;
	}
	loop_timer_stop(pinhole->again);
	ask(pinhole);
}

void pinhole_release(struct pinhole *pinhole, lease_released_fn released,
		     void *arg)
{
	struct lease *lease = pinhole ? pinhole->lease : NULL;

	if (pinhole) {
		loop_timer_free(pinhole->again);
		LIST_REMOVE(pinhole, link);
		free(pinhole);
	}
	if (lease)
		lease_release(lease, released, arg);
	else if (released)
		released(arg, true);
}

void pinholes_reset(struct pinholes *pinholes,
		    const struct portmap_options *options)
{
	struct pinhole *pinhole;

	LIST_FOREACH (pinhole, &pinholes->list, link) {
		drop(pinhole);
		pinhole->mute = 0;
	}
	portmap_retire(pinholes->portmap);
	pinholes->portmap = options ? portmap_new(options) : NULL;
	LIST_FOREACH (pinhole, &pinholes->list, link)
		ask(pinhole);
}

void pinholes_renew(struct pinholes *pinholes)
{
	struct pinhole *pinhole;

	LIST_FOREACH (pinhole, &pinholes->list, link)
		pinhole_renew(pinhole);
}

struct portmap *pinholes_portmap(const struct pinholes *pinholes)
{
	return pinholes->portmap;
}

struct pinholes *pinholes_new(struct loop *loop)
{
	struct pinholes *pinholes = xcalloc(1, sizeof(*pinholes));

	pinholes->loop = loop;
	LIST_INIT(&pinholes->list);
	return pinholes;
}

void pinholes_free(struct pinholes *pinholes)
{
	if (!pinholes)
		return;
	portmap_retire(pinholes->portmap);
	free(pinholes);
}
