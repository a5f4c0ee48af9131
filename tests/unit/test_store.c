/*
 * The store on a real directory: what is kept is read again, a killed writer
 * leaves a whole file, and a bad disk is said and survived.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "mem.h"
#include "store.h"

#define KILLS       1000
#define DEADLINE_MS 3000

struct bench {
	struct loop *loop;
	struct log *log;
	struct store *store;
	struct loop_timer *deadline;
	char dir[32];
	unsigned int saves;
};

static void on_saved(void *arg)
{
	struct bench *b = arg;

	b->saves++;
	loop_stop(b->loop);
}

static void on_deadline(void *arg)
{
	struct bench *b = arg;

	loop_stop(b->loop);
}

static void open_store(struct bench *b)
{
	const struct store_options options = {
	    .loop = b->loop,
	    .log = b->log,
	    .data_dir = b->dir,
	    .saved = on_saved,
	    .arg = b,
	};

	b->store = store_new(&options);
}

static int setup(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	snprintf(b->dir, sizeof(b->dir), "/tmp/test_store.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	b->loop = loop_new();
	b->log = log_new(LEVEL_ERR, false);
	b->deadline = loop_timer_new(b->loop, on_deadline, b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	char *command = xasprintf("rm -rf %s", b->dir);

	store_free(b->store);
	loop_timer_free(b->deadline);
	loop_free(b->loop);
	log_free(b->log);
	(void)!system(command);
	free(command);
	free(b);
	return 0;
}

static char *path_in(const struct bench *b, const char *name)
{
	return xasprintf("%s/%s", b->dir, name);
}

static void write_text(const struct bench *b, const char *name,
		       const char *text)
{
	char *path = path_in(b, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

static struct state_lease lease_at(uint16_t port)
{
	struct state_lease lease = {
	    .name = "wg",
	    .origin = STATE_PREPARED,
	    .transport = TRANSPORT_UDP,
	    .via = STATE_VIA_PCP,
	    .internal_port = port,
	    .external.port = (uint16_t)(port + 1),
	    .lifetime_s = 7200,
	};

	addr_parse("192.168.1.1", &lease.gateway);
	addr_parse("192.168.1.20", &lease.local);
	return lease;
}

static void run_until_saved(struct bench *b)
{
	loop_timer_start(b->deadline, DEADLINE_MS);
	loop_run(b->loop);
	assert_true(loop_timer_is_running(b->deadline));
	loop_timer_stop(b->deadline);
}

static void store_when_kept_then_the_next_run_knows(void **state)
{
	struct bench *b = *state;
	struct state_lease one = lease_at(4000), two = lease_at(5000);

	open_store(b);
	assert_int_equal(store_read_error(b->store), 0);
	assert_false(store_keep(b->store, &one));
	assert_false(store_keep(b->store, &two));
	run_until_saved(b);
	assert_int_equal(b->saves, 1);
	assert_true(store_is_saved(b->store));
	store_free(b->store);
	open_store(b);
	assert_int_equal(store_count(b->store), 2);
	assert_true(store_at(b->store, 0)->is_old);
	assert_non_null(
	    store_find(b->store, &one.gateway, TRANSPORT_UDP, 5000));
	assert_null(store_find(b->store, &one.gateway, TRANSPORT_TCP, 5000));
}

static void store_when_freed_unwritten_then_written(void **state)
{
	struct bench *b = *state;
	struct state_lease one = lease_at(4000);

	open_store(b);
	store_keep(b->store, &one);
	store_free(b->store);
	open_store(b);
	assert_int_equal(store_count(b->store), 1);
	store_forget(b->store, &one.gateway, TRANSPORT_UDP, 4000);
	store_free(b->store);
	open_store(b);
	assert_int_equal(store_count(b->store), 0);
}

static void store_when_kept_again_then_one_record_not_old(void **state)
{
	struct bench *b = *state;
	struct state_lease one = lease_at(4000);

	open_store(b);
	store_keep(b->store, &one);
	store_free(b->store);
	open_store(b);
	one.external.port = 4444;
	store_keep(b->store, &one);
	assert_int_equal(store_count(b->store), 1);
	assert_false(store_at(b->store, 0)->is_old);
	assert_int_equal(store_at(b->store, 0)->lease.external.port, 4444);
}

static void store_when_file_is_bad_then_said_and_kept_aside(void **state)
{
	struct bench *b = *state;
	char *bad = path_in(b, "state.bad");

	write_text(b, "state", "traversald-state 1\nend 0 00000000\n");
	open_store(b);
	assert_int_equal(store_read_error(b->store), -EBADMSG);
	assert_int_equal(store_count(b->store), 0);
	assert_int_equal(access(bad, F_OK), 0);
	free(bad);
}

static void store_when_disk_refuses_then_saved_as_far_as_can_be(void **state)
{
	struct bench *b = *state;
	struct state_lease one = lease_at(4000);
	char *aside = path_in(b, "state.new");

	assert_int_equal(mkdir(aside, 0700), 0);
	free(aside);
	open_store(b);
	assert_false(store_keep(b->store, &one));
	run_until_saved(b);
	assert_int_equal(store_write_error(b->store), -EISDIR);
	assert_true(store_keep(b->store, &one));
}

/* --- killed while it writes ------------------------------------------------
 */

