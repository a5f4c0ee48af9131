/*
 * rtnl: routing netlink messages (rtnetlink(7)) to and from plain values.
 *
 * Reads what the kernel sends about routes, addresses and links, and writes
 * the few requests that the daemon makes. It opens no socket, keeps no state
 * and decides nothing; netmon does. Netlink is in host byte order and aligned
 * to four bytes; every length in a buffer is checked before it is used.
 */
#ifndef LIB_RTNL_H
#define LIB_RTNL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define RTNL_KIND_BYTES    16 /* a link kind ("wireguard") with its NUL */
#define RTNL_REQUEST_BYTES 128

enum rtnl_type {
	RTNL_OTHER, /* anything that is not read here */
	RTNL_ROUTE,
	RTNL_ADDR,
	RTNL_LINK,
	RTNL_RULE,  /* a policy rule came or went; not looked into */
	RTNL_DONE,  /* the end of a dump; ->error may say that it failed */
	RTNL_ERROR, /* a request failed, or with ->error 0 an acknowledgement */
};

struct rtnl_route {
	sa_family_t family;
	uint8_t prefix_bits; /* 0 = a default route */
	uint8_t type;        /* RTN_UNICAST, ... */
	uint32_t table;
	uint32_t metric;
	struct addr destination; /* unset: a default route */
	struct addr gateway;     /* unset: on the link itself */
	struct addr source;      /* preferred; unset = none */
	unsigned int ifindex;    /* 0 = none */
	bool is_down;            /* the link has no carrier, or is dead */
	bool is_cloned;          /* no entry of a table: a cached one */
};

struct rtnl_addr {
	sa_family_t family;
	uint8_t prefix_bits;
	unsigned int ifindex;
	struct addr addr;
	uint32_t flags; /* IFA_F_... */
};

struct rtnl_link {
	unsigned int ifindex;
	char name[IFNAMSIZ];
	char kind[RTNL_KIND_BYTES]; /* "tun", "wireguard", "" = hardware */
	bool is_up;                 /* up and with carrier */
	bool is_loopback;
	bool has_peer_ns; /* its other end is in another namespace */
};

struct rtnl_message {
	enum rtnl_type type;
	bool is_removal;     /* RTM_DEL...: it went */
	bool is_interrupted; /* NLM_F_DUMP_INTR: this dump is inconsistent */
	uint32_t sequence;
	int error; /* 0 or -E...: with RTNL_ERROR and RTNL_DONE */
	union {
		struct rtnl_route route;
		struct rtnl_addr addr;
		struct rtnl_link link;
	};
};

/* Walks the messages of one received buffer. */
struct rtnl_reader {
	const uint8_t *bytes; /* borrowed */
	size_t len;
	size_t at;
	bool is_broken; /* a length did not fit: nothing more is read */
};

/* Starts reading LEN bytes at BYTES, which must outlive the reader. */
struct rtnl_reader rtnl_reader_init(const void *bytes, size_t len);

/* Reads the next message. Returns false at the end, and at a broken one
 * (->is_broken). A known type whose body does not fit is broken too. */
bool rtnl_next(struct rtnl_reader *reader, struct rtnl_message *ret_message);

enum rtnl_dump { RTNL_DUMP_LINKS, RTNL_DUMP_ADDRS, RTNL_DUMP_ROUTES };

/* Writes a request for all links, addresses or routes of FAMILY (AF_UNSPEC:
 * every one; routes need AF_INET or AF_INET6). Returns the length. */
size_t rtnl_write_dump(enum rtnl_dump dump, sa_family_t family,
		       uint32_t sequence, uint8_t buf[RTNL_REQUEST_BYTES]);

/* Writes the question by which route packets to DESTINATION leave, with
 * SOURCE as their source address unless it is unset. Nothing is sent to that
 * address. Returns the length. */
size_t rtnl_write_lookup(const struct addr *destination,
			 const struct addr *source, uint32_t sequence,
			 uint8_t buf[RTNL_REQUEST_BYTES]);

/* Is a link of this kind a tunnel into somebody else's network? */
bool rtnl_kind_is_vpn(const char *kind);

#endif
