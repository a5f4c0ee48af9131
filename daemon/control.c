#include "control.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_conn.h"
#include "control_listen.h"
#include "control_service.h"
#include "mem.h"

#define SOCKET_NAME       "traversald.sock"
#define ADMIN_SOCKET_NAME "traversald-admin.sock"
#define ADMIN_GROUP       "traversald"

/* Of each socket, so that who may only read cannot keep administrators out. */
#define CLIENTS_MOST     32
#define ACCEPTS_PER_TURN 16
/* With all places taken, one held idle so long goes to the next client. */
#define EVICT_HALF_MS 20
#define EVICT_IDLE_MS 10000
/* A stream's client that has so much unread gets no more for now. */
#define STREAM_BACKLOG_BYTES (256 * 1024)
/* Out of descriptors: accept again after. */
#define ACCEPT_PAUSE_MS 500

struct control_call {
	struct control_client *client; /* NULL: the client has gone */
	bool more;
	bool oneway;
	control_gone_fn gone;
	void *gone_arg;
	LIST_ENTRY(control_call) orphan_link; /* only without a client */
};

struct control_client {
	struct door *door;
	struct control_conn *conn;
	struct control_call *call; /* the one under way, or NULL */
	LIST_ENTRY(control_client) link;
};

LIST_HEAD(client_list, control_client);

struct door {
	struct control *control;
	bool admin;
	struct control_listen listen;
	struct loop_io *io;
	struct loop_timer *resume;
	struct client_list clients;
	size_t client_count;
};

struct control {
	struct loop *loop;
	struct log *log;
	struct control_options options;
	struct door reading, changing;
	struct client_list gone; /* to be freed by the timer */
	struct loop_timer *reap;
	LIST_HEAD(, control_call) orphans;
};

/* --- calls ------------------------------------------------------------------
 */

static void call_send(struct control_call *call, json_t *message,
		      const int *fds, size_t fd_count)
{
	if (call->client && !call->oneway)
		control_conn_send(call->client->conn, message, fds, fd_count);
	else
		json_decref(message);
}

static void call_end(struct control_call *call)
{
	struct control_client *client = call->client;

	if (client) {
		client->call = NULL;
		control_conn_ready(client->conn);
	} else {
		LIST_REMOVE(call, orphan_link);
	}
	free(call);
}

/* Without a gone function the method still holds the call and will answer it;
 * nobody hears that. */
static void call_lose_client(struct control *control, struct control_call *call)
{
	call->client = NULL;
	if (call->gone) {
		call->gone(call->gone_arg);
		free(call);
		return;
	}
	LIST_INSERT_HEAD(&control->orphans, call, orphan_link);
}

static void call_finish(struct control_call *call, json_t *message)
{
	call_send(call, message, NULL, 0);
	call_end(call);
}

void control_reply(struct control_call *call, json_t *parameters)
{
	call_finish(call, varlink_reply_new(parameters, false));
}

void control_reply_text(struct control_call *call, char *text)
{
	if (call->client && !call->oneway)
		control_conn_send_text(call->client->conn, text);
	else
		free(text);
	call_end(call);
}

void control_reply_fds(struct control_call *call, json_t *parameters,
		       const int *fds, size_t fd_count)
{
	call_send(call, varlink_reply_new(parameters, false), fds, fd_count);
	call_end(call);
}

bool control_continue(struct control_call *call, json_t *parameters)
{
	assert(call->more);
	if (!call->client || control_conn_backlog_bytes(call->client->conn) >=
				 STREAM_BACKLOG_BYTES) {
		json_decref(parameters);
		return false;
	}
	control_conn_set_streaming(call->client->conn);
	call_send(call, varlink_reply_new(parameters, true), NULL, 0);
	return true;
}

bool control_wants_more(const struct control_call *call)
{
	return call->more;
}

void control_error(struct control_call *call, const char *error,
		   json_t *parameters)
{
	char *full = NULL;

	/* Without a client nobody wants to know whose error it is. */
	if (call->client && !strchr(error, '.'))
		full = xasprintf("%s.%s",
				 call->client->door->control->options.interface,
				 error);
	call_finish(call, varlink_error_new(full ? full : error, parameters));
	free(full);
}

