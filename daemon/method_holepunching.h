/*
 * method_holepunching: the row of the method 'holepunching', see method.h.
 */
#ifndef DAEMON_METHOD_HOLEPUNCHING_H
#define DAEMON_METHOD_HOLEPUNCHING_H

#include "method.h"

extern const struct method_ops method_holepunching;

#endif
