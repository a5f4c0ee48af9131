#include "pinhole_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "igd_process.h"
#include "mem.h"

/* How often is looked whether the search has found something. */
#define LOOK_MS 50
/* An idle worker is ended after this. */
#define IDLE_MS 60000

enum kind { KIND_PROBE, KIND_MAP, KIND_UNMAP };

struct op {
	uint64_t id;
	enum kind kind;
	struct map_request request;
	map_done_fn done; /* may be NULL */
	void *arg;
	bool is_cancelled;
	uint64_t began_ms; /* 0: still waits */
	TAILQ_ENTRY(op) link;
};

/* A pinhole that the router told the number of. */
struct hole {
	enum transport transport;
	uint16_t port;
	uint32_t unique;
	LIST_ENTRY(hole) link;
};

struct pinhole_client {
	struct map_client base; /* first: the ops cast */
	struct loop *loop;
	struct log *log;
	const struct igd_places *(*places)(void *arg);
	void *places_arg;
	struct igd_process *process;
	struct loop_timer *kick; /* so that nothing happens within a call */
	struct loop_timer *idle;
	TAILQ_HEAD(, op) ops; /* the first one is served */
	LIST_HEAD(, hole) holes;
	uint64_t last_id;
	uint64_t open_generation; /* of the worker that has it open */
	size_t place_at;          /* the next description to try */
	uint32_t verb;            /* under way; 0: nothing */
};

static struct pinhole_client *client_of(struct map_client *client)
{
	return (struct pinhole_client *)client;
}

/* --- what the router has numbered --- */

static struct hole *find_hole(struct pinhole_client *c,
			      const struct map_request *request)
{
	struct hole *hole;

	LIST_FOREACH (hole, &c->holes, link)
		if (hole->transport == request->transport &&
		    hole->port == request->internal_port)
			return hole;
	return NULL;
}

static void forget_hole(struct hole *hole)
{
	if (!hole)
		return;
	LIST_REMOVE(hole, link);
	free(hole);
}

/* After a restart a router gives its numbers anew: what had this one before has
 * none any more. */
static void forget_number(struct pinhole_client *c, uint32_t unique)
{
	struct hole *hole, *next;

	for (hole = LIST_FIRST(&c->holes); hole; hole = next) {
		next = LIST_NEXT(hole, link);
		if (hole->unique == unique)
			forget_hole(hole);
	}
}

static void keep_hole(struct pinhole_client *c,
		      const struct map_request *request, uint32_t unique)
{
	struct hole *hole;

	if (unique == 0)
		return;
	forget_number(c, unique);
	hole = find_hole(c, request);
	if (!hole) {
		hole = xcalloc(1, sizeof(*hole));
		hole->transport = request->transport;
		hole->port = request->internal_port;
		LIST_INSERT_HEAD(&c->holes, hole, link);
	}
	hole->unique = unique;
}

/* --- the end of a request --- */

static void drop_op(struct pinhole_client *c, struct op *op)
{
	TAILQ_REMOVE(&c->ops, op, link);
	free(op);
}

static void finish(struct pinhole_client *c, const struct map_result *result)
{
	struct op ended = *TAILQ_FIRST(&c->ops);

	drop_op(c, TAILQ_FIRST(&c->ops));
	loop_timer_start(c->kick, 0);
	if (ended.done && !ended.is_cancelled)
		ended.done(ended.arg, result);
}

static enum map_status status_of(int code)
{
	switch (code) {
	case IGD_OK:
		return MAP_OK;
	case IGD_UNREACHABLE:
		return MAP_TIMEOUT;
	case IGD_NO_SERVICE:
	case IGD_URL_REFUSED:
	case IGD_NO_WORKER:
	case IGD_SILENT:
		return MAP_ABSENT;
	case IGD_NOT_AUTHORIZED:
	case IGD_PINHOLE_DISABLED:
	case IGD_PINHOLE_NOT_ALLOWED:
	case IGD_PINHOLE_PROTOCOL:
		return MAP_REFUSED;
	case IGD_PINHOLE_SPACE_EXHAUSTED:
		return MAP_NO_RESOURCES;
	default:
		return MAP_BROKEN;
	}
}

static void fail(struct pinhole_client *c, int code)
{
	struct map_result result = {.status = status_of(code), .code = code};

	snprintf(result.detail, sizeof(result.detail), "%s",
		 igd_code_name(code));
	finish(c, &result);
}

static void set_state(struct pinhole_client *c, enum map_client_state state,
		      const char *detail)
{
	bool is_news = c->base.state != state;
	char text[ADDR_TEXT_BYTES];

	snprintf(c->base.detail, sizeof(c->base.detail), "%s", detail);
	c->base.state = state;
	if (!is_news)
		return;
	log_debug(c->log, "pinhole: gateway=%s state=%s detail=\"%s\"",
		  addr_format(&c->base.gateway, text, sizeof(text)),
		  state == MAP_CLIENT_READY ? "ready" : "absent", detail);
	if (c->base.listener.changed)
		c->base.listener.changed(c->base.listener.arg, &c->base);
}

