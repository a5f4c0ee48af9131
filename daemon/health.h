/*
 * health: what works with less than it should, as findings of this moment.
 *
 * Looks at the running parts each time it is asked, so that what has been
 * mended is gone from the list. It repairs nothing.
 */
#ifndef DAEMON_HEALTH_H
#define DAEMON_HEALTH_H

#include "app.h"

/* Appends to LIST what is degraded now. */
void health_findings(const struct app *app, struct findings *list);

#endif
