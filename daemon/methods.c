/*
 * methods: the table of the chain. Adding a method is one file and one row.
 */
#include "method.h"

#include "method_holepunching.h"
#include "method_manual.h"
#include "method_upnp.h"

const struct method_ops *const methods[METHOD_COUNT] = {
    [METHOD_MANUAL] = &method_manual,
    [METHOD_UPNP] = &method_upnp,
    [METHOD_HOLEPUNCHING] = &method_holepunching,
};
