#include "fake_gateway.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "mem.h"

/* So long a silent protocol is waited for, as by the real clients. */
#define SILENCE_MS 750

struct fake_job {
	struct fake_client *client;
	uint64_t id;
	struct map_request request;
	bool is_unmap;
	bool is_cancelled; /* nobody listens, but the router has heard it */
	map_done_fn done;
	void *arg;
	struct loop_timer *timer;
	LIST_ENTRY(fake_job) link;
};

struct fake_client {
	struct map_client base;
	struct fake_gateway *gateway;
	uint64_t last_id;
	struct loop_timer *probe;
	LIST_HEAD(, fake_job) jobs;
};

static struct fake_protocol *protocol_of(const struct fake_client *client)
{
	return &client->gateway->via[client->base.via];
}

static void set_state(struct fake_client *client, enum map_client_state state)
{
	struct map_client_listener *listener = &client->base.listener;

	if (client->base.state == state)
		return;
	client->base.state = state;
	if (state == MAP_CLIENT_READY)
		client->base.external = protocol_of(client)->external;
	listener->changed(listener->arg, &client->base);
}

static void on_probe(void *arg)
{
	struct fake_client *client = arg;

	set_state(client, protocol_of(client)->is_there ? MAP_CLIENT_READY
							: MAP_CLIENT_ABSENT);
}

static void fake_probe(struct map_client *base)
{
	struct fake_client *client = (struct fake_client *)base;
	struct fake_protocol *protocol = protocol_of(client);

	protocol->probes++;
	if (base->state != MAP_CLIENT_READY)
		base->state = MAP_CLIENT_PROBING;
	loop_timer_start(client->probe,
			 protocol->is_there ? protocol->delay_ms : SILENCE_MS);
}

static struct map_result grant(struct fake_client *client,
			       const struct map_request *request)
{
	struct fake_protocol *protocol = protocol_of(client);
	uint16_t port = protocol->other_port ? protocol->other_port
					     : request->external_port;

	client->gateway->entries[port] = 1;
	return (struct map_result){
	    .status = MAP_OK,
	    .external = {.addr = protocol->external, .port = port},
	    .lifetime_s = protocol->lifetime_s ? protocol->lifetime_s
					       : request->lifetime_s,
	    .is_permanent = protocol->is_permanent,
	};
}

static struct map_result answer(struct fake_client *client,
				const struct fake_job *job)
{
	struct fake_protocol *protocol = protocol_of(client);
	struct map_result failure = {.status = protocol->status,
				     .retry_after_s = protocol->retry_after_s};

	if (!protocol->is_there)
		failure.status = client->base.state == MAP_CLIENT_READY
				     ? MAP_TIMEOUT
				     : MAP_ABSENT;
	else if (protocol->taken_port &&
		 job->request.external_port == protocol->taken_port)
		failure.status = MAP_CONFLICT;
	if (failure.status != MAP_OK)
		return failure;
	if (!job->is_unmap)
		return grant(client, &job->request);
	client->gateway->entries[job->request.external_port] = 0;
	return failure;
}

static void on_job(void *arg)
{
	struct fake_job *job = arg;
	struct fake_client *client = job->client;
	struct map_result result = answer(client, job);
	map_done_fn done = job->done;
	void *done_arg = job->arg;
	bool is_cancelled = job->is_cancelled;

	LIST_REMOVE(job, link);
	loop_timer_free(job->timer);
	free(job);
	if (is_cancelled)
		return;
	if (protocol_of(client)->is_there)
		set_state(client, MAP_CLIENT_READY);
	else if (client->base.state != MAP_CLIENT_READY)
		set_state(client, MAP_CLIENT_ABSENT);
	if (done)
		done(done_arg, &result);
}

static uint64_t add_job(struct fake_client *client,
			const struct map_request *request, bool is_unmap,
			map_done_fn done, void *arg)
{
	struct fake_protocol *protocol = protocol_of(client);
	struct fake_job *job = xcalloc(1, sizeof(*job));

	job->client = client;
	job->id = ++client->last_id;
	job->request = *request;
	job->is_unmap = is_unmap;
	job->done = done;
	job->arg = arg;
	job->timer = loop_timer_new(client->gateway->loop, on_job, job);
	loop_timer_start(job->timer,
			 protocol->is_there ? protocol->delay_ms : SILENCE_MS);
	LIST_INSERT_HEAD(&client->jobs, job, link);
	return job->id;
}

static uint64_t fake_map(struct map_client *base,
			 const struct map_request *request, map_done_fn done,
			 void *arg)
{
	struct fake_client *client = (struct fake_client *)base;
	struct fake_protocol *protocol = protocol_of(client);

	protocol->maps++;
	protocol->last_external = request->external_port;
	memcpy(protocol->last_nonce, request->nonce, MAP_NONCE_BYTES);
	if (base->state == MAP_CLIENT_UNKNOWN)
		base->state = MAP_CLIENT_PROBING;
	return add_job(client, request, false, done, arg);
}

