/*
 * nested_nat: the router beyond the gateway, where there are two NATs.
 *
 * A gateway whose own outer address is private stands behind another router.
 * That one is found without privilege (hop_probe.h), or guessed as the first
 * address of the gateway's outer network, and gets a portmap of its own: what
 * is sent to it passes the gateway's NAT and so asks on the gateway's behalf. A
 * public address is never asked, nor anything on our own link. One for the
 * whole daemon; see mapping.h for who uses it.
 */
#ifndef DAEMON_NESTED_NAT_H
#define DAEMON_NESTED_NAT_H

#include <stdbool.h>
#include <sys/queue.h>

#include "portmap.h"

/* What was not found is looked for again after this, when it is asked for. */
#define NESTED_NAT_AGAIN_MS 45000

struct nested_nat;

enum nested_nat_state {
	NESTED_NAT_IDLE,      /* never looked for */
	NESTED_NAT_SEARCHING, /* the answer will come */
	NESTED_NAT_FOUND,     /* there is a router to ask */
	NESTED_NAT_NONE,      /* there is none that may be asked */
};

/* Who wants to hear of changes of the state; embedded by the listener. */
struct nested_nat_user {
	void (*changed)(struct nested_nat_user *user);
	LIST_ENTRY(nested_nat_user) link;
};

/* Returns an owned nested_nat that knows no gateway yet. LOOP and LOG are
 * borrowed. */
struct nested_nat *nested_nat_new(struct loop *loop, struct log *log);
/* Every user must have been removed; NULL is allowed. */
void nested_nat_free(struct nested_nat *nested);

/* Forgets what was found. GATEWAY (copied) is what the portmap of the new
 * gateway was made from, whose clients, lifetimes and keys the outer router's
 * gets too; NULL: there is no gateway. */
void nested_nat_reset(struct nested_nat *nested,
		      const struct portmap_options *gateway);

/* Looks for the outer router, unless it is known for this OUTER: the gateway's
 * outer address as it tells it; unset: not known, or not to be believed. */
void nested_nat_seek(struct nested_nat *nested, const struct addr *outer);

enum nested_nat_state nested_nat_state(const struct nested_nat *nested);

/* The outer router's portmap (borrowed until the next change), or NULL. */
struct portmap *nested_nat_portmap(const struct nested_nat *nested);

/* The outer router's address towards us; unset = not known. */
struct addr nested_nat_router(const struct nested_nat *nested);

void nested_nat_add_user(struct nested_nat *nested,
			 struct nested_nat_user *user);
void nested_nat_remove_user(struct nested_nat *nested,
			    struct nested_nat_user *user);

/* May HOP be asked for a mapping, seen from behind GATEWAY whose outer address
 * is OUTER (may be unset)? */
bool nested_nat_may_ask(const struct addr *hop, const struct addr *outer,
			const struct portmap_link *gateway);
/* Where the router of OUTER's network is likely to be; unset: no guess. */
struct addr nested_nat_guess(const struct addr *outer);

#endif
