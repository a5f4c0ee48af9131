#include "control_conn.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"

/* A client may hold its place so long, by what it is waited for. */
#define FIRST_LIMIT_MS  30000 /* its first request */
#define HALF_LIMIT_MS   5000  /* the rest of a request */
#define NEXT_LIMIT_MS   300000
#define DRAIN_LIMIT_MS  30000 /* to read some of a reply */
#define LINGER_LIMIT_MS 500   /* to read why it was refused */

/* After so many requests or bytes the others have their turn. */
#define REQUESTS_PER_TURN 8
#define DISCARD_BYTES     4096

enum conn_wait {
	WAIT_NOTHING,
	WAIT_FIRST,
	WAIT_HALF,
	WAIT_NEXT,
	WAIT_DRAIN,
	WAIT_LINGER,
};

struct out_message {
	char *bytes; /* owned */
	size_t len;
	size_t sent;
	int fds[CONTROL_FDS_MOST]; /* owned */
	size_t fd_count;
	STAILQ_ENTRY(out_message) link;
};

struct control_conn {
	struct loop *loop;
	int fd;
	struct loop_io *io;
	unsigned int watched;
	struct loop_timer *limit;
	struct loop_timer *turn; /* goes on in the next round of the loop */
	enum conn_wait wait;
	uint64_t wait_since_ms;
	const struct control_conn_handler *handler;
	void *arg;
	struct varlink_buffer in;
	char in_bytes[VARLINK_REQUEST_MOST_BYTES + 1];
	STAILQ_HEAD(, out_message) out;
	size_t out_bytes;
	bool busy;       /* a call is under way */
	bool streaming;  /* and it is a stream */
	bool processing; /* requests are being handed over */
	bool had_request;
	bool eof;       /* the client sends no more */
	bool finishing; /* takes no more requests */
	bool shut;      /* finishing, and all was sent */
	bool dead;      /* gone is due */
	bool is_gone;   /* gone was said */
};

static void out_free(struct out_message *message)
{
	for (size_t i = 0; i < message->fd_count; i++)
		close(message->fds[i]);
	free(message->bytes);
	free(message);
}

static void close_now(struct control_conn *conn)
{
	struct out_message *message;

	while ((message = STAILQ_FIRST(&conn->out))) {
		STAILQ_REMOVE_HEAD(&conn->out, link);
		out_free(message);
	}
	conn->out_bytes = 0;
	loop_io_free(conn->io);
	conn->io = NULL;
	loop_timer_stop(conn->limit);
	loop_timer_stop(conn->turn);
	if (conn->fd >= 0)
		close(conn->fd);
	conn->fd = -1;
}

static void say_gone(struct control_conn *conn)
{
	if (conn->is_gone)
		return;
	conn->is_gone = true;
	close_now(conn);
	conn->handler->gone(conn->arg);
}

/* --- time limits ------------------------------------------------------------
 */

static enum conn_wait awaited(struct control_conn *conn)
{
	if (conn->shut)
		return WAIT_LINGER;
	if (conn->out_bytes > 0 && !conn->streaming)
		return WAIT_DRAIN;
	if (conn->busy)
		return WAIT_NOTHING;
	if (varlink_buffer_has_partial(&conn->in))
		return WAIT_HALF;
	return conn->had_request ? WAIT_NEXT : WAIT_FIRST;
}

static void set_limit(struct control_conn *conn)
{
	static const uint64_t limits_ms[] = {
	    [WAIT_FIRST] = FIRST_LIMIT_MS,   [WAIT_HALF] = HALF_LIMIT_MS,
	    [WAIT_NEXT] = NEXT_LIMIT_MS,     [WAIT_DRAIN] = DRAIN_LIMIT_MS,
	    [WAIT_LINGER] = LINGER_LIMIT_MS,
	};
	enum conn_wait wait = awaited(conn);

	/* Bytes that drip in do not move the limit. */
	if (wait == conn->wait)
		return;
	conn->wait = wait;
	conn->wait_since_ms = loop_now_ms(conn->loop);
	if (wait == WAIT_NOTHING)
		loop_timer_stop(conn->limit);
	else
		loop_timer_start(conn->limit, limits_ms[wait]);
}

/* The client did something: what is awaited next has its whole time. */
static void forget_limit(struct control_conn *conn)
{
	conn->wait = WAIT_NOTHING;
	loop_timer_stop(conn->limit);
}

static void on_limit(void *arg)
{
	say_gone(arg);
}

