/* fuzz_config: what config_load() promises of any defaults file. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_chain(const struct config *c)
{
	unsigned int seen = 0;

	if (c->chain_count == 0 || c->chain_count > METHOD_COUNT)
		abort();
	for (size_t i = 0; i < c->chain_count; i++) {
		if (seen & (1u << c->chain[i]))
			abort();
		seen |= 1u << c->chain[i];
	}
}

static void check_services(const struct config *c)
{
	for (size_t i = 0; i < c->service_count; i++) {
		if (c->services[i].port == 0 || !c->services[i].name[0])
			abort();
		if (i > 0 &&
		    strcmp(c->services[i - 1].name, c->services[i].name) >= 0)
			abort();
	}
	if (!c->has_pool && c->service_count == 0)
		abort();
}

static void check_text(const char *text)
{
	for (; *text; text++)
		if ((uint8_t)*text < ' ' || *text == 0x7f)
			abort();
}

static void check(const struct config *c)
{
	check_chain(c);
	check_services(c);
	if (c->udp_ports.first == 0 || c->udp_ports.first >= c->udp_ports.last)
		abort();
	if (c->lease_s < 120 || c->lease_s > 86400)
		abort();
	for (size_t i = 0; i < c->findings.count; i++)
		check_text(c->findings.items[i].title);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("defaults", MFD_CLOEXEC);
	char path[32];
	const struct config_sources sources = {.defaults_file = path,
					       .conf_dir = "/nonexistent"};
	struct config *c;
	int r;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = config_load(&sources, &c);
	close(fd);
	if (r == 0)
		check(c);
	else if (r != -EINVAL || !config_is_broken(c))
		abort();
	config_free(c);
	return 0;
}
