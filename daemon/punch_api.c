#include "punch_api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"
#include "nat_watch.h"
#include "punch_filter.h"
#include "punch_json.h"
#include "punch_request.h"
#include "relay.h"

/* At once: each holds up to PUNCH_PORTS_MOST sockets. */
#define ATTEMPTS_MOST 8
#define RELAYS_MOST   64
/* An attempt is over by then. */
#define RETRY_S 10

struct attempt {
	struct punch_desk *desk;
	struct control_call *call; /* NULL: answered, or the caller has gone */
	struct punch *punch;
	struct punch_request request;
	LIST_ENTRY(attempt) link;
};

struct forward {
	struct punch_desk *desk;
	struct relay *relay;
	enum punch_role role;
	char remote[ENDPOINT_TEXT_BYTES];
	LIST_ENTRY(forward) link;
};

struct punch_desk {
	struct app *app;
	LIST_HEAD(, attempt) attempts;
	LIST_HEAD(, forward) forwards;
	unsigned int attempt_count, forward_count;
};

/* --- relays --------------------------------------------------------------- */

static void forward_free(struct forward *forward)
{
	struct relay_counts c = relay_counts(forward->relay);

	log_info(
	    forward->desk->app->log,
	    "event=relay-ended peer=%s in_packets=%llu in_bytes=%llu "
	    "out_packets=%llu out_bytes=%llu dropped=%llu",
	    forward->remote, (unsigned long long)c.in_packets,
	    (unsigned long long)c.in_bytes, (unsigned long long)c.out_packets,
	    (unsigned long long)c.out_bytes, (unsigned long long)c.dropped);
	LIST_REMOVE(forward, link);
	forward->desk->forward_count--;
	relay_free(forward->relay);
	free(forward);
}

static void on_relay_ended(void *arg, struct relay *relay)
{
	(void)relay;
	forward_free(arg);
}

/* What is left of the punching is none of the service's business; the peer's OK
 * asks for the ACK that it did not get. */
static bool is_punching(void *arg, int fd, const uint8_t *bytes, size_t len)
{
	const struct forward *forward = arg;
	const struct punch_codec *codec = punch_policy_mysterium.codec;
	enum punch_message message = codec->classify(NULL, bytes, len);
	const struct endpoint none = {.port = 0};
	uint8_t ack[PUNCH_MESSAGE_BYTES];
	size_t ack_len;

	if (message == PUNCH_OK && forward->role == PUNCH_CONSUMER) {
		ack_len = codec->encode(NULL, PUNCH_ACK, &none, ack);
		(void)!send(fd, ack, ack_len, MSG_NOSIGNAL);
	}
	return message != PUNCH_OTHER;
}

static int forward_new(struct attempt *attempt,
		       const struct punch_connection *connection)
{
	struct punch_desk *desk = attempt->desk;
	struct forward *forward = xcalloc(1, sizeof(*forward));
	struct relay_options options = {
	    .loop = desk->app->loop,
	    .fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0),
	    .service = attempt->request.forward,
	    .filter = is_punching,
	    .ended = on_relay_ended,
	    .arg = forward,
	};
	int error = options.fd < 0 ? -errno : 0;

	forward->desk = desk;
	forward->role = attempt->request.options.role;
	endpoint_format(&connection->remote, forward->remote,
			sizeof(forward->remote));
	if (!error)
		error = relay_new(&options, &forward->relay);
	if (error) {
		if (options.fd >= 0)
			close(options.fd);
		free(forward);
		return error;
	}
	LIST_INSERT_HEAD(&desk->forwards, forward, link);
	desk->forward_count++;
	return 0;
}

/* --- attempts ------------------------------------------------------------- */

static void count_packets(struct attempt *attempt)
{
	struct app_punched *punched = &attempt->desk->app->punched;
	const struct punch_core *core = punch_view(attempt->punch);

	for (size_t i = 0; i < punch_core_path_count(core); i++) {
		const struct punch_path *path = punch_core_path(core, i);

		punched->packets_sent += path->pings_sent + path->answers_sent;
		punched->packets_heard +=
		    path->pings_heard + path->oks_heard + path->acks_heard;
	}
}

static void attempt_free(struct attempt *attempt)
{
	if (attempt->punch)
		count_packets(attempt);
	LIST_REMOVE(attempt, link);
	attempt->desk->attempt_count--;
	punch_free(attempt->punch);
	free(attempt);
}

