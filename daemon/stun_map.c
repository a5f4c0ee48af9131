#include "stun_map.h"

#include <stdlib.h>

#include "mem.h"

/* One of the servers asked. */
struct question {
	struct stun_map *map;
	uint64_t id; /* of the transaction; 0: it has ended */
};

struct stun_map {
	struct loop *loop;
	struct stun_socket *socket;
	stun_map_fn done;
	void *arg;
	struct loop_timer *grace;
	uint64_t began_ms;
	struct question questions[STUN_MAP_SERVERS_MOST];
	unsigned int pending;
	struct stun_map_result result;
};

void stun_map_cancel(struct stun_map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < map->result.asked; i++)
		if (map->questions[i].id)
			stun_socket_cancel(map->socket, map->questions[i].id);
	loop_timer_free(map->grace);
	free(map);
}

static void finish(struct stun_map *map)
{
	struct stun_map_result result = map->result;
	stun_map_fn done = map->done;
	void *arg = map->arg;

	result.took_ms = (unsigned int)(loop_now_ms(map->loop) - map->began_ms);
	result.vote = stun_vote_count(result.ballots, result.count);
	if (result.count > 0)
		result.error = 0;
	stun_map_cancel(map);
	done(arg, &result);
}

static void on_grace(void *arg)
{
	finish(arg);
}

/* Can the servers that have not answered still change the verdict? */
static bool is_decided(const struct stun_map *map, const struct stun_vote *vote)
{
	return vote->verdict == STUN_VERDICT_ENDPOINT &&
	       2 * vote->agreeing > vote->servers + map->pending;
}

static void judge(struct stun_map *map)
{
	struct stun_vote vote;

	vote = stun_vote_count(map->result.ballots, map->result.count);
	if (map->pending == 0 || is_decided(map, &vote))
		finish(map);
	else if (vote.verdict >= STUN_VERDICT_ADDRESS &&
		 !loop_timer_is_running(map->grace))
		loop_timer_start(map->grace, STUN_MAP_GRACE_MS);
}

static void on_answer(void *arg, const struct stun_answer *answer)
{
	struct question *question = arg;
	struct stun_map *map = question->map;
	struct stun_map_result *result = &map->result;

	question->id = 0;
	map->pending--;
	if (answer->outcome == STUN_UNREACHABLE)
		result->error = answer->error;
	if (answer->outcome == STUN_ANSWERED)
		result->ballots[result->count++] = (struct stun_ballot){
		    .server = answer->server,
		    .mapped = answer->message.mapped,
		};
	judge(map);
}

struct stun_map *stun_map_start(struct loop *loop, struct stun_socket *socket,
				const struct endpoint *servers, size_t count,
				unsigned int budget_ms, stun_map_fn done,
				void *arg)
{
	struct stun_map *map = xcalloc(1, sizeof(*map));
	struct stun_query query = {.budget_ms = budget_ms};

	map->loop = loop;
	map->socket = socket;
	map->done = done;
	map->arg = arg;
	map->began_ms = loop_now_ms(loop);
	map->grace = loop_timer_new(loop, on_grace, map);
	for (size_t i = 0; i < count && i < STUN_MAP_SERVERS_MOST; i++) {
		query.server = servers[i];
		map->questions[i].map = map;
		map->questions[i].id = stun_socket_ask(
		    socket, &query, on_answer, &map->questions[i]);
		map->result.asked++;
		map->pending++;
	}
	/* With nobody to ask the answer comes from the loop all the same. */
	if (map->pending == 0)
		loop_timer_start(map->grace, 0);
	return map;
}
