/*
 * pmp_listen: hears what a gateway announces to all hosts by PCP and NAT-PMP.
 *
 * One socket on the group of all hosts, shared with whoever else listens there.
 * What does not come from the gateway is counted and dropped. A sender's
 * address is easily forged: what is heard is a reason to ask the gateway, never
 * a fact. It knows no protocol.
 */
#ifndef DAEMON_PMP_LISTEN_H
#define DAEMON_PMP_LISTEN_H

#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "map_client.h"

/* RFC 6886 section 3.2.1, RFC 6887 section 14.1.2: groups and port. */
#define PMP_LISTEN_GROUP  "224.0.0.1"
#define PMP_LISTEN_GROUP6 "ff02::1"
#define PMP_LISTEN_PORT   5350

struct pmp_listen;

/* BYTES (borrowed for the call) came from the gateway's address. */
typedef void (*pmp_heard_fn)(void *arg, const uint8_t *bytes, size_t len);

/* Returns 0 and an owned listener on the link of OPTIONS, or -errno: then
 * announcements are not heard and the caller has to ask instead. */
int pmp_listen_new(struct loop *loop, const struct map_client_options *options,
		   pmp_heard_fn heard, void *arg, struct pmp_listen **ret_ears);
/* NULL is allowed. */
void pmp_listen_free(struct pmp_listen *ears);

/* How many datagrams came from others than the gateway. */
unsigned int pmp_listen_strangers(const struct pmp_listen *ears);

#endif
