/*
 * control_conn: one client of the control plane, as bytes.
 *
 * Frames its requests, hands them over one at a time, queues what is sent to
 * it and keeps the time limits. Knows no methods and no rights.
 */
#ifndef DAEMON_CONTROL_CONN_H
#define DAEMON_CONTROL_CONN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "varlink.h"

#define CONTROL_FDS_MOST 16

struct control_conn;

enum control_refusal {
	CONTROL_TOO_LARGE,
	CONTROL_TOO_DEEP,
	CONTROL_NOT_A_REQUEST,
};

/* Called from the loop, never from within a call into the connection. */
struct control_conn_handler {
	/* A request. No other follows until control_conn_ready(), which may
	 * come at once. REQUEST is borrowed for the call. */
	void (*request)(void *arg, const struct varlink_request *request);
	/* What came is no request, WHY in words. The connection takes no more
	 * after this: answer, and call control_conn_finish(). */
	void (*refused)(void *arg, enum control_refusal refusal,
			const char *why);
	/* The client is gone, or had to go. Free the connection, but not
	 * before this returns. */
	void (*gone)(void *arg);
};

/* Returns an owned connection on FD (taken). HANDLER is borrowed. */
struct control_conn *control_conn_new(
    struct loop *loop, int fd, const struct control_conn_handler *handler,
    void *arg);
/* Closes it without a call. */
void control_conn_free(struct control_conn *conn);

/* Queues TEXT (owned, taken), a whole message; its NUL is sent too. */
void control_conn_send_text(struct control_conn *conn, char *text);
/* Queues MESSAGE (taken), with descriptors (borrowed, at most
 * CONTROL_FDS_MOST) on its first byte. After the client has gone it is
 * dropped. */
void control_conn_send(struct control_conn *conn, json_t *message,
		       const int *fds, size_t fd_count);
/* Bytes that are queued for a client that does not read. */
size_t control_conn_backlog_bytes(const struct control_conn *conn);

/* The call under way is a stream: its client may read as slowly as it likes. */
void control_conn_set_streaming(struct control_conn *conn);
/* The call under way has ended: the next request may come. */
void control_conn_ready(struct control_conn *conn);
/* Sends what is queued, then says gone. */
void control_conn_finish(struct control_conn *conn);

/* For how long the client has held its place for nothing: *ret_half tells
 * whether with half a request. 0 when it is being served. */
uint64_t control_conn_idle_ms(const struct control_conn *conn, bool *ret_half);

#endif
