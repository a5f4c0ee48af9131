/*
 * map_client: what the three port mapping protocols have in common.
 *
 * PCP (pcp_client.c), NAT-PMP (natpmp_client.c) and UPnP IGD (igd_client.c)
 * each embed struct map_client as their first member and fill its ops. One
 * client speaks one protocol with one gateway from one local address. It
 * retransmits and judges answers by itself, keeps no lease and renews nothing:
 * that is the work of lease.c.
 */
#ifndef DAEMON_MAP_CLIENT_H
#define DAEMON_MAP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "transport.h"

/* RFC 6887 section 11.1: the mapping nonce. */
#define MAP_NONCE_BYTES  12
#define MAP_DETAIL_BYTES 128

/* The protocols, best first: the order in which answers are preferred. */
enum map_via { MAP_VIA_PCP, MAP_VIA_NATPMP, MAP_VIA_UPNP, MAP_VIA_COUNT };

/* Does the gateway speak this protocol? */
enum map_client_state {
	MAP_CLIENT_UNKNOWN, /* nothing asked yet */
	MAP_CLIENT_PROBING, /* asked, no answer yet */
	MAP_CLIENT_READY,   /* it answered */
	MAP_CLIENT_ABSENT,  /* refused, or silent for the whole budget */
};

enum map_status {
	MAP_OK,
	MAP_TIMEOUT,      /* no answer within the budget */
	MAP_ABSENT,       /* the gateway does not speak this protocol */
	MAP_REFUSED,      /* policy: PCP 2, NAT-PMP 2, UPnP 606 */
	MAP_CONFLICT,     /* this outer port is not to be had: UPnP 718, 729 */
	MAP_NO_RESOURCES, /* table full: PCP 8, NAT-PMP 4, UPnP 728 */
	MAP_NO_NETWORK,   /* the gateway has no public side: NAT-PMP 3 */
	MAP_MISMATCH,     /* PCP 12: another NAT stands in between */
	MAP_BROKEN,       /* the answer makes no sense */
};

struct map_request {
	enum transport transport;
	uint16_t internal_port;
	uint16_t external_port;    /* wished; 0 = any */
	struct addr external_addr; /* suggested; unset = any */
	uint32_t lifetime_s;
	uint8_t nonce[MAP_NONCE_BYTES]; /* of this mapping, for PCP */
	char description[64];           /* short ASCII, for UPnP */
};

struct map_result {
	enum map_status status;
	struct endpoint external; /* granted; address unset when not told */
	uint32_t lifetime_s;      /* granted, with MAP_OK */
	bool is_permanent;        /* with MAP_OK: it never expires */
	uint32_t retry_after_s; /* with an error that has a lifetime, else 0 */
	int code;               /* the protocol's own result, for people */
	char detail[MAP_DETAIL_BYTES]; /* what happened, in words, sanitised */
};

struct map_client;

/* Called from the loop when a request has ended; the request is gone. */
typedef void (*map_done_fn)(void *arg, const struct map_result *result);

/* What a client tells unasked. Called from the loop, never from within a call
 * into the client. */
struct map_client_listener {
	/* ->state or ->external changed. */
	void (*changed)(void *arg, struct map_client *client);
	/* The gateway lost its mappings: its epoch fell (RFC 6887 section
	 * 8.5, RFC 6886 section 3.6) or it announced a restart. */
	void (*restarted)(void *arg, struct map_client *client);
	void *arg;
};

/* What a client is made from. */
struct map_client_options {
	struct addr gateway;
	struct addr local;    /* the requests leave from here */
	unsigned int ifindex; /* through this interface; 0 = as routed */
	/* The gateway sees us as this, for a NAT is in between; unset: as
	 * LOCAL, or not known. */
	struct addr seen;
	struct map_client_listener listener; /* its functions may be NULL */
};

struct map_client_ops {
	/* Asks whether the gateway speaks the protocol and what its external
	 * address is; the answer is ->changed. May be called again. */
	void (*probe)(struct map_client *client);
	/* Asks for a mapping; REQUEST is copied. Returns an id over 0; DONE is
	 * called once, never before this returns. */
	uint64_t (*map)(struct map_client *client,
			const struct map_request *request, map_done_fn done,
			void *arg);
	/* Asks for the mapping to be deleted (REQUEST as when it was granted,
	 * external_port the granted one). DONE may be NULL. */
	uint64_t (*unmap)(struct map_client *client,
			  const struct map_request *request, map_done_fn done,
			  void *arg);
	/* Looks whether the mapping (REQUEST as for ->unmap) is still there,
	 * without touching it: MAP_OK; MAP_CONFLICT when the outer port leads
	 * elsewhere; MAP_BROKEN when it leads nowhere; anything else says
	 * nothing. NULL where a protocol cannot look: asking for it again tells
	 * as much. */
	uint64_t (*check)(struct map_client *client,
			  const struct map_request *request, map_done_fn done,
			  void *arg);
	/* Ends a request without a call of DONE. A mapping that the gateway
	 * still grants for it later is not deleted: the caller knows best. */
	void (*cancel)(struct map_client *client, uint64_t id);
	/* Ends everything without calls and frees the client. */
	void (*free)(struct map_client *client);
};

struct map_client {
	const struct map_client_ops *ops;
	enum map_via via;
	enum map_client_state state;
	struct addr gateway;
	struct addr local;
	struct addr external; /* the gateway's outer address; unset = unknown */
	char detail[MAP_DETAIL_BYTES]; /* why absent, or the router's model */
	/* 0; else -errno: the gateway's announcements cannot be heard. */
	int deaf_error;
	/* Datagrams that were not what they had to be. */
	unsigned int rejected_count;
	struct map_client_listener listener;
};

/* "pcp", "nat-pmp", "upnp": the words of the status. */
const char *map_via_name(enum map_via via);

/* "ok", "timeout", "absent", ... */
const char *map_status_name(enum map_status status);

#endif
