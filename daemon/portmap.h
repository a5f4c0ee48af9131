/*
 * portmap: one gateway and the three protocols that may map ports on it.
 *
 * Owns the map clients, asks them side by side, and passes their news on to the
 * leases. It holds no lease itself: see lease.h.
 */
#ifndef DAEMON_PORTMAP_H
#define DAEMON_PORTMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "log.h"
#include "loop.h"
#include "map_client.h"

struct portmap;

/* What a client is made from. */
struct portmap_link {
	struct addr gateway;
	struct addr local;
	unsigned int ifindex;
	/* The gateway sees us as this: a NAT is in between; unset: none. */
	struct addr seen;
};

struct portmap_options;

/* Makes the client of one protocol; NULL when it cannot be had. */
typedef struct map_client *(*portmap_client_fn)(
    const struct portmap_options *options,
    const struct map_client_listener *listener);

struct lease;

/* What happened to a lease: "mapping-acquired", "mapping-renewed",
 * "mapping-lost", "mapping-released", "address-changed". */
typedef void (*portmap_news_fn)(void *arg, const char *event,
				const struct lease *lease);

/* What an earlier run held for a port. */
struct lease_past {
	enum map_via via;
	struct endpoint external; /* port 0: none, it had only been asked for */
};

/* Who remembers the leases over the end of the daemon; without, its functions
 * are NULL. */
struct portmap_memory {
	/* Fills RET_PAST; false when nothing is remembered. */
	bool (*recall)(void *arg, const struct lease *lease,
		       struct lease_past *ret_past);
	/* Did the last run leave a mapping of this inner port on GATEWAY, which
	 * nobody has taken over yet? */
	bool (*is_left)(void *arg, const struct addr *gateway,
			enum transport transport, uint16_t internal_port);
	/* LEASE is about to be asked for, or has changed. False when it is not
	 * safely kept yet: portmap_tell_kept() follows. */
	bool (*keep)(void *arg, const struct lease *lease);
	/* LEASE ends; IS_LEFT: the gateway may still have the mapping. */
	void (*end)(void *arg, const struct lease *lease, bool is_left);
	void *arg;
};

struct portmap_options {
	struct loop *loop; /* borrowed */
	struct log *log;   /* borrowed */
	struct portmap_link link;
	portmap_client_fn new_client[MAP_VIA_COUNT];
	void *factory_arg;     /* for NEW_CLIENT */
	uint32_t lease_s;      /* the lifetime asked for */
	uint8_t nonce_key[32]; /* PCP nonces are derived from it */
	char description[24];  /* prefix of UPnP descriptions */
	portmap_news_fn news;  /* may be NULL */
	/* The gateway said that it restarted; may be NULL. */
	void (*restarted)(void *arg, enum map_via via);
	void *news_arg;
	struct portmap_memory memory;
	/* Told 1 when a portmap was made and -1 when it was freed, with the
	 * last of its leases; may be NULL. */
	void (*living)(void *arg, int by);
	void *living_arg;
};

/* The protocols that hold mappings are asked so often whether the gateway is
 * still the same, at random in between; sooner while it is silent. */
#define PORTMAP_POLL_LEAST_MS  15000
#define PORTMAP_POLL_MOST_MS   27000
#define PORTMAP_POLL_AWAY_MS   3000
#define PORTMAP_POLL_AWAY_MOST 12000
/* Restarts are passed on once in this time; one in between is passed on at its
 * end, unless it comes so soon that another protocol tells of the same one.
 * Nobody on the link can set off more work than that. */
#define PORTMAP_RESTART_MS      30000
#define PORTMAP_SAME_RESTART_MS 2000

/* Who wants to hear about the clients; embedded in each lease. */
struct portmap_user {
	bool is_holding; /* a mapping, by VIA: that protocol is polled */
	enum map_via via;
	void (*changed)(struct portmap_user *user, enum map_via via);
	void (*restarted)(struct portmap_user *user, enum map_via via);
	void (*kept)(struct portmap_user *user); /* may be NULL */
	LIST_ENTRY(portmap_user) link;
};

/* Returns an owned portmap; nothing is sent before portmap_probe(). */
struct portmap *portmap_new(const struct portmap_options *options);
/* Frees the clients and the portmap once its last user has been removed: the
 * leases of a gateway that is gone end in their own time. */
void portmap_retire(struct portmap *portmap);

/* Asks every protocol that has not answered yet whether it is there. */
void portmap_probe(struct portmap *portmap);

/* Adds and removes a listener (borrowed until removed). */
void portmap_add_user(struct portmap *portmap, struct portmap_user *user);
void portmap_remove_user(struct portmap *portmap, struct portmap_user *user);

/* How many there are: leases, mostly. */
unsigned int portmap_user_count(const struct portmap *portmap);

/* The memory holds everything that it was given. */
void portmap_tell_kept(struct portmap *portmap);

/* The client of a protocol, or NULL. */
struct map_client *portmap_client(const struct portmap *portmap,
				  enum map_via via);
const struct portmap_options *portmap_options(const struct portmap *portmap);

/* Did the last run leave a mapping of this inner port on the gateway? */
bool portmap_is_left(const struct portmap *portmap, enum transport transport,
		     uint16_t internal_port);

/* Has no protocol answered, and is none still being asked? */
bool portmap_is_absent(const struct portmap *portmap);

/* The gateway's outer address as the best protocol told it; unset = unknown. */
struct addr portmap_external(const struct portmap *portmap);

/* Does the router say that it has no way to the internet? NAT-PMP does (RFC
 * 6886 section 3.5, result 3), where PCP grants all the same. */
bool portmap_has_no_network(const struct portmap *portmap);

#endif
