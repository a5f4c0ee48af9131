#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"

/* After a failure the next try comes after so long. */
#define RETRY_MS 30000

/* One writing. Belongs to the thread while it runs, else to the loop. */
struct writing {
	pthread_t thread;
	char *dir;                  /* borrowed from the store */
	struct state_lease *leases; /* owned */
	size_t count;
	int event_fd; /* borrowed: tells the loop of the end */
	int error;
};

struct store {
	struct store_options options;
	char *dir;
	struct store_record *records;
	size_t count;
	size_t cap;
	int read_error;
	int write_error;
	bool is_dirty;   /* the file does not hold what the records say */
	bool is_writing; /* a thread runs */
	struct writing writing;
	int event_fd;
	struct loop_io *event_io;
	struct loop_timer *timer; /* writes, or tries again */
};

/* --- the file --------------------------------------------------------------
 */

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_aside(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int error;

	if (fd < 0)
		return -errno;
	error = write_all(fd, text, len);
	if (!error && fsync(fd) < 0)
		error = -errno;
	if (close(fd) < 0 && !error)
		error = -errno;
	return error;
}

/* The renaming itself must survive a loss of power. */
static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0 && errno != EINVAL)
		error = -errno;
	close(fd);
	return error;
}

int store_write_file(const char *dir, const char *text, size_t len)
{
	char *path = xasprintf("%s/state", dir);
	char *aside = xasprintf("%s/state.new", dir);
	int error = write_aside(aside, text, len);

	if (!error && rename(aside, path) < 0)
		error = -errno;
	if (error)
		unlink(aside);
	else
		error = sync_dir(dir);
	free(path);
	free(aside);
	return error;
}

/* Returns the length, or -errno (-EFBIG: longer than any that we write). */
static long read_file(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && len < cap) {
		n = read(fd, buf + len, cap - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	close(fd);
	if (n < 0)
		return -errno;
	return len == cap ? -EFBIG : (long)len;
}

/* --- the records -----------------------------------------------------------
 */

static struct store_record *add_record(struct store *store)
{
	if (store->count == STATE_LEASES_MOST)
		return NULL;
	if (store->count == store->cap) {
		store->cap = store->cap ? 2 * store->cap : 8;
		store->records = xreallocarray(store->records, store->cap,
					       sizeof(*store->records));
	}
	store->records[store->count] = (struct store_record){0};
	return &store->records[store->count++];
}

static void take_leases(struct store *store, const struct state_lease *leases,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct store_record *record = add_record(store);

		record->lease = leases[i];
		record->is_old = true;
	}
}

static void keep_bad_file(struct store *store, const char *path)
{
	char *aside = xasprintf("%s.bad", path);

	log_warn(store->options.log, "event=state-unreadable file=%s error=%s",
		 path, strerror(-store->read_error));
	if (rename(path, aside) < 0)
		log_warn(store->options.log, "event=state-not-moved error=%s",
			 strerror(errno));
	free(aside);
}

static void read_leases(struct store *store)
{
	struct state_lease *leases =
	    xcalloc(STATE_LEASES_MOST, sizeof(*leases));
	char *text = xcalloc(1, STATE_FILE_BYTES + 1);
	char *path = xasprintf("%s/state", store->dir);
	size_t count = 0;
	long len = read_file(path, text, STATE_FILE_BYTES + 1);
	int error = len < 0 ? (int)len
			    : state_file_decode(text, (size_t)len, leases,
						STATE_LEASES_MOST, &count);

	if (error && error != -ENOENT) {
		store->read_error = error;
		keep_bad_file(store, path);
	}
	take_leases(store, leases, error ? 0 : count);
	free(path);
	free(text);
	free(leases);
}

/* --- writing ---------------------------------------------------------------
 */

static void *write_in_thread(void *arg)
{
	struct writing *writing = arg;
	size_t cap = (writing->count + 1) * STATE_LINE_BYTES;
	char *text = xcalloc(1, cap);
	const uint64_t one = 1;
	int len;

	/* A thousand leases are half a megabyte of text. */
	len = state_file_encode(writing->leases, writing->count, text, cap);
	writing->error =
	    store_write_file(writing->dir, text, len < 0 ? 0 : (size_t)len);
	free(text);
	(void)!write(writing->event_fd, &one, sizeof(one));
	return NULL;
}

static void copy_leases(struct store *store, struct writing *writing)
{
	struct state_lease *leases = xcalloc(store->count + 1, sizeof(*leases));

	for (size_t i = 0; i < store->count; i++) {
		if (store->options.refresh && !store->records[i].is_old)
			store->options.refresh(store->options.arg,
					       &store->records[i].lease);
		leases[i] = store->records[i].lease;
	}
	writing->leases = leases;
	writing->count = store->count;
}

