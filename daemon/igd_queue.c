#include "igd_queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

static void tell_changed(struct igd_client *c)
{
	const struct map_client_listener *l = &c->base.listener;

	if (l->changed)
		l->changed(l->arg, &c->base);
}

/* The only writer of ->state, but for probe() itself. */
void igd_queue_set_state(struct igd_client *c, enum map_client_state state,
			 const char *detail)
{
	bool changed = c->base.state != state;
	char gateway[ADDR_TEXT_BYTES];

	c->base.state = state;
	snprintf(c->base.detail, sizeof(c->base.detail), "%s", detail);
	if (!changed)
		return;
	log_info(c->log, "igd: gateway=%s state=%s detail=\"%s\"",
		 addr_format(&c->base.gateway, gateway, sizeof(gateway)),
		 state == MAP_CLIENT_READY ? "ready" : "absent", detail);
	tell_changed(c);
}

void igd_queue_set_external(struct igd_client *c, const struct addr *external)
{
	if (addr_equal(&c->base.external, external))
		return;
	c->base.external = *external;
	tell_changed(c);
}

void igd_queue_tell_restarted(struct igd_client *c)
{
	const struct map_client_listener *l = &c->base.listener;

	c->restart_due = false;
	if (l->restarted)
		l->restarted(l->arg, &c->base);
}

struct igd_op *igd_queue_push(struct igd_client *c, enum igd_op_kind kind)
{
	struct igd_op *op = xcalloc(1, sizeof(*op));

	op->id = ++c->last_id;
	op->kind = kind;
	TAILQ_INSERT_TAIL(&c->ops, op, link);
	loop_timer_start(c->kick, 0);
	return op;
}

void igd_queue_push_refresh(struct igd_client *c)
{
	struct igd_op *op;

	loop_timer_start(c->kick, 0);
	TAILQ_FOREACH (op, &c->ops, link) {
		if (op->kind == IGD_OP_REFRESH && op->began_ms == 0)
			return;
	}
	igd_queue_push(c, IGD_OP_REFRESH);
}

void igd_queue_drop(struct igd_client *c, struct igd_op *op)
{
	TAILQ_REMOVE(&c->ops, op, link);
	free(op->entries);
	free(op);
}

static void call_done(struct igd_client *c, struct igd_op *op,
		      const struct map_result *result)
{
	if (op->is_cancelled)
		return;
	if (op->done)
		op->done(op->arg, result);
	if (op->listed)
		op->listed(op->arg, result->status, op->entries,
			   op->entry_count);
	if (op->kind == IGD_OP_MAP && result->status == MAP_OK)
		igd_queue_push_refresh(c);
}

/* Ends the first op; another one may begin at once. */
void igd_queue_finish(struct igd_client *c, const struct map_result *result)
{
	struct igd_op *op = TAILQ_FIRST(&c->ops);

	c->phase = IGD_PHASE_IDLE;
	call_done(c, op, result);
	igd_queue_drop(c, op);
	loop_timer_start(c->kick, 0);
}

void igd_queue_fail(struct igd_client *c, enum map_status status, int code)
{
	struct map_result result = {.status = status, .code = code};

	snprintf(result.detail, sizeof(result.detail), "%s",
		 igd_code_name(code));
	igd_queue_finish(c, &result);
}

enum map_status igd_queue_status(int code)
{
	switch (code) {
	case IGD_OK:
		return MAP_OK;
	case IGD_UNREACHABLE:
		return MAP_TIMEOUT;
	case IGD_NO_SERVICE:
	case IGD_URL_REFUSED:
		return MAP_ABSENT;
	case IGD_NOT_AUTHORIZED:
		return MAP_REFUSED;
	default:
		return MAP_BROKEN;
	}
}

void igd_queue_give_up(struct igd_client *c, enum map_status status, int code)
{
	char detail[MAP_DETAIL_BYTES];

	snprintf(detail, sizeof(detail), "UPnP: %s", igd_code_name(code));
	c->open_generation = 0;
	c->places.count = 0;
	igd_queue_set_state(c, MAP_CLIENT_ABSENT, detail);
	igd_queue_fail(c, status, code);
}
