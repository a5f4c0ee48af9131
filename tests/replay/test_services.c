/*
 * Scenarios of all services together in fake time: what a reload touches, the
 * pool of dynamic ports, and what happens to those made by hand.
 */
#include "../unit/unit.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop_fake.h"
#include "mem.h"
#include "netview.h"
#include "port_pick.h"
#include "prover_fake.h"
#include "services.h"

#define CONFIGS 8

struct method_run {
	struct chain_slot *slot;
	const struct method_service *service;
	LIST_ENTRY(method_run) link;
};

struct scene {
	struct loop *loop;
	struct log *log;
	struct prover_fake outside;
	struct netview netview;
	struct service_config wanted[CONFIGS];
	struct config config;
	struct method_env env;
	struct services *services;
	unsigned int removals;
	unsigned int stops;
};

/* Every run of the scripted method: its ops know no scenario. */
static LIST_HEAD(, method_run) runs;
static unsigned int started, stopped, let_gos, agains[CAUSE_SCHEDULE + 1];

static struct method_run *start_run(const struct method_env *env,
				    const struct method_service *service,
				    struct chain_slot *slot)
{
	struct method_run *run = xcalloc(1, sizeof(*run));

	(void)env;
	run->service = service;
	run->slot = slot;
	LIST_INSERT_HEAD(&runs, run, link);
	started++;
	return run;
}

static void again(struct method_run *run, enum method_cause cause)
{
	(void)run;
	agains[cause]++;
}

static void stop(struct method_run *run, void (*done)(void *arg), void *arg)
{
	LIST_REMOVE(run, link);
	free(run);
	stopped++;
	done(arg);
}

static void let_go(struct method_run *run)
{
	(void)run;
	let_gos++;
}

static const struct method_ops scripted_manual = {
    .id = METHOD_MANUAL, .start = start_run, .again = again, .stop = stop};
static const struct method_ops scripted_upnp = {.id = METHOD_UPNP,
						.start = start_run,
						.again = again,
						.stop = stop,
						.let_go = let_go};

static const struct method_ops *const table[METHOD_COUNT] = {
    [METHOD_MANUAL] = &scripted_manual,
    [METHOD_UPNP] = &scripted_upnp,
};

static void on_changed(void *arg, struct chain *chain)
{
	struct scene *scene = arg;

	scene->removals += chain == NULL;
}

static int setup(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));

	scene->loop = loop_new();
	scene->log = log_new(LEVEL_ERR, false);
	prover_fake_use(&scene->outside);
	scene->config = (struct config){
	    .chain = {METHOD_UPNP},
	    .chain_count = 1,
	    .udp_ports = {20000, 40000},
	    .services = scene->wanted,
	    .pool_name = "wireguard",
	};
	scene->env = (struct method_env){.loop = scene->loop,
					 .log = scene->log,
					 .config = &scene->config,
					 .netview = &scene->netview};
	scene->services = services_new(&(struct services_options){
	    .env = &scene->env,
	    .table = table,
	    .changed = on_changed,
	    .arg = scene,
	});
	LIST_INIT(&runs);
	started = stopped = let_gos = 0;
	for (size_t i = 0; i < COUNT_OF(agains); i++)
		agains[i] = 0;
	*state = scene;
	return 0;
}

static void on_stopped(void *arg)
{
	((struct scene *)arg)->stops++;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	bool is_clean;

	services_stop(scene->services, on_stopped, scene);
	is_clean = scene->stops == 1 && LIST_EMPTY(&runs) &&
		   started == stopped && scene->outside.living == 0 &&
		   loop_fake_timer_count(scene->loop) == 0;
	log_free(scene->log);
	loop_free(scene->loop);
	free(scene);
	return is_clean ? 0 : -1;
}

/* --- configurations --- */

static void want(struct scene *scene, const char *name, uint16_t port)
{
	struct service_config *config =
	    &scene->wanted[scene->config.service_count++];

	*config = (struct service_config){.port = port};
	snprintf(config->name, sizeof(config->name), "%s", name);
}

static struct config copy_of(const struct scene *scene)
{
	return scene->config;
}

static struct method_run *run_of(struct scene *scene, const char *name)
{
	struct service *service = services_find(scene->services, name);
	struct method_run *run;

