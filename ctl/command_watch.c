#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "client.h"
#include "command.h"
#include "exits.h"
#include "say.h"
#include "screen.h"
#include "watch_view.h"

#define FIRST_TIMEOUT_MS 10000
#define CONNECT_MS       1000 /* the screen stands still meanwhile */
#define REFRESH_MS       10000
#define COALESCE_MS      200 /* of news that come together */
#define TICK_MS          1000
#define REPLIES_A_TURN   64

/* A question with one answer, while the screen goes on. */
struct question {
	struct client *client; /* owned; NULL = none is asked */
	uint64_t deadline_ms;
};

struct watch {
	const struct args *args;
	const struct out *out;
	struct screen *screen; /* NULL: lines */
	struct watch_view view;
	struct client *feed; /* owned: Subscribe */
	uint64_t first_deadline_ms;
	bool is_told; /* something came on the feed */
	struct question status, probe;
	uint64_t ask_at_ms;
	/* Why it is over, to be told once the terminal is free again. */
	bool is_over;
	int exit_status; /* with a LOSS of 0 and no FAREWELL */
	int loss;        /* of client_receive() */
	bool has_farewell;
	struct varlink_reply farewell;
};

static void end(struct watch *watch, int exit_status)
{
	watch->is_over = true;
	watch->exit_status = exit_status;
}

static void lose(struct watch *watch, int error)
{
	watch->loss = error;
	end(watch, CTL_NO_DAEMON);
}

/* --- the feed ---------------------------------------------------------------
 */

static void take_status(struct watch *watch, json_t *status)
{
	uint64_t now_ms = client_now_ms();

	if (!json_is_object(status))
		return;
	watch_view_status(&watch->view, status, now_ms);
	watch->ask_at_ms = now_ms + REFRESH_MS;
	if (!watch->screen)
		watch_view_lines(watch->out, status);
}

static void take_event(struct watch *watch, json_t *event)
{
	uint64_t soon_ms = client_now_ms() + COALESCE_MS;

	watch_view_event(&watch->view, event);
	if (watch->ask_at_ms > soon_ms)
		watch->ask_at_ms = soon_ms;
	if (!watch->screen)
		watch_view_line(watch->out, event);
}

/* Takes REPLY over. */
static void take_feed(struct watch *watch, struct varlink_reply *reply)
{
	json_t *event = json_object_get(reply->parameters, "event");

	watch->is_told = true;
	if (reply->error) {
		watch->farewell = *reply;
		watch->has_farewell = true;
		end(watch, CTL_NO_DAEMON);
		return;
	}
	if (json_is_object(event))
		take_event(watch, event);
	else
		take_status(watch,
			    json_object_get(reply->parameters, "status"));
	if (!reply->continues)
		lose(watch, -ECONNRESET);
	varlink_reply_fini(reply);
}

/* Takes what has come, but lets keys have their turn. */
static void read_feed(struct watch *watch)
{
	struct varlink_reply reply;
	int error = 0;

	for (int i = 0; i < REPLIES_A_TURN && !watch->is_over; i++) {
		error = client_receive(watch->feed, 0, &reply);
		if (error)
			break;
		take_feed(watch, &reply);
	}
	if (error && error != -ETIMEDOUT)
		lose(watch, error);
	else if (!watch->is_told && client_now_ms() >= watch->first_deadline_ms)
		lose(watch, -ETIMEDOUT);
}

/* --- questions --------------------------------------------------------------
 */

static int ask(struct watch *watch, struct question *question,
	       const struct call *call)
{
	struct args quiet = *watch->args;

	quiet.quiet = true;
	quiet.timeout_ms = CONNECT_MS;
	question->deadline_ms = client_now_ms() + FIRST_TIMEOUT_MS;
	return call_open(&quiet, call, &question->client);
}

/* Returns -EAGAIN while there is no answer; else 0 and the reply, or -E.... The
 * question is over then. */
static int answer_of(struct question *question, struct varlink_reply *ret_reply)
{
	int error = client_receive(question->client, 0, ret_reply);

	if (error == -ETIMEDOUT && client_now_ms() < question->deadline_ms)
		return -EAGAIN;
	client_free(question->client);
	question->client = NULL;
	return error;
}

static void ask_status(struct watch *watch)
{
	const struct call call = {.method = "GetStatus"};

	if (watch->status.client || client_now_ms() < watch->ask_at_ms)
		return;
	/* Whether it goes away is told by the feed. */
	watch->ask_at_ms = client_now_ms() + REFRESH_MS;
	ask(watch, &watch->status, &call);
}

static void read_status(struct watch *watch)
{
	struct varlink_reply reply;

	if (!watch->status.client || answer_of(&watch->status, &reply) != 0)
		return;
	take_status(watch, json_object_get(reply.parameters, "status"));
	varlink_reply_fini(&reply);
}

static void tell(struct watch *watch, const char *text)
{
	snprintf(watch->view.message, sizeof(watch->view.message), "%s", text);
}