static void on_caller_gone(void *arg)
{
	struct attempt *attempt = arg;

	log_info(attempt->desk->app->log, "event=punch-cancelled");
	attempt_free(attempt);
}

/* From here on the caller may go; what is left to say is said without it. */
static struct control_call *take_call(struct attempt *attempt)
{
	struct control_call *call = attempt->call;

	attempt->call = NULL;
	control_on_gone(call, NULL, NULL);
	return call;
}

static struct punch_surroundings surroundings(const struct attempt *attempt)
{
	const struct nat_watch *nat = attempt->desk->app->env.nat;
	const struct nat_watch_view *view = nat ? nat_watch_view(nat) : NULL;

	if (!view || view->state != NAT_WATCH_KNOWN)
		return (struct punch_surroundings){.mapping =
						       NAT_MAPPING_UNKNOWN};
	return (struct punch_surroundings){
	    .mapping = view->result.nat.mapping,
	    .is_same_nat = addr_equal(&view->result.nat.external.addr,
				      &attempt->request.options.targets[0]),
	};
}

static void reply_failed(struct attempt *attempt, unsigned int took_ms)
{
	const struct punch_core *core = punch_view(attempt->punch);
	enum punch_role role = attempt->request.options.role;
	const struct punch_surroundings around = surroundings(attempt);
	enum punch_cause cause = punch_cause_of(core, role, &around);

	log_info(attempt->desk->app->log, "event=punch-failed cause=%s",
		 punch_cause_name(cause));
	control_error(
	    take_call(attempt), "PunchFailed",
	    json_pack("{s:s,s:s,s:i,s:o}", "cause", punch_cause_name(cause),
		      "message", punch_cause_text(cause), "took_ms",
		      (int)took_ms, "paths", punch_json_paths(core, role)));
}

static void reply_connected(struct attempt *attempt,
			    const struct punch_result *result, bool is_relayed)
{
	const struct punch_core *core = punch_view(attempt->punch);
	json_t *reply = json_pack(
	    "{s:s,s:n,s:o,s:o,s:i}", "state",
	    is_relayed ? "relaying" : "connected", "path", "connections",
	    punch_json_connections(result, !is_relayed), "paths",
	    punch_json_paths(core, attempt->request.options.role), "took_ms",
	    (int)result->took_ms);
	int fds[PUNCH_CONNECTIONS_MOST];

	log_info(attempt->desk->app->log,
		 "event=punch-connected connections=%zu took_ms=%u",
		 result->count, result->took_ms);
	for (size_t i = 0; i < result->count; i++) {
		fds[i] = result->connections[i].fd;
		/* The relay answers stray words, others cannot. */
		if (!is_relayed)
			(void)punch_filter_attach(fds[i]);
	}
	control_reply_fds(take_call(attempt), reply, fds,
			  is_relayed ? 0 : result->count);
}

static void relay_all(struct attempt *attempt,
		      const struct punch_result *result)
{
	int error = 0;

	for (size_t i = 0; i < result->count && !error; i++)
		error = forward_new(attempt, &result->connections[i]);
	if (error)
		control_error(take_call(attempt), "NotReady",
			      json_pack("{s:s}", "message", strerror(-error)));
	else
		reply_connected(attempt, result, true);
}

static void on_done(void *arg, const struct punch_result *result)
{
	struct attempt *attempt = arg;
	struct app_punched *punched = &attempt->desk->app->punched;

	if (result->outcome == PUNCH_CONNECTED)
		punched->connected++;
	else
		punched->failed++;
	if (result->outcome != PUNCH_CONNECTED)
		reply_failed(attempt, result->took_ms);
	else if (attempt->request.has_forward)
		relay_all(attempt, result);
	else
		reply_connected(attempt, result, false);
}

static void on_progress(void *arg, size_t index)
{
	struct attempt *attempt = arg;
	const struct punch_core *core = punch_view(attempt->punch);
	uint64_t now_ms = loop_now_ms(attempt->desk->app->loop);

	if (!attempt->call || !control_wants_more(attempt->call))
		return;
	(void)control_continue(
	    attempt->call,
	    json_pack(
		"{s:s,s:o,s:[],s:[],s:i}", "state", "running", "path",
		punch_json_path(core, index, attempt->request.options.role),
		"connections", "paths", "took_ms",
		(int)punch_core_took_ms(core, now_ms)));
}

static void on_ended(void *arg)
{
	attempt_free(arg);
}