	LIST_FOREACH (run, &runs, link)
		if (service && run->service == &service->base)
			return run;
	return NULL;
}

static struct service *find_port(struct scene *scene, uint16_t port)
{
	return services_find_port(scene->services, TRANSPORT_UDP, port);
}

static struct service *map(struct scene *scene, const char *name, uint16_t port)
{
	struct service_config config = {.port = port};
	struct service *service;

	snprintf(config.name, sizeof(config.name), "%s", name);
	assert_int_equal(services_map(scene->services, &config, 0, &service),
			 0);
	return service;
}

/* --- the reload --- */

static void apply_when_same_then_nothing_is_disturbed(void **state)
{
	struct scene *scene = *state;
	struct config before = copy_of(scene);
	struct method_run *game;

	want(scene, "game", 5000);
	want(scene, "voice", 5002);
	services_apply(scene->services, NULL);
	game = run_of(scene, "game");
	assert_int_equal(started, 2);
	before = copy_of(scene);
	services_apply(scene->services, &before);
	assert_int_equal(started, 2);
	assert_int_equal(stopped, 0);
	assert_ptr_equal(run_of(scene, "game"), game);
}

static void apply_when_one_goes_and_one_comes_then_only_those(void **state)
{
	struct scene *scene = *state;
	struct config before;
	struct method_run *game;

	want(scene, "game", 5000);
	want(scene, "voice", 5002);
	services_apply(scene->services, NULL);
	game = run_of(scene, "game");
	before = copy_of(scene);
	scene->config.service_count = 1;
	want(scene, "web", 8080);
	services_apply(scene->services, &before);
	assert_int_equal(started, 3);
	assert_int_equal(stopped, 1);
	assert_ptr_equal(run_of(scene, "game"), game);
	assert_null(services_find(scene->services, "voice"));
	assert_non_null(run_of(scene, "web"));
}

static void apply_when_port_changes_then_made_anew(void **state)
{
	struct scene *scene = *state;
	struct config before;

	want(scene, "game", 5000);
	services_apply(scene->services, NULL);
	before = copy_of(scene);
	scene->wanted[0].port = 6000;
	services_apply(scene->services, &before);
	assert_int_equal(started, 2);
	assert_int_equal(stopped, 1);
	assert_int_equal(run_of(scene, "game")->service->port, 6000);
}

static void apply_when_forward_changes_then_not_disturbed(void **state)
{
	struct scene *scene = *state;
	struct config before;

	want(scene, "game", 5000);
	services_apply(scene->services, NULL);
	before = copy_of(scene);
	scene->wanted[0].has_forward = true;
	services_apply(scene->services, &before);
	assert_int_equal(started, 1);
	assert_true(services_find(scene->services, "game")->config.has_forward);
}

static void apply_when_order_changes_then_all_chains_anew(void **state)
{
	struct scene *scene = *state;
	struct config before;

	want(scene, "game", 5000);
	map(scene, "hand", 7000);
	services_apply(scene->services, NULL);
	before = copy_of(scene);
	scene->config.chain[0] = METHOD_MANUAL;
	scene->config.chain[1] = METHOD_UPNP;
	scene->config.chain_count = 2;
	services_apply(scene->services, &before);
	assert_int_equal(stopped, 2);
	assert_int_equal(started, 2 + 4);
}

static void apply_when_echo_servers_change_then_proven_anew(void **state)
{
	struct host_port server = {.host = "a.test", .port = 4589};
	struct scene *scene = *state;
	struct config before;

	want(scene, "game", 5000);
	services_apply(scene->services, NULL);
	before = copy_of(scene);
	scene->config.port_check_servers =
	    (struct host_list){.items = &server, .count = 1};
	services_apply(scene->services, &before);
	assert_int_equal(stopped, 0);
	assert_int_equal(agains[CAUSE_CHECK], 1);
}

/* --- by hand --- */

static void apply_when_reloaded_then_mapped_by_hand_stays(void **state)
{
	struct scene *scene = *state;
	struct config before = copy_of(scene);

	map(scene, "hand", 7000);
	services_apply(scene->services, &before);
	assert_non_null(find_port(scene, 7000));
	assert_int_equal(stopped, 0);
}

