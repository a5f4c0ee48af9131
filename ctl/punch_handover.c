#include "punch_handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"
#include "punch_wire.h"
#include "words.h"

#define FIRST_FD      3 /* sd_listen_fds(3) */
#define FDS_MOST      16
#define IDLE_MS       180000
#define READS_MOST    64
#define DATAGRAM_MOST 65536

/* --- another program ------------------------------------------------------ */

/* Moves the descriptors to 3, 4, ..., whatever is there now. */
static int move_fds(const int *fds, size_t count)
{
	int copies[FDS_MOST];

	/* First above the target numbers, so that none overwrites another. */
	for (size_t i = 0; i < count; i++) {
		copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_FD + FDS_MOST);
		if (copies[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(copies[i], FIRST_FD + (int)i) < 0)
			return -errno;
	return 0;
}

static void set_endpoint(const char *what, size_t i, const json_t *end)
{
	const char *address =
	    json_string_value(json_object_get(end, "address"));
	char *name = xasprintf("PUNCH_%s_%zu", what, i);
	char *value = xasprintf(
	    "%s:%lld", address ? address : "",
	    (long long)json_integer_value(json_object_get(end, "port")));

	setenv(name, value, 1);
	free(name);
	free(value);
}

static void set_environment(size_t count, const json_t *connections)
{
	char *pid = xasprintf("%ld", (long)getpid());
	char *number = xasprintf("%zu", count);
	char names[FDS_MOST * 8] = "";

	for (size_t i = 0; i < count; i++) {
		const json_t *c = json_array_get(connections, i);
		size_t len = strlen(names);

		snprintf(names + len, sizeof(names) - len, "%spunch%zu",
			 i ? ":" : "", i);
		set_endpoint("LOCAL", i, json_object_get(c, "local"));
		set_endpoint("REMOTE", i, json_object_get(c, "remote"));
	}
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	free(pid);
	free(number);
}

int punch_exec(const char *command, const int *fds, size_t count,
	       const json_t *connections)
{
	struct words words = {0};
	char **argv;
	int error;

	words_split(command, NULL, &words);
	if (words.count == 0)
		return -EINVAL;
	argv = xcalloc(words.count + 1, sizeof(*argv));
	for (size_t i = 0; i < words.count; i++)
		argv[i] = words.items[i].text;
	error = move_fds(fds, count);
	if (!error) {
		set_environment(count, connections);
		execvp(argv[0], argv);
		error = -errno;
	}
	free(argv);
	words_clear(&words);
	return error;
}

/* --- a service -------------------------------------------------------------
 */

static int open_service(const struct endpoint *service)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(service, &sa);
	int fd =
	    socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&sa, sa_len) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

/* What the punching left over is none of the service's business. */
static void pass(int from, int to, bool is_from_peer)
{
	uint8_t bytes[DATAGRAM_MOST];
	ssize_t len;

	for (int i = 0; i < READS_MOST; i++) {
		len = recv(from, bytes, sizeof(bytes), 0);
		if (len < 0 && errno == EAGAIN)
			return;
		/* An error tells of an earlier datagram. */
		if (len < 0 || (is_from_peer &&
				punch_codec_mysterium.classify(
				    NULL, bytes, (size_t)len) != PUNCH_OTHER))
			continue;
		(void)!send(to, bytes, (size_t)len, MSG_NOSIGNAL);
	}
}

/* pfds[2 * i] is a connection, pfds[2 * i + 1] its service socket. */
static void pass_all(struct pollfd *pfds, size_t count)
{
	for (size_t i = 0; i < 2 * count; i++)
		if (pfds[i].revents)
			pass(pfds[i].fd, pfds[i ^ 1].fd, i % 2 == 0);
}

int punch_relay(const struct endpoint *service, const int *fds, size_t count)
{
	struct pollfd pfds[2 * FDS_MOST];

	for (size_t i = 0; i < count; i++) {
		pfds[2 * i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
		pfds[2 * i + 1] = (struct pollfd){.fd = open_service(service),
						  .events = POLLIN};
		if (pfds[2 * i + 1].fd < 0)
			return pfds[2 * i + 1].fd;
	}
	while (poll(pfds, 2 * count, IDLE_MS) > 0)
		pass_all(pfds, count);
	return 0;
}
