#include "igd_serve.h"

#include <stdio.h>
#include <string.h>

#include "igd_url.h"
#include "mem.h"
#include "sanitize.h"

#define UNFIT_MS 2000
/* A router's uptime may be so much behind. */
#define UPTIME_SLACK_S 2

/* The router is there but not fit to be asked. It is left alone for a moment:
 * each of its announcements would lead to the same end. */
static void give_up(struct igd_client *c, int code)
{
	c->unfit_until_ms = loop_now_ms(c->loop) + UNFIT_MS;
	igd_queue_give_up(c, igd_queue_status(code), code);
}

static bool is_transport_failure(int code)
{
	return code == IGD_UNREACHABLE || code == IGD_NONSENSE ||
	       code == IGD_NOT_OPEN;
}

/* --- asking the worker ---------------------------------------------------- */

static void ask(struct igd_client *c, enum igd_phase phase,
		const struct igd_request *request)
{
	struct igd_op *op = TAILQ_FIRST(&c->ops);
	uint64_t now_ms = loop_now_ms(c->loop), left_ms;

	left_ms = op->limit_ms > now_ms ? op->limit_ms - now_ms : 1;
	if (left_ms > IGD_REQUEST_MS)
		left_ms = IGD_REQUEST_MS;
	c->phase = phase;
	if (igd_process_ask(c->process, request, left_ms) < 0)
		give_up(c, IGD_NO_WORKER);
}

static void ask_open(struct igd_client *c)
{
	struct igd_request request = {
	    .verb = IGD_OPEN, .gateway = c->base.gateway, .client = c->seen};

	snprintf(request.url, sizeof(request.url), "%s",
		 c->places.items[0].url);
	log_debug(c->log, "igd: opening url=%s", request.url);
	ask(c, IGD_PHASE_OPENING, &request);
}

static void ask_op(struct igd_client *c, struct igd_op *op)
{
	struct igd_request request = {.limit = IGD_LIST_MOST};

	switch (op->kind) {
	case IGD_OP_REFRESH:
		request.verb = IGD_STATUS;
		break;
	case IGD_OP_LIST:
		request.verb = IGD_LIST;
		break;
	case IGD_OP_CHECK:
		request.verb = IGD_GET;
		request.external_port = op->ladder.wish.external_port;
		request.protocol = op->ladder.wish.transport == TRANSPORT_TCP
				       ? IGD_TCP
				       : IGD_UDP;
		break;
	case IGD_OP_MAP:
	case IGD_OP_UNMAP:
		igd_ladder_set_router(&op->ladder, &c->lan, c->version);
		request = igd_ladder_request(&op->ladder);
		break;
	}
	ask(c, IGD_PHASE_ASKING, &request);
}

static void begin_op(struct igd_client *c, struct igd_op *op)
{
	if (op->began_ms)
		return;
	op->began_ms = loop_now_ms(c->loop);
	op->limit_ms = op->began_ms + IGD_MAPPING_MS;
	loop_timer_stop(c->idle);
}

/* Does the next thing for the first op. Only called from the loop. */
static void advance(struct igd_client *c)
{
	struct igd_op *op = TAILQ_FIRST(&c->ops);
	uint64_t generation = igd_process_generation(c->process);

	if (c->phase != IGD_PHASE_IDLE)
		return;
	if (!op) {
		loop_timer_start(c->idle, IGD_IDLE_MS);
		return;
	}
	begin_op(c, op);
	if (op->is_cancelled) {
		igd_queue_fail(c, MAP_TIMEOUT, IGD_OK);
	} else if (op->kind != IGD_OP_REFRESH &&
		   c->base.state == MAP_CLIENT_ABSENT) {
		igd_queue_fail(c, MAP_ABSENT, IGD_NO_SERVICE);
	} else if (c->base.gateway.family != AF_INET) {
		give_up(c, IGD_NO_SERVICE);
	} else if (c->must_search || c->places.count == 0) {
		c->phase = IGD_PHASE_SEARCHING;
		ssdp_search_start(c->search);
	} else if (generation == 0 || generation != c->open_generation) {
		ask_open(c);
	} else {
		ask_op(c, op);
	}
}

void igd_serve_kick(void *arg)
{
	advance(arg);
}

void igd_serve_idle(void *arg)
{
	struct igd_client *c = arg;

	igd_process_stop(c->process);
}

/* --- answers -------------------------------------------------------------- */

/* An answer was lost. What can be found out is found out with a fresh worker at
 * a fresh place, once. */
static void recover_op(struct igd_client *c, struct igd_op *op, int code)
{
	uint64_t now_ms = loop_now_ms(c->loop);
	uint64_t limit_ms = op->began_ms + IGD_FAILING_MS;

	igd_process_stop(c->process);
	c->phase = IGD_PHASE_IDLE;
	op->code = code;
	if (op->failures++ > 0 || now_ms >= limit_ms) {
		if (op->kind == IGD_OP_REFRESH) {
			give_up(c, code);
			return;
		}
		igd_queue_fail(c, igd_queue_status(code), code);
		igd_queue_push_refresh(c);
		return;
	}
	if (op->limit_ms > limit_ms)
		op->limit_ms = limit_ms;
	if (op->kind == IGD_OP_MAP || op->kind == IGD_OP_UNMAP)
		igd_ladder_lost(&op->ladder);
	op->entry_count = 0;
	c->must_search = true;
	advance(c);
}