static void apply_when_port_by_hand_is_configured_then_taken_over(void **state)
{
	struct scene *scene = *state;
	struct config before = copy_of(scene);
	struct service *service = map(scene, "hand", 7000);

	want(scene, "game", 7000);
	services_apply(scene->services, &before);
	assert_int_equal(services_count(scene->services), 1);
	assert_ptr_equal(services_find(scene->services, "game"), service);
	assert_int_equal(service->origin, SERVICE_CONFIGURED);
	assert_int_equal(stopped, 0);
	/* And it goes as what is configured does. */
	before = copy_of(scene);
	scene->config.service_count = 0;
	services_apply(scene->services, &before);
	assert_int_equal(services_count(scene->services), 0);
}

static void apply_when_name_by_hand_is_configured_then_new_port(void **state)
{
	struct scene *scene = *state;
	struct config before = copy_of(scene);

	map(scene, "game", 7000);
	want(scene, "game", 5000);
	services_apply(scene->services, &before);
	assert_int_equal(services_count(scene->services), 1);
	assert_non_null(run_of(scene, "game"));
	assert_int_equal(run_of(scene, "game")->service->port, 5000);
}

static void unmap_when_done_then_the_verdict_is_due(void **state)
{
	struct scene *scene = *state;

	map(scene, "hand", 7000);
	assert_int_equal(scene->removals, 0);
	assert_int_equal(services_unmap(scene->services, TRANSPORT_UDP, 7000,
					on_stopped, scene),
			 0);
	assert_int_equal(scene->removals, 1);
	assert_int_equal(scene->stops, 1);
	scene->stops = 0;
}

static void unmap_when_not_by_hand_then_refused(void **state)
{
	struct scene *scene = *state;

	want(scene, "game", 5000);
	services_apply(scene->services, NULL);
	assert_int_equal(services_unmap(scene->services, TRANSPORT_UDP, 5000,
					on_stopped, scene),
			 -EPERM);
	assert_int_equal(services_unmap(scene->services, TRANSPORT_TCP, 5000,
					on_stopped, scene),
			 -ENOENT);
}

/* --- the pool --- */

static size_t count_origin(struct scene *scene, enum service_origin origin)
{
	struct service *service;
	size_t count = 0;

	LIST_FOREACH (service, services_list(scene->services), link)
		count += service->origin == origin;
	return count;
}

static void start_pool(struct scene *scene)
{
	scene->config.has_pool = true;
	services_apply(scene->services, NULL);
	assert_int_equal(count_origin(scene, SERVICE_PREPARED), POOL_SIZE);
}

static void acquire_when_handed_out_then_port_is_free_to_bind(void **state)
{
	struct scene *scene = *state;
	struct service *service;
	int fd;

	start_pool(scene);
	for (int i = 0; i < 20; i++) {
		service = services_acquire(scene->services);
		assert_non_null(service);
		assert_int_equal(service->origin, SERVICE_ACQUIRED);
		fd = port_pick_udp_at(service->config.port);
		assert_true(fd >= 0);
		close(fd);
	}
	assert_int_equal(count_origin(scene, SERVICE_PREPARED), POOL_SIZE);
	assert_int_equal(count_origin(scene, SERVICE_ACQUIRED), 20);
	assert_int_equal(let_gos, 20);
}

static void release_when_given_back_then_gone(void **state)
{
	struct scene *scene = *state;
	uint16_t port;

	start_pool(scene);
	port = services_acquire(scene->services)->config.port;
	assert_int_equal(
	    services_release(scene->services, port, on_stopped, scene), 0);
	assert_int_equal(
	    services_release(scene->services, port, on_stopped, scene),
	    -ENOENT);
	assert_null(find_port(scene, port));
	scene->stops = 0;
}

static void apply_when_range_moves_then_prepared_anew(void **state)
{
	struct scene *scene = *state;
	struct config before;
	struct service *service;
	uint16_t kept;

	start_pool(scene);
	kept = services_acquire(scene->services)->config.port;
	before = copy_of(scene);
	scene->config.udp_ports = (struct port_range){41000, 42000};
	services_apply(scene->services, &before);
	assert_non_null(find_port(scene, kept));
	assert_int_equal(count_origin(scene, SERVICE_PREPARED), POOL_SIZE);
	LIST_FOREACH (service, services_list(scene->services), link)
		if (service->origin == SERVICE_PREPARED)
			assert_in_range(service->config.port, 41000, 42000);
}

