/*
 * The watch of the NAT in fake time: when it looks, when it looks again, and
 * what one silence is worth. The checks are scripted by the test.
 */
#include "../unit/unit.h"

#include <stdlib.h>

#include "loop_fake.h"
#include "mem.h"
#include "nat_lifetime.h"
#include "nat_watch.h"
#include "netview.h"

struct nat_check {
	struct loop_timer *timer;
	nat_check_fn done;
	void *arg;
};

struct resolve_query {
	struct loop_timer *timer;
	resolve_fn fn;
	void *arg;
};

struct scene {
	struct loop *loop;
	struct log *log;
	struct host_port server;
	struct config config;
	struct netview netview;
	struct method_env env;
	struct nat_watch *watch;
};

/* What the checks find out, and how many there were. */
static unsigned int answering, checks;

/* --- instead of nat_check.c, nat_lifetime.c and resolve_event.c --- */

static void on_check(void *arg)
{
	struct nat_check *check = arg, ended = *check;
	const struct nat_check_result result = {.asked = 1,
						.answered = answering};

	nat_check_cancel(check);
	ended.done(ended.arg, &result);
}

struct nat_check *nat_check_start(struct loop *loop,
				  const struct nat_check_config *config,
				  nat_check_fn done, void *arg)
{
	struct nat_check *check = xcalloc(1, sizeof(*check));

	(void)config;
	checks++;
	check->done = done;
	check->arg = arg;
	check->timer = loop_timer_new(loop, on_check, check);
	loop_timer_start(check->timer, answering ? 50 : NAT_CHECK_BUDGET_MS);
	return check;
}

void nat_check_cancel(struct nat_check *check)
{
	if (!check)
		return;
	loop_timer_free(check->timer);
	free(check);
}

struct nat_lifetime *nat_lifetime_start(
    struct loop *loop, const struct endpoint *server, const struct addr *bind,
    const unsigned int *gaps_ms, size_t count, nat_lifetime_fn done, void *arg)
{
	(void)loop;
	(void)server;
	(void)bind;
	(void)gaps_ms;
	(void)count;
	(void)done;
	(void)arg;
	return NULL;
}

void nat_lifetime_cancel(struct nat_lifetime *lifetime)
{
	(void)lifetime;
}

static void on_resolved(void *arg)
{
	struct resolve_query *query = arg, answered = *query;
	struct addr address;

	addr_parse("198.51.100.7", &address);
	resolve_cancel(query);
	answered.fn(answered.arg, &address, 1, NULL);
}

struct resolve_query *resolve_start(struct resolver *resolver, const char *host,
				    int family, unsigned int timeout_ms,
				    resolve_fn fn, void *arg)
{
	struct resolve_query *query = xcalloc(1, sizeof(*query));

	(void)host;
	(void)family;
	(void)timeout_ms;
	query->fn = fn;
	query->arg = arg;
	query->timer =
	    loop_timer_new((struct loop *)resolver, on_resolved, query);
	loop_timer_start(query->timer, 1);
	return query;
}

void resolve_cancel(struct resolve_query *query)
{
	if (!query)
		return;
	loop_timer_free(query->timer);
	free(query);
}

/* --- the scenarios --- */

static int setup(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));

	checks = 0;
	answering = 1;
	scene->loop = loop_new();
	scene->log = log_new(LEVEL_ERR, false);
	scene->server = (struct host_port){.host = "stun.test", .port = 3478};
	scene->config.stun_servers =
	    (struct host_list){.items = &scene->server, .count = 1};
	scene->env = (struct method_env){.loop = scene->loop,
					 .log = scene->log,
					 .config = &scene->config,
					 .netview = &scene->netview};
	scene->watch = nat_watch_new(
	    &scene->env, (struct resolver *)scene->loop, NULL, NULL);
	nat_watch_again(scene->watch, true);
	loop_fake_advance(scene->loop, 100);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	unsigned int timers;

	nat_watch_free(scene->watch);
	timers = loop_fake_timer_count(scene->loop);
	log_free(scene->log);
	loop_free(scene->loop);
	free(scene);
	return timers == 0 ? 0 : -1;
}

static enum nat_watch_state state_of(const struct scene *scene)
{
	return nat_watch_view(scene->watch)->state;
}

static void watch_when_answered_then_known_and_asked_in_a_while(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(state_of(scene), NAT_WATCH_KNOWN);
	loop_fake_advance(scene->loop, 890000);
	assert_int_equal(checks, 1);
	loop_fake_advance(scene->loop, 20000);
	assert_int_equal(checks, 2);
}

static void watch_when_one_check_is_silent_then_still_known(void **state)
{
	struct scene *scene = *state;

	answering = 0;
	nat_watch_again(scene->watch, false);
	loop_fake_advance(scene->loop, NAT_CHECK_BUDGET_MS + 10);
	assert_int_equal(state_of(scene), NAT_WATCH_KNOWN);
	answering = 1;
	loop_fake_advance(scene->loop, 10000);
	assert_int_equal(state_of(scene), NAT_WATCH_KNOWN);
	assert_int_equal(checks, 3);
}

static void watch_when_two_checks_are_silent_then_silent(void **state)
{
	struct scene *scene = *state;

	answering = 0;
	nat_watch_again(scene->watch, false);
	loop_fake_advance(scene->loop, 15000);
	assert_int_equal(state_of(scene), NAT_WATCH_SILENT);
	answering = 1;
	loop_fake_advance(scene->loop, 20000);
	assert_int_equal(state_of(scene), NAT_WATCH_KNOWN);
}

static void watch_when_network_is_new_then_first_silence_counts(void **state)
{
	struct scene *scene = *state;

	answering = 0;
	nat_watch_again(scene->watch, true);
	assert_int_equal(state_of(scene), NAT_WATCH_RUNNING);
	loop_fake_advance(scene->loop, NAT_CHECK_BUDGET_MS + 10);
	assert_int_equal(state_of(scene), NAT_WATCH_SILENT);
}

static void watch_when_no_server_is_configured_then_says_so(void **state)
{
	struct scene *scene = *state;

	scene->config.stun_servers.count = 0;
	nat_watch_again(scene->watch, true);
	loop_fake_advance(scene->loop, 10);
	assert_int_equal(state_of(scene), NAT_WATCH_NO_SERVER);
}

#define SCENARIO(function)                                                     \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    SCENARIO(watch_when_answered_then_known_and_asked_in_a_while),
	    SCENARIO(watch_when_one_check_is_silent_then_still_known),
	    SCENARIO(watch_when_two_checks_are_silent_then_silent),
	    SCENARIO(watch_when_network_is_new_then_first_silence_counts),
	    SCENARIO(watch_when_no_server_is_configured_then_says_so),
	};

	return cmocka_run_group_tests_name("nat_watch", tests, NULL, NULL);
}