static void open_failed(struct igd_client *c, struct igd_op *op, int code)
{
	c->phase = IGD_PHASE_IDLE;
	op->code = code;
	igd_places_drop(&c->places);
	if (c->places.count > 0)
		advance(c);
	else if (is_transport_failure(code) && op->failures == 0)
		recover_op(c, op, code);
	else
		give_up(c, code);
}

static void opened(struct igd_client *c, struct igd_op *op,
		   const struct igd_answer *answer)
{
	char model[SANITIZE_BYTES];

	c->phase = IGD_PHASE_IDLE;
	c->open_generation = igd_process_generation(c->process);
	c->lan = answer->lan;
	c->version = answer->version;
	sanitize(answer->text, strlen(answer->text), model, sizeof(model));
	log_debug(c->log, "igd: opened version=%u services=%u landlock=%u",
		  answer->version, answer->services, answer->sandbox);
	if (answer->sandbox == 0)
		log_info(c->log, "igd: no Landlock: the worker sees files");
	/* Before the state, so that who hears of it finds the address. */
	if (c->base.state != MAP_CLIENT_READY)
		c->base.external = answer->external;
	igd_queue_set_state(c, MAP_CLIENT_READY, model);
	igd_queue_set_external(c, &answer->external);
	if (c->restart_due)
		igd_queue_tell_restarted(c);
	if (op->kind == IGD_OP_REFRESH)
		igd_queue_fail(c, MAP_OK, IGD_OK);
	else
		advance(c);
}

/* Is its connection younger than before, or than our last look? Then it has
 * been away. One that never moves says nothing. */
static bool was_away(const struct igd_client *c, uint32_t uptime_s)
{
	uint64_t since_ms = loop_now_ms(c->loop) - c->uptime_at_ms;

	if (!c->uptime_at_ms || !uptime_s || uptime_s == c->uptime_s)
		return false;
	return uptime_s < c->uptime_s ||
	       ((uint64_t)uptime_s + UPTIME_SLACK_S) * 1000 < since_ms;
}

static void refreshed(struct igd_client *c, const struct igd_answer *answer)
{
	bool has_restarted = was_away(c, answer->uptime_s);

	c->uptime_s = answer->uptime_s;
	c->uptime_at_ms = loop_now_ms(c->loop);
	if (answer->code == IGD_OK)
		igd_queue_set_external(c, &answer->external);
	if (has_restarted)
		igd_queue_tell_restarted(c);
	igd_queue_fail(c, MAP_OK, IGD_OK);
}

/* Is the entry that was read the one that was asked for? */
static void checked(struct igd_client *c, const struct igd_op *op,
		    const struct igd_answer *answer)
{
	const struct igd_entry *entry = &answer->entry;

	if (answer->code == IGD_OK)
		igd_queue_fail(c,
			       addr_equal(&entry->client, &c->lan) &&
				       entry->internal_port ==
					   op->ladder.wish.internal_port
				   ? MAP_OK
				   : MAP_CONFLICT,
			       IGD_OK);
	/* Some say 501 for what is not there. */
	else if (answer->code == IGD_NO_SUCH_ENTRY ||
		 answer->code == IGD_ARRAY_INDEX_INVALID ||
		 answer->code == IGD_ACTION_FAILED)
		igd_queue_fail(c, MAP_BROKEN, IGD_NOT_IN_TABLE);
	else
		igd_queue_fail(c, MAP_REFUSED, answer->code);
}

static void op_answered(struct igd_client *c, struct igd_op *op,
			const struct igd_answer *answer)
{
	if (is_transport_failure(answer->code)) {
		recover_op(c, op, answer->code);
		return;
	}
	if (op->kind == IGD_OP_REFRESH) {
		refreshed(c, answer);
	} else if (op->kind == IGD_OP_CHECK) {
		checked(c, op, answer);
	} else if (op->kind == IGD_OP_LIST) {
		igd_queue_fail(c, igd_queue_status(answer->code), answer->code);
	} else if (igd_ladder_answer(&op->ladder, answer)) {
		op->ladder.result.external.addr = c->base.external;
		igd_queue_finish(c, &op->ladder.result);
	} else {
		c->phase = IGD_PHASE_IDLE;
		advance(c);
	}
}

static void keep_entry(struct igd_op *op, const struct igd_entry *entry)
{
	if (op->kind != IGD_OP_LIST || op->entry_count == IGD_LIST_MOST)
		return;
	if (!op->entries)
		op->entries = xcalloc(IGD_LIST_MOST, sizeof(*op->entries));
	op->entries[op->entry_count++] = *entry;
}

