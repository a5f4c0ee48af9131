/*
 * method_scene: one service with its real methods in fake time.
 *
 * The router is fake_gateway's, the world outside prover_fake's; hole punching
 * is a stand-in that always works, for some peers.
 */
#ifndef TESTS_METHOD_SCENE_H
#define TESTS_METHOD_SCENE_H

#include "chain.h"
#include "fake_gateway.h"
#include "loop_fake.h"
#include "netview.h"
#include "portmap.h"
#include "prover_fake.h"

struct method_scene {
	struct loop *loop;
	struct log *log;
	struct fake_gateway *gateway;
	struct prover_fake outside;
	struct config config;
	struct netview netview;
	struct method_env env;
	struct method_service service;
	struct chain *chain;
	unsigned int stops;
};

/* For cmocka: a scene with UDP port 5000 behind 192.168.1.1, not started. */
int method_scene_setup(void **state);
/* Ends it; fails when a timer or a prover is left. */
int method_scene_teardown(void **state);

/* Starts the chain with the methods of ORDER. */
void method_scene_start(struct method_scene *scene, const enum method_id *order,
			size_t count);
/* The router is left for another one, as after a change of the network. */
void method_scene_change_network(struct method_scene *scene);
/* Every protocol of the router answers. */
void method_scene_router_speaks(struct method_scene *scene);

/* What the method with ID reports; it must be in the order. */
struct method_report method_scene_report(const struct method_scene *scene,
					 enum method_id id);
/* The id of the method that carries the service, or -1. */
int method_scene_carrier(const struct method_scene *scene);

#endif
