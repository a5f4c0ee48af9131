/*
 * net_layers: how many NATs stand between this host and the internet, whose
 * they are, and what a person can do about it.
 *
 * Draws the conclusion from what the routers tell of their outer sides and from
 * what STUN servers see. Asks nobody itself.
 */
#ifndef DAEMON_NET_LAYERS_H
#define DAEMON_NET_LAYERS_H

#include "app.h"
#include "nat_behaviour.h"

struct net_layers {
	int count; /* NATs that were found; -1: not known */
	enum nat_fact cgnat;
	struct addr outer;        /* of the gateway, as it says; may be unset */
	struct addr second;       /* the router beyond it; may be unset */
	struct addr second_outer; /* of that one; may be unset */
	struct addr seen;         /* our address as STUN servers see it */
};

struct net_layers net_layers(const struct app *app);

/* Adds net.cgnat, net.double_nat, net.several_gateways,
 * net.gateway_off_route where they apply. */
void net_layers_findings(const struct app *app, struct findings *list);

#endif
