#include "map_client.h"

const char *map_via_name(enum map_via via)
{
	static const char *const names[MAP_VIA_COUNT] = {
	    [MAP_VIA_PCP] = "pcp",
	    [MAP_VIA_NATPMP] = "nat-pmp",
	    [MAP_VIA_UPNP] = "upnp",
	};

	return names[via];
}

const char *map_status_name(enum map_status status)
{
	static const char *const names[] = {
	    [MAP_OK] = "ok",
	    [MAP_TIMEOUT] = "timeout",
	    [MAP_ABSENT] = "absent",
	    [MAP_REFUSED] = "refused",
	    [MAP_CONFLICT] = "conflict",
	    [MAP_NO_RESOURCES] = "no-resources",
	    [MAP_NO_NETWORK] = "no-network",
	    [MAP_MISMATCH] = "address-mismatch",
	    [MAP_BROKEN] = "broken",
	};

	return names[status];
}