/* The router had its time: that was the answer. */
static void op_overran(struct igd_client *c, struct igd_op *op)
{
	bool was_opening = c->phase == IGD_PHASE_OPENING;

	c->phase = IGD_PHASE_IDLE;
	if (was_opening || op->kind == IGD_OP_REFRESH) {
		give_up(c, IGD_UNREACHABLE);
		return;
	}
	igd_queue_fail(c, MAP_TIMEOUT, IGD_UNREACHABLE);
	igd_queue_push_refresh(c);
}

void igd_serve_worker(void *arg, enum igd_event event,
		      const struct igd_answer *answer)
{
	struct igd_client *c = arg;
	struct igd_op *op = TAILQ_FIRST(&c->ops);

	switch (event) {
	case IGD_EVENT_MORE:
		keep_entry(op, &answer->entry);
		return;
	case IGD_EVENT_OVERRUN:
		op_overran(c, op);
		return;
	case IGD_EVENT_LOST:
		if (c->phase == IGD_PHASE_OPENING)
			open_failed(c, op, IGD_UNREACHABLE);
		else
			recover_op(c, op, IGD_UNREACHABLE);
		return;
	case IGD_EVENT_ANSWER:
		if (c->phase != IGD_PHASE_OPENING)
			op_answered(c, op, answer);
		else if (answer->code == IGD_OK)
			opened(c, op, answer);
		else
			open_failed(c, op, answer->code);
		return;
	}
}

/* --- SSDP ----------------------------------------------------------------- */

/* All that was known of the router is void. */
static void forget_router(struct igd_client *c)
{
	struct igd_op *op = TAILQ_FIRST(&c->ops);
	bool was_asking =
	    c->phase == IGD_PHASE_OPENING || c->phase == IGD_PHASE_ASKING;

	c->places.count = 0;
	c->memory = (struct igd_memory){0};
	c->uptime_s = 0;
	c->uptime_at_ms = 0;
	igd_process_stop(c->process);
	if (!was_asking)
		return;
	c->phase = IGD_PHASE_IDLE;
	if (op->kind == IGD_OP_MAP || op->kind == IGD_OP_UNMAP)
		igd_ladder_lost(&op->ladder);
	op->entry_count = 0;
}

/* A description that may be opened: keeps it, and goes on if it was waited for.
 */
static void found_place(struct igd_client *c, const char *url,
			enum ssdp_rank rank)
{
	if (c->phase == IGD_PHASE_SEARCHING && c->must_search &&
	    rank == SSDP_GATEWAY)
		c->places.count = 0;
	igd_places_keep(&c->places, url, rank);
	if (rank != SSDP_GATEWAY)
		return;
	c->must_search = false;
	if (c->phase == IGD_PHASE_SEARCHING) {
		ssdp_search_stop(c->search);
		c->phase = IGD_PHASE_IDLE;
		advance(c);
	} else if (c->base.state == MAP_CLIENT_ABSENT) {
		igd_queue_push_refresh(c);
	}
}

static bool is_worth_hearing(struct igd_client *c,
			     const struct ssdp_message *message)
{
	enum ssdp_rank rank = ssdp_rank(message);

	if (message->kind == SSDP_UPDATE || rank == SSDP_ALIEN)
		return false;
	if (message->kind != SSDP_ANSWER && rank != SSDP_GATEWAY)
		return false;
	return c->base.state != MAP_CLIENT_ABSENT ||
	       loop_now_ms(c->loop) >= c->unfit_until_ms;
}

void igd_serve_heard(void *arg, const struct ssdp_message *message)
{
	struct igd_client *c = arg;
	enum ssdp_rank rank = ssdp_rank(message);
	enum igd_url_verdict verdict;
	char url[IGD_URL_BYTES];

	if (!is_worth_hearing(c, message))
		return;
	/* A media server in the same box has a start of its own. */
	if (rank == SSDP_GATEWAY &&
	    igd_boot_hear(&c->boot, message, loop_now_ms(c->loop))) {
		c->restart_due |= c->base.state == MAP_CLIENT_READY;
		forget_router(c);
		igd_queue_push_refresh(c);
	}
	if (message->kind == SSDP_BYEBYE)
		return;
	verdict = igd_url_admit(message->location, &c->base.gateway, url);
	if (igd_url_is_admitted(verdict))
		found_place(c, url, rank);
	else
		log_debug(c->log, "igd: refused url=\"%s\" because=\"%s\"",
			  message->location, igd_url_verdict_name(verdict));
}

void igd_serve_silent(void *arg)
{
	struct igd_client *c = arg;
	struct igd_op *op = TAILQ_FIRST(&c->ops);

	if (c->phase != IGD_PHASE_SEARCHING)
		return;
	c->phase = IGD_PHASE_IDLE;
	c->must_search = false;
	if (c->places.count > 0)
		advance(c);
	else if (op->failures)
		igd_queue_give_up(c, igd_queue_status(op->code), op->code);
	else
		igd_queue_give_up(c, MAP_ABSENT, IGD_SILENT);
}
