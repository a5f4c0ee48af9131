/*
 * teller: what is told of the daemon's state, and when.
 *
 * Turns changes below into events, the verdict and systemd's STATUS. Changes
 * that come together are told together. It decides nothing but the verdict.
 */
#ifndef DAEMON_TELLER_H
#define DAEMON_TELLER_H

#include "app.h"
#include "lease.h"

struct teller;

/* Returns an owned teller; APP is borrowed and need not be complete yet. */
struct teller *teller_new(struct app *app);
/* Frees it; NULL is allowed. */
void teller_free(struct teller *teller);

/* Something changed: the verdict is judged anew in a moment. */
void teller_hear(struct teller *teller);
/* Nothing more is told: the daemon ends. */
void teller_hush(struct teller *teller);

/* As portmap_options want them; ARG is the teller. */
void teller_lease_news(void *arg, const char *event, const struct lease *lease);
void teller_router_restarted(void *arg, enum map_via via);
/* As nat_watch_new() wants it; ARG is the teller. */
void teller_nat_checked(void *arg);

#endif
