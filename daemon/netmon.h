/*
 * netmon: watches routes, addresses and links, and tells when the way out
 * changed.
 *
 * Hears rtnetlink(7) events, lets a burst of them end, then reads everything
 * anew and compares: an event says that something changed, never what. Which
 * route counts is asked of the kernel (RTM_GETROUTE towards an address of the
 * internet), so that policy routing is respected. Uses netlink alone: the
 * sandboxed unit has no /proc/net. It sends no packet.
 */
#ifndef DAEMON_NETMON_H
#define DAEMON_NETMON_H

#include <stdbool.h>

#include "addr.h"
#include "log.h"
#include "loop.h"
#include "netview.h"

/* A change is told after so long without another event, ... */
#define NETMON_QUIET_MS 100
/* ... at the latest so long after the first one. */
#define NETMON_MOST_MS 500

struct netmon;

struct netmon_listener {
	/* The first view is there, or it changed. VIEW is borrowed for the
	 * call. Called from the loop, never from within a call into netmon;
	 * must not free the netmon. */
	void (*changed)(void *arg, const struct netview *view);
	void *arg;
};

/* Starts watching. OPTIONS (NULL: all found by route) and LISTENER are copied,
 * LOOP and LOG borrowed. Returns 0 and an owned netmon, or -E... when there is
 * no netlink. */
int netmon_new(struct loop *loop, struct log *log,
	       const struct netmon_options *options,
	       const struct netmon_listener *listener,
	       struct netmon **ret_netmon);
/* Stops without a call and frees; NULL is allowed. */
void netmon_free(struct netmon *netmon);

/* What is known now; generation 0 before the first reading. Borrowed, good
 * until the next return to the loop. */
const struct netview *netmon_view(const struct netmon *netmon);

/* Is A an address of this host? Does A lie on one of its links? */
bool netmon_is_own(const struct netmon *netmon, const struct addr *a);
bool netmon_is_on_link(const struct netmon *netmon, const struct addr *a);

/* Reads everything again, as after a resume; ->changed only if it differs. */
void netmon_refresh(struct netmon *netmon);

/* Takes over other OPTIONS (copied), as after a reload, and reads again. */
void netmon_set_options(struct netmon *netmon,
			const struct netmon_options *options);

/* How often everything was read, and how often a reading had to be repeated
 * (dropped events, inconsistent dumps), for the metrics and the tests. */
unsigned int netmon_read_count(const struct netmon *netmon);
unsigned int netmon_repeat_count(const struct netmon *netmon);

#endif
