#include "prover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "echo_check.h"
#include "mem.h"

struct question {
	uint64_t id;
	uint16_t outer_port;
	prove_fn fn;
	void *arg;
	TAILQ_ENTRY(question) link;
};

struct prover {
	struct prover_options options;
	uint64_t last_id;
	/* Nobody could be asked: this answers the questions up to that id too,
	 * for names that do not resolve take seconds. */
	struct prove_result no_server;
	uint64_t no_server_until_id;
	struct echo_check *check; /* of the first question; NULL: none runs */
	struct loop_timer *timer; /* what is answered or asked next */
	TAILQ_HEAD(, question) questions;
};

static void answer_first(struct prover *prover,
			 const struct prove_result *result)
{
	struct question *first = TAILQ_FIRST(&prover->questions);
	struct question answered = *first;

	TAILQ_REMOVE(&prover->questions, first, link);
	free(first);
	if (!TAILQ_EMPTY(&prover->questions))
		loop_timer_start(prover->timer, 0);
	answered.fn(answered.arg, result);
}

static enum prove_outcome outcome_of(enum echo_outcome outcome)
{
	switch (outcome) {
	case ECHO_RECEIVED:
		return PROVE_RECEIVED;
	case ECHO_SILENT:
		return PROVE_SILENT;
	case ECHO_PORT_IN_USE:
	case ECHO_CANNOT_LISTEN:
		return PROVE_PORT_IN_USE;
	case ECHO_NO_SERVER:
	case ECHO_UNRESOLVED:
	case ECHO_UNSENDABLE:
	case ECHO_SERVER_DOWN:
		return PROVE_NO_SERVER;
	}
	return PROVE_NO_SERVER;
}

static void on_echo(void *arg, const struct echo_result *echo)
{
	struct prover *prover = arg;
	struct prove_result result = {
	    .outcome = outcome_of(echo->outcome),
	    .is_server_alive = echo->is_server_alive,
	    .at_ms = loop_now_ms(prover->options.loop),
	};

	prover->check = NULL;
	snprintf(result.vantage, sizeof(result.vantage), "%.79s", echo->server);
	snprintf(result.detail, sizeof(result.detail), "%.127s", echo->detail);
	if (result.outcome == PROVE_NO_SERVER) {
		prover->no_server = result;
		prover->no_server_until_id = prover->last_id;
	}
	answer_first(prover, &result);
}

static void start_check(struct prover *prover, uint16_t outer_port)
{
	const struct config *config = *prover->options.config;
	const struct echo_check_options options = {
	    .loop = prover->options.loop,
	    .log = prover->options.log,
	    .resolver = prover->options.resolver,
	    .servers = &config->port_check_servers,
	    .port = prover->options.port,
	    .has_fd = prover->options.fd >= 0,
	    .fd = prover->options.fd,
	    .external_port = outer_port,
	    .bind_address = config->bind_address,
	    .family = AF_INET,
	    .rtt = prover->options.rtt,
	};

	prover->check = echo_check_start(&options, on_echo, prover);
}

static void ask_next(struct prover *prover)
{
	struct question *first = TAILQ_FIRST(&prover->questions);
	struct prove_result impossible = {
	    .outcome = PROVE_IMPOSSIBLE,
	    .detail = "the echo is UDP: it cannot prove a TCP port",
	};

	if (!first || prover->check)
		return;
	if (prover->options.transport == TRANSPORT_TCP) {
		impossible.at_ms = loop_now_ms(prover->options.loop);
		answer_first(prover, &impossible);
		return;
	}
	if (first->id <= prover->no_server_until_id) {
		impossible = prover->no_server;
		answer_first(prover, &impossible);
		return;
	}
	start_check(prover, first->outer_port);
}

static void on_timer(void *arg)
{
	ask_next(arg);
}

struct prover *prover_new(const struct prover_options *options)
{
	struct prover *prover = xcalloc(1, sizeof(*prover));

	prover->options = *options;
	prover->timer = loop_timer_new(options->loop, on_timer, prover);
	TAILQ_INIT(&prover->questions);
	return prover;
}

void prover_free(struct prover *prover)
{
	struct question *question;

	if (!prover)
		return;
	echo_check_cancel(prover->check);
	loop_timer_free(prover->timer);
	while ((question = TAILQ_FIRST(&prover->questions))) {
		TAILQ_REMOVE(&prover->questions, question, link);
		free(question);
	}
	free(prover);
}

const struct prover_options *prover_options(const struct prover *prover)
{
	return &prover->options;
}

bool prover_is_busy(const struct prover *prover)
{
	return prover->check != NULL;
}

void prover_forget_fd(struct prover *prover)
{
	prover->options.fd = -1;
	if (!prover->check)
		return;
	echo_check_cancel(prover->check);
	prover->check = NULL;
	loop_timer_start(prover->timer, 0);
}

uint64_t prover_ask(struct prover *prover, uint16_t outer_port, prove_fn fn,
		    void *arg)
{
	struct question *question = xcalloc(1, sizeof(*question));

	question->id = ++prover->last_id;
	question->outer_port = outer_port;
	question->fn = fn;
	question->arg = arg;
	TAILQ_INSERT_TAIL(&prover->questions, question, link);
	if (!prover->check)
		loop_timer_start(prover->timer, 0);
	return question->id;
}

void prover_cancel(struct prover *prover, uint64_t id)
{
	struct question *question;

	TAILQ_FOREACH (question, &prover->questions, link)
		if (question->id == id)
			break;
	if (!question)
		return;
	if (prover->check && question == TAILQ_FIRST(&prover->questions)) {
		echo_check_cancel(prover->check);
		prover->check = NULL;
		loop_timer_start(prover->timer, 0);
	}
	TAILQ_REMOVE(&prover->questions, question, link);
	free(question);
}