/* --- out --------------------------------------------------------------------
 */

static ssize_t send_some(int fd, const struct out_message *message)
{
	struct iovec iov = {
	    .iov_base = message->bytes + message->sent,
	    .iov_len = message->len - message->sent,
	};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(message->fds))];
	} control;
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	size_t fds_bytes = message->fd_count * sizeof(int);
	struct cmsghdr *cmsg;

	if (message->sent == 0 && message->fd_count > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(fds_bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(fds_bytes);
		memcpy(CMSG_DATA(cmsg), message->fds, fds_bytes);
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Sends until nothing is left or the client reads no more. Returns false when
 * the client is gone. */
static bool flush(struct control_conn *conn)
{
	struct out_message *message;
	ssize_t sent;

	while ((message = STAILQ_FIRST(&conn->out))) {
		sent = send_some(conn->fd, message);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR ||
			       errno == ENOBUFS;
		forget_limit(conn);
		conn->out_bytes -= (size_t)sent;
		message->sent += (size_t)sent;
		if (message->sent < message->len)
			continue;
		STAILQ_REMOVE_HEAD(&conn->out, link);
		out_free(message);
	}
	return true;
}

static void watch(struct control_conn *conn)
{
	unsigned int events = conn->out_bytes > 0 ? LOOP_WRITE : 0u;
	size_t room;

	(void)varlink_buffer_space(&conn->in, &room);
	if (!conn->eof && (room > 0 || conn->finishing))
		events |= LOOP_READ;
	if (events != conn->watched)
		loop_io_set(conn->io, events);
	conn->watched = events;
}

/* Where every change of state ends: what to wait for now, and for how long. */
static void settle(struct control_conn *conn)
{
	if (conn->is_gone)
		return;
	if (conn->out_bytes == 0 && !conn->busy) {
		if (conn->finishing && !conn->shut) {
			shutdown(conn->fd, SHUT_WR);
			conn->shut = true;
		}
		if (conn->eof && !varlink_buffer_has_message(&conn->in))
			conn->dead = true;
	}
	if (conn->dead) {
		loop_timer_start(conn->turn, 0);
		return;
	}
	watch(conn);
	set_limit(conn);
}

static struct out_message *out_new(char *text, size_t len, const int *fds,
				   size_t fd_count)
{
	struct out_message *out = xcalloc(1, sizeof(*out));

	assert(fd_count <= CONTROL_FDS_MOST);
	out->bytes = text;
	out->len = len;
	for (size_t i = 0; i < fd_count; i++) {
		int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);

		if (copy >= 0)
			out->fds[out->fd_count++] = copy;
	}
	return out;
}

static void queue(struct control_conn *conn, struct out_message *out)
{
	STAILQ_INSERT_TAIL(&conn->out, out, link);
	conn->out_bytes += out->len;
	if (!flush(conn))
		conn->dead = true;
	settle(conn);
}

void control_conn_send(struct control_conn *conn, json_t *message,
		       const int *fds, size_t fd_count)
{
	size_t len;
	char *text;

	if (conn->is_gone || conn->dead) {
		json_decref(message);
		return;
	}
	text = varlink_encode(message, &len);
	queue(conn, out_new(text, len, fds, fd_count));
}

void control_conn_send_text(struct control_conn *conn, char *text)
{
	if (conn->is_gone || conn->dead)
		free(text);
	else
		queue(conn, out_new(text, strlen(text) + 1, NULL, 0));
}

size_t control_conn_backlog_bytes(const struct control_conn *conn)
{
	return conn->out_bytes;
}

/* --- in ---------------------------------------------------------------------
 */

static void refuse(struct control_conn *conn, enum control_refusal refusal,
		   const char *why)
{
	conn->finishing = true;
	varlink_buffer_init(&conn->in, conn->in_bytes, sizeof(conn->in_bytes));
	conn->handler->refused(conn->arg, refusal, why);
}

static void hand_over(struct control_conn *conn, const char *message,
		      size_t len)
{
	struct varlink_request request;
	const char *why;
	enum varlink_verdict verdict =
	    varlink_parse_request(message, len, &request, &why);

	conn->had_request = true;
	forget_limit(conn);
	if (verdict != VARLINK_OK) {
		refuse(conn,
		       verdict == VARLINK_TOO_DEEP ? CONTROL_TOO_DEEP
						   : CONTROL_NOT_A_REQUEST,
		       why);
		return;
	}
	conn->busy = true;
	conn->handler->request(conn->arg, &request);
	varlink_request_fini(&request);
}

/* May the next request be taken now? A client that does not read its replies
 * is not served more. */
static bool can_take(const struct control_conn *conn)
{
	return !conn->busy && !conn->finishing && !conn->dead &&
	       !conn->is_gone && conn->out_bytes == 0;
}

static void process(struct control_conn *conn)
{
	const char *message;
	size_t len, count = 0;

	conn->processing = true;
	while (can_take(conn) && count++ < REQUESTS_PER_TURN &&
	       (message = varlink_buffer_next(&conn->in, &len)))
		hand_over(conn, message, len);
	if (can_take(conn) && varlink_buffer_is_overrun(&conn->in))
		refuse(conn, CONTROL_TOO_LARGE, "request too large");
	conn->processing = false;
	if (can_take(conn) && varlink_buffer_has_message(&conn->in))
		loop_timer_start(conn->turn, 0);
	settle(conn);
}

static void on_turn(void *arg)
{
	struct control_conn *conn = arg;

	if (conn->dead)
		say_gone(conn);
	else
		process(conn);
}

/* Has the client closed, or only ended its own half ("shutdown")? */
static bool is_hung_up(const struct control_conn *conn)
{
	struct pollfd pfd = {.fd = conn->fd};

	return poll(&pfd, 1, 0) > 0 && (pfd.revents & (POLLHUP | POLLERR));
}

/* Reads once. What a refused client still sends is thrown away, so that it gets
 * round to reading why. */
static void read_some(struct control_conn *conn)
{
	char discarded[DISCARD_BYTES], *space = discarded;
	size_t room = sizeof(discarded);
	ssize_t count;

	if (!conn->finishing)
		space = varlink_buffer_space(&conn->in, &room);
	count = recv(conn->fd, space, room, MSG_DONTWAIT);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		conn->eof = true;
		conn->dead |= count < 0 || is_hung_up(conn);
	} else if (!conn->finishing) {
		varlink_buffer_add(&conn->in, (size_t)count);
	}
}

