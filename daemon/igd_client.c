#include "igd_client.h"

#include <stdlib.h>
#include <sys/random.h>

#include "igd_queue.h"
#include "igd_serve.h"
#include "mem.h"

static struct igd_client *client_of(struct map_client *client)
{
	return (struct igd_client *)client;
}

static void probe(struct map_client *client)
{
	struct igd_client *c = client_of(client);

	if (client->state != MAP_CLIENT_READY)
		client->state = MAP_CLIENT_PROBING;
	igd_queue_push_refresh(c);
}

static uint64_t map(struct map_client *client,
		    const struct map_request *request, map_done_fn done,
		    void *arg)
{
	struct igd_client *c = client_of(client);
	struct igd_op *op = igd_queue_push(c, IGD_OP_MAP);
	uint32_t number = 0;

	(void)!getrandom(&number, sizeof(number), GRND_NONBLOCK);
	igd_ladder_map(&op->ladder, request, &c->memory, number);
	op->done = done;
	op->arg = arg;
	return op->id;
}

static uint64_t unmap(struct map_client *client,
		      const struct map_request *request, map_done_fn done,
		      void *arg)
{
	struct igd_client *c = client_of(client);
	struct igd_op *op = igd_queue_push(c, IGD_OP_UNMAP);

	igd_ladder_unmap(&op->ladder, request, &c->memory);
	op->done = done;
	op->arg = arg;
	return op->id;
}

static uint64_t check(struct map_client *client,
		      const struct map_request *request, map_done_fn done,
		      void *arg)
{
	struct igd_op *op = igd_queue_push(client_of(client), IGD_OP_CHECK);

	op->ladder.wish = *request;
	op->done = done;
	op->arg = arg;
	return op->id;
}

static void cancel(struct map_client *client, uint64_t id)
{
	struct igd_client *c = client_of(client);
	struct igd_op *op;

	TAILQ_FOREACH (op, &c->ops, link) {
		if (op->id == id)
			break;
	}
	if (!op)
		return;
	/* Once begun it is ended by its next answer. */
	op->is_cancelled = true;
	if (!op->began_ms)
		igd_queue_drop(c, op);
}

static void free_client(struct map_client *client)
{
	struct igd_client *c = client_of(client);

	igd_process_free(c->process);
	ssdp_search_free(c->search);
	loop_timer_free(c->kick);
	loop_timer_free(c->idle);
	while (!TAILQ_EMPTY(&c->ops))
		igd_queue_drop(c, TAILQ_FIRST(&c->ops));
	free(c);
}

static const struct map_client_ops igd_ops = {
    .probe = probe,
    .map = map,
    .unmap = unmap,
    .check = check,
    .cancel = cancel,
    .free = free_client,
};

struct map_client *igd_client_new(struct loop *loop, struct log *log,
				  const struct igd_client_options *options)
{
	struct igd_client *c = xcalloc(1, sizeof(*c));
	const struct ssdp_search_options search = {
	    .gateway = options->link.gateway,
	    .local = options->link.local,
	    .ifindex = options->link.ifindex,
	    .heard = igd_serve_heard,
	    .silent = igd_serve_silent,
	    .arg = c,
	};

	c->base.ops = &igd_ops;
	c->base.via = MAP_VIA_UPNP;
	c->base.gateway = options->link.gateway;
	c->base.local = options->link.local;
	c->base.listener = options->link.listener;
	c->seen = options->link.seen;
	c->loop = loop;
	c->log = log;
	TAILQ_INIT(&c->ops);
	c->kick = loop_timer_new(loop, igd_serve_kick, c);
	c->idle = loop_timer_new(loop, igd_serve_idle, c);
	if (search.gateway.family == AF_INET)
		c->search = ssdp_search_new(loop, log, &search);
	if (c->search)
		c->base.deaf_error = ssdp_search_deaf_error(c->search);
	c->process =
	    igd_process_new(loop, log, options->worker, igd_serve_worker, c);
	return &c->base;
}

uint64_t igd_client_list(struct map_client *client, igd_list_fn done, void *arg)
{
	struct igd_op *op = igd_queue_push(client_of(client), IGD_OP_LIST);

	op->listed = done;
	op->arg = arg;
	return op->id;
}

int igd_client_worker_pid(const struct map_client *client)
{
	return igd_process_pid(((const struct igd_client *)client)->process);
}

const struct igd_places *igd_client_places(const struct map_client *client)
{
	return &((const struct igd_client *)client)->places;
}
