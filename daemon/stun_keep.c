#include "stun_keep.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "prover.h"
#include "stun_map.h"

#define BUDGET_MS 1500
/* An echo check reads from the same socket: it ends first. */
#define BUSY_MS 500

struct stun_keep {
	struct loop *loop;
	struct log *log;
	const struct method_service *service;
	struct endpoint servers[STUN_MAP_SERVERS_MOST];
	size_t server_count;
	bool is_on;
	uint64_t interval_ms;
	struct loop_timer *timer;
	struct stun_socket *socket; /* only while a question is open */
	struct stun_map *map;
	struct endpoint external;
};

static void end_question(struct stun_keep *keep)
{
	stun_map_cancel(keep->map);
	keep->map = NULL;
	/* The descriptor was a duplicate: the port stays held. */
	stun_socket_free(keep->socket);
	keep->socket = NULL;
}

static void on_mapped(void *arg, const struct stun_map_result *result)
{
	struct stun_keep *keep = arg;
	char text[ENDPOINT_TEXT_BYTES];

	keep->map = NULL;
	end_question(keep);
	if (addr_is_set(&result->vote.external.addr) && keep->is_on) {
		keep->external = result->vote.external;
		log_debug(keep->log, "event=stun-kept service=%s external=%s",
			  keep->service->name,
			  endpoint_format(&keep->external, text, sizeof(text)));
	}
	if (keep->is_on)
		loop_timer_start(keep->timer, keep->interval_ms);
}

static void ask(void *arg)
{
	struct stun_keep *keep = arg;
	int held = prover_options(keep->service->prover)->fd;
	int fd;

	if (!keep->is_on || keep->map || held < 0 || keep->server_count == 0)
		return;
	if (prover_is_busy(keep->service->prover)) {
		loop_timer_start(keep->timer, BUSY_MS);
		return;
	}
	fd = fcntl(held, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return;
	keep->socket = stun_socket_adopt(keep->loop, fd, NULL);
	keep->map =
	    stun_map_start(keep->loop, keep->socket, keep->servers,
			   keep->server_count, BUDGET_MS, on_mapped, keep);
}

struct stun_keep *stun_keep_new(struct loop *loop, struct log *log,
				const struct method_service *service)
{
	struct stun_keep *keep = xcalloc(1, sizeof(*keep));

	keep->loop = loop;
	keep->log = log;
	keep->service = service;
	keep->interval_ms = STUN_KEEP_MS;
	keep->timer = loop_timer_new(loop, ask, keep);
	return keep;
}

void stun_keep_free(struct stun_keep *keep)
{
	if (!keep)
		return;
	end_question(keep);
	loop_timer_free(keep->timer);
	free(keep);
}

void stun_keep_servers(struct stun_keep *keep, const struct endpoint *servers,
		       size_t count)
{
	if (count > STUN_MAP_SERVERS_MOST)
		count = STUN_MAP_SERVERS_MOST;
	memcpy(keep->servers, servers, count * sizeof(*servers));
	keep->server_count = count;
	if (keep->is_on && !keep->map)
		loop_timer_start(keep->timer, 0);
}

void stun_keep_enable(struct stun_keep *keep, bool is_on)
{
	if (keep->is_on == is_on)
		return;
	keep->is_on = is_on;
	if (is_on) {
		loop_timer_start(keep->timer, 0);
		return;
	}
	end_question(keep);
	loop_timer_stop(keep->timer);
	keep->external = (struct endpoint){0};
}

void stun_keep_let_go(struct stun_keep *keep)
{
	end_question(keep);
	loop_timer_stop(keep->timer);
}

void stun_keep_forget(struct stun_keep *keep)
{
	keep->external = (struct endpoint){0};
}

void stun_keep_interval(struct stun_keep *keep, uint64_t interval_ms)
{
	keep->interval_ms = interval_ms;
}

struct endpoint stun_keep_external(const struct stun_keep *keep)
{
	return keep->external;
}
