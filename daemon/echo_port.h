/*
 * echo_port: the socket that waits for an echo on the port under test.
 */
#ifndef DAEMON_ECHO_PORT_H
#define DAEMON_ECHO_PORT_H

#include <stdint.h>

#include "addr.h"

/*
 * Binds PORT (0 = any) for both families, or IPv4 alone on a host without IPv6;
 * with BIND_ADDRESS set, that address. Without SO_REUSEADDR: a port that a
 * service holds must be noticed. Returns an owned descriptor, -EADDRINUSE when
 * somebody holds the port, or another -E... .
 */
int echo_port_open(const struct addr *bind_address, uint16_t port);

/* The family that FD can be reached by: AF_INET, AF_INET6, or AF_UNSPEC for
 * both. */
sa_family_t echo_port_family(int fd);

#endif
