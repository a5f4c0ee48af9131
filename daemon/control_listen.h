/*
 * control_listen: the listening Unix sockets of the control plane.
 *
 * Binds, sets mode and group, replaces what a dead daemon left behind and
 * leaves a living one's alone. Accepts nobody.
 */
#ifndef DAEMON_CONTROL_LISTEN_H
#define DAEMON_CONTROL_LISTEN_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "log.h"

struct control_listen {
	int fd;      /* owned; -1 when closed */
	char *path;  /* owned; NULL when systemd bound it */
	dev_t dev;   /* of the socket file that we bound, so that only */
	ino_t inode; /* that one is removed */
};

/*
 * Binds DIR/NAME with MODE; with GROUP (may be NULL) the file is given to that
 * group where it exists. DIR is made when it is missing. Returns 0;
 * -EADDRINUSE when a living process listens there, -EEXIST when something else
 * than a socket is there, or another -E..., logged.
 */
int control_listen_bind(struct control_listen *listen, struct log *log,
			const char *dir, const char *name, mode_t mode,
			const char *group);

/* Takes over the listening socket FD from systemd. Returns 0 or -E... when it
 * is no listening Unix stream socket. */
int control_listen_adopt(struct control_listen *listen, struct log *log,
			 int fd);

/* Closes it, and removes its file when we bound it and it is still ours. */
void control_listen_close(struct control_listen *listen);

#endif
