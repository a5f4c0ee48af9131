/*
 * ssdp_search: looks for the gateway's UPnP face, and hears what it announces.
 *
 * Two sockets: one asks from the local address, by multicast and straight to
 * the gateway, and takes answers from any port of the gateway; one hears the
 * group. Datagrams of any other sender are counted and dropped. IPv4 only: what
 * it is for maps IPv4. It opens no URL.
 */
#ifndef DAEMON_SSDP_SEARCH_H
#define DAEMON_SSDP_SEARCH_H

#include "log.h"
#include "loop.h"
#include "ssdp.h"

/* After so long a search has been answered, or is taken for unanswered. A
 * router that comes later is heard all the same. */
#define SSDP_SEARCH_SILENCE_MS 750

struct ssdp_search;

struct ssdp_search_options {
	struct addr gateway;
	struct addr local;
	unsigned int ifindex; /* 0 = as routed */
	/* The gateway answered or announced something (borrowed). */
	void (*heard)(void *arg, const struct ssdp_message *message);
	/* SSDP_SEARCH_SILENCE_MS since the start of a search that was not
	 * stopped. */
	void (*silent)(void *arg);
	void *arg;
};

/* Returns an owned search that hears from now on and has asked nothing. A
 * socket that cannot be had is logged and done without. */
struct ssdp_search *ssdp_search_new(struct loop *loop, struct log *log,
				    const struct ssdp_search_options *options);
void ssdp_search_free(struct ssdp_search *search);

/* Asks at once and a few times more; a search under way begins anew. */
void ssdp_search_start(struct ssdp_search *search);
/* Asks no more; hears on. */
void ssdp_search_stop(struct ssdp_search *search);

/* 0, or the -errno for which announcements are not heard. */
int ssdp_search_deaf_error(const struct ssdp_search *search);

/* How many datagrams came from others than the gateway. */
unsigned int ssdp_search_strangers(const struct ssdp_search *search);

#endif
