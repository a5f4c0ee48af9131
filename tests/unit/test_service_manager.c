#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service_manager.h"

/* A receiver in systemd's place, and what the daemon would have started. */
struct fixture {
	int sink;
	struct loop *loop;
	struct log *log;
	struct service_manager *manager;
	struct loop_timer *timer;
	unsigned int steps; /* of the timer so far */
	unsigned int pings; /* WATCHDOG=1 received so far */
};

static void sink_open(struct fixture *f)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char name[64];
	socklen_t len;

	snprintf(name, sizeof(name), "@traversald-test-%d", getpid());
	len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	memcpy(sun.sun_path, name, strlen(name));
	sun.sun_path[0] = '\0';
	f->sink = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(f->sink >= 0);
	assert_int_equal(bind(f->sink, (struct sockaddr *)&sun, len), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){.loop = loop_new(),
			     .log = log_new(LEVEL_ERR, false)};
	sink_open(&f);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	service_manager_free(f->manager);
	loop_timer_free(f->timer);
	loop_free(f->loop);
	log_free(f->log);
	close(f->sink);
	unsetenv("NOTIFY_SOCKET");
	return 0;
}

/* The next message, "" when there is none. */
static const char *sink_read(struct fixture *f)
{
	static char text[512];
	ssize_t n = recv(f->sink, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static unsigned int sink_count(struct fixture *f, const char *message)
{
	unsigned int count = 0;

	for (const char *got = sink_read(f); *got; got = sink_read(f))
		count += strcmp(got, message) == 0;
	return count;
}

static void ready_when_called_then_one_message(void **state)
{
	struct fixture *f = *state;

	f->manager = service_manager_new(f->loop, f->log);
	service_manager_ready(f->manager);
	assert_string_equal(sink_read(f), "READY=1");
	assert_string_equal(sink_read(f), "");
}

static void status_when_control_characters_then_blanks(void **state)
{
	struct fixture *f = *state;

	f->manager = service_manager_new(f->loop, f->log);
	service_manager_status(f->manager, "a\nREADY=1\x7f");
	assert_string_equal(sink_read(f), "STATUS=a READY=1 ");
}

static void status_when_unchanged_then_sent_once(void **state)
{
	struct fixture *f = *state;

	f->manager = service_manager_new(f->loop, f->log);
	service_manager_status(f->manager, "Reachable");
	service_manager_status(f->manager, "Reachable");
	assert_int_equal(sink_count(f, "STATUS=Reachable"), 1);
}

static void status_when_too_long_then_cut_between_characters(void **state)
{
	struct fixture *f = *state;
	char text[400] = "";
	const char *got;

	f->manager = service_manager_new(f->loop, f->log);
	memset(text, 'x', 254);
	memcpy(text + 254, "\xc3\xa9\xc3\xa9", 4);
	service_manager_status(f->manager, text);
	got = sink_read(f);
	assert_int_equal(strlen(got), strlen("STATUS=") + 254);
	assert_int_equal(got[strlen(got) - 1], 'x');
}

static void reloading_when_called_then_monotonic_time_beside_it(void **state)
{
	struct fixture *f = *state;
	const char *got;

	f->manager = service_manager_new(f->loop, f->log);
	service_manager_reloading(f->manager);
	got = sink_read(f);
	assert_memory_equal(got, "RELOADING=1\nMONOTONIC_USEC=", 27);
	assert_true(strtoull(got + 27, NULL, 10) > 0);
}

static void stopping_when_time_asked_for_then_extended(void **state)
{
	struct fixture *f = *state;

	f->manager = service_manager_new(f->loop, f->log);
	service_manager_stopping(f->manager, 5000);
	assert_string_equal(sink_read(f),
			    "STOPPING=1\nEXTEND_TIMEOUT_USEC=5000000");
	service_manager_stopping(f->manager, 0);
	assert_string_equal(sink_read(f), "STOPPING=1");
}

/* Reports progress for three steps of 10 ms, then turns on without any. */
static void step(void *arg)
{
	struct fixture *f = arg;

	/* A full queue would block the sender. */
	f->pings += sink_count(f, "WATCHDOG=1");
	if (++f->steps <= 3)
		service_manager_progress(f->manager);
	if (f->steps >= 30)
		loop_stop(f->loop);
	else
		loop_timer_start(f->timer, 10);
}

static void watchdog_when_progress_ends_then_pings_end(void **state)
{
	struct fixture *f = *state;

	setenv("WATCHDOG_USEC", "80000", 1);
	f->manager = service_manager_new(f->loop, f->log);
	f->timer = loop_timer_new(f->loop, step, f);
	loop_timer_start(f->timer, 10);
	loop_run(f->loop);
	/* One for the start and at most one a progress; 300 ms hold 15 looks.
	 */
	assert_in_range(f->pings, 1, 4);
}

static void watchdog_when_not_asked_for_then_silent(void **state)
{
	struct fixture *f = *state;

	f->manager = service_manager_new(f->loop, f->log);
	f->timer = loop_timer_new(f->loop, step, f);
	loop_timer_start(f->timer, 10);
	loop_run(f->loop);
	assert_string_equal(sink_read(f), "");
}

static void take_socket_when_none_passed_then_enoent(void **state)
{
	struct fixture *f = *state;

	f->manager = service_manager_new(f->loop, f->log);
	assert_int_equal(service_manager_take_socket(f->manager, "control"),
			 -ENOENT);
}

static void has_journal_when_stderr_is_another_then_false(void **state)
{
	(void)state;
	setenv("JOURNAL_STREAM", "1:2", 1);
	assert_false(service_manager_has_journal());
	setenv("JOURNAL_STREAM", "nonsense", 1);
	assert_false(service_manager_has_journal());
	unsetenv("JOURNAL_STREAM");
	assert_false(service_manager_has_journal());
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(ready_when_called_then_one_message),
	    TEST(status_when_control_characters_then_blanks),
	    TEST(status_when_unchanged_then_sent_once),
	    TEST(status_when_too_long_then_cut_between_characters),
	    TEST(reloading_when_called_then_monotonic_time_beside_it),
	    TEST(stopping_when_time_asked_for_then_extended),
	    TEST(watchdog_when_progress_ends_then_pings_end),
	    TEST(watchdog_when_not_asked_for_then_silent),
	    TEST(take_socket_when_none_passed_then_enoent),
	    TEST(has_journal_when_stderr_is_another_then_false),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
