/*
 * router_table: the router's own list of mappings, for `mappings --router`.
 */
#ifndef DAEMON_ROUTER_TABLE_H
#define DAEMON_ROUTER_TABLE_H

#include <jansson.h>

#include "app.h"

/* Answers CALL with OURS (taken) and the entries of the router's UPnP table
 * that are not ours; with OURS alone when the router lists none. */
void router_table_reply(struct app *app, struct control_call *call,
			json_t *ours);

#endif
