/*
 * pmp_socket: the UDP socket to a gateway's port for PCP and NAT-PMP.
 *
 * Connected, so that the kernel drops what others send, bound to the client's
 * own address with a random port, and told of ICMP errors. It knows no
 * protocol.
 */
#ifndef DAEMON_PMP_SOCKET_H
#define DAEMON_PMP_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#include "addr.h"
#include "map_client.h"

/* The server's port of both protocols: RFC 6887 section 19.1, RFC 6886. */
#define PMP_SERVER_PORT 5351

/* Where a client of OPTIONS sends to: a link-local gateway gets the interface
 * as its scope. */
struct endpoint pmp_socket_server(const struct map_client_options *options);

/* Returns an owned descriptor or -errno. */
int pmp_socket_open(const struct map_client_options *options);

/* Takes one ICMP error off the descriptor's queue. Returns it as an errno
 * (ECONNREFUSED: the port is closed), 0 when there is none. */
int pmp_socket_take_error(int fd);

/*
 * Takes the next datagram into BUF. Returns its whole length, which may be over
 * BUF_BYTES, and the sender; -EAGAIN when there is none; another -errno is then
 * gone and says nothing about the next datagram.
 */
ssize_t pmp_socket_receive(int fd, void *buf, size_t buf_bytes,
			   struct endpoint *ret_from);

/* The same, but leaves the datagram where it is. */
ssize_t pmp_socket_peek(int fd, void *buf, size_t buf_bytes,
			struct endpoint *ret_from);

/* Throws the next datagram away. */
void pmp_socket_discard(int fd);

#endif
