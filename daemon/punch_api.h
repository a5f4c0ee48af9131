/*
 * punch_api: the method Punch of io.traversald.
 *
 * Runs attempts for callers of the control plane, tells them of the progress,
 * and hands over the sockets that got through, or relays what comes in on them
 * to a service of the caller's choice. Whom to punch with is decided by
 * punch_request.h, how by punch.h.
 */
#ifndef DAEMON_PUNCH_API_H
#define DAEMON_PUNCH_API_H

#include "app.h"

struct punch_desk;

/* Returns an owned desk; APP is borrowed. */
struct punch_desk *punch_desk_new(struct app *app);
/* Ends every attempt and relay; their calls are left to the control. NULL is
 * allowed. */
void punch_desk_free(struct punch_desk *desk);

/* Serves one call; PARAMETERS is borrowed for the call. */
void punch_desk_call(struct punch_desk *desk, struct control_call *call,
		     const json_t *parameters);

#endif
