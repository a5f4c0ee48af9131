/*
 * Feeds bytes to the scanner of device descriptions.
 */
#include <assert.h>
#include <string.h>

#include "igd_desc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct igd_desc d;
	int err = igd_desc_parse((const char *)data, size, &d);

	assert((err == 0) == (d.service_count > 0));
	assert(d.service_count <= IGD_DESC_SERVICES);
	assert(strnlen(d.base, sizeof(d.base)) < sizeof(d.base));
	assert(strnlen(d.model, sizeof(d.model)) < sizeof(d.model));
	assert(strnlen(d.maker, sizeof(d.maker)) < sizeof(d.maker));
	for (size_t i = 0; i < d.service_count; i++) {
		const struct igd_service *s = &d.services[i];

		assert(strnlen(s->control, sizeof(s->control)) <
		       sizeof(s->control));
		assert(!strpbrk(s->type, " \t\r\n<>&\"'#"));
		assert(igd_service_version(s) >= 1);
	}
	return 0;
}