/* The router has no such service, or does not answer: ends all. */
static void give_up(struct pinhole_client *c, int code)
{
	size_t count = 0;
	struct op *op;

	c->open_generation = 0;
	c->place_at = 0;
	TAILQ_FOREACH (op, &c->ops, link)
		count++;
	/* Those that are asked for meanwhile wait for their own turn. */
	while (count-- > 0)
		fail(c, code);
	set_state(c, MAP_CLIENT_ABSENT, igd_code_name(code));
}

/* --- asking --- */

static void ask(struct pinhole_client *c, struct igd_request *request)
{
	c->verb = request->verb;
	if (igd_process_ask(c->process, request, PINHOLE_REQUEST_MS) < 0) {
		c->verb = 0;
		give_up(c, IGD_NO_WORKER);
	}
}

/* Opens the next description, or waits for the first one. */
static void ask_open(struct pinhole_client *c, const struct op *op)
{
	const struct igd_places *places = c->places(c->places_arg);
	struct igd_request request = {.verb = IGD_PINHOLE_OPEN,
				      .gateway = c->base.gateway,
				      .client = c->base.local};

	if (!places || places->count == 0) {
		if (loop_now_ms(c->loop) - op->began_ms < PINHOLE_SEARCH_MS)
			loop_timer_start(c->kick, LOOK_MS);
		else
			give_up(c, IGD_SILENT);
		return;
	}
	while (c->place_at < places->count) {
		const char *url = places->items[c->place_at++].url;

		if (igd_url_move(url, &c->base.gateway, request.url) !=
		    IGD_URL_OK)
			continue;
		log_debug(c->log, "pinhole: opening url=%s", request.url);
		ask(c, &request);
		return;
	}
	give_up(c, IGD_NO_SERVICE);
}

static uint32_t lease_of(const struct map_request *request)
{
	return request->lifetime_s < PINHOLE_LEASE_MAX_S ? request->lifetime_s
							 : PINHOLE_LEASE_MAX_S;
}

static void ask_op(struct pinhole_client *c, const struct op *op)
{
	const struct hole *hole = find_hole(c, &op->request);
	struct igd_request request = {
	    .verb = IGD_PINHOLE_STATUS,
	    .protocol =
		op->request.transport == TRANSPORT_TCP ? IGD_TCP : IGD_UDP,
	    .internal_port = op->request.internal_port,
	    .lease_s = lease_of(&op->request),
	    .unique = hole ? hole->unique : 0,
	};
	const struct map_result gone = {.status = MAP_OK};

	if (op->kind == KIND_MAP)
		request.verb = hole ? IGD_PINHOLE_UPDATE : IGD_PINHOLE_ADD;
	if (op->kind == KIND_UNMAP)
		request.verb = IGD_PINHOLE_DELETE;
	if (op->kind == KIND_UNMAP && !hole)
		finish(c, &gone);
	else
		ask(c, &request);
}

/* Does the next thing for the first request. Only called from the loop. */
static void advance(struct pinhole_client *c)
{
	struct op *op = TAILQ_FIRST(&c->ops);
	uint64_t generation = igd_process_generation(c->process);

	if (c->verb)
		return;
	if (!op) {
		loop_timer_start(c->idle, IDLE_MS);
		return;
	}
	loop_timer_stop(c->idle);
	if (!op->began_ms)
		op->began_ms = loop_now_ms(c->loop);
	if (op->is_cancelled)
		fail(c, IGD_SILENT);
	else if (generation == 0 || generation != c->open_generation)
		ask_open(c, op);
	else
		ask_op(c, op);
}

static void on_kick(void *arg)
{
	advance(arg);
}

static void on_idle(void *arg)
{
	struct pinhole_client *c = arg;

	igd_process_stop(c->process);
}

/* --- answers --- */

static void opened(struct pinhole_client *c, const struct igd_answer *answer)
{
	if (answer->code < 0) {
		advance(c);
		return;
	}
	c->open_generation = igd_process_generation(c->process);
	c->place_at = 0;
	c->base.external = c->base.local;
	set_state(c, MAP_CLIENT_READY, "");
	advance(c);
}

static void granted(struct pinhole_client *c, const struct op *op)
{
	const struct map_result result = {
	    .status = MAP_OK,
	    .external = {.addr = c->base.local,
			 .port = op->request.internal_port},
	    .lifetime_s = lease_of(&op->request),
	};

	finish(c, &result);
}

static void mapped(struct pinhole_client *c, struct op *op, uint32_t verb,
		   const struct igd_answer *answer)
{
	if (verb == IGD_PINHOLE_UPDATE && answer->code != IGD_OK) {
		/* It knows it no more: anew. */
		forget_hole(find_hole(c, &op->request));
		advance(c);
		return;
	}
	if (answer->code != IGD_OK) {
		fail(c, answer->code);
		return;
	}
	if (verb == IGD_PINHOLE_ADD)
		keep_hole(c, &op->request, answer->unique);
	granted(c, op);
}

