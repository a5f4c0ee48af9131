#include "pmp_engine.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mem.h"
#include "pmp_socket.h"

/* What one callback reads at most before others get their turn. */
#define READS_MOST 32
/* The window opens by one for each answer, up to the protocol's most. */
#define WINDOW_FIRST 4

static struct pmp_engine *engine_of(struct map_client *client)
{
	return (struct pmp_engine *)client;
}

struct map_result pmp_result(enum map_status status, int code,
			     const char *detail)
{
	struct map_result result = {.status = status, .code = code};

	snprintf(result.detail, sizeof(result.detail), "%s", detail);
	return result;
}

/* --- telling the user --- */

static bool has_news(const struct pmp_engine *engine)
{
	return engine->tells_restarted || engine->tells_changed ||
	       pmp_jobs_first(&engine->jobs, PMP_ENDED);
}

static void tell_soon(struct pmp_engine *engine)
{
	if (has_news(engine) && !loop_timer_is_running(engine->outbox))
		loop_timer_start(engine->outbox, 0);
}

static void tell_ended(struct pmp_engine *engine)
{
	struct pmp_job *job = pmp_jobs_first(&engine->jobs, PMP_ENDED);
	struct map_result result = job->result;
	map_done_fn done = job->done;
	void *arg = job->arg;

	pmp_jobs_free(&engine->jobs, job);
	tell_soon(engine);
	done(arg, &result);
}

/* One call each time, and nothing is touched after it: the user may free the
 * client from within. */
static void on_outbox(void *arg)
{
	struct pmp_engine *engine = arg;
	struct map_client *client = &engine->client;
	const struct map_client_listener listener = client->listener;

	if (engine->tells_restarted) {
		engine->tells_restarted = false;
		tell_soon(engine);
		if (listener.restarted)
			listener.restarted(listener.arg, client);
	} else if (engine->tells_changed) {
		engine->tells_changed = false;
		tell_soon(engine);
		if (listener.changed)
			listener.changed(listener.arg, client);
	} else if (pmp_jobs_first(&engine->jobs, PMP_ENDED)) {
		tell_ended(engine);
	}
}

static const char *state_name(enum map_client_state state)
{
	static const char *const names[] = {
	    [MAP_CLIENT_UNKNOWN] = "unknown",
	    [MAP_CLIENT_PROBING] = "probing",
	    [MAP_CLIENT_READY] = "ready",
	    [MAP_CLIENT_ABSENT] = "absent",
	};

	return names[state];
}

static void set_state(struct pmp_engine *engine, enum map_client_state state,
		      const char *why)
{
	struct map_client *client = &engine->client;
	char gateway[ADDR_TEXT_BYTES];

	if (client->state == state)
		return;
	client->state = state;
	snprintf(client->detail, sizeof(client->detail), "%s", why);
	/* Asking again is the caller's own doing and no news. */
	if (state == MAP_CLIENT_PROBING)
		return;
	engine->tells_changed = true;
	if (engine->logged_state == state)
		return;
	engine->logged_state = state;
	log_info(engine->log, "protocol=%s gateway=%s state=%s detail=\"%s\"",
		 map_via_name(client->via),
		 addr_format(&client->gateway, gateway, sizeof(gateway)),
		 state_name(state), why);
}

void pmp_engine_set_external(struct pmp_engine *engine,
			     const struct addr *external)
{
	if (addr_equal(&engine->client.external, external))
		return;
	engine->client.external = *external;
	engine->tells_changed = true;
	tell_soon(engine);
}

/* --- ending requests --- */

static void end_job(struct pmp_engine *engine, struct pmp_job *job,
		    const struct map_result *result)
{
	if (job->kind == PMP_PROBE) {
		engine->tells_changed = true;
		engine->is_probe_queued = false;
	}
	if (!job->done) {
		pmp_jobs_free(&engine->jobs, job);
		return;
	}
	job->result = *result;
	pmp_jobs_move(&engine->jobs, job, PMP_ENDED);
}

static void end_all(struct pmp_engine *engine, enum pmp_place place,
		    const struct map_result *result)
{
	struct pmp_job *job;

	while ((job = pmp_jobs_first(&engine->jobs, place)))
		end_job(engine, job, result);
}

/* --- sending --- */

