/*
 * The JSON of the status, schema 1: every key is there, and what is not known
 * is null, never 0 and never missing.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "mem.h"
#include "nat_watch.h"
#include "nested_nat.h"
#include "pinhole.h"
#include "status_json.h"

struct method_run {
	struct chain_slot *slot;
};

struct scene {
	struct app app;
	struct service_config wanted;
	struct config config;
};

/* What the scripted method tells of its outer side, or nothing. */
static const struct method_external *told;

static struct method_run *start_run(const struct method_env *env,
				    const struct method_service *service,
				    struct chain_slot *slot)
{
	struct method_run *run = xcalloc(1, sizeof(*run));

	(void)env;
	(void)service;
	run->slot = slot;
	return run;
}

/* Asked again, it succeeds. */
static void again(struct method_run *run, enum method_cause cause)
{
	const struct method_report report = {.outcome = METHOD_OK,
					     .is_partial = true};

	(void)cause;
	chain_report(run->slot, &report);
}

static size_t externals(const struct method_run *run,
			struct method_external *ret_externals)
{
	(void)run;
	if (!told)
		return 0;
	ret_externals[0] = *told;
	return 1;
}

static void stop(struct method_run *run, void (*done)(void *arg), void *arg)
{
	free(run);
	done(arg);
}

static const struct method_ops scripted = {.id = METHOD_HOLEPUNCHING,
					   .start = start_run,
					   .again = again,
					   .externals = externals,
					   .stop = stop};

static const struct method_ops *const table[METHOD_COUNT] = {
    [METHOD_HOLEPUNCHING] = &scripted,
};

static int setup(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));
	struct app *app = &scene->app;

	told = NULL;
	scene->wanted = (struct service_config){.name = "game", .port = 5000};
	scene->config = (struct config){.chain = {METHOD_HOLEPUNCHING},
					.chain_count = 1,
					.udp_ports = {20000, 40000},
					.services = &scene->wanted,
					.service_count = 1};
	app->loop = loop_new();
	app->log = log_new(LEVEL_ERR, false);
	app->resolver = resolver_new(app->loop);
	app->config = &scene->config;
	app->env = (struct method_env){.loop = app->loop,
				       .log = app->log,
				       .config = app->config,
				       .netview = &app->netview};
	app->env.nested = nested_nat_new(app->loop, app->log);
	app->env.pinholes = pinholes_new(app->loop);
	app->env.nat = nat_watch_new(&app->env, app->resolver, NULL, NULL);
	app->verdict =
	    verdict_judge(&(struct verdict_input){.state = CHAIN_TRYING}, 1);
	app->services = services_new(
	    &(struct services_options){.env = &app->env, .table = table});
	services_apply(app->services, NULL);
	*state = scene;
	return 0;
}

static void on_stopped(void *arg)
{
	(void)arg;
}

static int teardown(void **state)
{
	struct scene *scene = *state;
	struct app *app = &scene->app;

	services_stop(app->services, on_stopped, NULL);
	nat_watch_free(app->env.nat);
	nested_nat_free(app->env.nested);
	pinholes_free(app->env.pinholes);
	resolver_free(app->resolver);
	log_free(app->log);
	loop_free(app->loop);
	free(scene);
	return 0;
}

/* Has OBJECT exactly the members that KEYS names? A trailing '?' wants null, a
 * trailing '!' a value. */
static void assert_keys(const json_t *object, const char *keys)
{
	char *copy = xstrdup(keys), *key, *rest = NULL;
	size_t count = 0;

	assert_true(json_is_object(object));
	for (key = strtok_r(copy, " ", &rest); key;
	     key = strtok_r(NULL, " ", &rest)) {
		char kind = key[strlen(key) - 1];
		const json_t *value;

		key[strlen(key) - 1] = '\0';
		value = json_object_get(object, key);
		if (!value || json_is_null(value) != (kind == '?'))
			fail_msg("%s is %s", key,
				 value ? json_is_null(value) ? "null" : "known"
				       : "missing");
		count++;
	}
	assert_int_equal(json_object_size(object), count);
	free(copy);
}

static json_t *service_of(json_t *status)
{
	return json_array_get(json_object_get(status, "services"), 0);
}

static void status_when_nothing_is_known_then_null_not_missing(void **state)
{
	struct scene *scene = *state;
	json_t *status = status_json(&scene->app, NULL);

	assert_keys(status, "schema! daemon! verdict! chain! services! nat! "
			    "findings!");
	assert_keys(json_object_get(status, "daemon"),
		    "version! pid! uptime_sec! config_generation!");
	assert_keys(json_object_get(status, "verdict"),
		    "reachable! since! code! summary!");
	assert_keys(service_of(status),
		    "name! protocol! state! method? local! external! "
		    "attempts! proof!");
	assert_keys(json_object_get(service_of(status), "local"),
		    "address? port!");
	assert_keys(json_object_get(status, "nat"),
		    "mapping? filtering? legacy_name? hairpin? "
		    "port_preserving? layers? cgnat? allocation? external? "
		    "confidence! samples! udp_timeout_sec? peers!");
	json_decref(status);
}

static void status_when_method_runs_then_attempt_says_so(void **state)
{
	struct scene *scene = *state;
	json_t *status = status_json(&scene->app, NULL);
	json_t *attempt =
	    json_array_get(json_object_get(service_of(status), "attempts"), 0);

	assert_keys(attempt, "method! outcome! detail! took_ms!");
	assert_string_equal(
	    json_string_value(json_object_get(attempt, "outcome")), "running");
	json_decref(status);
}

static json_t *external_of(struct scene *scene, json_t **ret_status)
{
	services_again(scene->app.services, CAUSE_CHECK);
	*ret_status = status_json(&scene->app, NULL);
	return json_array_get(
	    json_object_get(service_of(*ret_status), "external"), 0);
}

static void external_when_port_is_unknown_then_null(void **state)
{
	struct method_external outer = {.via = "stun"};
	struct scene *scene = *state;
	json_t *status;

	addr_parse("203.0.113.7", &outer.endpoint.addr);
	told = &outer;
	assert_keys(external_of(scene, &status),
		    "family! address! port? via! gateway? lifetime_sec? "
		    "expires_in_sec? renew_in_sec?");
	json_decref(status);
}

static void external_when_leased_then_its_term_is_known(void **state)
{
	struct method_external outer = {.via = "pcp",
					.endpoint.port = 5000,
					.has_lease = true,
					.lifetime_s = 7200};
	struct scene *scene = *state;
	json_t *status;

	addr_parse("203.0.113.7", &outer.endpoint.addr);
	addr_parse("192.168.1.1", &outer.gateway);
	told = &outer;
	assert_keys(external_of(scene, &status),
		    "family! address! port! via! gateway! lifetime_sec! "
		    "expires_in_sec! renew_in_sec!");
	json_decref(status);
	outer.is_permanent = true;
	assert_keys(external_of(scene, &status),
		    "family! address! port! via! gateway! lifetime_sec? "
		    "expires_in_sec? renew_in_sec!");
	json_decref(status);
}

#define CASE(function)                                                         \
	cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    CASE(status_when_nothing_is_known_then_null_not_missing),
	    CASE(status_when_method_runs_then_attempt_says_so),
	    CASE(external_when_port_is_unknown_then_null),
	    CASE(external_when_leased_then_its_term_is_known),
	};

	return cmocka_run_group_tests_name("status_json", tests, NULL, NULL);
}
