#include "health.h"

#include <stdio.h>
#include <string.h>

#include "keeper.h"

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

static void add_store(const struct app *app, struct findings *list)
{
	int read_error = keeper_read_error(app->keeper);
	int write_error = keeper_write_error(app->keeper);

	if (read_error)
		findings_add(list, "state.damaged", FINDING_WARNING, NULL, 0,
			     "the state file of the last run is damaged",
			     "Mappings that the last run left behind are not "
			     "recognised; they end with their leases. The file "
			     "is kept as state.bad.",
			     "Look after the disk if this comes again.");
	if (write_error && !findings_has(&app->runtime, "state.unwritable"))
		findings_add(list, "state.unwritable", FINDING_WARNING, NULL, 0,
			     "the state file cannot be written",
			     strerror(-write_error),
			     "Make --data-dir a directory that the daemon may "
			     "write, with room on its disk.");
}

void health_findings(const struct app *app, struct findings *list)
{
	const struct map_client *client;

	if (app->keeper)
		add_store(app, list);

	if (!app->env.portmap)
		return;
	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		client = portmap_client(app->env.portmap, (enum map_via)via);
		if (client && client->deaf_error)
			add_deaf(client, list);
	}
}