static void apply_when_prepared_port_is_configured_then_let_go(void **state)
{
	struct scene *scene = *state;
	struct config before;
	struct service *service;
	uint16_t port;
	int fd;

	start_pool(scene);
	port = LIST_FIRST(services_list(scene->services))->config.port;
	before = copy_of(scene);
	want(scene, "game", port);
	services_apply(scene->services, &before);
	service = find_port(scene, port);
	assert_non_null(service);
	assert_int_equal(service->origin, SERVICE_CONFIGURED);
	assert_string_equal(service->config.name, "game");
	assert_int_equal(count_origin(scene, SERVICE_PREPARED), POOL_SIZE);
	fd = port_pick_udp_at(port);
	assert_true(fd >= 0);
	close(fd);
}

static void apply_when_acquired_port_is_configured_then_one(void **state)
{
	struct scene *scene = *state;
	struct config before;
	struct service *service;

	start_pool(scene);
	service = services_acquire(scene->services);
	before = copy_of(scene);
	want(scene, "game", service->config.port);
	services_apply(scene->services, &before);
	assert_ptr_equal(services_find(scene->services, "game"), service);
	assert_int_equal(count_origin(scene, SERVICE_ACQUIRED), 0);
}

static void apply_when_pool_name_is_configured_then_both(void **state)
{
	struct scene *scene = *state;
	struct config before;
	uint16_t port;

	start_pool(scene);
	port = services_acquire(scene->services)->config.port;
	before = copy_of(scene);
	want(scene, find_port(scene, port)->config.name, 5000);
	services_apply(scene->services, &before);
	assert_non_null(find_port(scene, 5000));
	assert_non_null(find_port(scene, port));
	assert_int_equal(find_port(scene, 5000)->origin, SERVICE_CONFIGURED);
	assert_int_equal(find_port(scene, port)->origin, SERVICE_ACQUIRED);
}

static void map_when_too_many_then_refused(void **state)
{
	struct scene *scene = *state;
	struct service_config config = {.port = 0};
	struct service *service;

	for (uint16_t i = 0; i < SERVICES_MOST; i++) {
		config.port = (uint16_t)(1000 + i);
		snprintf(config.name, sizeof(config.name), "s%u", i);
		assert_int_equal(
		    services_map(scene->services, &config, 0, &service), 0);
	}
	config.port = 999;
	snprintf(config.name, sizeof(config.name), "more");
	assert_int_equal(services_map(scene->services, &config, 0, &service),
			 -ENOSPC);
}

#define SCENARIO(function)                                                     \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    SCENARIO(apply_when_same_then_nothing_is_disturbed),
	    SCENARIO(apply_when_one_goes_and_one_comes_then_only_those),
	    SCENARIO(apply_when_port_changes_then_made_anew),
	    SCENARIO(apply_when_forward_changes_then_not_disturbed),
	    SCENARIO(apply_when_order_changes_then_all_chains_anew),
	    SCENARIO(apply_when_echo_servers_change_then_proven_anew),
	    SCENARIO(apply_when_reloaded_then_mapped_by_hand_stays),
	    SCENARIO(apply_when_port_by_hand_is_configured_then_taken_over),
	    SCENARIO(apply_when_name_by_hand_is_configured_then_new_port),
	    SCENARIO(unmap_when_done_then_the_verdict_is_due),
	    SCENARIO(unmap_when_not_by_hand_then_refused),
	    SCENARIO(acquire_when_handed_out_then_port_is_free_to_bind),
	    SCENARIO(release_when_given_back_then_gone),
	    SCENARIO(apply_when_range_moves_then_prepared_anew),
	    SCENARIO(apply_when_prepared_port_is_configured_then_let_go),
	    SCENARIO(apply_when_acquired_port_is_configured_then_one),
	    SCENARIO(apply_when_pool_name_is_configured_then_both),
	    SCENARIO(map_when_too_many_then_refused),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}
