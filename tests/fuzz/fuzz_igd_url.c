/*
 * Tries to get the URL policy to admit anything but the gateway: the input is
 * a base and a reference, separated by a line end.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "igd_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, const struct addr *gateway,
		  const char *origin)
{
	char url[IGD_URL_BYTES], again[IGD_URL_BYTES];
	unsigned long port;
	char *end;

	if (!igd_url_is_admitted(igd_url_admit(text, gateway, url)))
		return;
	assert(strlen(url) < sizeof(url));
	assert(strncmp(url, origin, strlen(origin)) == 0);
	port = strtoul(url + strlen(origin), &end, 10);
	assert(*end == '/' && port >= 1 && port <= 65535);
	assert(port != 22 && port != 25);
	assert(!strpbrk(end, " \t\r\n#\\"));
	assert(igd_url_admit(url, gateway, again) == IGD_URL_OK);
	assert(strcmp(url, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr v4, v6;
	char *text = malloc(size + 1), *ref, joined[IGD_URL_BYTES];

	addr_parse("192.168.1.1", &v4);
	addr_parse("fe80::1%2", &v6);
	memcpy(text, data, size);
	text[size] = '\0';
	check(text, &v4, "http://192.168.1.1:");
	check(text, &v6, "http://[fe80::1%252]:");
	ref = strchr(text, '\n');
	if (ref) {
		*ref++ = '\0';
		for (int how = IGD_JOIN_DIRECTORY; how <= IGD_JOIN_ROOT; how++)
			if (igd_url_join(text, ref, (enum igd_url_join)how,
					 joined) == 0)
				check(joined, &v4, "http://192.168.1.1:");
	}
	free(text);
	return 0;
}
