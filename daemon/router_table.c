#include "router_table.h"

#include <stdlib.h>
#include <string.h>

#include "igd_client.h"
#include "mem.h"
#include "sanitize.h"
#include "status_json.h"

struct listing {
	struct portmap_user user; /* keeps a retired portmap's client alive */
	struct app *app;
	struct control_call *call;
	struct portmap *portmap;
	struct map_client *client;
	uint64_t id;
	json_t *mappings;
};

static const char *protocol_name(const struct igd_entry *entry)
{
	return transport_name(entry->protocol == IGD_TCP ? TRANSPORT_TCP
							 : TRANSPORT_UDP);
}

static bool is_ours(struct app *app, const struct igd_entry *entry)
{
	return addr_equal(&entry->client, &app->netview.ipv4.local) &&
	       services_find_port(app->services,
				  entry->protocol == IGD_TCP ? TRANSPORT_TCP
							     : TRANSPORT_UDP,
				  (uint16_t)entry->internal_port);
}

static json_t *entry_json(const struct listing *listing,
			  const struct igd_entry *entry)
{
	char client[ADDR_TEXT_BYTES], gateway[ADDR_TEXT_BYTES];
	char outer[ADDR_TEXT_BYTES], text[SANITIZE_BYTES];
	bool is_permanent = entry->lease_s == 0;
	bool is_addressed = addr_is_set(&listing->client->external);

	addr_format(&entry->client, client, sizeof(client));
	addr_format(&listing->client->gateway, gateway, sizeof(gateway));
	addr_format(&listing->client->external, outer, sizeof(outer));
	sanitize(entry->description,
		 strnlen(entry->description, sizeof(entry->description)), text,
		 sizeof(text));
	return json_pack(
	    "{s:n,s:s,s:{s:s,s:i},s:{s:s?,s:i,s:s},s:s,s:s,s:n,s:o,s:n,s:n,"
	    "s:s,s:s,s:b}",
	    "name", "protocol", protocol_name(entry), "internal", "address",
	    client, "port", (int)entry->internal_port, "external", "address",
	    is_addressed ? outer : NULL, "port", (int)entry->external_port,
	    "family", "ipv4", "via", "upnp", "gateway", gateway, "lifetime_sec",
	    "expires_in_sec",
	    is_permanent ? json_null() : json_integer(entry->lease_s),
	    "renew_in_sec", "expires", "state", "foreign", "description", text,
	    "ours", 0);
}

static void ignore(struct portmap_user *user, enum map_via via)
{
	(void)user;
	(void)via;
}

static void listing_free(struct listing *listing)
{
	portmap_remove_user(listing->portmap, &listing->user);
	free(listing);
}

static void on_list(void *arg, enum map_status status,
		    const struct igd_entry *entries, size_t count)
{
	struct listing *listing = arg;

	(void)status;
	for (size_t i = 0; i < count; i++)
		if (!is_ours(listing->app, &entries[i]))
			json_array_append_new(listing->mappings,
					      entry_json(listing, &entries[i]));
	control_on_gone(listing->call, NULL, NULL);
	control_reply(listing->call,
		      json_pack("{s:o}", "mappings", listing->mappings));
	listing_free(listing);
}

static void on_gone(void *arg)
{
	struct listing *listing = arg;

	listing->client->ops->cancel(listing->client, listing->id);
	json_decref(listing->mappings);
	listing_free(listing);
}

void router_table_reply(struct app *app, struct control_call *call,
			json_t *ours)
{
	struct map_client *client =
	    app->env.portmap ? portmap_client(app->env.portmap, MAP_VIA_UPNP)
			     : NULL;
	struct listing *listing;

	if (!client || client->state != MAP_CLIENT_READY) {
		control_reply(call, json_pack("{s:o}", "mappings", ours));
		return;
	}
	listing = xcalloc(1, sizeof(*listing));
	listing->app = app;
	listing->call = call;
	listing->portmap = app->env.portmap;
	listing->client = client;
	listing->user.changed = ignore;
	listing->user.restarted = ignore;
	portmap_add_user(listing->portmap, &listing->user);
	listing->mappings = ours;
	listing->id = igd_client_list(client, on_list, listing);
	control_on_gone(call, on_gone, listing);
}
