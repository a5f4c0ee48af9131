/*
 * sockdiag: which ports are in use on this host, as the kernel tells them over
 * sock_diag(7). Any user may ask, and sees the sockets of all.
 *
 * Pure codec: the caller sends the request and receives.
 */
#ifndef LIB_SOCKDIAG_H
#define LIB_SOCKDIAG_H

#include "addr.h"
#include "nlmsg.h"
#include "transport.h"

struct sockdiag {
	sa_family_t family;
	struct endpoint local; /* the address is unset for 'any' */
	bool is_connected;     /* to one peer, a UDP socket may be as well */
	uint32_t uid;
	uint32_t inode; /* 0: of the kernel itself, such as WireGuard's */
};

/* Writes the request for the UDP sockets, or the TCP sockets that listen, of
 * FAMILY. Returns its length. */
size_t sockdiag_write_dump(sa_family_t family, enum transport transport,
			   uint32_t sequence, uint8_t buf[NL_REQUEST_BYTES]);

/* Reads a message. Returns false for one that is of another kind. */
bool sockdiag_read(const struct nl_message *message,
		   struct sockdiag *ret_socket);

#endif
