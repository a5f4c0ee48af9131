#include "call.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "exits.h"
#include "mem.h"
#include "say.h"

#define INTERFACE          "io.traversald"
#define ADMIN_SOCKET       "traversald-admin.sock"
#define DEFAULT_TIMEOUT_MS 10000
/* When all places are taken: ask again after, and so often. */
#define FULL_RETRY_MS 20
#define FULL_RETRIES  100

char *call_socket_path(const struct args *args, bool admin)
{
	const char *slash = strrchr(args->socket, '/');
	int dir_len = slash ? (int)(slash - args->socket) + 1 : 0;

	if (!admin)
		return xstrdup(args->socket);
	if (args->admin_socket)
		return xstrdup(args->admin_socket);
	return xasprintf("%.*s%s", dir_len, args->socket, ADMIN_SOCKET);
}

uint64_t call_deadline_ms(const struct args *args, uint32_t otherwise_ms)
{
	uint32_t ms = args->timeout_ms ? args->timeout_ms : otherwise_ms;

	return client_now_ms() + (ms ? ms : DEFAULT_TIMEOUT_MS);
}

/* Borrows the parameters: a call may have to be sent again. */
static int open_at(const struct args *args, const struct call *call,
		   const char *path, uint64_t deadline_ms,
		   struct client **ret_client)
{
	char *method = xasprintf("%s.%s", INTERFACE, call->method);
	struct client *client;
	int error = client_connect(path, deadline_ms, &client);

	if (error) {
		free(method);
		return say_no_connection(args, path, error);
	}
	error = client_send(client, method, json_incref(call->parameters),
			    call->more, deadline_ms);
	free(method);
	if (error) {
		client_free(client);
		return say_lost(args, path, error);
	}
	*ret_client = client;
	return 0;
}

int call_open(const struct args *args, const struct call *call,
	      struct client **ret_client)
{
	char *path = call_socket_path(args, call->admin);
	int status =
	    open_at(args, call, path, call_deadline_ms(args, call->timeout_ms),
		    ret_client);

	json_decref(call->parameters);
	free(path);
	return status;
}

static bool is_full(const struct varlink_reply *reply)
{
	return reply->error &&
	       strcmp(reply->error, INTERFACE ".TooManyClients") == 0;
}

/* Returns an exit status, or -EAGAIN when traversald has no place. */
static int try_once(const struct args *args, const struct call *call,
		    const char *path, uint64_t deadline_ms, bool is_last,
		    json_t **ret_parameters)
{
	struct varlink_reply reply;
	struct client *client;
	int status = open_at(args, call, path, deadline_ms, &client);

	if (status)
		return status;
	status = client_receive(client, deadline_ms, &reply);
	client_free(client);
	if (status)
		return say_lost(args, path, status);
	if (is_full(&reply) && !is_last)
		status = -EAGAIN;
	else if (reply.error)
		status = say_error(args, call->method, &reply);
	else
		*ret_parameters = json_incref(reply.parameters);
	varlink_reply_fini(&reply);
	return status;
}

int call_once(const struct args *args, const struct call *call,
	      json_t **ret_parameters)
{
	char *path = call_socket_path(args, call->admin);
	uint64_t deadline_ms = call_deadline_ms(args, call->timeout_ms);
	int status, tries = 0;

	for (;;) {
		bool is_last = ++tries >= FULL_RETRIES ||
			       client_now_ms() + FULL_RETRY_MS >= deadline_ms;

		status = try_once(args, call, path, deadline_ms, is_last,
				  ret_parameters);
		if (status != -EAGAIN)
			break;
		poll(NULL, 0, FULL_RETRY_MS);
	}
	json_decref(call->parameters);
	free(path);
	return status;
}
