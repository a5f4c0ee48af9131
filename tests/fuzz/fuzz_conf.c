/* fuzz_conf: [service] and [peer] sections. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config_conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct config *c)
{
	for (size_t i = 0; i < c->service_count; i++)
		if (c->services[i].port == 0 || !c->services[i].name[0])
			abort();
	for (size_t i = 0; i < c->peer_count; i++)
		if (strlen(c->peers[i].public_key) != 44 ||
		    !c->peers[i].name[0])
			abort();
	for (size_t i = 0; i < c->findings.count; i++)
		if (c->findings.items[i].line == 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c = calloc(1, sizeof(*c));
	struct config_draft draft = {.config = c};

	if (!c)
		return 0;
	config_conf_read(&draft, "fuzz.conf", (const char *)data, size);
	check(c);
	draft_fini(&draft);
	config_free(c);
	return 0;
}
