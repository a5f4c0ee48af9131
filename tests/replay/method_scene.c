#include "method_scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "mem.h"
#include "method_manual.h"
#include "method_upnp.h"

/* --- a stand-in for hole punching: it works, for some peers --- */

struct method_run {
	struct chain_slot *slot;
	struct loop_timer *timer;
};

static void on_punch(void *arg)
{
	struct method_run *run = arg;
	const struct method_report report = {.outcome = METHOD_OK,
					     .is_partial = true};

	chain_report(run->slot, &report);
}

static struct method_run *punch_start(const struct method_env *env,
				      const struct method_service *service,
				      struct chain_slot *slot)
{
	struct method_run *run = xcalloc(1, sizeof(*run));

	(void)service;
	run->slot = slot;
	run->timer = loop_timer_new(env->loop, on_punch, run);
	loop_timer_start(run->timer, 0);
	return run;
}

static void punch_again(struct method_run *run, enum method_cause cause)
{
	(void)cause;
	loop_timer_start(run->timer, 0);
}

static void punch_stop(struct method_run *run, void (*done)(void *arg),
		       void *arg)
{
	loop_timer_free(run->timer);
	free(run);
	done(arg);
}

static const struct method_ops punch = {
    .id = METHOD_HOLEPUNCHING,
    .start = punch_start,
    .again = punch_again,
    .stop = punch_stop,
};

/* --- the scene --- */

static const struct method_ops *const table[METHOD_COUNT] = {
    [METHOD_MANUAL] = &method_manual,
    [METHOD_UPNP] = &method_upnp,
    [METHOD_HOLEPUNCHING] = &punch,
};

static void make_portmap(struct method_scene *scene)
{
	const struct portmap_options options =
	    fake_gateway_options(scene->gateway, scene->log);

	portmap_retire(scene->env.portmap);
	scene->env.portmap = portmap_new(&options);
}

static void make_service(struct method_scene *scene)
{
	const struct prover_options prover = {
	    .loop = scene->loop,
	    .log = scene->log,
	    .port = 5000,
	    .fd = -1,
	};

	snprintf(scene->service.name, sizeof(scene->service.name), "game");
	scene->service.port = 5000;
	scene->service.prover = prover_new(&prover);
}

int method_scene_setup(void **state)
{
	struct method_scene *scene = xcalloc(1, sizeof(*scene));

	scene->loop = loop_new();
	scene->log = log_new(LEVEL_ERR, false);
	scene->gateway = fake_gateway_new(scene->loop);
	scene->outside = (struct prover_fake){
	    .outcome = PROVE_SILENT,
	    .held_outcome = PROVE_RECEIVED,
	    .is_server_alive = true,
	    .delay_ms = 20,
	};
	prover_fake_use(&scene->outside);
	scene->config.udp_ports = (struct port_range){20000, 40000};
	scene->env = (struct method_env){.loop = scene->loop,
					 .log = scene->log,
					 .config = &scene->config,
					 .netview = &scene->netview};
	make_portmap(scene);
	make_service(scene);
	*state = scene;
	return 0;
}

static void on_stopped(void *arg)
{
	((struct method_scene *)arg)->stops++;
}

int method_scene_teardown(void **state)
{
	struct method_scene *scene = *state;
	bool is_clean;

	if (scene->chain)
		chain_stop(scene->chain, on_stopped, scene);
	loop_fake_advance(scene->loop, 2000);
	portmap_retire(scene->env.portmap);
	loop_fake_advance(scene->loop, 2000);
	prover_free(scene->service.prover);
	is_clean = loop_fake_timer_count(scene->loop) == 0 &&
		   scene->outside.living == 0 &&
		   scene->stops == (scene->chain != NULL);
	fake_gateway_free(scene->gateway);
	log_free(scene->log);
	loop_free(scene->loop);
	free(scene);
	return is_clean ? 0 : -1;
}

void method_scene_start(struct method_scene *scene, const enum method_id *order,
			size_t count)
{
	const struct chain_options options = {
	    .env = &scene->env,
	    .service = &scene->service,
	    .table = table,
	    .order = order,
	    .count = count,
	};

	scene->chain = chain_new(&options);
}

void method_scene_change_network(struct method_scene *scene)
{
	make_portmap(scene);
	chain_again(scene->chain, CAUSE_NETWORK);
}

void method_scene_router_speaks(struct method_scene *scene)
{
	for (int via = 0; via < MAP_VIA_COUNT; via++)
		scene->gateway->via[via].is_there = true;
}

struct method_report method_scene_report(const struct method_scene *scene,
					 enum method_id id)
{
	for (size_t i = 0; i < chain_attempt_count(scene->chain); i++) {
		struct chain_attempt attempt = chain_attempt(scene->chain, i);

		if (attempt.id == id)
			return attempt.report;
	}
	abort();
}

int method_scene_carrier(const struct method_scene *scene)
{
	int index = chain_carrier(scene->chain);

	return index < 0 ? -1
			 : (int)chain_attempt(scene->chain, (size_t)index).id;
}
