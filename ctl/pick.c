#include "pick.h"

#include <stdio.h>
#include <string.h>

const char *pick_text(const json_t *object, const char *key,
		      const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : otherwise;
}

bool pick_int(const json_t *object, const char *key, int64_t *ret_value)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		return false;
	*ret_value = json_integer_value(value);
	return true;
}

int64_t pick_int_or(const json_t *object, const char *key, int64_t otherwise)
{
	int64_t value = otherwise;

	pick_int(object, key, &value);
	return value;
}

const char *pick_endpoint(const json_t *object, char *buf)
{
	const char *address = pick_text(object, "address", NULL);
	int64_t port;

	if (!address)
		snprintf(buf, PICK_ENDPOINT_BYTES, "-");
	else if (!pick_int(object, "port", &port))
		snprintf(buf, PICK_ENDPOINT_BYTES, "%.70s", address);
	else
		snprintf(buf, PICK_ENDPOINT_BYTES,
			 strchr(address, ':') ? "[%.70s]:%lld" : "%.70s:%lld",
			 address, (long long)port);
	return buf;
}
