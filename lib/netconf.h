/*
 * netconf: the forwarding and filter switches of each interface, as the kernel
 * tells them over rtnetlink (RTM_GETNETCONF). Any user may ask.
 *
 * Pure codec: the caller sends the request and receives.
 */
#ifndef LIB_NETCONF_H
#define LIB_NETCONF_H

#include <sys/socket.h>

#include "nlmsg.h"

/* Interface indices that are none (linux/netconf.h). */
#define NETCONF_ALL     (-1)
#define NETCONF_DEFAULT (-2)

struct netconf {
	sa_family_t family;
	int ifindex;    /* or NETCONF_ALL, NETCONF_DEFAULT */
	int forwarding; /* 0, 1 or -1: not told */
	int rp_filter;  /* 0 off, 1 strict, 2 loose, -1: not told (IPv6) */
};

/* Writes the request for every switch of FAMILY. Returns its length. */
size_t netconf_write_dump(sa_family_t family, uint32_t sequence,
			  uint8_t buf[NL_REQUEST_BYTES]);

/* Reads a message. Returns false for one that is of another kind. */
bool netconf_read(const struct nl_message *message, struct netconf *ret_conf);

#endif
