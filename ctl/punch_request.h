/*
 * punch_request: the command line of punch as the parameters of a call.
 */
#ifndef CTL_PUNCH_REQUEST_H
#define CTL_PUNCH_REQUEST_H

#include <jansson.h>

#include "args.h"

/* Returns 0 and owned parameters, or an exit status after an explanation. */
int punch_request(const struct args *args, json_t **ret_parameters);

#endif
