#include "portmap.h"

#include <stdlib.h>

#include "mem.h"

struct portmap {
	struct portmap_options options;
	struct map_client *clients[MAP_VIA_COUNT];
	LIST_HEAD(, portmap_user) users;
	struct loop_timer *burial; /* running: retired and without users */
	bool is_retired;
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

static void on_changed(void *arg, struct map_client *client)
{
	struct portmap *portmap = arg;
	struct portmap_user *user;

	portmap->cursor = LIST_FIRST(&portmap->users);
	while ((user = next_user(portmap)))
		user->changed(user, client->via);
}

static void on_restarted(void *arg, struct map_client *client)
{
	struct portmap *portmap = arg;
	struct portmap_user *user;

	log_info(portmap->options.log, "event=router-restarted via=%s",
		 map_via_name(client->via));
	if (portmap->options.restarted)
		portmap->options.restarted(portmap->options.news_arg,
					   client->via);
	portmap->cursor = LIST_FIRST(&portmap->users);
	while ((user = next_user(portmap)))
		user->restarted(user, client->via);
}

static void bury(void *arg)
{
	struct portmap *portmap = arg;

	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (portmap->clients[via])
			portmap->clients[via]->ops->free(portmap->clients[via]);
	loop_timer_free(portmap->burial);
	free(portmap);
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
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		if (options->new_client[via])
			portmap->clients[via] =
			    options->new_client[via](options, &listener);
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
		if (client && client->state != MAP_CLIENT_READY)
			client->ops->probe(client);
	}
}

void portmap_add_user(struct portmap *portmap, struct portmap_user *user)
{
	LIST_INSERT_HEAD(&portmap->users, user, link);
}

void portmap_remove_user(struct portmap *portmap, struct portmap_user *user)
{
	if (portmap->cursor == user)
		portmap->cursor = LIST_NEXT(user, link);
	LIST_REMOVE(user, link);
	if (portmap->is_retired && LIST_EMPTY(&portmap->users))
		loop_timer_start(portmap->burial, 0);
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
