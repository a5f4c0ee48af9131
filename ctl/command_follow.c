#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "client.h"
#include "command.h"
#include "exits.h"
#include "pick.h"
#include "render.h"
#include "say.h"

#define WAIT_TIMEOUT_MS 60000
#define RETRY_MS        250 /* while the daemon is not there */

/* --- events -----------------------------------------------------------------
 */

/* One line for each reply; the status is dressed as an event. */
static void print_event(const struct out *out, const json_t *parameters)
{
	const json_t *status = json_object_get(parameters, "status");
	json_t *event = json_object_get(parameters, "event");

	if (json_is_object(event))
		json_incref(event);
	else
		event =
		    json_pack("{s:O?, s:n, s:s, s:n, s:O?}", "seq",
			      json_object_get(parameters, "seq"), "time",
			      "event", "snapshot", "service", "status", status);
	out_json(out, event);
	fflush(stdout);
	json_decref(event);
}

/* Shows one reply; returns 0 while more will come, else an exit status. */
static int show_reply(const struct args *args, const struct out *out,
		      const struct varlink_reply *reply)
{
	int status = 0;

	if (reply->error) {
		status = say_error(args, "Subscribe", reply);
		/* A stream fails when the daemon stops. */
		return status == CTL_FAILED ? CTL_NO_DAEMON : status;
	}
	print_event(out, reply->parameters);
	return reply->continues ? 0 : CTL_NO_DAEMON;
}

int command_events(const struct args *args, const struct out *out)
{
	const struct call call = {
	    .method = "Subscribe",
	    .parameters = args->has_since ? json_pack("{s:I}", "since",
						      (json_int_t)args->since)
					  : NULL,
	    .more = true,
	};
	struct varlink_reply reply;
	struct client *client;
	int error, status = call_open(args, &call, &client);

	if (status)
		return status;
	while (status == 0) {
		/* An event may be long in coming. */
		error = client_receive(client, CLIENT_FOREVER, &reply);
		if (error) {
			client_free(client);
			return say_lost(args, args->socket, error);
		}
		status = show_reply(args, out, &reply);
		varlink_reply_fini(&reply);
	}
	client_free(client);
	return status;
}

/* --- wait -------------------------------------------------------------------
 */

/* Which verdicts end the waiting: a bit each. */
static int parse_goal(const char *word, unsigned int *ret_goal)
{
	static const struct {
		const char *word;
		unsigned int goal;
	} rows[] = {
	    {"reachable", 1u << REACHABLE_YES},
	    {"yes", 1u << REACHABLE_YES},
	    {"likely", 1u << REACHABLE_YES | 1u << REACHABLE_LIKELY},
	    {"limited", 1u << REACHABLE_YES | 1u << REACHABLE_LIKELY |
			    1u << REACHABLE_LIMITED},
	    {"unreachable", 1u << REACHABLE_NO},
	    {"no", 1u << REACHABLE_NO},
	    {"known", 1u << REACHABLE_YES | 1u << REACHABLE_LIKELY |
			  1u << REACHABLE_LIMITED | 1u << REACHABLE_NO},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].word, word) == 0) {
			*ret_goal = rows[i].goal;
			return 0;
		}
	return -EINVAL;
}

struct waiter {
	const struct args *args;
	unsigned int goal;
	uint64_t deadline_ms;
	json_t *status; /* owned: the last one seen, or NULL */
};

static bool is_reached(const struct waiter *waiter)
{
	return waiter->status &&
	       (waiter->goal & 1u << render_reachable(waiter->status, NULL));
}

/* Asks for the status on a connection of its own. */
static int fetch_status(struct waiter *waiter)
{
	const struct call call = {.method = "GetStatus"};
	struct args args = *waiter->args;
	json_t *parameters;
	int error;

	args.quiet = true;
	args.timeout_ms = 0;
	error = call_once(&args, &call, &parameters);
	if (error)
		return error;
	json_decref(waiter->status);
	waiter->status = json_incref(json_object_get(parameters, "status"));
	json_decref(parameters);
	return 0;
}

/* Follows one connection until the goal is reached (CTL_OK), the time is over
 * (CTL_TIMEOUT) or the daemon is gone (CTL_NO_DAEMON). */
static int follow(struct waiter *waiter)
{
	const struct call call = {.method = "Subscribe", .more = true};
	struct args quiet = *waiter->args;
	struct varlink_reply reply;
	struct client *client;
	int status, error;

	quiet.quiet = true;
	quiet.timeout_ms = 0;
	status = call_open(&quiet, &call, &client);
	if (status)
		return status;
	while (status == 0 && !is_reached(waiter)) {
		error = client_receive(client, waiter->deadline_ms, &reply);
		if (error) {
			status =
			    error == -ETIMEDOUT ? CTL_TIMEOUT : CTL_NO_DAEMON;
			break;
		}
		/* Whatever it was: the verdict may be another now. */
		status = reply.continues ? fetch_status(waiter) : CTL_NO_DAEMON;
		varlink_reply_fini(&reply);
	}
	client_free(client);
	return status;
}

/* The last thing that went wrong, in words. */
static int give_up(struct waiter *waiter, int status)
{
	const struct call call = {.method = "GetStatus"};
	json_t *parameters = NULL;

	if (waiter->status) {
		say(waiter->args, "timed out: %s",
		    status_text_sentence(render_reachable(waiter->status, NULL),
					 NULL));
		return CTL_TIMEOUT;
	}
	/* Nothing was ever heard: say why. */
	status = call_once(waiter->args, &call, &parameters);
	json_decref(parameters);
	return status ? status : CTL_TIMEOUT;
}

static int wait_until(struct waiter *waiter)
{
	int status;

	for (;;) {
		status = follow(waiter);
		if (status == CTL_OK || status == CTL_NOT_PERMITTED)
			return status;
		if (status == CTL_TIMEOUT ||
		    client_now_ms() + RETRY_MS >= waiter->deadline_ms)
			return give_up(waiter, status);
		poll(NULL, 0, RETRY_MS);
	}
}

int command_wait(const struct args *args, const struct out *out)
{
	struct waiter waiter = {
	    .args = args,
	    .deadline_ms = call_deadline_ms(args, WAIT_TIMEOUT_MS),
	};
	const char *word = args->wait_for ? args->wait_for : "reachable";
	int status;

	if (parse_goal(word, &waiter.goal) < 0) {
		fprintf(stderr,
			"traversalctl: --for does not take '%s', but "
			"reachable, likely, limited, no or known\n",
			word);
		return CTL_USAGE;
	}
	status = wait_until(&waiter);
	if (status == CTL_OK && args->json != ARGS_JSON_OFF)
		out_json(out, waiter.status);
	else if (status == CTL_OK)
		render_status(out, waiter.status, NULL);
	json_decref(waiter.status);
	return status;
}
