/*
 * udp: datagrams, their TTL, and the ICMP errors that come back.
 *
 * Thin calls around one unconnected, non-blocking UDP descriptor. No state, no
 * waiting: the loop says when to call.
 */
#ifndef DAEMON_UDP_H
#define DAEMON_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* An ICMP error about a datagram of ours (RFC 792, RFC 4443). */
struct udp_icmp {
	struct endpoint destination; /* whom the datagram was for */
	struct addr offender;        /* the router or host that says so */
	int error;                   /* as an errno: ECONNREFUSED, ... */
	bool is_ttl_exceeded;
};

/* Opens a UDP socket bound to LOCAL, whose family counts even where the address
 * is unspecified; port 0 = any. ICMP errors are queued (IP_RECVERR). Returns a
 * descriptor or -errno. */
int udp_open(const struct endpoint *local);

/* The same on a random free port from FIRST to LAST; FIRST 0 = any port.
 * Returns a descriptor, -EADDRINUSE when a few tries found none free, or
 * -errno. */
int udp_open_within(const struct addr *local, uint16_t first, uint16_t last);

/* Asks for the error queue on a socket that udp_open() did not make. */
void udp_queue_errors(int fd, int family);

/* What FD is bound to; address unset when the kernel does not say. */
struct endpoint udp_local(int fd);

/* The local address that datagrams to TO leave from, by route. Returns 0 or
 * -errno (-ENETUNREACH: no route). */
int udp_source_for(const struct endpoint *to, struct addr *ret_addr);

/* Sends one datagram with this TTL (hop limit), 0 = the kernel's. An ICMP error
 * that was pending on the socket is not its error. Returns 0 or -errno. */
int udp_send(int fd, const struct endpoint *to, const void *bytes, size_t len,
	     unsigned int ttl);

/* Takes one datagram, cut to CAP bytes. Returns its length, or -errno (-EAGAIN:
 * none). Pending ICMP errors are passed over. */
long udp_receive(int fd, void *buf, size_t cap, struct endpoint *ret_from);

/* Takes one ICMP error from the queue. Returns 0; -EAGAIN when there is none;
 * -ENOMSG when it was something else and the next may be read. */
int udp_receive_icmp(int fd, struct udp_icmp *ret_icmp);

#endif
