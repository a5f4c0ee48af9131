#include "api_wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

/* A deletion under way below. */
struct api_ticket {
	struct api *api; /* NULL: nobody waits any more */
	struct api_wait *waiting;
	LIST_ENTRY(api_ticket) link;
};

void api_wait_end(struct api_wait *waiting)
{
	LIST_REMOVE(waiting, link);
	loop_timer_free(waiting->deadline);
	prover_free(waiting->prover);
	if (waiting->ticket)
		waiting->ticket->waiting = NULL;
	free(waiting);
}

static void on_gone(void *arg)
{
	api_wait_end(arg);
}

static void try_answer(struct api_wait *waiting, bool is_late)
{
	struct service *service =
	    services_find(waiting->api->app->services, waiting->service);
	struct control_call *call = waiting->call;

	control_on_gone(call, NULL, NULL);
	if (waiting->answer(waiting, service, is_late))
		api_wait_end(waiting);
	else
		control_on_gone(call, on_gone, waiting);
}

static void on_deadline(void *arg)
{
	try_answer(arg, true);
}

struct api_wait *api_wait(struct api *api, struct control_call *call,
			  const char *service, api_answer_fn answer)
{
	struct api_wait *waiting = xcalloc(1, sizeof(*waiting));

	waiting->api = api;
	waiting->call = call;
	waiting->answer = answer;
	waiting->began_ms = loop_now_ms(api->app->loop);
	snprintf(waiting->service, sizeof(waiting->service), "%s", service);
	waiting->deadline =
	    loop_timer_new(api->app->loop, on_deadline, waiting);
	loop_timer_start(waiting->deadline, API_ANSWER_MS);
	LIST_INSERT_HEAD(&api->waiting, waiting, link);
	control_on_gone(call, on_gone, waiting);
	return waiting;
}

void api_service_changed(struct api *api, struct service *service)
{
	struct api_wait *waiting, *next;
	char name[CONFIG_NAME_BYTES];

	/* An answer may end the service: its name is asked for no more. */
	snprintf(name, sizeof(name), "%s", service->config.name);
	for (waiting = LIST_FIRST(&api->waiting); waiting; waiting = next) {
		next = LIST_NEXT(waiting, link);
		if (strcmp(waiting->service, name) == 0)
			try_answer(waiting, false);
	}
}

/* Answers with {} when the deletion has ended, or its time is over. */
static bool answer_deleted(struct api_wait *waiting, struct service *service,
			   bool is_late)
{
	(void)service;
	if (!is_late)
		return false;
	control_reply(waiting->call, NULL);
	return true;
}

void api_on_deleted(void *arg)
{
	struct api_ticket *ticket = arg;
	struct api_wait *waiting = ticket->waiting;

	if (ticket->api)
		LIST_REMOVE(ticket, link);
	if (waiting) {
		waiting->ticket = NULL;
		loop_timer_start(waiting->deadline, 0);
	}
	free(ticket);
}

struct api_ticket *api_wait_deletion(struct api *api, struct control_call *call)
{
	struct api_ticket *ticket = xcalloc(1, sizeof(*ticket));

	ticket->api = api;
	ticket->waiting = api_wait(api, call, "", answer_deleted);
	ticket->waiting->ticket = ticket;
	LIST_INSERT_HEAD(&api->tickets, ticket, link);
	return ticket;
}

void api_forget_deletions(struct api *api)
{
	struct api_ticket *ticket;

	LIST_FOREACH (ticket, &api->tickets, link)
		ticket->api = NULL;
}