static uint32_t jittered_ms(const struct pmp_protocol *protocol,
			    uint32_t interval_ms)
{
	uint32_t range = 2 * protocol->jitter_permille + 1, random = 0;
	int64_t permille;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	permille = (int64_t)(random % range) - protocol->jitter_permille;
	return (uint32_t)(interval_ms + interval_ms * permille / 1000);
}

/* RFC 6887 section 8.1.1, RFC 6886 section 3.1: each interval is the last one
 * doubled, up to a limit, with some randomness. */
static void send_job(struct pmp_engine *engine, struct pmp_job *job)
{
	const struct pmp_protocol *protocol = engine->protocol;
	uint32_t interval_ms = protocol->first_retry_ms;

	if (job->interval_ms)
		interval_ms = job->interval_ms > protocol->retry_most_ms / 2
				  ? protocol->retry_most_ms
				  : job->interval_ms * 2;
	job->interval_ms = jittered_ms(protocol, interval_ms);
	job->retry_at_ms = loop_now_ms(engine->loop) + job->interval_ms;
	job->send_error = protocol->send(engine, job);
}

static void resend_job(struct pmp_engine *engine, struct pmp_job *job)
{
	/* The server is slower than we ask: ask less at once. */
	engine->window = engine->window > 1 ? engine->window / 2 : 1;
	send_job(engine, job);
}

static void launch(struct pmp_engine *engine, struct pmp_job *job)
{
	uint64_t now_ms = loop_now_ms(engine->loop);

	pmp_jobs_move(&engine->jobs, job, PMP_FLYING);
	if (job->kind == PMP_PROBE)
		engine->is_probe_queued = false;
	job->first_sent_ms = now_ms;
	job->deadline_ms = now_ms + (engine->client.state == MAP_CLIENT_READY
					 ? PMP_BUDGET_READY_MS
					 : PMP_BUDGET_UNKNOWN_MS);
	send_job(engine, job);
}

static void schedule(struct pmp_engine *engine)
{
	uint64_t now_ms = loop_now_ms(engine->loop);
	uint64_t due_ms = pmp_jobs_next_due_ms(&engine->jobs);

	if (due_ms == UINT64_MAX)
		loop_timer_stop(engine->tick);
	else
		loop_timer_start(engine->tick,
				 due_ms > now_ms ? due_ms - now_ms : 0);
}

/* Sends what the window lets through; every entry point ends here. */
static void pump(struct pmp_engine *engine)
{
	struct pmp_job *job;
	struct map_result result;

	while ((job = pmp_jobs_first(&engine->jobs, PMP_QUEUED)) &&
	       engine->jobs.flying_count < engine->window &&
	       !pmp_jobs_is_port_flying(&engine->jobs, job)) {
		if (engine->protocol->decide(engine, job, &result))
			end_job(engine, job, &result);
		else
			launch(engine, job);
	}
	schedule(engine);
	tell_soon(engine);
}

/* --- silence and refusal --- */

static bool is_unheard_since(const struct pmp_engine *engine,
			     const struct pmp_job *job)
{
	return !engine->epoch.has_previous ||
	       engine->last_heard_ms < job->first_sent_ms;
}

static struct map_result silence(struct pmp_engine *engine,
				 const struct pmp_job *job)
{
	struct map_result result = {.status = MAP_TIMEOUT};
	char gateway[ADDR_TEXT_BYTES];

	addr_format(&engine->client.gateway, gateway, sizeof(gateway));
	if (job->send_error)
		snprintf(result.detail, sizeof(result.detail),
			 "cannot send to %s: %s", gateway,
			 strerror(-job->send_error));
	else
		snprintf(result.detail, sizeof(result.detail),
			 "no answer from %s in %llu ms", gateway,
			 (unsigned long long)(job->deadline_ms -
					      job->first_sent_ms));
	return result;
}

/* Turns JOB, a probe, into one that nobody waits for but that may still find a
 * slow server behind a lossy link. */
static void make_late(struct pmp_engine *engine, struct pmp_job *job)
{
	job->is_late = true;
	job->deadline_ms = job->first_sent_ms + PMP_BUDGET_READY_MS;
	engine->tells_changed = true;
}

static void expire(struct pmp_engine *engine, struct pmp_job *job)
{
	struct map_result result = silence(engine, job);
	bool was_ready = engine->client.state == MAP_CLIENT_READY;

	if (job->is_late) {
		pmp_jobs_free(&engine->jobs, job);
		return;
	}
	if (is_unheard_since(engine, job)) {
		set_state(engine, MAP_CLIENT_ABSENT, result.detail);
		end_all(engine, PMP_QUEUED, &result);
		if (job->kind == PMP_PROBE && !was_ready) {
			make_late(engine, job);
			return;
		}
	}
	end_job(engine, job, &result);
}