void control_invalid(struct control_call *call, const char *field)
{
	call_finish(call, control_service_invalid(field));
}

void control_on_gone(struct control_call *call, control_gone_fn fn, void *arg)
{
	call->gone = fn;
	call->gone_arg = arg;
}

/* --- requests ---------------------------------------------------------------
 */

static const struct control_method *find_method(const struct control *control,
						const char *name)
{
	const struct control_options *options = &control->options;

	for (size_t i = 0; i < options->method_count; i++)
		if (strcmp(options->methods[i].name, name) == 0)
			return &options->methods[i];
	return NULL;
}

static struct control_call *call_new(struct control_client *client,
				     const struct varlink_request *request)
{
	struct control_call *call = xcalloc(1, sizeof(*call));

	assert(!client->call);
	call->client = client;
	call->more = request->more;
	call->oneway = request->oneway;
	client->call = call;
	return call;
}

static void on_request(void *arg, const struct varlink_request *request)
{
	struct control_client *client = arg;
	struct control *control = client->door->control;
	const struct control_options *options = &control->options;
	struct control_call *call = call_new(client, request);
	const struct control_method *method;
	size_t len;
	const char *name = varlink_split_name(request->method, &len);
	json_t *answer =
	    control_service_answer(options->interface, options->idl,
				   request->method, len, request->parameters);

	if (answer) {
		call_finish(call, answer);
		return;
	}
	method = find_method(control, name);
	if (!method) {
		call_finish(call, control_service_no_method(request->method));
	} else if (method->admin && !client->door->admin) {
		log_debug(control->log, "control: method=%s not permitted",
			  method->name);
		control_error(call, "NotPermitted", NULL);
	} else {
		method->fn(options->app, call, request->parameters);
	}
}

static void on_refused(void *arg, enum control_refusal refusal, const char *why)
{
	static const struct {
		const char *name, *limit_key;
		json_int_t limit;
	} rows[] = {
	    [CONTROL_TOO_LARGE] = {"RequestTooLarge", "limit_bytes",
				   VARLINK_REQUEST_MOST_BYTES},
	    [CONTROL_TOO_DEEP] = {"RequestTooDeep", "limit",
				  VARLINK_DEPTH_MOST},
	    [CONTROL_NOT_A_REQUEST] = {"RequestInvalid", NULL, 0},
	};
	struct control_client *client = arg;
	struct control *control = client->door->control;
	json_t *parameters = json_pack("{s:s}", "message", why);
	char *full =
	    xasprintf("%s.%s", control->options.interface, rows[refusal].name);

	if (rows[refusal].limit_key)
		json_object_set_new(parameters, rows[refusal].limit_key,
				    json_integer(rows[refusal].limit));
	log_debug(control->log, "control: request refused: %s", why);
	control_conn_send(client->conn, varlink_error_new(full, parameters),
			  NULL, 0);
	control_conn_finish(client->conn);
	free(full);
}

/* --- clients ----------------------------------------------------------------
 */

static void client_drop(struct control_client *client)
{
	struct control *control = client->door->control;
	struct control_call *call = client->call;

	LIST_REMOVE(client, link);
	client->door->client_count--;
	LIST_INSERT_HEAD(&control->gone, client, link);
	loop_timer_start(control->reap, 0);
	client->call = NULL;
	if (call)
		call_lose_client(control, call);
}

static void on_gone(void *arg)
{
	client_drop(arg);
}

/* Not for use within a callback of the client's own connection. */
static void client_close(struct control_client *client)
{
	client_drop(client);
	control_conn_free(client->conn);
	client->conn = NULL;
}

static const struct control_conn_handler client_handler = {
    .request = on_request,
    .refused = on_refused,
    .gone = on_gone,
};

static void on_reap(void *arg)
{
	struct control *control = arg;
	struct control_client *client;

	while ((client = LIST_FIRST(&control->gone))) {
		LIST_REMOVE(client, link);
		control_conn_free(client->conn);
		free(client);
	}
}

static void client_new(struct door *door, int fd)
{
	struct control_client *client = xcalloc(1, sizeof(*client));

	client->door = door;
	client->conn =
	    control_conn_new(door->control->loop, fd, &client_handler, client);
	LIST_INSERT_HEAD(&door->clients, client, link);
	door->client_count++;
}