static uint64_t fake_unmap(struct map_client *base,
			   const struct map_request *request, map_done_fn done,
			   void *arg)
{
	struct fake_client *client = (struct fake_client *)base;
	struct fake_protocol *protocol = protocol_of(client);

	protocol->unmaps++;
	protocol->last_unmapped = request->external_port;
	return add_job(client, request, true, done, arg);
}

static void fake_cancel(struct map_client *base, uint64_t id)
{
	struct fake_client *client = (struct fake_client *)base;
	struct fake_job *job;

	LIST_FOREACH (job, &client->jobs, link)
		if (job->id == id)
			job->is_cancelled = true;
}

static void fake_free(struct map_client *base)
{
	struct fake_client *client = (struct fake_client *)base;
	struct fake_job *job;

	while ((job = LIST_FIRST(&client->jobs))) {
		LIST_REMOVE(job, link);
		loop_timer_free(job->timer);
		free(job);
	}
	loop_timer_free(client->probe);
	client->gateway->clients[base->via] = NULL;
	free(client);
}

static const struct map_client_ops fake_ops = {
    .probe = fake_probe,
    .map = fake_map,
    .unmap = fake_unmap,
    .cancel = fake_cancel,
    .free = fake_free,
};

static struct map_client *new_client(const struct portmap_options *options,
				     const struct map_client_listener *listener,
				     enum map_via via)
{
	struct fake_gateway *gateway = options->factory_arg;
	struct fake_client *client = xcalloc(1, sizeof(*client));

	client->base.ops = &fake_ops;
	client->base.via = via;
	client->base.listener = *listener;
	client->gateway = gateway;
	client->probe = loop_timer_new(gateway->loop, on_probe, client);
	LIST_INIT(&client->jobs);
	gateway->clients[via] = &client->base;
	return &client->base;
}

static struct map_client *new_pcp(const struct portmap_options *options,
				  const struct map_client_listener *listener)
{
	return new_client(options, listener, MAP_VIA_PCP);
}

static struct map_client *new_natpmp(const struct portmap_options *options,
				     const struct map_client_listener *listener)
{
	return new_client(options, listener, MAP_VIA_NATPMP);
}

static struct map_client *new_upnp(const struct portmap_options *options,
				   const struct map_client_listener *listener)
{
	return new_client(options, listener, MAP_VIA_UPNP);
}

struct fake_gateway *fake_gateway_new(struct loop *loop)
{
	struct fake_gateway *gateway = xcalloc(1, sizeof(*gateway));

	gateway->loop = loop;
	for (int via = 0; via < MAP_VIA_COUNT; via++) {
		gateway->via[via].delay_ms = 1;
		addr_parse("11.22.33.2", &gateway->via[via].external);
	}
	return gateway;
}

void fake_gateway_free(struct fake_gateway *gateway)
{
	free(gateway);
}

struct portmap_options fake_gateway_options(struct fake_gateway *gateway,
					    struct log *log)
{
	struct portmap_options options = {
	    .loop = gateway->loop,
	    .log = log,
	    .new_client = {[MAP_VIA_PCP] = new_pcp,
			   [MAP_VIA_NATPMP] = new_natpmp,
			   [MAP_VIA_UPNP] = new_upnp},
	    .factory_arg = gateway,
	    .lease_s = 7200,
	    .description = "test",
	};

	addr_parse("192.168.1.1", &options.link.gateway);
	addr_parse("192.168.1.20", &options.link.local);
	return options;
}

void fake_gateway_appear(struct fake_gateway *gateway, enum map_via via)
{
	gateway->via[via].is_there = true;
	if (gateway->clients[via])
		set_state((struct fake_client *)gateway->clients[via],
			  MAP_CLIENT_READY);
}

void fake_gateway_vanish(struct fake_gateway *gateway, enum map_via via)
{
	gateway->via[via].is_there = false;
	memset(gateway->entries, 0, sizeof(gateway->entries));
}

void fake_gateway_restart(struct fake_gateway *gateway, enum map_via via)
{
	struct map_client *client = gateway->clients[via];

	memset(gateway->entries, 0, sizeof(gateway->entries));
	client->listener.restarted(client->listener.arg, client);
}

void fake_gateway_readdress(struct fake_gateway *gateway, enum map_via via,
			    const char *address)
{
	struct map_client *client = gateway->clients[via];

	addr_parse(address, &gateway->via[via].external);
	client->external = gateway->via[via].external;
	client->listener.changed(client->listener.arg, client);
}

unsigned int fake_gateway_held(const struct fake_gateway *gateway)
{
	unsigned int held = 0;

	for (size_t i = 0; i < 65536; i++)
		held += gateway->entries[i];
	return held;
}
