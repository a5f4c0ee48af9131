/*
 * The keeper of a held port's NAT mapping: what it holds, and until when.
 */
#include "../unit/unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "loop_fake.h"
#include "mem.h"
#include "port_pick.h"
#include "prover_fake.h"
#include "stun_keep.h"

struct scene {
	struct loop *loop;
	struct log *log;
	struct prover_fake outside;
	struct method_service service;
	struct stun_keep *keep;
	int fd;
};

static int setup(void **state)
{
	const struct port_range range = {20000, 40000};
	struct scene *scene = xcalloc(1, sizeof(*scene));
	struct prover_options prover = {0};

	scene->loop = loop_new();
	scene->log = log_new(LEVEL_ERR, false);
	prover_fake_use(&scene->outside);
	scene->fd = port_pick_udp(&range, &scene->service.port);
	prover.loop = scene->loop;
	prover.fd = scene->fd;
	scene->service.prover = prover_new(&prover);
	scene->keep = stun_keep_new(scene->loop, scene->log, &scene->service);
	*state = scene;
	return scene->fd < 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	unsigned int timers;

	stun_keep_free(scene->keep);
	prover_free(scene->service.prover);
	timers = loop_fake_timer_count(scene->loop);
	if (scene->fd >= 0)
		close(scene->fd);
	log_free(scene->log);
	loop_free(scene->loop);
	free(scene);
	return timers == 0 ? 0 : -1;
}

/* A question to a server that never answers is open. */
static void ask(struct scene *scene)
{
	struct endpoint server = {.port = 9};

	addr_parse("127.0.0.1", &server.addr);
	stun_keep_servers(scene->keep, &server, 1);
	stun_keep_enable(scene->keep, true);
	loop_fake_advance(scene->loop, 10);
}

static void give_port_away(struct scene *scene)
{
	prover_forget_fd(scene->service.prover);
	close(scene->fd);
	scene->fd = -1;
}

static bool is_port_free(const struct scene *scene)
{
	int fd = port_pick_udp_at(scene->service.port);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void let_go_when_a_question_is_open_then_port_is_free(void **state)
{
	struct scene *scene = *state;

	ask(scene);
	give_port_away(scene);
	assert_false(is_port_free(scene));
	stun_keep_let_go(scene->keep);
	assert_true(is_port_free(scene));
	loop_fake_advance(scene->loop, 60000);
	assert_true(is_port_free(scene));
}

static void enable_when_off_then_port_is_free(void **state)
{
	struct scene *scene = *state;

	ask(scene);
	give_port_away(scene);
	stun_keep_enable(scene->keep, false);
	assert_true(is_port_free(scene));
}

static void ask_when_prover_is_busy_then_waits(void **state)
{
	struct scene *scene = *state;

	scene->outside.delay_ms = 1000;
	prover_ask(scene->service.prover, 1, NULL, NULL);
	ask(scene);
	give_port_away(scene);
	assert_true(is_port_free(scene));
}

#define SCENARIO(function)                                                     \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    SCENARIO(let_go_when_a_question_is_open_then_port_is_free),
	    SCENARIO(enable_when_off_then_port_is_free),
	    SCENARIO(ask_when_prover_is_busy_then_waits),
	};

	return cmocka_run_group_tests_name("stun_keep", tests, NULL, NULL);
}
