/*
 * method_upnp: the row of the method 'upnp', see method.h.
 */
#ifndef DAEMON_METHOD_UPNP_H
#define DAEMON_METHOD_UPNP_H

#include "method.h"

extern const struct method_ops method_upnp;

#endif
