/*
 * igd_place: where the gateway's description may be, and whether the gateway
 * has restarted, as SSDP tells. Pure: the clock is an argument.
 */
#ifndef DAEMON_IGD_PLACE_H
#define DAEMON_IGD_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "igd_url.h"
#include "ssdp.h"

/* Descriptions that are kept; a router has one or two. */
#define IGD_PLACES 4

/* Restarts count once in this time: whoever forges them gets no more work done
 * than that. */
#define IGD_RESTART_HOLD_MS 5000

struct igd_place {
	char url[IGD_URL_BYTES]; /* admitted */
	enum ssdp_rank rank;
};

/* {0} is an empty list; the first one is to be tried first. */
struct igd_places {
	struct igd_place items[IGD_PLACES];
	size_t count;
};

/* Keeps an admitted URL, the likelier ones first, none twice. */
void igd_places_keep(struct igd_places *places, const char *url,
		     enum ssdp_rank rank);

/* Drops the first one. */
void igd_places_drop(struct igd_places *places);

/* What is known of the gateway's last start; {0} is nothing. */
struct igd_boot {
	bool has_bootid;
	uint32_t bootid;
	bool said_goodbye;
	uint64_t restart_ms; /* when it was last noticed; 0 = never */
};

/*
 * Takes note of a message of the gateway. Returns whether the gateway has
 * restarted since the last one: another BOOTID.UPNP.ORG (UDA 1.1 section 1.2.2)
 * or ssdp:alive after ssdp:byebye. A restart within IGD_RESTART_HOLD_MS of one
 * is noticed by the first message after that time.
 */
bool igd_boot_hear(struct igd_boot *boot, const struct ssdp_message *message,
		   uint64_t now_ms);

#endif
