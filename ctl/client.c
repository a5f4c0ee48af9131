#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "mem.h"

/* The largest reply: a status of hundreds of services. */
#define REPLY_MOST_BYTES (4 * 1024 * 1024)
/* A daemon whose queue is full is asked again after. */
#define CONNECT_RETRY_MS 50

/* Descriptors that one reply may bring. */
#define FDS_MOST 16

struct client {
	int fd;
	struct varlink_buffer in;
	char *bytes;
	int fds[FDS_MOST]; /* owned: came with a reply, not taken yet */
	size_t fd_count;
};

uint64_t client_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int remaining_ms(uint64_t deadline_ms)
{
	uint64_t now_ms = client_now_ms();

	if (deadline_ms == CLIENT_FOREVER)
		return -1;
	if (deadline_ms <= now_ms)
		return 0;
	return deadline_ms - now_ms > 1000000 ? 1000000
					      : (int)(deadline_ms - now_ms);
}

static int connect_until(int fd, const struct sockaddr_un *sun,
			 uint64_t deadline_ms)
{
	while (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (remaining_ms(deadline_ms) == 0)
			return -ETIMEDOUT;
		poll(NULL, 0, CONNECT_RETRY_MS);
	}
	return 0;
}

int client_connect(const char *path, uint64_t deadline_ms,
		   struct client **ret_client)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct client *client;
	int fd, error;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = connect_until(fd, &sun, deadline_ms);
	if (error) {
		close(fd);
		return error;
	}
	client = xcalloc(1, sizeof(*client));
	client->fd = fd;
	client->bytes = xreallocarray(NULL, 1, REPLY_MOST_BYTES);
	varlink_buffer_init(&client->in, client->bytes, REPLY_MOST_BYTES);
	*ret_client = client;
	return 0;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	while (client->fd_count > 0)
		close(client->fds[--client->fd_count]);
	close(client->fd);
	free(client->bytes);
	free(client);
}

int client_fd(const struct client *client)
{
	return client->fd;
}

static int send_all(int fd, const char *bytes, size_t len, uint64_t deadline_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	size_t sent = 0;
	ssize_t count;

	while (sent < len) {
		count = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);
		if (count >= 0) {
			sent += (size_t)count;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return 0; /* its last words may be waiting */
		} else if (errno != EAGAIN && errno != EINTR) {
			return -errno;
		} else if (poll(&pfd, 1, remaining_ms(deadline_ms)) == 0) {
			return -ETIMEDOUT;
		}
	}
	return 0;
}

int client_send(struct client *client, const char *method, json_t *parameters,
		bool more, uint64_t deadline_ms)
{
	size_t len;
	char *text =
	    varlink_encode(varlink_request_new(method, parameters, more), &len);
	int error = send_all(client->fd, text, len, deadline_ms);

	free(text);
	return error;
}

/* Waits until there is something to read. Standard output is watched as well:
 * "events | head" must not linger until the next event. */
static int wait_readable(const struct client *client, uint64_t deadline_ms)
{
	struct pollfd pfds[] = {
	    {.fd = client->fd, .events = POLLIN},
	    {.fd = STDOUT_FILENO},
	};
	int count, left_ms;

	for (;;) {
		left_ms = remaining_ms(deadline_ms);
		count = poll(pfds, 2, left_ms);
		if (count == 0 && left_ms < 1000000)
			return -ETIMEDOUT;
		if (count > 0 && pfds[0].revents)
			return 0;
		if (count > 0 && (pfds[1].revents & POLLERR))
			return -EPIPE;
		if (count > 0)
			pfds[1].fd = -1; /* closed: nothing to watch */
	}
}

/* Keeps the descriptors that came with what was received. */
static void keep_fds(struct client *client, struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (client->fd_count < FDS_MOST)
				client->fds[client->fd_count++] = fd;
			else
				close(fd);
		}
	}
}

static ssize_t receive(struct client *client, char *space, size_t room)
{
	union {
		char bytes[CMSG_SPACE(FDS_MOST * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = space, .iov_len = room};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes),
	};
	ssize_t count = recvmsg(client->fd, &msg, MSG_CMSG_CLOEXEC);

	if (count >= 0)
		keep_fds(client, &msg);
	return count;
}

static int fill(struct client *client, uint64_t deadline_ms)
{
	size_t room;
	char *space = varlink_buffer_space(&client->in, &room);
	ssize_t count;
	int error;

	if (room == 0)
		return -EPROTO;
	error = wait_readable(client, deadline_ms);
	if (error)
		return error;
	count = receive(client, space, room);
	if (count > 0)
		varlink_buffer_add(&client->in, (size_t)count);
	else if (count == 0 || (errno != EAGAIN && errno != EINTR))
		return varlink_buffer_has_partial(&client->in) ? -EPROTO
							       : -ECONNRESET;
	return 0;
}

int client_receive(struct client *client, uint64_t deadline_ms,
		   struct varlink_reply *ret_reply)
{
	const char *message, *why;
	size_t len;
	int error;

	while (!(message = varlink_buffer_next(&client->in, &len))) {
		error = fill(client, deadline_ms);
		if (error)
			return error;
	}
	return varlink_parse_reply(message, len, ret_reply, &why) == VARLINK_OK
		   ? 0
		   : -EPROTO;
}

size_t client_take_fds(struct client *client, int *ret_fds, size_t cap)
{
	size_t count = client->fd_count < cap ? client->fd_count : cap;

	memcpy(ret_fds, client->fds, count * sizeof(*ret_fds));
	client->fd_count -= count;
	memmove(client->fds, client->fds + count,
		client->fd_count * sizeof(*client->fds));
	return count;
}
