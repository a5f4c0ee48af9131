/*
 * punch_request: what a call of Punch asks for, checked.
 *
 * Every reason to refuse is found here, by name, before a socket is opened: who
 * may be sent packets to is not the caller's choice alone. Opens nothing.
 */
#ifndef DAEMON_PUNCH_REQUEST_H
#define DAEMON_PUNCH_REQUEST_H

#include <jansson.h>

#include "punch.h"

#define PUNCH_MESSAGE_ROOM 160

struct punch_request {
	struct punch_options options; /* ->loop and ->bind are left */
	bool has_forward;             /* the daemon relays to: */
	struct endpoint forward;
};

/* Which parameter is refused, and why. */
struct punch_refusal {
	const char *field; /* constant */
	char message[PUNCH_MESSAGE_ROOM];
};

/* What is known of this host. */
struct punch_ground {
	bool (*is_own)(const void *arg, const struct addr *a);
	bool (*is_on_link)(const void *arg, const struct addr *a);
	/* Where the configuration forwards punched traffic of the service NAME
	 * to; false: no such service, or it says nothing of that. */
	bool (*find_forward)(const void *arg, const char *name,
			     struct endpoint *ret_forward);
	const void *arg;
};

/* Fills in WHY and returns -EINVAL. */
int punch_refuse(struct punch_refusal *why, const char *field,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reads PARAMETERS. Returns 0, or -EINVAL and *ret_why. */
int punch_request_read(const json_t *parameters,
		       const struct punch_ground *ground,
		       struct punch_request *ret_request,
		       struct punch_refusal *ret_why);

#endif
