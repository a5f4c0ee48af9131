#include "epoch.h"

/* Both RFCs forgive two seconds of rounding. */
#define EPOCH_SLACK_S  2
#define EPOCH_SLACK_MS (EPOCH_SLACK_S * 1000)

static void remember(struct epoch *epoch, uint32_t server_s, uint64_t client_ms)
{
	epoch->has_previous = true;
	epoch->previous_server_s = server_s;
	epoch->previous_client_ms = client_ms;
}

static int64_t client_delta_ms(const struct epoch *epoch, uint64_t client_ms)
{
	if (client_ms < epoch->previous_client_ms)
		return 0;
	return (int64_t)(client_ms - epoch->previous_client_ms);
}

/* Signed: the server may step back by one second, which only reordering does.
 */
static bool pcp_deltas_differ(int64_t client_s, int64_t server_s)
{
	return client_s + EPOCH_SLACK_S < server_s - server_s / 16 ||
	       server_s + EPOCH_SLACK_S < client_s - client_s / 16;
}

bool pcp_epoch_is_reset(struct epoch *epoch, uint32_t server_s,
			uint64_t client_ms)
{
	int64_t server_delta_s = (int64_t)server_s - epoch->previous_server_s;
	int64_t client_delta_s = client_delta_ms(epoch, client_ms) / 1000;
	bool is_reset = epoch->has_previous &&
			(server_delta_s < -1 ||
			 pcp_deltas_differ(client_delta_s, server_delta_s));

	remember(epoch, server_s, client_ms);
	return is_reset;
}

bool natpmp_epoch_is_reset(struct epoch *epoch, uint32_t server_s,
			   uint64_t client_ms)
{
	int64_t server_delta_ms =
	    ((int64_t)server_s - epoch->previous_server_s) * 1000;
	int64_t least_ms = client_delta_ms(epoch, client_ms) / 8 * 7;
	bool is_reset =
	    epoch->has_previous && server_delta_ms + EPOCH_SLACK_MS < least_ms;

	remember(epoch, server_s, client_ms);
	return is_reset;
}
