/*
 * method_manual: the row of the method 'manual', see method.h.
 */
#ifndef DAEMON_METHOD_MANUAL_H
#define DAEMON_METHOD_MANUAL_H

#include "method.h"

extern const struct method_ops method_manual;

#endif
