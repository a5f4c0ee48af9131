#include "portmap.h"

#include <sodium.h>
#include <stdlib.h>

#include "mem.h"

struct portmap {
	struct portmap_options options;
	struct map_client *clients[MAP_VIA_COUNT];
	LIST_HEAD(, portmap_user) users;
	struct loop_timer *burial; /* running: retired and without users */
	bool is_retired;
	struct loop_timer *poll;
	unsigned int unanswered; /* polls in a row */
	struct loop_timer *hold; /* runs: a restart was passed on lately */
	bool is_restart_due;     /* to be passed on at its end */
	enum map_via restarted_via;
	/* The next user to be told: a callback may remove any of them. */
	struct portmap_user *cursor;
};

static struct portmap_user *next_user(struct portmap *portmap)
{
	struct portmap_user *user = portmap->cursor;

	if (user)
		portmap->cursor = LIST_NEXT(user, link);
	return user;
}

/* --- is the gateway still the same? --- */

static bool is_held_by(const struct portmap *portmap, enum map_via via)
{
	const struct portmap_user *user;

	LIST_FOREACH (user, &portmap->users, link)
		if (user->is_holding && user->via == via)
			return true;
	return false;
}

static uint64_t next_poll_ms(const struct portmap *portmap)
{
	uint64_t delay_ms = PORTMAP_POLL_AWAY_MS;

	if (portmap->unanswered == 0)
		return PORTMAP_POLL_LEAST_MS +
		       randombytes_uniform(PORTMAP_POLL_MOST_MS -
					   PORTMAP_POLL_LEAST_MS + 1);
	for (unsigned int i = 1; i < portmap->unanswered; i++)
		if (delay_ms < PORTMAP_POLL_AWAY_MOST)
			delay_ms *= 2;
	return delay_ms;
}

static void on_poll(void *arg)
{
	struct portmap *portmap = arg;
	bool is_away = false;

	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		struct map_client *client = portmap->clients[via];

		if (!client || !is_held_by(portmap, client->via))
			continue;
		is_away = is_away || client->state != MAP_CLIENT_READY;
		client->ops->probe(client);
	}
	portmap->unanswered = is_away ? portmap->unanswered + 1 : 0;
	loop_timer_start(portmap->poll, next_poll_ms(portmap));
}

static void on_changed(void *arg, struct map_client *client)
{
	struct portmap *portmap = arg;
	struct portmap_user *user;

	/* It was there and is not: find it as soon as it comes back. */
	if (client->state == MAP_CLIENT_ABSENT && portmap->unanswered == 0 &&
	    is_held_by(portmap, client->via)) {
		portmap->unanswered = 1;
		loop_timer_start(portmap->poll, next_poll_ms(portmap));
	}
	portmap->cursor = LIST_FIRST(&portmap->users);
	while ((user = next_user(portmap)))
		user->changed(user, client->via);
}

static void pass_on_restart(struct portmap *portmap)
{
	enum map_via via = portmap->restarted_via;
	struct portmap_user *user;

	portmap->is_restart_due = false;
	loop_timer_start(portmap->hold, PORTMAP_RESTART_MS);
	log_info(portmap->options.log, "event=router-restarted via=%s",
		 map_via_name(via));
	if (portmap->options.restarted)
		portmap->options.restarted(portmap->options.news_arg, via);
	portmap->cursor = LIST_FIRST(&portmap->users);
	while ((user = next_user(portmap)))
		user->restarted(user, via);
}

static void on_restarted(void *arg, struct map_client *client)
{
	struct portmap *portmap = arg;
	uint64_t left_ms = loop_timer_remaining_ms(portmap->hold);

	if (left_ms > PORTMAP_RESTART_MS - PORTMAP_SAME_RESTART_MS)
		return;
	portmap->restarted_via = client->via;
	portmap->is_restart_due = true;
	if (!loop_timer_is_running(portmap->hold))
		pass_on_restart(portmap);
}

static void on_hold_over(void *arg)
{
	struct portmap *portmap = arg;

	if (portmap->is_restart_due)
		pass_on_restart(portmap);
}

/* --- life and end --- */

