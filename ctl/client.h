/*
 * client: one connection to traversald, with deadlines.
 *
 * Bytes and messages; what they mean is told by others.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "varlink.h"

#define CLIENT_FOREVER UINT64_MAX

struct client;

/* Milliseconds that only ever grow; deadlines below are of this clock. */
uint64_t client_now_ms(void);

/* Connects to the socket at PATH. Returns 0 and an owned client, -ETIMEDOUT
 * after DEADLINE_MS, or what connect() says. */
int client_connect(const char *path, uint64_t deadline_ms,
		   struct client **ret_client);
/* Closes it; NULL is allowed. */
void client_free(struct client *client);

/* Its descriptor, to wait for; what is there may also have been read already.
 */
int client_fd(const struct client *client);

/* Sends a request; PARAMETERS (may be NULL) is taken. Returns 0, -ETIMEDOUT or
 * what send() says; a connection that was closed is told by client_receive(),
 * after what the daemon had to say. */
int client_send(struct client *client, const char *method, json_t *parameters,
		bool more, uint64_t deadline_ms);

/*
 * Waits for a reply, which the caller owns. Returns 0, -ETIMEDOUT,
 * -ECONNRESET when the daemon has gone, -EPROTO when what came is no varlink,
 * or -EPIPE when nobody reads our standard output any more.
 */
int client_receive(struct client *client, uint64_t deadline_ms,
		   struct varlink_reply *ret_reply);

/* Takes descriptors that came with the replies so far, at most CAP, in their
 * order; they are the caller's. Returns how many. */
size_t client_take_fds(struct client *client, int *ret_fds, size_t cap);

#endif
