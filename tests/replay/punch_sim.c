#include "punch_sim.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define QUEUE_MOST    20000
#define MAPPINGS_MOST 4096
#define GO_PING_MS    6
#define GO_OK_MS      100
#define WANTED        2
#define HOPS_TO_HOST  4 /* two NATs and the core between the hosts */

enum go_state { GO_PINGING, GO_WAITING, GO_DONE, GO_CLOSED };

struct go_path {
	enum go_state state;
	struct endpoint remote;
	uint64_t due_ms;
};

struct mapping {
	unsigned int side, index;
	uint16_t outer;
	struct endpoint remote;
};

struct datagram {
	uint64_t due_ms;
	unsigned int to_side;
	uint16_t to_port;
	struct endpoint from;
	uint8_t bytes[PUNCH_MESSAGE_BYTES];
	size_t len;
};

struct sim {
	const struct sim_setup *setup;
	struct sim_result *result;
	uint64_t now_ms;
	unsigned int random;
	struct mapping mappings[MAPPINGS_MOST];
	size_t mapping_count;
	struct datagram queue[QUEUE_MOST]; /* a ring, by due_ms */
	size_t head, tail;
	struct punch_core *cores[2];
	uint64_t core_due_ms[2];
	struct go_path go[2][SIM_PORTS];
	bool acked[2][SIM_PORTS];
	unsigned int per_ms[2][1000]; /* sent in each of the last second's */
};

struct socket_of {
	struct sim *sim;
	unsigned int side;
};

static unsigned int next_random(struct sim *sim)
{
	sim->random = sim->random * 1103515245u + 12345u;
	return sim->random >> 16 & 0x7fff;
}

static bool is_lost(struct sim *sim)
{
	return next_random(sim) % 100 < sim->setup->loss_percent;
}

static struct addr outer_addr(unsigned int side)
{
	const uint8_t bytes[] = {11, 22, (uint8_t)(side + 1), 2};

	return addr_from_ipv4(bytes);
}

static uint16_t local_port(unsigned int side, size_t index)
{
	return (uint16_t)((side + 1) * 10000 + index);
}

/* --- NATs ----------------------------------------------------------------- */

static uint16_t map_out(struct sim *sim, unsigned int side, unsigned int index,
			const struct endpoint *remote)
{
	struct mapping *m;

	for (size_t i = 0; i < sim->mapping_count; i++) {
		m = &sim->mappings[i];
		if (m->side == side && m->index == index &&
		    endpoint_equal(&m->remote, remote))
			return m->outer;
	}
	m = &sim->mappings[sim->mapping_count++];
	*m = (struct mapping){.side = side, .index = index, .remote = *remote};
	m->outer = sim->setup->sides[side].nat == SIM_NAT_SYMMETRIC
		       ? (uint16_t)(32768 + next_random(sim))
		       : local_port(side, index);
	return m->outer;
}

/* Returns the index of the socket that a datagram reaches, or -1. */
static int map_in(const struct sim *sim, const struct datagram *d)
{
	enum sim_nat nat = sim->setup->sides[d->to_side].nat;
	int index = d->to_port - local_port(d->to_side, 0);

	if (sim->setup->is_deaf[d->to_side])
		return -1;
	if (nat == SIM_NAT_NONE)
		return index >= 0 && index < SIM_PORTS ? index : -1;
	for (size_t i = 0; i < sim->mapping_count; i++) {
		const struct mapping *m = &sim->mappings[i];

		if (m->side == d->to_side && m->outer == d->to_port &&
		    (nat == SIM_NAT_FULL ||
		     endpoint_equal(&m->remote, &d->from)))
			return (int)m->index;
	}
	return -1;
}

static void put(struct sim *sim, const struct datagram *d)
{
	sim->queue[sim->tail] = *d;
	sim->tail = (sim->tail + 1) % QUEUE_MOST;
}

static void count_sent(struct sim *sim, unsigned int side)
{
	unsigned int sum = 0;

	sim->per_ms[side][sim->now_ms % 1000]++;
	for (size_t i = 0; i < 1000; i++)
		sum += sim->per_ms[side][i];
	if (sum > sim->result->sent_most_in_second[side])
		sim->result->sent_most_in_second[side] = sum;
	if (!sim->result->is_connected[0] || !sim->result->is_connected[1])
		sim->result->sent[side]++;
}

