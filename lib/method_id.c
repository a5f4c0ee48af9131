#include "method_id.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const method_names[] = {
    [METHOD_MANUAL] = "manual",
    [METHOD_UPNP] = "upnp",
    [METHOD_HOLEPUNCHING] = "holepunching",
};

const char *method_name(enum method_id id)
{
	return method_names[id];
}

int method_parse(const char *text, enum method_id *ret_id)
{
	for (size_t id = 0; id < METHOD_COUNT; id++) {
		if (strcmp(text, method_names[id]) == 0) {
			*ret_id = (enum method_id)id;
			return 0;
		}
	}
	return -EINVAL;
}
