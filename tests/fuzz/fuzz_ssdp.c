/*
 * Feeds datagrams to the SSDP parser, and to the URL policy what it finds.
 */
#include <assert.h>
#include <string.h>

#include "igd_url.h"
#include "ssdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t room)
{
	size_t len = strnlen(text, room);

	assert(len < room);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= ' ' && text[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t gateway4[] = {192, 168, 1, 1};
	struct addr gateway = addr_from_ipv4(gateway4);
	struct ssdp_message m;
	char url[IGD_URL_BYTES];

	if (ssdp_parse(data, size, &m) < 0)
		return 0;
	check_text(m.location, sizeof(m.location));
	check_text(m.target, sizeof(m.target));
	check_text(m.usn, sizeof(m.usn));
	check_text(m.server, sizeof(m.server));
	assert(ssdp_rank(&m) <= SSDP_GATEWAY);
	if (igd_url_is_admitted(igd_url_admit(m.location, &gateway, url)))
		assert(strncmp(url, "http://192.168.1.1:", 19) == 0);
	return 0;
}
