#include "lease_check.h"

#include <sodium.h>
#include <stdlib.h>

#include "mem.h"

struct lease_check {
	struct portmap *portmap;
	lease_check_fn fn;
	void *arg;
	enum map_via via;
	struct map_request request;
	struct loop_timer *timer;
	uint64_t id;         /* 0: no look under way */
	unsigned int misses; /* in a row */
};

static struct map_client *client_of(const struct lease_check *check)
{
	return portmap_client(check->portmap, check->via);
}

static void schedule(struct lease_check *check)
{
	if (check->misses >= LEASE_CHECK_MISSES_MOST)
		return;
	loop_timer_start(
	    check->timer,
	    LEASE_CHECK_LEAST_MS + randombytes_uniform(LEASE_CHECK_SPREAD_MS) +
		LEASE_CHECK_EACH_MS * portmap_user_count(check->portmap));
}

static bool is_same_place(const struct lease_check *check,
			  const struct map_result *result)
{
	return result->external.port == check->request.external_port &&
	       (!addr_is_set(&result->external.addr) ||
		!addr_is_set(&check->request.external_addr) ||
		addr_equal(&result->external.addr,
			   &check->request.external_addr));
}

static void take_ok(struct lease_check *check, const struct map_result *result)
{
	check->misses = 0;
	schedule(check);
	if (!client_of(check)->ops->check)
		check->fn(check->arg,
			  is_same_place(check, result) ? LEASE_CHECK_EXTENDED
						       : LEASE_CHECK_MOVED,
			  result);
}

static void on_done(void *arg, const struct map_result *result)
{
	struct lease_check *check = arg;

	check->id = 0;
	switch (result->status) {
	case MAP_OK:
		take_ok(check, result);
		return;
	case MAP_CONFLICT:
	case MAP_BROKEN:
		check->misses++;
		check->fn(check->arg,
			  result->status == MAP_CONFLICT ? LEASE_CHECK_STOLEN
							 : LEASE_CHECK_GONE,
			  result);
		return;
	case MAP_TIMEOUT:
	case MAP_ABSENT:
	case MAP_REFUSED:
	case MAP_NO_RESOURCES:
	case MAP_NO_NETWORK:
	case MAP_MISMATCH:
		schedule(check);
		return;
	}
}

static void on_timer(void *arg)
{
	struct lease_check *check = arg;
	struct map_client *client = client_of(check);

	if (client->state != MAP_CLIENT_READY)
		schedule(check);
	else if (client->ops->check)
		check->id =
		    client->ops->check(client, &check->request, on_done, check);
	else
		check->id =
		    client->ops->map(client, &check->request, on_done, check);
}

struct lease_check *lease_check_new(struct portmap *portmap, lease_check_fn fn,
				    void *arg)
{
	struct lease_check *check = xcalloc(1, sizeof(*check));

	check->portmap = portmap;
	check->fn = fn;
	check->arg = arg;
	check->timer =
	    loop_timer_new(portmap_options(portmap)->loop, on_timer, check);
	return check;
}

void lease_check_free(struct lease_check *check)
{
	if (!check)
		return;
	lease_check_stop(check);
	loop_timer_free(check->timer);
	sodium_memzero(&check->request, sizeof(check->request));
	free(check);
}

void lease_check_start(struct lease_check *check, enum map_via via,
		       const struct map_request *request)
{
	lease_check_stop(check);
	if (check->via != via)
		check->misses = 0;
	check->via = via;
	check->request = *request;
	schedule(check);
}

void lease_check_stop(struct lease_check *check)
{
	struct map_client *client = client_of(check);

	loop_timer_stop(check->timer);
	if (check->id)
		client->ops->cancel(client, check->id);
	check->id = 0;
}