static void answered(struct pinhole_client *c, struct op *op, uint32_t verb,
		     const struct igd_answer *answer)
{
	struct map_result done = {.status = MAP_OK};

	/* No answer any more: its port may have moved with a restart. */
	if (answer->code < 0) {
		c->open_generation = 0;
		if (op->kind == KIND_PROBE)
			give_up(c, answer->code);
		else
			fail(c, answer->code);
		return;
	}
	switch (op->kind) {
	case KIND_PROBE:
		finish(c, &done);
		return;
	case KIND_MAP:
		mapped(c, op, verb, answer);
		return;
	case KIND_UNMAP:
		forget_hole(find_hole(c, &op->request));
		if (answer->code == IGD_OK ||
		    answer->code == IGD_PINHOLE_NO_SUCH_ENTRY)
			finish(c, &done);
		else
			fail(c, answer->code);
		return;
	}
}

static void on_worker(void *arg, enum igd_event event,
		      const struct igd_answer *answer)
{
	struct pinhole_client *c = arg;
	const struct igd_answer lost = {.code = IGD_UNREACHABLE};
	struct op *op = TAILQ_FIRST(&c->ops);
	uint32_t verb = c->verb;

	if (event == IGD_EVENT_MORE)
		return;
	c->verb = 0;
	if (!answer)
		answer = &lost;
	if (verb == IGD_PINHOLE_OPEN)
		opened(c, answer);
	else
		answered(c, op, verb, answer);
}

/* --- the client --- */

static struct op *push(struct pinhole_client *c, enum kind kind)
{
	struct op *op = xcalloc(1, sizeof(*op));

	op->id = ++c->last_id;
	op->kind = kind;
	TAILQ_INSERT_TAIL(&c->ops, op, link);
	if (!loop_timer_is_running(c->kick))
		loop_timer_start(c->kick, 0);
	return op;
}

static void probe(struct map_client *client)
{
	struct pinhole_client *c = client_of(client);
	struct op *op;

	if (client->state != MAP_CLIENT_READY)
		client->state = MAP_CLIENT_PROBING;
	TAILQ_FOREACH (op, &c->ops, link)
		if (op->kind == KIND_PROBE)
			return;
	push(c, KIND_PROBE);
}

static uint64_t add_request(struct map_client *client, enum kind kind,
			    const struct map_request *request, map_done_fn done,
			    void *arg)
{
	struct op *op = push(client_of(client), kind);

	op->request = *request;
	op->done = done;
	op->arg = arg;
	return op->id;
}

static uint64_t map(struct map_client *client,
		    const struct map_request *request, map_done_fn done,
		    void *arg)
{
	return add_request(client, KIND_MAP, request, done, arg);
}

static uint64_t unmap(struct map_client *client,
		      const struct map_request *request, map_done_fn done,
		      void *arg)
{
	return add_request(client, KIND_UNMAP, request, done, arg);
}

static void cancel(struct map_client *client, uint64_t id)
{
	struct pinhole_client *c = client_of(client);
	struct op *op;

	TAILQ_FOREACH (op, &c->ops, link)
		if (op->id == id)
			break;
	if (!op)
		return;
	/* Once begun it is ended by its next answer. */
	op->is_cancelled = true;
	if (!op->began_ms)
		drop_op(c, op);
}

static void free_client(struct map_client *client)
{
	struct pinhole_client *c = client_of(client);

	igd_process_free(c->process);
	loop_timer_free(c->kick);
	loop_timer_free(c->idle);
	while (!TAILQ_EMPTY(&c->ops))
		drop_op(c, TAILQ_FIRST(&c->ops));
	while (!LIST_EMPTY(&c->holes))
		forget_hole(LIST_FIRST(&c->holes));
	free(c);
}

static const struct map_client_ops pinhole_ops = {
    .probe = probe,
    .map = map,
    .unmap = unmap,
    .cancel = cancel,
    .free = free_client,
};

struct map_client *pinhole_client_new(
    struct loop *loop, struct log *log,
    const struct pinhole_client_options *options)
{
	struct pinhole_client *c = xcalloc(1, sizeof(*c));

	c->base.ops = &pinhole_ops;
	c->base.via = MAP_VIA_UPNP;
	c->base.gateway = options->link.gateway;
	c->base.local = options->link.local;
	c->base.listener = options->link.listener;
	if (addr_classify(&c->base.gateway) == ADDR_LINK_LOCAL)
		c->base.gateway.scope = options->link.ifindex;
	c->loop = loop;
	c->log = log;
	c->places = options->places;
	c->places_arg = options->arg;
	TAILQ_INIT(&c->ops);
	LIST_INIT(&c->holes);
	c->kick = loop_timer_new(loop, on_kick, c);
	c->idle = loop_timer_new(loop, on_idle, c);
	c->process = igd_process_new(loop, log, options->worker, on_worker, c);
	return &c->base;
}
