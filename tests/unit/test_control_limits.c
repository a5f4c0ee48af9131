#include "control_bench.h"

/* --- limits -----------------------------------------------------------------
 */

/* A request that is LEN bytes long without its NUL. */
static char *request_of(size_t len)
{
	static const char begin[] =
	    "{\"method\":\"io.traversald.Echo\",\"x\":\"";
	char *text = malloc(len + 1);

	memset(text, 'x', len);
	memcpy(text, begin, strlen(begin));
	memcpy(text + len - 2, "\"}", 3);
	return text;
}

static void control_when_64_kib_then_answered_and_more_refused(void **state)
{
	struct bench *bench = *state;
	int fd = connect_reading(bench);
	char *text = request_of(65536);

	say(fd, text);
	assert_string_equal(hear(bench, fd), "{\"parameters\":{}}");
	free(text);
	text = request_of(65537);
	say(fd, text);
	assert_says(bench, fd, "\"error\":\"io.traversald.RequestTooLarge\"");
	assert_string_equal(hear(bench, fd), "");
	free(text);
	close(fd);
}

static void control_when_not_a_request_then_named_and_closed(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
	    {"GET / HTTP/1.1\r\n\r\n", "RequestInvalid"},
	    {"{\"method\":\"io.traversald.Echo\",\"method\":\"a.B\"}",
	     "RequestInvalid"},
	    {"{\"method\":7}", "RequestInvalid"},
	    {"", "RequestInvalid"},
	    {ECHO("[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]"), "RequestTooDeep"},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int fd = connect_reading(bench);

		say(fd, rows[i].text);
		say(fd, ECHO("1"));
		assert_says(bench, fd, rows[i].error);
		assert_string_equal(hear(bench, fd), "");
		close(fd);
	}
}

static void control_when_33_clients_then_the_last_is_refused(void **state)
{
	struct bench *bench = *state;
	int fds[33];

	for (int i = 0; i < 32; i++) {
		fds[i] = connect_reading(bench);
		say(fds[i], ECHO("1"));
		assert_says(bench, fds[i], "{\"n\":1}");
	}
	fds[32] = connect_reading(bench);
	say(fds[32], ECHO("1"));
	assert_says(bench, fds[32],
		    "\"error\":\"io.traversald.TooManyClients\"");
	/* The other door is not theirs to shut, and a place that is left is
	 * free again. */
	close(fds[32]);
	fds[32] = connect_to(bench, "traversald-admin.sock");
	say(fds[32], ECHO("2"));
	assert_says(bench, fds[32], "{\"n\":2}");
	close(fds[32]);
	close(fds[0]);
	do {
		fds[0] = connect_reading(bench);
		say(fds[0], ECHO("3"));
	} while (strstr(hear(bench, fds[0]), "TooManyClients") &&
		 close(fds[0]) == 0);
	assert_string_equal(bench->reply, "{\"parameters\":{\"n\":3}}");
	for (int i = 0; i < 32; i++)
		close(fds[i]);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void control_when_half_requests_then_others_served_and_they_end(
    void **state)
{
	struct bench *bench = *state;
	uint64_t began_ms = now_ms(), took_ms;
	int fds[31], fd = connect_reading(bench);

	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = connect_reading(bench);
		put(fds[i], "{\"meth", 6);
	}
	for (int i = 0; i < 100; i++) {
		say(fd, ECHO("1"));
		assert_says(bench, fd, "{\"n\":1}");
	}
	assert_true(now_ms() - began_ms < 2000);
	/* A place held by half a request goes to who comes with a whole one. */
	do {
		int other = connect_reading(bench);

		say(other, ECHO("7"));
		hear(bench, other);
		close(other);
	} while (!strstr(bench->reply, "{\"n\":7}"));
	assert_true(now_ms() - began_ms < 3000);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		assert_string_equal(hear(bench, fds[i]), "");
		close(fds[i]);
	}
	took_ms = now_ms() - began_ms;
	assert_true(took_ms > 4500 && took_ms < 7500);
	say(fd, ECHO("1"));
	assert_says(bench, fd, "{\"n\":1}");
	close(fd);
}

/* --- the socket files -------------------------------------------------------
 */

static void control_new_when_another_lives_then_refused(void **state)
{
	struct bench *bench = *state;
	int error = 0, status, fd;
	pid_t pid = start_server(bench->dir, &error);

	assert_int_equal(error, -EADDRINUSE);
	waitpid(pid, &status, 0);
	/* and the living one was not harmed */
	fd = connect_reading(bench);
	say(fd, ECHO("1"));
	assert_says(bench, fd, "{\"n\":1}");
	close(fd);
}

static void control_new_when_dead_socket_left_then_replaced(void **state)
{
	struct bench *bench = *state;
	int error = -1, status, fd;

	kill(bench->pid, SIGKILL);
	waitpid(bench->pid, &status, 0);
	bench->pid = start_server(bench->dir, &error);
	assert_int_equal(error, 0);
	fd = connect_reading(bench);
	say(fd, ECHO("1"));
	assert_says(bench, fd, "{\"n\":1}");
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(control_when_64_kib_then_answered_and_more_refused),
	    TEST(control_when_not_a_request_then_named_and_closed),
	    TEST(control_when_33_clients_then_the_last_is_refused),
	    TEST(control_when_half_requests_then_others_served_and_they_end),
	    TEST(control_new_when_another_lives_then_refused),
	    TEST(control_new_when_dead_socket_left_then_replaced),
	};

	return cmocka_run_group_tests_name("control_limits", tests, NULL, NULL);
}
