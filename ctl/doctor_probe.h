/*
 * doctor_probe: asks traversald-fwprobe for the chains of the firewall.
 */
#ifndef CTL_DOCTOR_PROBE_H
#define CTL_DOCTOR_PROBE_H

#include <jansson.h>

#include "args.h"

/*
 * Connects to traversald-fwprobe.sock beside the socket for reading, or where
 * that is not possible and this process may read the firewall itself, runs the
 * program. Returns the owned answer, or NULL and why (a constant).
 */
json_t *doctor_probe(const struct args *args, const char **ret_why);

#endif
