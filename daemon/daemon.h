/*
 * daemon: builds the app, drives it, takes it down.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "app.h"

/* Runs with CONFIG (taken) until SIGTERM or SIGINT. SOURCES are what it was
 * loaded from, for reloads. Returns the exit status of the process. */
int daemon_run(const struct config_sources *sources, struct config *config);

#endif