static int transmit(void *arg, size_t index, const struct endpoint *to,
		    const uint8_t *bytes, size_t len, unsigned int ttl)
{
	struct socket_of *s = arg;
	struct sim *sim = s->sim;
	struct addr peer = outer_addr(!s->side);
	struct datagram d = {
	    .due_ms = sim->now_ms + sim->setup->delay_ms,
	    .to_side = !s->side,
	    .to_port = to->port,
	    .len = len,
	};

	count_sent(sim, s->side);
	if (len == 6 && sim->setup->is_acks_lost &&
	    !sim->acked[s->side][index]) {
		sim->acked[s->side][index] = true;
		return 0;
	}
	if (ttl < 2 || is_lost(sim))
		return 0;
	d.from.addr = outer_addr(s->side);
	d.from.port = map_out(sim, s->side, (unsigned int)index, to);
	if (ttl < HOPS_TO_HOST || is_lost(sim) || !addr_equal(&to->addr, &peer))
		return 0;
	memcpy(d.bytes, bytes, len);
	put(sim, &d);
	return 0;
}

/* --- the model ------------------------------------------------------------ */

static void go_send(struct sim *sim, unsigned int side, size_t index,
		    enum punch_message message, unsigned int ttl)
{
	struct socket_of s = {sim, side};
	uint8_t bytes[PUNCH_MESSAGE_BYTES];
	struct endpoint to = sim->go[side][index].remote;
	size_t len = punch_codec_mysterium.encode(NULL, message, &to, bytes);

	transmit(&s, index, &to, bytes, len, ttl);
}

static void go_done(struct sim *sim, unsigned int side, size_t index)
{
	unsigned int count = 0;

	sim->go[side][index].state = GO_DONE;
	for (size_t i = 0; i < SIM_PORTS; i++)
		count += sim->go[side][i].state == GO_DONE;
	if (side == 1)
		go_send(sim, side, index, PUNCH_ACK, 128);
	if (count < WANTED)
		return;
	for (size_t i = 0; i < SIM_PORTS; i++)
		if (sim->go[side][i].state != GO_DONE)
			sim->go[side][i].state = GO_CLOSED;
	sim->result->is_connected[side] = true;
	sim->result->done_ms[side] = (unsigned int)sim->now_ms;
}

static void go_receive(struct sim *sim, unsigned int side, size_t index,
		       const struct datagram *d)
{
	struct go_path *path = &sim->go[side][index];
	enum punch_message m =
	    punch_codec_mysterium.classify(NULL, d->bytes, d->len);

	if (path->state == GO_PINGING && (m == PUNCH_OK || m == PUNCH_PING)) {
		path->state = GO_WAITING;
		path->remote = d->from;
		path->due_ms = sim->now_ms + GO_OK_MS;
		go_send(sim, side, index, PUNCH_OK, 128);
	} else if (path->state == GO_WAITING &&
		   endpoint_equal(&path->remote, &d->from) &&
		   m == (side == 0 ? PUNCH_ACK : PUNCH_OK)) {
		go_done(sim, side, index);
	}
}

static void go_run(struct sim *sim, unsigned int side)
{
	for (size_t i = 0; i < SIM_PORTS; i++) {
		struct go_path *path = &sim->go[side][i];
		unsigned int ttl =
		    side == 0 ? 1 + (unsigned int)i % (SIM_PORTS / 2) : 128;

		if (sim->now_ms < path->due_ms)
			continue;
		if (path->state == GO_PINGING) {
			path->due_ms = sim->now_ms + GO_PING_MS;
			go_send(sim, side, i, PUNCH_PING, ttl);
		} else if (path->state == GO_WAITING && side == 0) {
			path->due_ms = sim->now_ms + GO_OK_MS;
			go_send(sim, side, i, PUNCH_OK, 128);
		}
	}
}

/* --- ours ------------------------------------------------------------------
 */

static void core_start(struct sim *sim, unsigned int side,
		       struct socket_of *socket)
{
	struct punch_core_options options = {
	    .policy = &punch_policy_mysterium,
	    .role = side == 0 ? PUNCH_PROVIDER : PUNCH_CONSUMER,
	    .wanted = WANTED,
	    .primer_ttl = sim->setup->sides[side].primer_ttl,
	    .ports = SIM_PORTS,
	    .targets = {outer_addr(!side)},
	    .target_count = 1,
	    .send = transmit,
	    .arg = socket,
	};

	for (size_t i = 0; i < SIM_PORTS; i++)
		options.target_ports[0][i] = local_port(!side, i);
	sim->cores[side] = punch_core_new(&options, sim->now_ms);
}

