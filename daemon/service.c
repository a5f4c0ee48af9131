#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"

struct stop_call {
	struct service *service;
	void (*done)(void *arg);
	void *arg;
};

static struct prover *make_prover(const struct service *service,
				  const struct service_options *options)
{
	struct prover_options prover = *options->prover;

	prover.transport = service->config.transport;
	prover.port = service->config.port;
	prover.fd = service->held_fd;
	return prover_new(&prover);
}

static void start_chain(struct service *service,
			const struct service_options *options)
{
	const struct chain_options chain = {
	    .env = options->env,
	    .service = &service->base,
	    .table = options->table,
	    .order = options->env->config->chain,
	    .count = options->env->config->chain_count,
	    .changed = options->changed,
	    .arg = options->arg,
	};

	service->chain = chain_new(&chain);
}

struct service *service_new(const struct service_options *options)
{
	struct service *service = xcalloc(1, sizeof(*service));

	service->origin = options->origin;
	service->config = *options->config;
	service->held_fd = options->held_fd;
	service->base = (struct method_service){
	    .transport = service->config.transport,
	    .port = service->config.port,
	    .external_port = service->config.external,
	    .lifetime_s = options->lifetime_s,
	    .prover = make_prover(service, options),
	};
	snprintf(service->base.name, sizeof(service->base.name), "%s",
		 service->config.name);
	service->told_carrier = -1;
	start_chain(service, options);
	return service;
}

void service_restart(struct service *service,
		     const struct service_options *options)
{
	/* The old chain gives back what it holds while the new one asks: the
	 * same mapping is granted again. */
	chain_stop(service->chain, NULL, NULL);
	start_chain(service, options);
}

static void on_chain_stopped(void *arg)
{
	struct stop_call *call = arg;
	struct service *service = call->service;

	prover_free(service->base.prover);
	if (service->held_fd >= 0)
		close(service->held_fd);
	free(service);
	if (call->done)
		call->done(call->arg);
	free(call);
}

void service_stop(struct service *service, void (*done)(void *arg), void *arg)
{
	struct stop_call *call = xcalloc(1, sizeof(*call));

	call->service = service;
	call->done = done;
	call->arg = arg;
	chain_stop(service->chain, on_chain_stopped, call);
}

void service_hand_out(struct service *service)
{
	service->origin = SERVICE_ACQUIRED;
	if (service->held_fd < 0)
		return;
	prover_forget_fd(service->base.prover);
	chain_let_go(service->chain);
	close(service->held_fd);
	service->held_fd = -1;
}
