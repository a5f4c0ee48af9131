/*
 * pinhole: a port that the router lets in over IPv6.
 *
 * Over IPv6 there is no NAT, but a firewall: PCP (RFC 6887) and the UPnP
 * service WANIPv6FirewallControl open it for one port of one address. That is
 * the stable global address of this host; when it changes, each pinhole is made
 * anew for the new one. Where there is no IPv6, or no router that speaks either
 * protocol, nothing happens and nothing is said. One struct pinholes for the
 * daemon, one struct pinhole for a service.
 */
#ifndef DAEMON_PINHOLE_H
#define DAEMON_PINHOLE_H

#include <stdbool.h>

#include "lease.h"

/* A router that speaks neither protocol is asked again after this, doubling. */
#define PINHOLE_AGAIN_MS      60000
#define PINHOLE_AGAIN_MOST_MS 1800000

struct pinholes;
struct pinhole;

/* Returns owned pinholes without a router. LOOP is borrowed. */
struct pinholes *pinholes_new(struct loop *loop);
/* Every pinhole must have been released; NULL is allowed. */
void pinholes_free(struct pinholes *pinholes);
/* There is another router or another address: OPTIONS (copied) for its portmap,
 * whose link has the stable address as local; NULL: there is none. */
void pinholes_reset(struct pinholes *pinholes,
		    const struct portmap_options *options);
/* The router's portmap, or NULL. */
struct portmap *pinholes_portmap(const struct pinholes *pinholes);

/* The router has restarted, as IPv4 tells: asks for every pinhole anew. */
void pinholes_renew(struct pinholes *pinholes);

/* Something about the pinhole changed. Called from the loop; it may be released
 * from within. */
typedef void (*pinhole_changed_fn)(void *arg);

/* Returns an owned pinhole for WISH, whose outer port is always the inner one.
 * PINHOLES is borrowed. */
struct pinhole *pinhole_new(struct pinholes *pinholes,
			    const struct lease_wish *wish,
			    pinhole_changed_fn changed, void *arg);

/* Is it open? Then RET_VIEW tells how. */
bool pinhole_view(const struct pinhole *pinhole, struct lease_view *ret_view);

/* Asks anew, whatever the state. */
void pinhole_renew(struct pinhole *pinhole);

/* Closes it and frees; RELEASED (may be NULL) is called once, perhaps before
 * this returns. NULL is allowed, and then confirmed. */
void pinhole_release(struct pinhole *pinhole, lease_released_fn released,
		     void *arg);

#endif
