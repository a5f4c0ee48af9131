#include "nat_lifetime.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "mem.h"
#include "stun_client.h"

#define RESEND_MS  100
#define BUDGET_MS  1200
#define TRIES_MOST 2 /* silence counts when it comes twice */

struct nat_lifetime {
	struct loop *loop;
	struct endpoint server;
	struct stun_socket *holder; /* has the mapping and is silent */
	struct stun_socket *asker;
	struct loop_timer *gap;
	unsigned int gaps_ms[NAT_LIFETIME_GAPS_MOST];
	size_t count;
	size_t at;
	bool is_rehearsed; /* the server honours RESPONSE-PORT */
	unsigned int failures;
	struct endpoint outer; /* of the holder */
	uint64_t asking;       /* the asker's transaction */
	struct nat_lifetime_result result;
	nat_lifetime_fn done;
	void *arg;
};

static void hold(struct nat_lifetime *l);

void nat_lifetime_cancel(struct nat_lifetime *lifetime)
{
	if (!lifetime)
		return;
	stun_socket_free(lifetime->holder);
	stun_socket_free(lifetime->asker);
	loop_timer_free(lifetime->gap);
	free(lifetime);
}

static void finish(struct nat_lifetime *l)
{
	struct nat_lifetime_result result = l->result;
	nat_lifetime_fn done = l->done;
	void *arg = l->arg;

	nat_lifetime_cancel(l);
	done(arg, &result);
}

static void survived(struct nat_lifetime *l)
{
	l->failures = 0;
	if (l->is_rehearsed)
		l->result.alive_ms = l->gaps_ms[l->at++];
	l->is_rehearsed = true;
	if (l->at == l->count)
		finish(l);
	else
		hold(l);
}

static void was_silent(struct nat_lifetime *l)
{
	if (++l->failures < TRIES_MOST) {
		hold(l);
		return;
	}
	if (l->is_rehearsed)
		l->result.dead_ms = l->gaps_ms[l->at];
	else
		l->result.error = -EOPNOTSUPP;
	finish(l);
}

static void on_heard(void *arg, const struct stun_answer *answer)
{
	struct nat_lifetime *l = arg;

	stun_socket_cancel(l->asker, l->asking);
	if (answer->outcome == STUN_ANSWERED)
		survived(l);
	else
		was_silent(l);
}

/* The answer goes to the holder; what comes here tells nothing. */
static void on_asker(void *arg, const struct stun_answer *answer)
{
	(void)arg;
	(void)answer;
}

static void on_gap(void *arg)
{
	struct nat_lifetime *l = arg;
	uint8_t id[STUN_ID_BYTES];
	struct stun_query query = {
	    .server = l->server,
	    .rto_ms = RESEND_MS,
	    .is_flat = true,
	    .budget_ms = BUDGET_MS,
	    .id = id,
	};

	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		abort();
	query.is_awaited = true;
	stun_socket_ask(l->holder, &query, on_heard, l);
	query.is_awaited = false;
	query.response_port = l->outer.port;
	l->asking = stun_socket_ask(l->asker, &query, on_asker, l);
}

static void on_held(void *arg, const struct stun_answer *answer)
{
	struct nat_lifetime *l = arg;

	if (answer->outcome != STUN_ANSWERED ||
	    !addr_is_set(&answer->message.mapped.addr)) {
		l->result.error = answer->error ? -answer->error : -ETIMEDOUT;
		finish(l);
		return;
	}
	l->outer = answer->message.mapped;
	loop_timer_start(l->gap, l->is_rehearsed ? l->gaps_ms[l->at] : 0);
}

/* Makes the mapping, or uses it, and then leaves it alone. */
static void hold(struct nat_lifetime *l)
{
	const struct stun_query query = {
	    .server = l->server,
	    .rto_ms = RESEND_MS,
	    .is_flat = true,
	    .budget_ms = BUDGET_MS,
	};

	stun_socket_ask(l->holder, &query, on_held, l);
}

static void on_start(void *arg)
{
	struct nat_lifetime *l = arg;

	finish(l);
}

struct nat_lifetime *nat_lifetime_start(
    struct loop *loop, const struct endpoint *server, const struct addr *bind,
    const unsigned int *gaps_ms, size_t count, nat_lifetime_fn done, void *arg)
{
	struct nat_lifetime *l = xcalloc(1, sizeof(*l));
	struct endpoint local = {.addr = *bind};
	int error;

	if (!addr_is_set(&local.addr))
		local.addr.family = server->addr.family;
	l->loop = loop;
	l->server = *server;
	l->done = done;
	l->arg = arg;
	while (l->count < count && l->count < NAT_LIFETIME_GAPS_MOST) {
		l->gaps_ms[l->count] = gaps_ms[l->count];
		l->count++;
	}
	error = stun_socket_open(loop, &local, NULL, &l->holder);
	if (error == 0)
		error = stun_socket_open(loop, &local, NULL, &l->asker);
	l->result.error = error;
	l->gap = loop_timer_new(loop, error < 0 ? on_start : on_gap, l);
	if (error < 0)
		loop_timer_start(l->gap, 0);
	else
		hold(l);
	return l;
}
