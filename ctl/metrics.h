/*
 * metrics: the state of traversald as families of figures.
 *
 * Takes the daemon's answers, returns JSON: an array of {name, type, help,
 * samples: [{suffix, labels, value}]}, the data model of Prometheus. Asks
 * nobody, and knows no text format: see prom.h. No address is a label, and
 * there are at most METRICS_SERIES_MOST series, however many services.
 */
#ifndef CTL_METRICS_H
#define CTL_METRICS_H

#include <jansson.h>
#include <stdint.h>

#define METRICS_SERIES_MOST 200
/* Services that get series of their own. */
#define METRICS_SERVICES_MOST 32

/* Returns owned families. STATUS is NULL when the daemon does not answer: then
 * only traversald_up is told. MAPPINGS and COUNTERS may be NULL. NOW_S is Unix
 * time. */
json_t *metrics_new(const json_t *status, const json_t *mappings,
		    const json_t *counters, int64_t now_s);

#endif
