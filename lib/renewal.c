#include "renewal.h"

uint64_t renewal_delay_ms(uint32_t lifetime_s, unsigned int attempt,
			  uint32_t random)
{
	uint64_t lifetime_ms = (uint64_t)lifetime_s * 1000;
	unsigned int halvings = attempt < 20 ? attempt + 1 : 21;
	uint64_t remaining_ms = lifetime_ms >> halvings;
	uint64_t window_ms = lifetime_ms >> (halvings + 2);
	uint64_t delay_ms = lifetime_ms - remaining_ms;

	if (window_ms > 0)
		delay_ms += random % (window_ms + 1);
	if (lifetime_ms > 2000 && delay_ms > lifetime_ms - 1000)
		delay_ms = lifetime_ms - 1000;
	return delay_ms;
}

uint64_t renewal_backoff_ms(uint64_t first_ms, uint64_t most_ms,
			    unsigned int attempt, uint32_t random)
{
	uint64_t delay_ms = first_ms;

	for (unsigned int i = 1; i < attempt && delay_ms < most_ms; i++)
		delay_ms *= 2;
	if (delay_ms > most_ms)
		delay_ms = most_ms;
	return delay_ms - delay_ms / 8 + random % (delay_ms / 4 + 1);
}
