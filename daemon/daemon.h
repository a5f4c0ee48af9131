/*
 * daemon: builds the app, drives it, takes it down.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "app.h"

/* Runs with CONFIG (taken) until SIGTERM or SIGINT. SOURCES are what it was
 * loaded from, for reloads. Returns the exit status of the process. */
int daemon_run(const struct config_sources *sources, struct config *config);

/*
 * Reads the configuration anew and brings it into force. Returns 0; -EINVAL
 * when it is broken: the old one stays and RET_WHY (borrowed until the next
 * reload) is the finding that says why.
 */
int daemon_reload(struct app *app, const struct finding **ret_why);

/* Finds out everything anew: network, router, services. */
void daemon_probe(struct app *app);

#endif
