/*
 * control: the two varlink sockets and who may call what on them.
 *
 * Accepts clients, frames and checks requests, keeps the limits, answers
 * org.varlink.service, and hands each call to a row of the table that it was
 * given. It knows no method of io.traversald: api.c holds that table.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "log.h"
#include "loop.h"

struct control;
struct control_call;

/* PARAMETERS is borrowed for the call. The method answers now or later with
 * exactly one control_reply() or control_error(), unless the caller goes. */
typedef void (*control_method_fn)(void *app, struct control_call *call,
				  json_t *parameters);
typedef void (*control_gone_fn)(void *arg);

struct control_method {
	const char *name; /* without the interface: "GetStatus" */
	bool admin;       /* only on the admin socket */
	control_method_fn fn;
};

struct control_options {
	const char *runtime_dir;              /* borrowed */
	const char *interface;                /* "io.traversald" */
	const char *idl;                      /* its definition, borrowed */
	const struct control_method *methods; /* borrowed */
	size_t method_count;
	void *app; /* passed to each method */
	/* Listening sockets from systemd, or -1: then control binds its own. */
	int listen_fd, listen_admin_fd;
};

/* Opens the sockets. Returns 0 and an owned control, or -E... . */
int control_new(struct loop *loop, struct log *log,
		const struct control_options *options,
		struct control **ret_control);
/* Closes everything; calls under way see their gone function. Unlinks the
 * sockets that it bound itself. */
void control_free(struct control *control);

/* Ends the call with a reply; PARAMETERS (may be NULL for {}) is taken. */
void control_reply(struct control_call *call, json_t *parameters);
/* The same with the whole message as text (owned, taken), as varlink_encode()
 * writes it. */
void control_reply_text(struct control_call *call, char *text);
/* Sends one reply of many; only when control_wants_more(). Takes PARAMETERS.
 * Returns false when the client reads too slowly and the reply was dropped. */
bool control_continue(struct control_call *call, json_t *parameters);
/* Did the caller ask for a stream ("more")? */
bool control_wants_more(const struct control_call *call);
/* Ends the call with an error of the interface ("NoSuchService") or, with a dot
 * in the name, a full one. Takes PARAMETERS (may be NULL). */
void control_error(struct control_call *call, const char *error,
		   json_t *parameters);
/* org.varlink.service.InvalidParameter for the field named. */
void control_invalid(struct control_call *call, const char *field);
/* FN is called when the client goes before the call has ended; then the call is
 * gone. One function a call; NULL takes it back. */
void control_on_gone(struct control_call *call, control_gone_fn fn, void *arg);
/* Like control_reply() and control_continue(), passing descriptors (borrowed)
 * with SCM_RIGHTS on the first byte of the reply. */
void control_reply_fds(struct control_call *call, json_t *parameters,
		       const int *fds, size_t fd_count);

#endif
