/*
 * netlink: the routing netlink socket.
 *
 * Opens, sends and receives; knows nothing of what is said (lib/rtnl.h does).
 * Only datagrams of the kernel itself are let through.
 */
#ifndef DAEMON_NETLINK_H
#define DAEMON_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel fills up to 32 KiB of a dump at once when there is room. */
#define NETLINK_BUFFER_BYTES 32768

/* Opens a socket for requests, or with EVENTS one that hears of changes to
 * links, addresses, routes and rules. Returns an owned descriptor or -E... . */
int netlink_open(bool events);

/* Sends LEN bytes to the kernel. Returns 0 or -E... . */
int netlink_send(int fd, const void *bytes, size_t len);

/* Receives one datagram. Returns its length; 0 for one to skip; -EAGAIN when
 * there is none; -ENOBUFS when the kernel had to drop some; -EMSGSIZE when it
 * did not fit; or another -E... . */
ssize_t netlink_receive(int fd, void *buf, size_t buf_bytes);

#endif
