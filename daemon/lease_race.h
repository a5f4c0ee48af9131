/*
 * lease_race: asks the protocols, the best first, without waiting for a slower
 * one, and judges what they answer.
 */
#ifndef DAEMON_LEASE_RACE_H
#define DAEMON_LEASE_RACE_H

#include "lease_parts.h"

/* Once the search has been silent for so long it is looked at again. */
#define LEASE_SEARCH_MS 800

/* Asks anew: every protocol, or with IS_RENEWAL first the one that holds. */
void lease_pursue(struct lease *lease, bool is_renewal);
/* Starts what is worth starting now: the best protocol that answers, and those
 * before it that have not answered yet. Gives up when nothing is left. */
void lease_consider(struct lease *lease);
/* Is a protocol that has answered still working for this lease? */
bool lease_is_answer_due(const struct lease *lease);
/* Gives up for now: the owner is told, or what is held is kept on. */
void lease_fail(struct lease *lease);
/* The failure that tells a person most. */
struct map_result lease_worst_failure(const struct lease *lease);
/* Starts the timer of the next try after a failure. */
void lease_schedule_retry(struct lease *lease);

#endif
