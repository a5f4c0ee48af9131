#include "nat_watch.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "nat_lifetime.h"
#include "netview.h"
#include "renewal.h"

/* A NAT does not change by itself; an operator's may. */
#define AGAIN_MS 900000
/* After a check without an answer. */
#define SILENT_FIRST_MS 15000
#define SILENT_MOST_MS  300000
/* One silence is not yet a loss: looked at again after. */
#define SECOND_LOOK_MS 3000
/* Names are resolved within this, all at once. */
#define RESOLVE_MS 2500
/* Once one name is resolved the others are waited for so long. */
#define GRACE_MS 300

struct nat_watch;

struct lookup {
	struct nat_watch *watch;
	struct resolve_query *query;
	uint16_t port;
};

struct nat_watch {
	const struct method_env *env;
	struct resolver *resolver;
	void (*changed)(void *arg);
	void *arg;
	struct nat_watch_view view;
	struct endpoint servers[NAT_CHECK_SERVERS_MOST];
	size_t server_count;
	struct lookup lookups[NAT_CHECK_SERVERS_MOST];
	size_t pending;
	struct nat_check *check;
	struct nat_lifetime *lifetime; /* runs in the background */
	size_t lifetime_server;
	struct loop_timer *timer; /* the next check, or the names' grace */
	bool is_resolving;
	bool is_doubted; /* what is known got no answer the last time */
	unsigned int failures;
	struct nat_watch_user *cursor;
	LIST_HEAD(, nat_watch_user) users;
};

static void tell(struct nat_watch *watch)
{
	struct nat_watch_user *user;

	watch->cursor = LIST_FIRST(&watch->users);
	while ((user = watch->cursor)) {
		watch->cursor = LIST_NEXT(user, link);
		user->changed(user);
	}
	if (watch->changed)
		watch->changed(watch->arg);
}

static void cancel_lookups(struct nat_watch *watch)
{
	for (size_t i = 0; i < NAT_CHECK_SERVERS_MOST; i++) {
		resolve_cancel(watch->lookups[i].query);
		watch->lookups[i].query = NULL;
	}
	watch->pending = 0;
	watch->is_resolving = false;
}

static void settle(struct nat_watch *watch, enum nat_watch_state state,
		   const char *detail)
{
	struct nat_watch_view *view = &watch->view;

	watch->is_doubted = false;
	view->state = state;
	view->servers = watch->servers;
	view->server_count = watch->server_count;
	snprintf(view->detail, sizeof(view->detail), "%s", detail);
	if (state == NAT_WATCH_KNOWN) {
		watch->failures = 0;
		loop_timer_start(watch->timer, AGAIN_MS);
	} else {
		watch->failures++;
		loop_timer_start(
		    watch->timer,
		    renewal_backoff_ms(SILENT_FIRST_MS, SILENT_MOST_MS,
				       watch->failures, randombytes_random()));
	}
	tell(watch);
}

static void lose(struct nat_watch *watch, const char *detail)
{
	if (watch->view.state != NAT_WATCH_KNOWN || watch->is_doubted) {
		settle(watch, NAT_WATCH_SILENT, detail);
		return;
	}
	watch->is_doubted = true;
	loop_timer_start(watch->timer, SECOND_LOOK_MS);
}

static void log_result(struct nat_watch *watch)
{
	const struct nat_behaviour *nat = &watch->view.result.nat;
	const char *mapping = nat_mapping_name(nat->mapping);
	const char *filtering = nat_filtering_name(nat->filtering);

	log_info(watch->env->log,
		 "event=nat-checked mapping=%s filtering=%s confidence=%s "
		 "took_ms=%u",
		 mapping ? mapping : "unknown",
		 filtering ? filtering : "unknown",
		 nat_confidence_name(nat->mapping_confidence),
		 watch->view.result.took_ms);
}

static void measure_lifetime(struct nat_watch *watch);

static void on_lifetime(void *arg, const struct nat_lifetime_result *result)
{
	struct nat_watch *watch = arg;

	watch->lifetime = NULL;
	if (result->error) {
		/* This server cannot help; the next one may. */
		watch->lifetime_server++;
		measure_lifetime(watch);
		return;
	}
	watch->view.lifetime_ms = result->alive_ms;
	log_info(watch->env->log, "event=nat-lifetime alive_s=%u dead_s=%u",
		 result->alive_ms / 1000, result->dead_ms / 1000);
	tell(watch);
}

/* Once a network: the gaps of silence add up to minutes. */
static void measure_lifetime(struct nat_watch *watch)
{
	static const unsigned int gaps_ms[] = {30000, 60000, 110000, 180000};

	if (watch->lifetime || watch->view.lifetime_ms ||
	    watch->view.result.nat.mapping == NAT_MAPPING_NONE ||
	    watch->lifetime_server >= watch->server_count)
		return;
	watch->lifetime = nat_lifetime_start(
	    watch->env->loop, &watch->servers[watch->lifetime_server],
	    &watch->env->config->bind_address, gaps_ms,
	    sizeof(gaps_ms) / sizeof(gaps_ms[0]), on_lifetime, watch);
}