static void ask_probe(struct watch *watch)
{
	const struct call call = {.method = "Probe", .admin = true};
	int status;

	if (watch->probe.client)
		return;
	status = ask(watch, &watch->probe, &call);
	if (status == CTL_NOT_PERMITTED)
		tell(watch, "not permitted: p is for root and members of the "
			    "group traversald");
	else if (status)
		tell(watch, "the admin socket cannot be reached");
	else
		tell(watch, "finding out everything anew");
}

static void read_probe(struct watch *watch)
{
	struct varlink_reply reply;
	int error;

	if (!watch->probe.client)
		return;
	error = answer_of(&watch->probe, &reply);
	if (error == -EAGAIN)
		return;
	if (error) {
		tell(watch, "traversald did not answer");
		return;
	}
	tell(watch, reply.error ? "traversald did not do that"
				: "everything was found out anew");
	varlink_reply_fini(&reply);
	watch->ask_at_ms = 0;
}

/* --- the screen -------------------------------------------------------------
 */

static void take_key(struct watch *watch, int key)
{
	watch->view.message[0] = '\0';
	switch (key) {
	case 'q':
	case 'Q':
	case '\004': /* Ctrl-D */
		end(watch, CTL_OK);
		break;
	case 'p':
		ask_probe(watch);
		break;
	case '?':
		watch->view.has_legend = !watch->view.has_legend;
		break;
	case SCREEN_UP:
	case SCREEN_LEFT:
		watch_view_move(&watch->view, -1);
		break;
	case SCREEN_DOWN:
	case SCREEN_RIGHT:
		watch_view_move(&watch->view, 1);
		break;
	default:
		break;
	}
}

static void draw(struct watch *watch)
{
	size_t columns, rows;
	char *text;

	screen_size(watch->screen, &columns, &rows);
	text = watch_view_draw(&watch->view, watch->out, columns, rows,
			       client_now_ms());
	screen_show(watch->screen, text);
	free(text);
}

static int fd_of(const struct client *client)
{
	return client ? client_fd(client) : -1;
}

/* Sleeps until the next second, or the next question if that is sooner. */
static void wait_for_news(struct watch *watch)
{
	const int fds[] = {client_fd(watch->feed), fd_of(watch->status.client),
			   fd_of(watch->probe.client)};
	uint64_t now_ms = client_now_ms();
	int timeout_ms = TICK_MS - (int)(now_ms % TICK_MS);

	if (watch->ask_at_ms > now_ms && !watch->status.client &&
	    watch->ask_at_ms - now_ms < (uint64_t)timeout_ms)
		timeout_ms = (int)(watch->ask_at_ms - now_ms);
	screen_wait(watch->screen, fds, sizeof(fds) / sizeof(fds[0]),
		    timeout_ms);
}

static void run_screen(struct watch *watch)
{
	int key, signal;

	while (!watch->is_over) {
		draw(watch);
		wait_for_news(watch);
		signal = screen_ended_by(watch->screen);
		if (signal)
			end(watch, 128 + signal);
		while (!watch->is_over && (key = screen_key(watch->screen)))
			take_key(watch, key);
		if (watch->is_over)
			break;
		read_feed(watch);
		read_probe(watch);
		read_status(watch);
		ask_status(watch);
	}
}

/* Lines need no second question: each event says what changed. */
static void run_lines(struct watch *watch)
{
	struct varlink_reply reply;
	uint64_t deadline_ms;
	int error;

	while (!watch->is_over) {
		deadline_ms =
		    watch->is_told ? CLIENT_FOREVER : watch->first_deadline_ms;
		error = client_receive(watch->feed, deadline_ms, &reply);
		if (error) {
			lose(watch, error);
			return;
		}
		take_feed(watch, &reply);
		fflush(stdout);
		if (ferror(stdout))
			end(watch, CTL_OK); /* main() tells */
	}
}

static int say_farewell(struct watch *watch)
{
	int status = watch->exit_status;

	if (watch->has_farewell) {
		status = say_error(watch->args, "Subscribe", &watch->farewell);
		varlink_reply_fini(&watch->farewell);
		/* A stream fails when the daemon stops. */
		return status == CTL_FAILED ? CTL_NO_DAEMON : status;
	}
	if (watch->loss)
		return say_lost(watch->args, watch->args->socket, watch->loss);
	return status;
}

static void run(struct watch *watch)
{
	int error = 0;

	if (screen_is_possible())
		error = screen_open(&watch->screen);
	if (watch->screen)
		run_screen(watch);
	else if (!error)
		run_lines(watch);
	else
		lose(watch, error);
	screen_close(watch->screen);
}

int command_watch(const struct args *args, const struct out *out)
{
	const struct call call = {.method = "Subscribe", .more = true};
	struct watch watch = {.args = args, .out = out};
	int status;

	if (args->json != ARGS_JSON_OFF)
		return command_events(args, out);
	status = call_open(args, &call, &watch.feed);
	if (status)
		return status;
	watch.first_deadline_ms = call_deadline_ms(args, FIRST_TIMEOUT_MS);
	watch.ask_at_ms = CLIENT_FOREVER;
	watch_view_init(&watch.view);
	run(&watch);
	status = say_farewell(&watch);
	watch_view_fini(&watch.view);
	client_free(watch.feed);
	client_free(watch.status.client);
	client_free(watch.probe.client);
	return status;
}
