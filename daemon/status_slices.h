/*
 * status_slices: the answer about all services, written a slice at a time.
 *
 * A thousand services are half a megabyte of JSON, which takes the loop longer
 * than any callback may: so some are written in a turn of the loop, and others
 * have theirs in between. A service that comes or goes meanwhile is in the
 * answer or not. It does not know what is said of a service.
 */
#ifndef DAEMON_STATUS_SLICES_H
#define DAEMON_STATUS_SLICES_H

#include "app.h"
#include "control.h"

struct status_slices_kind {
	/* The key of the array to be filled, in quotes. */
	const char *quoted_key;
	/* Returns owned: the parameters of the reply, that array empty. */
	json_t *(*frame)(struct app *app);
	/* Returns owned: an array of what is said of one service. */
	json_t *(*items)(struct app *app, const struct service *service);
};

/* Answers CALL, at once or in some turns of the loop; KIND is borrowed. */
void status_slices_reply(struct app *app, struct control_call *call,
			 const struct status_slices_kind *kind);

#endif
