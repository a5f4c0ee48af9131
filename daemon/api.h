/*
 * api: the methods of io.traversald, one row each.
 */
#ifndef DAEMON_API_H
#define DAEMON_API_H

#include "app.h"

struct api;

/* Opens the control sockets, with those of systemd if there are any. Returns 0
 * and an owned api, or -E... . */
int api_new(struct app *app, struct api **ret_api);
/* Closes them; calls under way end. NULL is allowed. */
void api_free(struct api *api);

/* A service changed: calls that wait for it may be answered. */
void api_service_changed(struct api *api, struct service *service);

#endif
