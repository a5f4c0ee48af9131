/*
 * stun_keep: keeps the NAT's mapping of one held port alive.
 *
 * Sends a Binding request from the port now and then and remembers the outer
 * endpoint that the server saw. Works only where the port is held by a socket
 * of ours: the service's own port is not ours to send from.
 */
#ifndef DAEMON_STUN_KEEP_H
#define DAEMON_STUN_KEEP_H

#include <stdbool.h>

#include "log.h"
#include "method.h"

/* RFC 4787 REQ-5 asks NATs for two minutes; real ones begin at 30 s. */
#define STUN_KEEP_MS 25000

struct stun_keep;

/* Returns an owned keeper, disabled. LOOP, LOG and SERVICE are borrowed. */
struct stun_keep *stun_keep_new(struct loop *loop, struct log *log,
				const struct method_service *service);
void stun_keep_free(struct stun_keep *keep);
/* Which servers to ask (copied), IPv4. */
void stun_keep_servers(struct stun_keep *keep, const struct endpoint *servers,
		       size_t count);
/* Starts and stops the keeping. */
void stun_keep_enable(struct stun_keep *keep, bool is_on);
/* The port is given away: nothing of it is held any more. The outer endpoint
 * stays known. */
void stun_keep_let_go(struct stun_keep *keep);
/* What was seen holds no longer, as after a change of the network. */
void stun_keep_forget(struct stun_keep *keep);
/* How long to wait between two requests, as the measured lifetime allows. */
void stun_keep_interval(struct stun_keep *keep, uint64_t interval_ms);
/* The outer endpoint last seen; address unset when there is none. */
struct endpoint stun_keep_external(const struct stun_keep *keep);

#endif