static char text[STATE_FILE_BYTES];
static struct state_lease leases[STATE_LEASES_MOST];

/* FIRST: so that what one writer leaves differs from the one before. */
static void write_for_ever(const char *dir, size_t first)
{
	size_t count = first;
	int len;

	for (size_t i = 0; i < 200; i++)
		leases[i] = lease_at((uint16_t)(1024 + i));
	for (;;) {
		count = (count + 67) % 200;
		len = state_file_encode(leases, count, text, sizeof(text));
		store_write_file(dir, text, (size_t)len);
	}
}

static size_t check_file(const struct bench *b)
{
	char *path = path_in(b, "state");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t count;
	ssize_t len;

	assert_true(fd >= 0);
	len = read(fd, text, sizeof(text));
	close(fd);
	free(path);
	assert_true(len > 0);
	assert_int_equal(state_file_decode(text, (size_t)len, leases,
					   STATE_LEASES_MOST, &count),
			 0);
	return count;
}

/* How long a whole write takes here and now, in us, at least 100. */
static uint64_t time_one_write(const char *dir, const char *bytes, size_t len)
{
	struct timespec began, ended;
	int64_t us;

	clock_gettime(CLOCK_MONOTONIC, &began);
	assert_int_equal(store_write_file(dir, bytes, len), 0);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	us = (ended.tv_sec - began.tv_sec) * 1000000 +
	     (ended.tv_nsec - began.tv_nsec) / 1000;
	return us < 100 ? 100 : (uint64_t)us;
}

static void store_when_killed_a_thousand_times_then_always_readable(
    void **state)
{
	struct bench *b = *state;
	int len = state_file_encode(NULL, 0, text, sizeof(text));
	size_t before = 0, count;
	uint64_t write_us = 0;
	int changes = 0, ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	for (int i = 0; i < 8; i++)
		write_us += time_one_write(b->dir, text, (size_t)len) / 8;
	srandom(1);
	for (int i = 0; i < KILLS; i++) {
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			(void)!write(ready[1], "", 1);
			write_for_ever(b->dir, (size_t)i);
		}
		assert_int_equal(read(ready[0], &byte, 1), 1);
		usleep((useconds_t)((uint64_t)random() % (3 * write_us)));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		count = check_file(b);
		changes += count != before;
		before = count;
	}
	/* They did write. */
	assert_in_range(changes, KILLS / 20, KILLS);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		store_when_kept_then_the_next_run_knows, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		store_when_freed_unwritten_then_written, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		store_when_kept_again_then_one_record_not_old, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		store_when_file_is_bad_then_said_and_kept_aside, setup,
		teardown),
	    cmocka_unit_test_setup_teardown(
		store_when_disk_refuses_then_saved_as_far_as_can_be, setup,
		teardown),
	    cmocka_unit_test_setup_teardown(
		store_when_killed_a_thousand_times_then_always_readable, setup,
		teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
