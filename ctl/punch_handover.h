/*
 * punch_handover: what becomes of connections that traversald has handed over.
 *
 * Either another program gets them, or datagrams are passed between them and a
 * service of this host.
 */
#ifndef CTL_PUNCH_HANDOVER_H
#define CTL_PUNCH_HANDOVER_H

#include <jansson.h>
#include <stddef.h>

#include "addr.h"

/*
 * Becomes the program COMMAND, split into words as systemd does, no shell. The
 * descriptors become 3, 4, ...; the environment tells of them as
 * sd_listen_fds(3) expects: LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES (punch0,
 * ...), and of each connection PUNCH_LOCAL_0 and PUNCH_REMOTE_0, ...
 * (ADDRESS:PORT). CONNECTIONS is that of the reply. Returns only -errno.
 */
int punch_exec(const char *command, const int *fds, size_t count,
	       const json_t *connections);

/* Passes datagrams between the connections and SERVICE, each on a socket of its
 * own, until a signal ends the program, or nothing has come for three minutes:
 * then 0. Returns -errno when there is no way to the service. */
int punch_relay(const struct endpoint *service, const int *fds, size_t count);

#endif