static void on_tick(void *arg)
{
	struct pmp_engine *engine = arg;
	uint64_t now_ms = loop_now_ms(engine->loop);
	struct pmp_job *job, *next;

	for (job = pmp_jobs_first(&engine->jobs, PMP_FLYING); job; job = next) {
		next = TAILQ_NEXT(job, link);
		if (now_ms >= job->deadline_ms)
			expire(engine, job);
		else if (now_ms >= job->retry_at_ms)
			resend_job(engine, job);
	}
	pump(engine);
}

void pmp_engine_absent(struct pmp_engine *engine, const char *why)
{
	struct map_result result = pmp_result(MAP_ABSENT, 0, why);

	set_state(engine, MAP_CLIENT_ABSENT, why);
	end_all(engine, PMP_FLYING, &result);
	end_all(engine, PMP_QUEUED, &result);
	tell_soon(engine);
}

/* --- receiving --- */

static void drop_late(struct pmp_engine *engine)
{
	struct pmp_job *job, *next;

	for (job = pmp_jobs_first(&engine->jobs, PMP_FLYING); job; job = next) {
		next = TAILQ_NEXT(job, link);
		if (job->is_late)
			pmp_jobs_free(&engine->jobs, job);
	}
}

void pmp_engine_heard_epoch(struct pmp_engine *engine, uint32_t epoch_s)
{
	struct pmp_job *job;

	engine->last_heard_ms = loop_now_ms(engine->loop);
	if (engine->protocol->is_reset(&engine->epoch, epoch_s,
				       engine->last_heard_ms)) {
		log_info(engine->log, "protocol=%s event=restarted epoch_s=%u",
			 map_via_name(engine->client.via), epoch_s);
		engine->tells_restarted = true;
	}
	if (engine->window < engine->protocol->window_most)
		engine->window++;
	if (engine->client.state == MAP_CLIENT_READY)
		return;
	set_state(engine, MAP_CLIENT_READY, "");
	/* What else was asked of it meanwhile gets the longer budget too. */
	TAILQ_FOREACH (job, &engine->jobs.at[PMP_FLYING], link)
		job->deadline_ms = job->first_sent_ms + PMP_BUDGET_READY_MS;
}

void pmp_engine_finish(struct pmp_engine *engine, struct pmp_job *job,
		       const struct map_result *result)
{
	assert(job->place == PMP_FLYING);
	end_job(engine, job, result);
}

void pmp_engine_drop(struct pmp_engine *engine, const char *why)
{
	engine->dropped_count++;
	engine->client.rejected_count++;
	log_debug(engine->log, "protocol=%s dropped=%llu why=\"%s\"",
		  map_via_name(engine->client.via),
		  (unsigned long long)engine->dropped_count, why);
}

static void take_errors(struct pmp_engine *engine)
{
	int error;

	for (int i = 0; i < READS_MOST; i++) {
		error = pmp_socket_take_error(engine->fd);
		if (error == 0)
			return;
		log_debug(engine->log, "protocol=%s icmp=\"%s\"",
			  map_via_name(engine->client.via), strerror(error));
		if (error == ECONNREFUSED && engine->jobs.flying_count > 0)
			pmp_engine_absent(engine,
					  "the gateway's port 5351 is closed");
	}
}

static void on_io(void *arg, int fd, unsigned int events)
{
	struct pmp_engine *engine = arg;

	(void)fd;
	(void)events;
	for (int i = 0; i < READS_MOST; i++)
		if (!engine->protocol->receive(engine))
			break;
	take_errors(engine);
	pump(engine);
}

/* --- the operations --- */

static uint64_t add_request(struct map_client *client, enum pmp_kind kind,
			    const struct map_request *request, map_done_fn done,
			    void *arg)
{
	struct pmp_engine *engine = engine_of(client);
	struct pmp_job *job = pmp_jobs_add(&engine->jobs, kind);
	uint64_t id = job->id;

	drop_late(engine);
	job->request = *request;
	job->done = done;
	job->arg = arg;
	if (client->state == MAP_CLIENT_UNKNOWN)
		set_state(engine, MAP_CLIENT_PROBING, "");
	pump(engine);
	return id;
}