/* --- calls ---------------------------------------------------------------- */

static bool is_own(const void *arg, const struct addr *a)
{
	const struct app *app = arg;

	return netmon_is_own(app->netmon, a);
}

static bool is_on_link(const void *arg, const struct addr *a)
{
	const struct app *app = arg;

	return netmon_is_on_link(app->netmon, a);
}

static bool find_forward(const void *arg, const char *name,
			 struct endpoint *ret_forward)
{
	const struct app *app = arg;
	const struct config *config = app->config;

	if (config->pool_has_forward && strcmp(config->pool_name, name) == 0) {
		*ret_forward = config->pool_forward;
		return true;
	}
	for (size_t i = 0; i < config->service_count; i++) {
		const struct service_config *service = &config->services[i];

		if (strcmp(service->name, name) != 0)
			continue;
		*ret_forward = service->forward;
		return service->has_forward;
	}
	return false;
}

static void reply_refused(struct control_call *call,
			  const struct punch_refusal *why)
{
	control_error(call, "PunchRefused",
		      json_pack("{s:s,s:s}", "field", why->field, "message",
				why->message));
}

static int start(struct attempt *attempt, struct punch_refusal *why)
{
	struct app *app = attempt->desk->app;
	struct punch_options *options = &attempt->request.options;
	const struct punch_listener listener = {
	    .progress = on_progress,
	    .done = on_done,
	    .ended = on_ended,
	    .arg = attempt,
	};
	size_t index = 0;
	int error;

	options->loop = app->loop;
	if (app->config->bind_address.family == AF_INET)
		options->bind = app->config->bind_address;
	error = punch_new(options, &listener, &attempt->punch, &index);
	if (error == -EADDRINUSE)
		return punch_refuse(why, "local_ports",
				    "port %u is in use already",
				    options->local_ports[index]);
	if (error)
		return punch_refuse(why, "local_ports", "port %u: %s",
				    options->local_ports[index],
				    strerror(-error));
	return 0;
}

static bool has_room(const struct punch_desk *desk,
		     const struct punch_request *request)
{
	return desk->attempt_count < ATTEMPTS_MOST &&
	       (!request->has_forward ||
		desk->forward_count + request->options.wanted <= RELAYS_MOST);
}

static void attempt_new(struct punch_desk *desk, struct control_call *call,
			const struct punch_request *request)
{
	struct attempt *attempt = xcalloc(1, sizeof(*attempt));
	struct punch_refusal why;
	char text[ADDR_TEXT_BYTES];

	attempt->desk = desk;
	attempt->request = *request;
	if (start(attempt, &why) < 0) {
		reply_refused(call, &why);
		free(attempt);
		return;
	}
	attempt->call = call;
	LIST_INSERT_HEAD(&desk->attempts, attempt, link);
	desk->attempt_count++;
	control_on_gone(call, on_caller_gone, attempt);
	log_info(
	    desk->app->log, "event=punch-started peer=%s role=%s ports=%zu",
	    addr_format(&request->options.targets[0], text, sizeof(text)),
	    punch_json_role(request->options.role), request->options.ports);
}

void punch_desk_call(struct punch_desk *desk, struct control_call *call,
		     const json_t *parameters)
{
	const struct punch_ground ground = {
	    .is_own = is_own,
	    .is_on_link = is_on_link,
	    .find_forward = find_forward,
	    .arg = desk->app,
	};
	struct punch_request request;
	struct punch_refusal why;

	if (punch_request_read(parameters, &ground, &request, &why) < 0)
		reply_refused(call, &why);
	else if (!has_room(desk, &request))
		control_error(call, "Busy",
			      json_pack("{s:i}", "retry_after_sec", RETRY_S));
	else
		attempt_new(desk, call, &request);
}

struct punch_desk *punch_desk_new(struct app *app)
{
	struct punch_desk *desk = xcalloc(1, sizeof(*desk));

	desk->app = app;
	LIST_INIT(&desk->attempts);
	LIST_INIT(&desk->forwards);
	return desk;
}

void punch_desk_free(struct punch_desk *desk)
{
	struct attempt *attempt;
	struct forward *forward;

	if (!desk)
		return;
	while ((attempt = LIST_FIRST(&desk->attempts))) {
		if (attempt->call)
			(void)take_call(attempt);
		attempt_free(attempt);
	}
	while ((forward = LIST_FIRST(&desk->forwards)))
		forward_free(forward);
	free(desk);
}
