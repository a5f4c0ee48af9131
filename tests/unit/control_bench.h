/*
 * control_bench: the control plane over real sockets. A child process serves a
 * handful of methods, the test is the client, byte by byte where that matters.
 */
#ifndef TESTS_UNIT_CONTROL_BENCH_H
#define TESTS_UNIT_CONTROL_BENCH_H

#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "idl.h"
#include "varlink.h"

#define DEADLINE_MS 20000
#define REPLY_BYTES (2 * 1024 * 1024)

struct bench {
	char dir[64];
	pid_t pid;
	char *reply; /* REPLY_BYTES; the last message read */
};

/* --- the server -------------------------------------------------------------
 */

struct app {
	struct loop *loop;
	struct control_call *parked; /* a call of Park, until Unpark */
	int gone_count;
};

static inline void method_echo(void *arg, struct control_call *call,
			       json_t *parameters)
{
	(void)arg;
	control_reply(call, json_incref(parameters));
}

static inline void on_parked_gone(void *arg)
{
	struct app *app = arg;

	app->gone_count++;
	app->parked = NULL;
}

static inline void method_park(void *arg, struct control_call *call,
			       json_t *parameters)
{
	struct app *app = arg;

	(void)parameters;
	app->parked = call;
	control_on_gone(call, on_parked_gone, app);
}

static inline void method_unpark(void *arg, struct control_call *call,
				 json_t *parameters)
{
	struct app *app = arg;
	struct control_call *parked = app->parked;

	(void)parameters;
	app->parked = NULL;
	control_reply(call, json_pack("{s:b}", "parked", parked != NULL));
	if (parked)
		control_reply(parked, NULL);
}

static inline void method_count_gone(void *arg, struct control_call *call,
				     json_t *parameters)
{
	struct app *app = arg;

	(void)parameters;
	control_reply(call, json_pack("{s:i}", "gone", app->gone_count));
}

/* Streams until it is told that the client reads too slowly, then ends. */
static inline void method_pour(void *arg, struct control_call *call,
			       json_t *parameters)
{
	json_int_t count = 0;

	(void)arg;
	(void)parameters;
	while (count < 100000 &&
	       control_continue(call, json_pack("{s:I}", "count", count)))
		count++;
	control_reply(call, json_pack("{s:I}", "count", count));
}

static inline void method_fds(void *arg, struct control_call *call,
			      json_t *parameters)
{
	int fd = STDERR_FILENO;

	(void)arg;
	(void)parameters;
	control_reply_fds(call, NULL, &fd, 1);
}

static inline void method_fail(void *arg, struct control_call *call,
			       json_t *parameters)
{
	(void)arg;
	if (json_object_get(parameters, "field"))
		control_invalid(call, "field");
	else
		control_error(call, "NoSuchMapping", NULL);
}

static const struct control_method methods[] = {
    {"Echo", false, method_echo},     {"Park", false, method_park},
    {"Unpark", false, method_unpark}, {"CountGone", false, method_count_gone},
    {"Pour", false, method_pour},     {"Fds", false, method_fds},
    {"Fail", false, method_fail},     {"Change", true, method_echo},
};

static inline void on_term(void *arg, int signal)
{
	struct app *app = arg;

	(void)signal;
	loop_stop(app->loop);
}

/* Serves in DIR until SIGTERM; tells READY_FD when it listens, or why not. */
static inline int serve(const char *dir, int ready_fd)
{
	struct app app = {.loop = loop_new()};
	struct log *log = log_new(LEVEL_ERR, false);
	struct control *control = NULL;
	struct control_options options = {
	    .runtime_dir = dir,
	    .interface = "io.traversald",
	    .idl = idl_text,
	    .methods = methods,
	    .method_count = COUNT_OF(methods),
	    .app = &app,
	    .listen_fd = -1,
	    .listen_admin_fd = -1,
	};
	int error = control_new(app.loop, log, &options, &control);

	loop_signal(app.loop, SIGTERM, on_term, &app);
	(void)!write(ready_fd, &error, sizeof(error));
	if (!error)
		loop_run(app.loop);
	control_free(control);
	log_free(log);
	loop_free(app.loop);
	return error ? 1 : 0;
}

/* --- the client -------------------------------------------------------------
 */

static inline pid_t start_server(const char *dir, int *ret_error)
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* Also when the test dies. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		exit(serve(dir, ready[1]));
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], ret_error, sizeof(*ret_error)),
			 sizeof(*ret_error));
	close(ready[0]);
	return pid;
}

static inline int connect_to(const struct bench *bench, const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s", bench->dir, name);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static inline int connect_reading(const struct bench *bench)
{
	return connect_to(bench, "traversald.sock");
}

static inline void put(int fd, const void *bytes, size_t len)
{
	/* The server may close before it has read all. */
	(void)!send(fd, bytes, len, MSG_NOSIGNAL);
}

/* Sends TEXT and its NUL. */
static inline void say(int fd, const char *text)
{
	put(fd, text, strlen(text) + 1);
}

/* Reads up to one NUL. Returns the message, "" at the end of the stream. */
static const char *hear(struct bench *bench, int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	size_t len = 0;

	do {
		if (poll(&pfd, 1, DEADLINE_MS) != 1)
			fail_msg("no answer");
		if (read(fd, bench->reply + len, 1) != 1) {
			assert_int_equal(len, 0);
			return "";
		}
	} while (bench->reply[len++] != '\0');
	return bench->reply;
}

static inline void assert_says(struct bench *bench, int fd, const char *want)
{
	const char *got = hear(bench, fd);

	if (!strstr(got, want))
		fail_msg("'%s' lacks '%s'", got, want);
}

static inline int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	int error = -1;

	alarm(2 * DEADLINE_MS / 1000); /* whatever it waits for */
	strcpy(bench->dir, "/tmp/test_control.XXXXXX");
	assert_non_null(mkdtemp(bench->dir));
	bench->reply = malloc(REPLY_BYTES);
	bench->pid = start_server(bench->dir, &error);
	assert_int_equal(error, 0);
	*state = bench;
	return 0;
}

static inline int tear_down(void **state)
{
	struct bench *bench = *state;
	int status = -1;

	kill(bench->pid, SIGTERM);
	assert_int_equal(waitpid(bench->pid, &status, 0), bench->pid);
	assert_int_equal(status, 0);
	/* It took its sockets with it. */
	assert_int_equal(rmdir(bench->dir), 0);
	free(bench->reply);
	free(bench);
	return 0;
}

#define ECHO(n)                                                                \
	"{\"method\":\"io.traversald.Echo\",\"parameters\":{\"n\":" n "}}"

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
