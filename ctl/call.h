/*
 * call: asks traversald one thing and explains what went wrong, so that a
 * command has only its own answer to show.
 */
#ifndef CTL_CALL_H
#define CTL_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "client.h"

struct call {
	const char *method; /* without the interface */
	json_t *parameters; /* taken; may be NULL */
	bool admin;         /* on the admin socket */
	bool more;
	uint32_t timeout_ms; /* where --timeout tells none */
};

/* Returns the owned path of the socket for reading or, with ADMIN, changing. */
char *call_socket_path(const struct args *args, bool admin);

/* Connects and sends. Returns 0 and an owned client, or an exit status. */
int call_open(const struct args *args, const struct call *call,
	      struct client **ret_client);

/* Makes the call; without `more`. Returns 0 and the owned parameters of the
 * reply, or the exit status after an explanation on standard error. */
int call_once(const struct args *args, const struct call *call,
	      json_t **ret_parameters);

/* The deadline of a call that begins now. */
uint64_t call_deadline_ms(const struct args *args, uint32_t otherwise_ms);

#endif