uint64_t pmp_engine_map(struct map_client *client,
			const struct map_request *request, map_done_fn done,
			void *arg)
{
	return add_request(client, PMP_MAP, request, done, arg);
}

uint64_t pmp_engine_unmap(struct map_client *client,
			  const struct map_request *request, map_done_fn done,
			  void *arg)
{
	return add_request(client, PMP_UNMAP, request, done, arg);
}

void pmp_engine_probe(struct map_client *client)
{
	struct pmp_engine *engine = engine_of(client);

	if (engine->is_probe_queued || pmp_jobs_flying_probe(&engine->jobs))
		return;
	drop_late(engine);
	engine->is_probe_queued = true;
	(void)pmp_jobs_add(&engine->jobs, PMP_PROBE);
	if (client->state != MAP_CLIENT_READY)
		set_state(engine, MAP_CLIENT_PROBING, "");
	pump(engine);
}

/* --- announcements --- */

/* The server is there again: what it did not hear need not wait for its next
 * turn. */
static void hurry(struct pmp_engine *engine)
{
	struct pmp_job *job;

	TAILQ_FOREACH (job, &engine->jobs.at[PMP_FLYING], link) {
		job->interval_ms = 0;
		send_job(engine, job);
	}
}

static void ask_because_of_hint(struct pmp_engine *engine)
{
	engine->is_hinted = false;
	engine->hints_used++;
	if (!loop_timer_is_running(engine->hint))
		loop_timer_start(engine->hint, PMP_HINT_MS);
	hurry(engine);
	pmp_engine_probe(&engine->client);
}

static void on_hint(void *arg)
{
	struct pmp_engine *engine = arg;

	engine->hints_used--;
	if (engine->is_hinted)
		ask_because_of_hint(engine);
	else if (engine->hints_used > 0)
		loop_timer_start(engine->hint, PMP_HINT_MS);
}

void pmp_engine_announced(struct pmp_engine *engine)
{
	log_debug(engine->log, "protocol=%s event=announcement-heard",
		  map_via_name(engine->client.via));
	engine->is_hinted = true;
	if (engine->hints_used < PMP_HINT_BURST)
		ask_because_of_hint(engine);
}

static void on_heard(void *arg, const uint8_t *bytes, size_t len)
{
	struct pmp_engine *engine = arg;

	if (engine->protocol->is_announcement(bytes, len))
		pmp_engine_announced(engine);
}

static void open_ears(struct pmp_engine *engine,
		      const struct map_client_options *options)
{
	int error = pmp_listen_new(engine->loop, options, on_heard, engine,
				   &engine->ears);

	engine->client.deaf_error = error;
	if (error)
		log_warn(engine->log,
			 "protocol=%s event=announcements-not-heard "
			 "error=\"%s\"",
			 map_via_name(engine->client.via), strerror(-error));
}

void pmp_engine_cancel(struct map_client *client, uint64_t id)
{
	struct pmp_engine *engine = engine_of(client);
	struct pmp_job *job = pmp_jobs_find(&engine->jobs, id);

	if (!job)
		return;
	pmp_jobs_free(&engine->jobs, job);
	pump(engine);
}

void pmp_engine_init(struct pmp_engine *engine,
		     const struct pmp_protocol *protocol, struct loop *loop,
		     struct log *log, const struct map_client_options *options,
		     int fd)
{
	*engine = (struct pmp_engine){
	    .client = {.via = protocol->via,
		       .gateway = options->gateway,
		       .local = options->local,
		       .listener = options->listener},
	    .protocol = protocol,
	    .loop = loop,
	    .log = log,
	    .server = pmp_socket_server(options),
	    .fd = fd,
	    .window = protocol->window_most < WINDOW_FIRST
			  ? protocol->window_most
			  : WINDOW_FIRST,
	};
	pmp_jobs_init(&engine->jobs);
	engine->io = loop_io_new(loop, fd, LOOP_READ, on_io, engine);
	engine->tick = loop_timer_new(loop, on_tick, engine);
	engine->outbox = loop_timer_new(loop, on_outbox, engine);
	engine->hint = loop_timer_new(loop, on_hint, engine);
	open_ears(engine, options);
}

void pmp_engine_fini(struct pmp_engine *engine)
{
	pmp_jobs_fini(&engine->jobs);
	pmp_listen_free(engine->ears);
	loop_timer_free(engine->hint);
	loop_io_free(engine->io);
	loop_timer_free(engine->tick);
	loop_timer_free(engine->outbox);
}
