#include "igd_place.h"

#include <stdio.h>
#include <string.h>

void igd_places_drop(struct igd_places *places)
{
	if (places->count == 0)
		return;
	places->count--;
	memmove(places->items, places->items + 1,
		places->count * sizeof(places->items[0]));
}

static void drop_worse(struct igd_places *places, size_t at)
{
	places->count--;
	memmove(places->items + at, places->items + at + 1,
		(places->count - at) * sizeof(places->items[0]));
}

void igd_places_keep(struct igd_places *places, const char *url,
		     enum ssdp_rank rank)
{
	struct igd_place place = {.rank = rank};
	size_t at = 0;

	for (size_t i = 0; i < places->count; i++) {
		if (strcmp(places->items[i].url, url) != 0)
			continue;
		if (places->items[i].rank >= rank)
			return;
		drop_worse(places, i);
		break;
	}
	while (at < places->count && places->items[at].rank >= rank)
		at++;
	if (at == IGD_PLACES)
		return;
	if (places->count < IGD_PLACES)
		places->count++;
	memmove(places->items + at + 1, places->items + at,
		(places->count - at - 1) * sizeof(places->items[0]));
	snprintf(place.url, sizeof(place.url), "%s", url);
	places->items[at] = place;
}

static bool is_restart(const struct igd_boot *boot,
		       const struct ssdp_message *message)
{
	if (message->has_bootid && boot->has_bootid &&
	    message->bootid != boot->bootid)
		return true;
	return message->kind == SSDP_ALIVE && boot->said_goodbye;
}

bool igd_boot_hear(struct igd_boot *boot, const struct ssdp_message *message,
		   uint64_t now_ms)
{
	if (message->kind == SSDP_BYEBYE) {
		boot->said_goodbye = true;
		return false;
	}
	if (!is_restart(boot, message)) {
		if (message->has_bootid) {
			boot->has_bootid = true;
			boot->bootid = message->bootid;
		}
		return false;
	}
	if (boot->restart_ms && now_ms - boot->restart_ms < IGD_RESTART_HOLD_MS)
		return false;
	*boot = (struct igd_boot){.has_bootid = message->has_bootid,
				  .bootid = message->bootid,
				  .restart_ms = now_ms};
	return true;
}