/* Frees the place that was held idle the longest, when that was long. */
static void evict_one(struct door *door)
{
	struct control_client *client, *worst = NULL;
	uint64_t worst_ms = 0;

	LIST_FOREACH (client, &door->clients, link) {
		bool half;
		uint64_t idle_ms = control_conn_idle_ms(client->conn, &half);
		uint64_t limit_ms = half ? EVICT_HALF_MS : EVICT_IDLE_MS;

		if (idle_ms >= limit_ms && idle_ms - limit_ms >= worst_ms) {
			worst_ms = idle_ms - limit_ms;
			worst = client;
		}
	}
	if (worst)
		client_close(worst);
}

static void turn_away(struct door *door, int fd)
{
	char *full =
	    xasprintf("%s.TooManyClients", door->control->options.interface);
	size_t len;
	char *text = varlink_encode(
	    varlink_error_new(full, json_pack("{s:i}", "limit", CLIENTS_MOST)),
	    &len);

	log_debug(door->control->log, "control: clients=%zu turned one away",
		  door->client_count);
	(void)!send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	free(text);
	free(full);
}

static void admit(struct door *door, int fd)
{
	if (door->client_count >= CLIENTS_MOST)
		evict_one(door);
	if (door->client_count < CLIENTS_MOST)
		client_new(door, fd);
	else
		turn_away(door, fd);
}

static void on_knock(void *arg, int listen_fd, unsigned int events)
{
	struct door *door = arg;
	int fd;

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		fd = accept4(listen_fd, NULL, NULL,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			admit(door, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			log_warn(door->control->log, "control: accept: %s",
				 strerror(errno));
			loop_io_set(door->io, 0);
			loop_timer_start(door->resume, ACCEPT_PAUSE_MS);
		}
		return;
	}
}

static void on_resume(void *arg)
{
	struct door *door = arg;

	loop_io_set(door->io, LOOP_READ);
}

/* --- life -------------------------------------------------------------------
 */

static int door_open(struct control *control, struct door *door, int given_fd)
{
	int error;

	if (given_fd >= 0)
		error =
		    control_listen_adopt(&door->listen, control->log, given_fd);
	else if (door->admin)
		error = control_listen_bind(
		    &door->listen, control->log, control->options.runtime_dir,
		    ADMIN_SOCKET_NAME, 0660, ADMIN_GROUP);
	else
		error = control_listen_bind(&door->listen, control->log,
					    control->options.runtime_dir,
					    SOCKET_NAME, 0666, NULL);
	if (error)
		return error;
	door->io = loop_io_new(control->loop, door->listen.fd, LOOP_READ,
			       on_knock, door);
	door->resume = loop_timer_new(control->loop, on_resume, door);
	return 0;
}

static void door_init(struct door *door, struct control *control, bool admin)
{
	door->control = control;
	door->admin = admin;
	door->listen.fd = -1;
	LIST_INIT(&door->clients);
}

static void door_close(struct door *door)
{
	struct control_client *client;

	loop_io_free(door->io);
	loop_timer_free(door->resume);
	control_listen_close(&door->listen);
	while ((client = LIST_FIRST(&door->clients)))
		client_close(client);
}

int control_new(struct loop *loop, struct log *log,
		const struct control_options *options,
		struct control **ret_control)
{
	struct control *control = xcalloc(1, sizeof(*control));
	int error;

	control->loop = loop;
	control->log = log;
	control->options = *options;
	control->reap = loop_timer_new(loop, on_reap, control);
	LIST_INIT(&control->gone);
	LIST_INIT(&control->orphans);
	door_init(&control->reading, control, false);
	door_init(&control->changing, control, true);
	error = door_open(control, &control->reading, options->listen_fd);
	if (!error)
		error = door_open(control, &control->changing,
				  options->listen_admin_fd);
	if (error) {
		control_free(control);
		return error;
	}
	*ret_control = control;
	return 0;
}

void control_free(struct control *control)
{
	struct control_call *call;

	if (!control)
		return;
	door_close(&control->reading);
	door_close(&control->changing);
	on_reap(control);
	loop_timer_free(control->reap);
	while ((call = LIST_FIRST(&control->orphans))) {
		LIST_REMOVE(call, orphan_link);
		free(call);
	}
	free(control);
}