static void core_step(struct sim *sim, unsigned int side)
{
	sim->core_due_ms[side] = punch_core_run(sim->cores[side], sim->now_ms);
	if (!sim->result->is_connected[side] &&
	    punch_core_outcome(sim->cores[side]) == PUNCH_CONNECTED) {
		sim->result->is_connected[side] = true;
		sim->result->done_ms[side] = (unsigned int)sim->now_ms;
	}
}

/* --- the world -------------------------------------------------------------
 */

static void deliver(struct sim *sim, const struct datagram *d)
{
	unsigned int side = d->to_side;
	int index = map_in(sim, d);

	if (index < 0)
		return;
	if (sim->setup->sides[side].is_go) {
		go_receive(sim, side, (size_t)index, d);
	} else if (sim->cores[side] &&
		   punch_core_outcome(sim->cores[side]) == PUNCH_RUNNING) {
		/* After the end the sockets are in other hands. */
		punch_core_receive(sim->cores[side], sim->now_ms, (size_t)index,
				   &d->from, d->bytes, d->len);
		core_step(sim, side);
	}
}

static void inject(struct sim *sim)
{
	const uint8_t bytes[] = {11, 22, 9, 9};
	struct datagram d = {
	    .due_ms = sim->now_ms,
	    .to_side = 1,
	    .from = {.addr = addr_from_ipv4(bytes), .port = 666},
	    .bytes = "OK",
	    .len = 2,
	};

	for (size_t i = 0; i < SIM_PORTS; i++) {
		d.to_port = local_port(1, i);
		deliver(sim, &d);
	}
}

static void step(struct sim *sim, struct socket_of *sockets)
{
	sim->per_ms[0][sim->now_ms % 1000] = 0;
	sim->per_ms[1][sim->now_ms % 1000] = 0;
	while (sim->head != sim->tail &&
	       sim->queue[sim->head].due_ms <= sim->now_ms) {
		struct datagram d = sim->queue[sim->head];

		sim->head = (sim->head + 1) % QUEUE_MOST;
		deliver(sim, &d);
	}
	if (sim->setup->injected_ms && sim->now_ms >= sim->setup->injected_ms &&
	    sim->now_ms % 10 == 0)
		inject(sim);
	for (unsigned int side = 0; side < 2; side++) {
		if (sim->now_ms < sim->setup->sides[side].start_ms)
			continue;
		if (sim->setup->sides[side].is_go) {
			go_run(sim, side);
			continue;
		}
		if (!sim->cores[side])
			core_start(sim, side, &sockets[side]);
		if (sim->now_ms >= sim->core_due_ms[side])
			core_step(sim, side);
	}
}

static void note_paths(struct sim *sim, unsigned int side)
{
	for (size_t i = 0; i < SIM_PORTS; i++) {
		struct endpoint remote = sim->go[side][i].remote;
		bool is_done = sim->go[side][i].state == GO_DONE;
		struct addr peer = outer_addr(!side);

		if (sim->cores[side]) {
			const struct punch_path *path =
			    punch_core_path(sim->cores[side], i);

			sim->result->paths[side][i] = *path;
			remote = path->remote;
			is_done = path->state == PUNCH_DONE;
		}
		sim->result->indices[side][i] = is_done;
		if (is_done && !addr_equal(&remote.addr, &peer))
			sim->result->has_intruder = true;
	}
}

static void note_result(struct sim *sim)
{
	for (unsigned int side = 0; side < 2; side++) {
		note_paths(sim, side);
		punch_core_free(sim->cores[side]);
	}
	sim->result->is_same =
	    !sim->result->has_intruder &&
	    memcmp(sim->result->indices[0], sim->result->indices[1],
		   sizeof(sim->result->indices[0])) == 0;
}

static void start_go(struct sim *sim, unsigned int side)
{
	for (size_t i = 0; i < SIM_PORTS; i++) {
		sim->go[side][i].remote.addr = outer_addr(!side);
		sim->go[side][i].remote.port = local_port(!side, i);
		if (!sim->setup->sides[side].is_go)
			sim->go[side][i].state = GO_CLOSED;
	}
}

void sim_run(const struct sim_setup *setup, struct sim_result *ret_result)
{
	struct sim *sim = xcalloc(1, sizeof(*sim));
	struct socket_of sockets[2] = {{sim, 0}, {sim, 1}};
	unsigned int limit_ms = setup->limit_ms ? setup->limit_ms : 11000;

	memset(ret_result, 0, sizeof(*ret_result));
	sim->setup = setup;
	sim->result = ret_result;
	sim->random = setup->seed;
	start_go(sim, 0);
	start_go(sim, 1);
	for (; sim->now_ms < limit_ms; sim->now_ms++)
		step(sim, sockets);
	note_result(sim);
	free(sim);
}
