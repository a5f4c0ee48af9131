#include "prover_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "mem.h"

struct question {
	struct prover *prover;
	uint64_t id;
	prove_fn fn;
	void *arg;
	struct loop_timer *timer;
	LIST_ENTRY(question) link;
};

struct prover {
	struct prover_options options;
	uint64_t last_id;
	LIST_HEAD(, question) questions;
};

/* The code under test makes its provers itself: no other way leads to them. */
static struct prover_fake *script;

void prover_fake_use(struct prover_fake *wanted)
{
	script = wanted;
}

struct prover *prover_new(const struct prover_options *options)
{
	struct prover *prover = xcalloc(1, sizeof(*prover));

	prover->options = *options;
	LIST_INIT(&prover->questions);
	script->living++;
	return prover;
}

static void drop(struct question *question)
{
	LIST_REMOVE(question, link);
	loop_timer_free(question->timer);
	free(question);
}

void prover_free(struct prover *prover)
{
	if (!prover)
		return;
	while (!LIST_EMPTY(&prover->questions))
		drop(LIST_FIRST(&prover->questions));
	script->living--;
	free(prover);
}

const struct prover_options *prover_options(const struct prover *prover)
{
	return &prover->options;
}

bool prover_is_busy(const struct prover *prover)
{
	return !LIST_EMPTY(&prover->questions);
}

void prover_forget_fd(struct prover *prover)
{
	prover->options.fd = -1;
}

static void on_timer(void *arg)
{
	struct question *question = arg;
	struct question answered = *question;
	const struct prover_options *options = &question->prover->options;
	struct prove_result result = {
	    .outcome =
		options->fd >= 0 ? script->held_outcome : script->outcome,
	    .is_server_alive = script->is_server_alive,
	    .at_ms = loop_now_ms(options->loop),
	};

	if (options->transport == TRANSPORT_TCP)
		result.outcome = PROVE_IMPOSSIBLE;
	snprintf(result.detail, sizeof(result.detail), "as the script says");
	drop(question);
	answered.fn(answered.arg, &result);
}

uint64_t prover_ask(struct prover *prover, uint16_t outer_port, prove_fn fn,
		    void *arg)
{
	struct question *question = xcalloc(1, sizeof(*question));

	question->prover = prover;
	question->id = ++prover->last_id;
	question->fn = fn;
	question->arg = arg;
	question->timer =
	    loop_timer_new(prover->options.loop, on_timer, question);
	loop_timer_start(question->timer, script->delay_ms);
	LIST_INSERT_HEAD(&prover->questions, question, link);
	script->asked++;
	script->last_outer_port = outer_port;
	return question->id;
}

void prover_cancel(struct prover *prover, uint64_t id)
{
	struct question *question;

	LIST_FOREACH (question, &prover->questions, link)
		if (question->id == id)
			break;
	if (question)
		drop(question);
}
