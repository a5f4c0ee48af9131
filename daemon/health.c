#include "health.h"

#include <stdio.h>
#include <string.h>

static void add_deaf(const struct map_client *client, struct findings *list)
{
	char detail[160];

	snprintf(detail, sizeof(detail),
		 "%s: %s. A restart of the router is noticed by asking it, "
		 "within half a minute, instead of at once.",
		 map_via_name(client->via), strerror(-client->deaf_error));
	findings_add(list, "router.unheard", FINDING_INFO, NULL, 0,
		     "the router's announcements cannot be heard", detail,
		     "Find the program that holds UDP port 5350 or 1900 alone: "
		     "ss -lunp");
}

void health_findings(const struct app *app, struct findings *list)
{
	const struct map_client *client;

	if (!app->env.portmap)
		return;
	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		client = portmap_client(app->env.portmap, (enum map_via)via);
		if (client && client->deaf_error)
			add_deaf(client, list);
	}
}