static void on_check(void *arg, const struct nat_check_result *result)
{
	struct nat_watch *watch = arg;

	watch->check = NULL;
	if (result->answered == 0) {
		lose(watch, result->error ? "no STUN server can be reached "
					    "from here"
					  : "no STUN server answered: UDP may "
					    "be blocked");
		return;
	}
	watch->view.result = *result;
	watch->view.at_ms = loop_now_ms(watch->env->loop);
	log_result(watch);
	settle(watch, NAT_WATCH_KNOWN, "STUN servers answered");
	measure_lifetime(watch);
}

static void start_check(struct nat_watch *watch)
{
	const struct nat_check_config config = {
	    .servers = watch->servers,
	    .server_count = watch->server_count,
	    .bind = watch->env->config->bind_address,
	};

	cancel_lookups(watch);
	loop_timer_stop(watch->timer);
	if (watch->server_count == 0) {
		lose(watch, "no name of a STUN server could be resolved");
		return;
	}
	watch->check =
	    nat_check_start(watch->env->loop, &config, on_check, watch);
}

static void on_resolved(void *arg, const struct addr *addrs, size_t count,
			const char *error)
{
	struct lookup *lookup = arg;
	struct nat_watch *watch = lookup->watch;

	(void)error;
	lookup->query = NULL;
	watch->pending--;
	/* One address a name: two names of one operator are one voter less. */
	if (count > 0 && watch->server_count < NAT_CHECK_SERVERS_MOST)
		watch->servers[watch->server_count++] =
		    (struct endpoint){.addr = addrs[0], .port = lookup->port};
	if (watch->pending == 0)
		start_check(watch);
	else if (watch->server_count == 1)
		loop_timer_start(watch->timer, GRACE_MS);
}

static void resolve_all(struct nat_watch *watch)
{
	const struct host_list *list = &watch->env->config->stun_servers;

	watch->server_count = 0;
	watch->is_resolving = true;
	for (size_t i = 0; i < list->count && i < NAT_CHECK_SERVERS_MOST; i++) {
		struct lookup *lookup = &watch->lookups[i];

		lookup->watch = watch;
		lookup->port = list->items[i].port;
		lookup->query =
		    resolve_start(watch->resolver, list->items[i].host, AF_INET,
				  RESOLVE_MS, on_resolved, lookup);
		watch->pending++;
	}
}

static void begin(struct nat_watch *watch)
{
	cancel_lookups(watch);
	nat_check_cancel(watch->check);
	watch->check = NULL;
	if (watch->env->config->stun_servers.count == 0) {
		watch->server_count = 0;
		settle(watch, NAT_WATCH_NO_SERVER,
		       "no STUN server is configured (--stun-servers)");
		return;
	}
	resolve_all(watch);
}

static void on_timer(void *arg)
{
	struct nat_watch *watch = arg;

	if (watch->is_resolving)
		start_check(watch);
	else
		begin(watch);
}

struct nat_watch *nat_watch_new(const struct method_env *env,
				struct resolver *resolver,
				void (*changed)(void *arg), void *arg)
{
	struct nat_watch *watch = xcalloc(1, sizeof(*watch));

	watch->env = env;
	watch->resolver = resolver;
	watch->changed = changed;
	watch->arg = arg;
	watch->timer = loop_timer_new(env->loop, on_timer, watch);
	LIST_INIT(&watch->users);
	return watch;
}

void nat_watch_free(struct nat_watch *watch)
{
	if (!watch)
		return;
	cancel_lookups(watch);
	nat_check_cancel(watch->check);
	nat_lifetime_cancel(watch->lifetime);
	loop_timer_free(watch->timer);
	free(watch);
}

void nat_watch_again(struct nat_watch *watch, bool is_stale)
{
	cancel_lookups(watch);
	nat_check_cancel(watch->check);
	watch->check = NULL;
	if (is_stale) {
		nat_lifetime_cancel(watch->lifetime);
		watch->lifetime = NULL;
		watch->lifetime_server = 0;
		watch->failures = 0;
		watch->view.lifetime_ms = 0;
		watch->view.state = NAT_WATCH_RUNNING;
	}
	/* From the loop: callers do not expect to be told from within. */
	loop_timer_start(watch->timer, 0);
}

const struct nat_watch_view *nat_watch_view(const struct nat_watch *watch)
{
	return &watch->view;
}

void nat_watch_add_user(struct nat_watch *watch, struct nat_watch_user *user)
{
	LIST_INSERT_HEAD(&watch->users, user, link);
}

void nat_watch_remove_user(struct nat_watch *watch, struct nat_watch_user *user)
{
	if (watch->cursor == user)
		watch->cursor = LIST_NEXT(user, link);
	LIST_REMOVE(user, link);
}
