#include "method.h"

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
