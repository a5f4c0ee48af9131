/*
 * igd_firewall: the worker's side of UPnP WANIPv6FirewallControl:1.
 *
 * Speaks HTTP by itself (igd_http.h), from the address that a pinhole is for.
 * Everything goes to the one host that IGD_PINHOLE_OPEN names, whatever the
 * description says. Linked into the worker alone.
 */
#ifndef DAEMON_IGD_FIREWALL_H
#define DAEMON_IGD_FIREWALL_H

#include <stdbool.h>

#include "igd_desc.h"
#include "igd_wire.h"

/* {0} is not open. */
struct igd_firewall {
	bool is_open;
	struct addr gateway;
	struct addr source; /* ours, and the pinholes' inner address */
	struct igd_service service;
	char control[IGD_URL_BYTES]; /* admitted */
};

/* Performs a request of the IGD_PINHOLE verbs. Returns an enum igd_code or what
 * the router said; fills ->unique. Blocks for a few requests' time. */
int igd_firewall_perform(struct igd_firewall *firewall,
			 const struct igd_request *request,
			 struct igd_answer *answer);

#endif
