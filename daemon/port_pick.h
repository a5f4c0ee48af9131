/*
 * port_pick: a free UDP port out of a range, held by a socket.
 */
#ifndef DAEMON_PORT_PICK_H
#define DAEMON_PORT_PICK_H

#include <stdint.h>

#include "config.h"

/*
 * Binds an IPv4 UDP socket to a free port of RANGE, chosen at random: a port
 * that any local socket of either family holds does not count as free. Returns
 * the owned descriptor, or -EADDRINUSE when every port tried is taken, or
 * another -errno.
 */
int port_pick_udp(const struct port_range *range, uint16_t *ret_port);

/* The same for one PORT: its descriptor or -errno (-EADDRINUSE: taken). */
int port_pick_udp_at(uint16_t port);

#endif
