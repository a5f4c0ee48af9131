/*
 * uplink: what hangs on the way out, made anew when it changes.
 *
 * The portmap of the gateway, the pinholes of its firewall, the view of the NAT
 * and the services follow the network that netmon sees.
 */
#ifndef DAEMON_UPLINK_H
#define DAEMON_UPLINK_H

#include "app.h"

/* As netmon_listener wants it; ARG is the app. */
void uplink_changed(void *arg, const struct netview *view);

/* The gateway's clients are made anew, as after another --lease; every service
 * tries again. */
void uplink_remake(struct app *app);

/* Retires what there is: the daemon ends. */
void uplink_retire(struct app *app);

#endif
