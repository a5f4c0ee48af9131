/*
 * igd_serve: serves the first request of a UPnP client's queue: search, open,
 * ask, judge, recover.
 *
 * Private to the UPnP client; all of it is called from the loop.
 */
#ifndef DAEMON_IGD_SERVE_H
#define DAEMON_IGD_SERVE_H

#include "igd_queue.h"

/* Timers: serve the first request; end a worker that has nothing to do. ARG is
 * the struct igd_client, as in all that follow. */
void igd_serve_kick(void *arg);
void igd_serve_idle(void *arg);

/* What the worker said. */
void igd_serve_worker(void *arg, enum igd_event event,
		      const struct igd_answer *answer);

/* What the search heard, and that nobody answered it. */
void igd_serve_heard(void *arg, const struct ssdp_message *message);
void igd_serve_silent(void *arg);

#endif
