#include "service_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "mem.h"

/* Looks per watchdog span: one late look must not cost the daemon its life. */
#define WATCHDOG_LOOKS 4

#define STATUS_BYTES 256

struct service_manager {
	struct log *log;
	struct loop_timer *watchdog; /* NULL: none asked for */
	uint64_t watchdog_ms;        /* between two looks */
	bool has_progress;           /* since the last look */
	char status[STATUS_BYTES];   /* as last sent */
	int fd_count;
	char **fd_names; /* from SD_LISTEN_FDS_START; NULL = taken */
};

bool service_manager_has_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	if (!stream ||
	    sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

static void notify(struct service_manager *manager, const char *state)
{
	int r = sd_notify(0, state);

	if (r < 0)
		log_warn(manager->log, "service-manager notify failed error=%s",
			 strerror(-r));
}

static void watchdog_look(void *arg)
{
	struct service_manager *manager = arg;

	if (manager->has_progress)
		notify(manager, "WATCHDOG=1");
	else
		log_warn(manager->log,
			 "watchdog saw no progress for_ms=%" PRIu64,
			 manager->watchdog_ms);
	manager->has_progress = false;
	loop_timer_start(manager->watchdog, manager->watchdog_ms);
}

static void watchdog_new(struct service_manager *manager, struct loop *loop)
{
	uint64_t span_us;

	if (sd_watchdog_enabled(0, &span_us) <= 0)
		return;
	manager->watchdog_ms = span_us / 1000 / WATCHDOG_LOOKS;
	if (manager->watchdog_ms == 0)
		manager->watchdog_ms = 1;
	manager->watchdog = loop_timer_new(loop, watchdog_look, manager);
	loop_timer_start(manager->watchdog, manager->watchdog_ms);
}

struct service_manager *service_manager_new(struct loop *loop, struct log *log)
{
	struct service_manager *manager = xcalloc(1, sizeof(*manager));
	int count;

	manager->log = log;
	/* The first span is for the start itself. */
	manager->has_progress = true;
	/* Children must not believe that the sockets are theirs. */
	count = sd_listen_fds_with_names(1, &manager->fd_names);
	if (count < 0)
		log_warn(log, "service-manager passed no sockets error=%s",
			 strerror(-count));
	manager->fd_count = count > 0 ? count : 0;
	watchdog_new(manager, loop);
	return manager;
}

void service_manager_free(struct service_manager *manager)
{
	if (!manager)
		return;
	loop_timer_free(manager->watchdog);
	for (int i = 0; i < manager->fd_count; i++) {
		if (manager->fd_names[i])
			close(SD_LISTEN_FDS_START + i);
		free(manager->fd_names[i]);
	}
	free(manager->fd_names);
	free(manager);
}

void service_manager_ready(struct service_manager *manager)
{
	notify(manager, "READY=1");
}

/* systemd drops a status that is not UTF-8: never cut within a character. */
static void copy_line(char status[STATUS_BYTES], const char *text)
{
	size_t len = (size_t)snprintf(status, STATUS_BYTES, "%s", text);

	if (len >= STATUS_BYTES) {
		len = STATUS_BYTES - 1;
		while (len > 0 && (unsigned char)status[len - 1] >= 0x80)
			len--;
		status[len] = '\0';
	}
	for (char *c = status; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			*c = ' ';
}

void service_manager_status(struct service_manager *manager, const char *text)
{
	char status[STATUS_BYTES];
	char message[sizeof("STATUS=") + STATUS_BYTES];

	copy_line(status, text);
	if (strcmp(status, manager->status) == 0)
		return;
	snprintf(manager->status, sizeof(manager->status), "%s", status);
	snprintf(message, sizeof(message), "STATUS=%s", status);
	notify(manager, message);
}

void service_manager_progress(struct service_manager *manager)
{
	manager->has_progress = true;
}

void service_manager_reloading(struct service_manager *manager)
{
	struct timespec now;
	char message[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(
	    message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRIuMAX,
	    (uintmax_t)now.tv_sec * 1000000 + (uintmax_t)now.tv_nsec / 1000);
	notify(manager, message);
}

void service_manager_stopping(struct service_manager *manager,
			      unsigned int extend_ms)
{
	char message[64] = "STOPPING=1";

	if (extend_ms > 0)
		snprintf(message, sizeof(message),
			 "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIuMAX,
			 (uintmax_t)extend_ms * 1000);
	notify(manager, message);
}

static int find_fd(const struct service_manager *manager, const char *name)
{
	for (int i = 0; i < manager->fd_count; i++)
		if (manager->fd_names[i] &&
		    strcmp(manager->fd_names[i], name) == 0)
			return i;
	return -ENOENT;
}

int service_manager_take_socket(struct service_manager *manager,
				const char *name)
{
	int i = find_fd(manager, name), fd, flags;

	if (i < 0)
		return i;
	fd = SD_LISTEN_FDS_START + i;
	if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0)
		return -EINVAL;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	free(manager->fd_names[i]);
	manager->fd_names[i] = NULL;
	return fd;
}