static void on_io(void *arg, int fd, unsigned int events)
{
	struct control_conn *conn = arg;
	size_t room;

	(void)fd;
	(void)varlink_buffer_space(&conn->in, &room);
	if ((events & LOOP_READ) && (room > 0 || conn->finishing))
		read_some(conn);
	if ((events & LOOP_WRITE) && !conn->dead && !flush(conn))
		conn->dead = true;
	if (conn->dead)
		say_gone(conn);
	else
		process(conn);
}

/* --- life -------------------------------------------------------------------
 */

struct control_conn *control_conn_new(
    struct loop *loop, int fd, const struct control_conn_handler *handler,
    void *arg)
{
	struct control_conn *conn = xcalloc(1, sizeof(*conn));

	conn->loop = loop;
	conn->fd = fd;
	conn->handler = handler;
	conn->arg = arg;
	conn->watched = LOOP_READ;
	STAILQ_INIT(&conn->out);
	varlink_buffer_init(&conn->in, conn->in_bytes, sizeof(conn->in_bytes));
	conn->io = loop_io_new(loop, fd, LOOP_READ, on_io, conn);
	conn->limit = loop_timer_new(loop, on_limit, conn);
	conn->turn = loop_timer_new(loop, on_turn, conn);
	set_limit(conn);
	return conn;
}

void control_conn_free(struct control_conn *conn)
{
	if (!conn)
		return;
	close_now(conn);
	loop_timer_free(conn->limit);
	loop_timer_free(conn->turn);
	free(conn);
}

void control_conn_set_streaming(struct control_conn *conn)
{
	conn->streaming = true;
}

void control_conn_ready(struct control_conn *conn)
{
	conn->busy = false;
	conn->streaming = false;
	if (!conn->processing && !conn->is_gone)
		loop_timer_start(conn->turn, 0);
}

void control_conn_finish(struct control_conn *conn)
{
	conn->finishing = true;
	if (!conn->processing)
		settle(conn);
}

uint64_t control_conn_idle_ms(const struct control_conn *conn, bool *ret_half)
{
	*ret_half = conn->wait == WAIT_HALF;
	if (conn->wait != WAIT_FIRST && conn->wait != WAIT_HALF &&
	    conn->wait != WAIT_NEXT)
		return 0;
	return loop_now_ms(conn->loop) - conn->wait_since_ms;
}