static void bury(void *arg)
{
	struct portmap *portmap = arg;
	const struct portmap_options options = portmap->options;

	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (portmap->clients[via])
			portmap->clients[via]->ops->free(portmap->clients[via]);
	loop_timer_free(portmap->hold);
	loop_timer_free(portmap->poll);
	loop_timer_free(portmap->burial);
	free(portmap);
	if (options.living)
		options.living(options.living_arg, -1);
}

struct portmap *portmap_new(const struct portmap_options *options)
{
	struct portmap *portmap = xcalloc(1, sizeof(*portmap));
	const struct map_client_listener listener = {
	    .changed = on_changed,
	    .restarted = on_restarted,
	    .arg = portmap,
	};

	portmap->options = *options;
	LIST_INIT(&portmap->users);
	portmap->burial = loop_timer_new(options->loop, bury, portmap);
	portmap->poll = loop_timer_new(options->loop, on_poll, portmap);
	portmap->hold = loop_timer_new(options->loop, on_hold_over, portmap);
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (options->new_client[via])
			portmap->clients[via] =
			    options->new_client[via](options, &listener);
	if (options->living)
		options->living(options->living_arg, 1);
	return portmap;
}

void portmap_retire(struct portmap *portmap)
{
	if (!portmap)
		return;
	portmap->is_retired = true;
	if (LIST_EMPTY(&portmap->users))
		loop_timer_start(portmap->burial, 0);
}

void portmap_probe(struct portmap *portmap)
{
	struct map_client *client;

	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		client = portmap->clients[via];
		if (client && client->state != MAP_CLIENT_READY &&
		    client->state != MAP_CLIENT_PROBING)
			client->ops->probe(client);
	}
}

void portmap_add_user(struct portmap *portmap, struct portmap_user *user)
{
	LIST_INSERT_HEAD(&portmap->users, user, link);
	if (!loop_timer_is_running(portmap->poll))
		loop_timer_start(portmap->poll, next_poll_ms(portmap));
}

void portmap_remove_user(struct portmap *portmap, struct portmap_user *user)
{
	if (portmap->cursor == user)
		portmap->cursor = LIST_NEXT(user, link);
	LIST_REMOVE(user, link);
	if (LIST_EMPTY(&portmap->users))
		loop_timer_stop(portmap->poll);
	if (portmap->is_retired && LIST_EMPTY(&portmap->users))
		loop_timer_start(portmap->burial, 0);
}

unsigned int portmap_user_count(const struct portmap *portmap)
{
	const struct portmap_user *user;
	unsigned int count = 0;

	LIST_FOREACH (user, &portmap->users, link)
		count++;
	return count;
}

void portmap_tell_kept(struct portmap *portmap)
{
	struct portmap_user *user;

	portmap->cursor = LIST_FIRST(&portmap->users);
	while ((user = next_user(portmap)))
		if (user->kept)
			user->kept(user);
}

struct map_client *portmap_client(const struct portmap *portmap,
				  enum map_via via)
{
	return portmap->clients[via];
}

const struct portmap_options *portmap_options(const struct portmap *portmap)
{
	return &portmap->options;
}

bool portmap_is_left(const struct portmap *portmap, enum transport transport,
		     uint16_t internal_port)
{
	const struct portmap_options *options = &portmap->options;
	const struct portmap_memory *memory = &options->memory;

	return memory->is_left &&
	       memory->is_left(memory->arg, &options->link.gateway, transport,
			       internal_port);
}

bool portmap_is_absent(const struct portmap *portmap)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (portmap->clients[via] &&
		    portmap->clients[via]->state != MAP_CLIENT_ABSENT)
			return false;
	return true;
}

struct addr portmap_external(const struct portmap *portmap)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (portmap->clients[via] &&
		    addr_is_set(&portmap->clients[via]->external))
			return portmap->clients[via]->external;
	return (struct addr){0};
}

bool portmap_has_no_network(const struct portmap *portmap)
{
	const struct map_client *natpmp = portmap->clients[MAP_VIA_NATPMP];

	return natpmp && natpmp->state == MAP_CLIENT_READY &&
	       !addr_is_set(&natpmp->external);
}
