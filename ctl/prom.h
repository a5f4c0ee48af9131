/*
 * prom: families of figures in the text format 0.0.4 of Prometheus.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/ . Knows no
 * family: see metrics.h for their shape.
 */
#ifndef CTL_PROM_H
#define CTL_PROM_H

#include <jansson.h>
#include <stdio.h>

/* Writes FAMILIES; one without samples is left out. Values of labels are
 * escaped, and what could steer a terminal is spelt out. */
void prom_write(FILE *stream, const json_t *families);

/* Replaces DIR/traversald.prom by FAMILIES in one step, readable by everybody:
 * a reader sees the old file or the new one. Returns 0 or -errno; then the old
 * file stands. */
int prom_write_file(const char *dir, const json_t *families);

#endif