/* Signals are the loop's business. */
static int start_thread(struct writing *writing)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	error =
	    pthread_create(&writing->thread, NULL, write_in_thread, writing);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -error;
}

static void end_writing(struct store *store)
{
	int error = store->writing.error;

	free(store->writing.leases);
	store->is_writing = false;
	if (error && error != store->write_error)
		log_warn(store->options.log,
			 "event=state-not-written dir=%s error=\"%s\"",
			 store->dir, strerror(-error));
	store->write_error = error;
	if (error)
		loop_timer_start(store->timer, RETRY_MS);
	else if (store->is_dirty)
		loop_timer_start(store->timer, 0);
	if (store->options.saved && store_is_saved(store))
		store->options.saved(store->options.arg);
}

static void on_timer(void *arg)
{
	struct store *store = arg;

	if (store->is_writing)
		return;
	store->is_writing = true;
	store->is_dirty = false;
	store->writing = (struct writing){
	    .dir = store->dir,
	    .event_fd = store->event_fd,
	};
	copy_leases(store, &store->writing);
	store->writing.error = start_thread(&store->writing);
	if (store->writing.error)
		end_writing(store);
}

static void on_written(void *arg, int fd, unsigned int events)
{
	struct store *store = arg;
	uint64_t number;

	(void)events;
	(void)!read(fd, &number, sizeof(number));
	if (!store->is_writing)
		return;
	pthread_join(store->writing.thread, NULL);
	end_writing(store);
}

/* --- life and end ----------------------------------------------------------
 */

struct store *store_new(const struct store_options *options)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store->options = *options;
	store->dir = xstrdup(options->data_dir);
	store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	store->event_io = loop_io_new(options->loop, store->event_fd, LOOP_READ,
				      on_written, store);
	store->timer = loop_timer_new(options->loop, on_timer, store);
	mkdir(store->dir, 0700);
	read_leases(store);
	return store;
}

/* A disk that hangs does not hold up the end. False: the thread still runs. */
static bool join_thread(struct store *store)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += STORE_LAST_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	return pthread_timedjoin_np(store->writing.thread, NULL, &until) == 0;
}

static bool finish_writing(struct store *store)
{
	if (store->is_writing) {
		if (!join_thread(store))
			return false;
		free(store->writing.leases);
		store->is_writing = false;
	}
	if (!store->is_dirty)
		return true;
	on_timer(store);
	if (!store->is_writing)
		return true;
	if (!join_thread(store))
		return false;
	free(store->writing.leases);
	return true;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	store->options.saved = NULL;
	/* What a thread still uses is left to it. */
	if (!finish_writing(store))
		return;
	loop_io_free(store->event_io);
	loop_timer_free(store->timer);
	close(store->event_fd);
	free(store->records);
	free(store->dir);
	free(store);
}

int store_read_error(const struct store *store)
{
	return store->read_error;
}

int store_write_error(const struct store *store)
{
	return store->write_error;
}

size_t store_count(const struct store *store)
{
	return store->count;
}

struct store_record *store_at(struct store *store, size_t index)
{
	return &store->records[index];
}

struct store_record *store_find(struct store *store, const struct addr *gateway,
				enum transport transport, uint16_t port)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct state_lease *lease = &store->records[i].lease;

		if (lease->transport == transport &&
		    lease->internal_port == port &&
		    addr_equal(&lease->gateway, gateway))
			return &store->records[i];
	}
	return NULL;
}

bool store_keep(struct store *store, const struct state_lease *lease)
{
	struct store_record *record = store_find(
	    store, &lease->gateway, lease->transport, lease->internal_port);

	if (!record)
		record = add_record(store);
	if (!record)
		return true;
	record->lease = *lease;
	record->is_old = false;
	store_touch(store);
	return store_is_saved(store);
}

void store_forget(struct store *store, const struct addr *gateway,
		  enum transport transport, uint16_t port)
{
	struct store_record *record =
	    store_find(store, gateway, transport, port);

	if (!record)
		return;
	*record = store->records[--store->count];
	store_touch(store);
}

void store_touch(struct store *store)
{
	store->is_dirty = true;
	/* Everything of one turn of the loop is written at once. */
	if (!store->write_error)
		loop_timer_start(store->timer, 0);
}

bool store_is_saved(const struct store *store)
{
	return store->write_error || (!store->is_dirty && !store->is_writing);
}
