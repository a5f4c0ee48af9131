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

const char *method_outcome_name(enum method_outcome outcome)
{
	static const char *const names[] = {
	    [METHOD_RUNNING] = "running",
	    [METHOD_OK] = "ok",
	    [METHOD_NO_REPLY] = "no-reply",
	    [METHOD_REFUSED] = "refused",
	    [METHOD_ABSENT] = "absent",
	    [METHOD_CONFLICT] = "conflict",
	    [METHOD_TIMEOUT] = "timeout",
	    [METHOD_PRIVATE_ADDRESS] = "private-address",
	    [METHOD_BROKEN] = "broken",
	};

	return names[outcome];
}
