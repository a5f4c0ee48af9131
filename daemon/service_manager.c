#include "service_manager.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>
/* The line of the source says nothing that the event does not. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

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

/* --- the journal ----------------------------------------------------------
 */

#define FIELDS_MOST    24
#define FIELD_BYTES    512
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define FIELD_IS       "TRAVERSALD_"

/* A message of systemd.journal-fields(7), for sd_journal_sendv(3). */
struct journal_message {
	char fields[FIELDS_MOST][FIELD_BYTES];
	struct iovec iov[FIELDS_MOST];
	int count;
};

/* Each has an entry in systemd/traversald.catalog. */
static const char *message_id(const char *event, size_t len)
{
	static const struct {
		const char *event, *id;
	} message_ids[] = {
	    {"started", "b9cc4735ad4044ebba114e4009c35c50"},
	    {"verdict-changed", "9bb8ce62092f4866b334a513115391ac"},
	    {"mapping-acquired", "cd2488d39ee649d281fc5298253d1bea"},
	    {"mapping-renewed", "7089cb60451b4cc9b3f1f31ba415d805"},
	    {"mapping-lost", "df6a1416e2a142909d2e25bd3745a1bb"},
	    {"mapping-failed", "6caa34ae119e456e9b3027eaec72dc73"},
	    {"address-changed", "901945e02fab412289e8c99b4afea806"},
	    {"router-restarted", "383f4a6c976f46c99d1ef38cf9fae307"},
	    {"method-changed", "ef65b9f39d6e43fda4f70e5c7c31471f"},
	    {"network-changed", "86d5a5e10f1e494bb8b55ff4a8d736c5"},
	    {"config-reloaded", "5327a74473a0497aa9cdedfb6396b41f"},
	    {"config-failed", "0924c74671364cbfa3ba7ce758334747"},
	    {"stopped", "43270591053f4b88aee6fcdfe5f51577"},
	    {"stop-incomplete", "00bf45ce935f4e40bfc71d64cd01d381"},
	};

	for (size_t i = 0; i < sizeof(message_ids) / sizeof(message_ids[0]);
	     i++)
		if (strlen(message_ids[i].event) == len &&
		    memcmp(message_ids[i].event, event, len) == 0)
			return message_ids[i].id;
	return NULL;
}

/* Adds NAME=VALUE, in capitals, unless there is one of that name. */
static void add_field(struct journal_message *message, const char *prefix,
		      const char *name, size_t name_len, const char *value,
		      size_t value_len)
{
	char *field = message->fields[message->count];
	size_t used = strlen(prefix) + name_len + 1;

	if (message->count == FIELDS_MOST || used + value_len >= FIELD_BYTES)
		return;
	snprintf(field, FIELD_BYTES, "%s%.*s=%.*s", prefix, (int)name_len, name,
		 (int)value_len, value);
	for (size_t i = 0; i + 1 < used; i++)
		field[i] = isalnum((unsigned char)field[i])
			       ? (char)toupper((unsigned char)field[i])
			       : '_';
	for (int i = 0; i < message->count; i++)
		if (memcmp(message->fields[i], field, used) == 0)
			return;
	message->iov[message->count++] = (struct iovec){field, strlen(field)};
}

static void add_plain(struct journal_message *message, const char *name,
		      const char *value)
{
	add_field(message, "", name, strlen(name), value, strlen(value));
}

/* How long a value is: up to a blank, or in quotes, which end where a blank or
 * nothing follows. */
static size_t value_length(const char *value)
{
	const char *end = value;

	if (*value != '"')
		return strcspn(value, " ");
	do
		end = strchr(end + 1, '"');
	while (end && end[1] && end[1] != ' ');
	return end ? (size_t)(end - value) + 1 : strlen(value);
}

/* "event=x key=value other=\"two words\"": a field each. */
static void add_pairs(struct journal_message *message, const char *line)
{
	while (*line) {
		size_t name_len = strcspn(line, "= "), len;
		const char *value = line + name_len + 1;

		if (line[name_len] != '=') {
			line += name_len + (line[name_len] != '\0');
			continue;
		}
		len = value_length(value);
		if (len >= 2 && value[0] == '"' && value[len - 1] == '"')
			add_field(message, FIELD_IS, line, name_len, value + 1,
				  len - 2);
		else
			add_field(message, FIELD_IS, line, name_len, value,
				  len);
		line = value + len + (value[len] == ' ');
	}
}

/* A line of the log as a message with fields; false when the journal does not
 * take it. */
static bool send_event(void *arg, int priority, const char *line)
{
	struct journal_message message;
	const char *event = line + strlen("event=");
	const char *id = message_id(event, strcspn(event, " "));
	char number[8];

	(void)arg;
	message.count = 0;
	snprintf(number, sizeof(number), "%d", priority);
	add_plain(&message, "PRIORITY", number);
	add_plain(&message, "SYSLOG_IDENTIFIER", "traversald");
	if (id)
		add_plain(&message, "MESSAGE_ID", id);
	add_pairs(&message, line);
	if (message.count == FIELDS_MOST || strlen(line) + 9 >= FIELD_BYTES)
		return false;
	add_plain(&message, "MESSAGE", line);
	return sd_journal_sendv(message.iov, message.count) == 0;
}

/* --- the watchdog ---------------------------------------------------------
 */

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
	/* sd_journal_sendv(3) tells nobody when the socket is not there. */
	if (service_manager_has_journal() && access(JOURNAL_SOCKET, W_OK) == 0)
		log_on_event(log, send_event, manager);
	watchdog_new(manager, loop);
	return manager;
}

void service_manager_free(struct service_manager *manager)
{
	if (!manager)
		return;
	loop_timer_free(manager->watchdog);
	log_on_event(manager->log, NULL, NULL);
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
