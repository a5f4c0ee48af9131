/* fuzz_netdiag: the readers of what the kernel tells about switches, sockets
 * and chains. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netconf.h"
#include "nfchain.h"
#include "nfrule.h"
#include "sockdiag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_chain(const struct nfchain *chain)
{
	for (const char *p = chain->name; *p; p++)
		if (*p <= ' ' || *p > '~')
			abort();
	if (!nf_hook_name(chain->hook) || strlen(chain->table) >= 64)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nl_reader reader = nl_reader_init(data, size);
	struct sockdiag socket;
	struct nl_message m;
	struct nfchain chain;
	struct netconf conf;
	struct nfrule rule;
	int error;

	while (nl_next(&reader, &m)) {
		if (nl_is_end(&m, &error) && error > 0)
			abort();
		(void)netconf_read(&m, &conf);
		(void)sockdiag_read(&m, &socket);
		if (nfchain_read(&m, &chain))
			check_chain(&chain);
		if (nfrule_read(&m, &rule) && !rule.family)
			abort();
	}
	if (reader.at > size || (!reader.is_broken && reader.at != size))
		abort();
	return 0;
}
