/*
 * nat_watch: how the NAT in front of this host behaves, kept up to date.
 *
 * Resolves the STUN servers, runs nat_check, and runs it again after network
 * changes and now and then. One for the whole daemon; the runs of the
 * holepunching method listen to it.
 */
#ifndef DAEMON_NAT_WATCH_H
#define DAEMON_NAT_WATCH_H

#include <sys/queue.h>

#include "log.h"
#include "method.h"
#include "nat_check.h"
#include "resolve.h"

struct nat_watch;

enum nat_watch_state {
	NAT_WATCH_RUNNING, /* the first check of this network runs */
	NAT_WATCH_KNOWN,   /* ->nat counts */
	NAT_WATCH_SILENT,  /* no server answered */
	NAT_WATCH_NO_SERVER,
};

struct nat_watch_view {
	enum nat_watch_state state;
	struct nat_check_result result; /* with NAT_WATCH_KNOWN */
	uint64_t at_ms;                 /* of the result */
	/* The servers that were asked, resolved (IPv4). */
	const struct endpoint *servers; /* borrowed until the next call */
	size_t server_count;
	char detail[METHOD_DETAIL_BYTES];
	/* So long an unused mapping was seen to live; 0 = not measured (yet).
	 */
	unsigned int lifetime_ms;
};

/* Who wants to hear of a new result; embedded by the listener. */
struct nat_watch_user {
	void (*changed)(struct nat_watch_user *user);
	LIST_ENTRY(nat_watch_user) link;
};

/* Returns an owned watch; starts at the first nat_watch_again(). ENV and
 * RESOLVER are borrowed. CHANGED (may be NULL) hears of each new result. */
struct nat_watch *nat_watch_new(const struct method_env *env,
				struct resolver *resolver,
				void (*changed)(void *arg), void *arg);
/* Frees it; every user must have been removed. NULL is allowed. */
void nat_watch_free(struct nat_watch *watch);

/* Checks anew; with IS_STALE what was known is forgotten first. */
void nat_watch_again(struct nat_watch *watch, bool is_stale);

const struct nat_watch_view *nat_watch_view(const struct nat_watch *watch);

void nat_watch_add_user(struct nat_watch *watch, struct nat_watch_user *user);
void nat_watch_remove_user(struct nat_watch *watch,
			   struct nat_watch_user *user);

#endif
