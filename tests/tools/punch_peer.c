/*
 * punch_peer: the daemon's punch engine as a program, for the lab.
 *
 * usage: punch_peer provider|consumer PEER [--start=MS] [--trials=N]
 *        [--every=MS] [--ports=N] [--ttl=N] [--local=PORT] [--remote=PORT]
 *        [--limit=MS] [--data=MS] [--tries=N]
 * Prints one line an attempt: outcome, ms since the provider's start, packets
 * sent until then, cause; then whether data passes each way. Attempts overlap
 * when EVERY is short. Exit: 0 when every attempt connected and carried data.
 */
#include "punch_peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "mem.h"
#include "punch.h"

#define DATA_MS 25

static const char usage_text[] =
    "usage: punch_peer provider|consumer PEER [OPTION...]\n";

struct attempt {
	struct peer *peer;
	unsigned int number;
	struct punch *punch;
	struct loop_timer *start, *data;
	int fds[PEER_WANTED];
	size_t fd_count;
	unsigned int tries;
	bool has_data[PEER_WANTED];
};

struct peer {
	struct loop *loop;
	struct peer_options options;
	struct attempt *attempts;
	unsigned int left;
	unsigned int good;
};

static void end(struct attempt *a)
{
	struct peer *peer = a->peer;
	bool is_good = a->fd_count == PEER_WANTED;

	for (size_t i = 0; i < a->fd_count; i++) {
		is_good = is_good && a->has_data[i];
		close(a->fds[i]);
	}
	printf("data trial=%u passes=%s\n", a->number, is_good ? "yes" : "no");
	peer->good += is_good;
	if (--peer->left == 0)
		loop_stop(peer->loop);
}

static void on_data(void *arg)
{
	struct attempt *a = arg;
	char bytes[8];

	for (size_t i = 0; i < a->fd_count; i++) {
		(void)!send(a->fds[i], "data", 4, MSG_NOSIGNAL);
		while (recv(a->fds[i], bytes, sizeof(bytes), 0) >= 0)
			if (memcmp(bytes, "data", 4) == 0)
				a->has_data[i] = true;
	}
	if (a->fd_count && a->tries++ < a->peer->options.tries)
		loop_timer_start(a->data, DATA_MS);
	else
		end(a);
}

static unsigned int count_sent(const struct punch_core *core)
{
	unsigned int sent = 0;

	for (size_t i = 0; i < punch_core_path_count(core); i++)
		sent += punch_core_path(core, i)->pings_sent +
			punch_core_path(core, i)->answers_sent;
	return sent;
}

static void print_path(const struct attempt *a,
		       const struct punch_connection *c)
{
	char local[ENDPOINT_TEXT_BYTES], remote[ENDPOINT_TEXT_BYTES];

	printf("path trial=%u index=%zu local=%s remote=%s proof=%s\n",
	       a->number, c->index,
	       endpoint_format(&c->local, local, sizeof(local)),
	       endpoint_format(&c->remote, remote, sizeof(remote)),
	       punch_proof_name(c->proof));
}

static void on_done(void *arg, const struct punch_result *result)
{
	struct attempt *a = arg;
	const struct punch_core *core = punch_view(a->punch);
	const struct punch_surroundings around = {.mapping =
						      NAT_MAPPING_UNKNOWN};
	uint64_t start_ms = peer_start_ms(&a->peer->options, a->number);

	printf("trial=%u outcome=%s took_ms=%d sent=%u cause=%s\n", a->number,
	       result->outcome == PUNCH_CONNECTED ? "connected" : "failed",
	       (int)(peer_wall_ms() - start_ms), count_sent(core),
	       punch_cause_name(punch_cause_of(core,
					       a->peer->options.is_provider
						   ? PUNCH_PROVIDER
						   : PUNCH_CONSUMER,
					       &around)));
	for (size_t i = 0; i < result->count; i++) {
		a->fds[a->fd_count++] = dup(result->connections[i].fd);
		print_path(a, &result->connections[i]);
	}
	start_ms += a->peer->options.data_ms;
	loop_timer_start(
	    a->data, start_ms > peer_wall_ms() ? start_ms - peer_wall_ms() : 0);
}

static void on_ended(void *arg)
{
	struct attempt *a = arg;

	punch_free(a->punch);
	a->punch = NULL;
}

static void on_start(void *arg)
{
	struct attempt *a = arg;
	const struct peer_options *o = &a->peer->options;
	struct punch_options options = {
	    .loop = a->peer->loop,
	    .policy = &punch_policy_mysterium,
	    .role = o->is_provider ? PUNCH_PROVIDER : PUNCH_CONSUMER,
	    .wanted = PEER_WANTED,
	    .primer_ttl = o->ttl,
	    .limit_ms = o->limit_ms,
	    .ports = o->ports,
	    .targets = {o->peer},
	    .target_count = 1,
	};
	const struct punch_listener listener = {
	    .done = on_done, .ended = on_ended, .arg = a};
	size_t index = 0;
	int error;

	for (unsigned int i = 0; i < o->ports; i++) {
		unsigned int at = a->number * o->ports + i;

		options.local_ports[i] = (uint16_t)(o->local + at);
		options.target_ports[0][i] = (uint16_t)(o->remote + at);
	}
	error = punch_new(&options, &listener, &a->punch, &index);
	if (error) {
		fprintf(stderr, "punch_peer: port %u: %s\n",
			options.local_ports[index], strerror(-error));
		exit(EXIT_FAILURE);
	}
}

static void schedule(struct peer *peer, unsigned int k)
{
	struct attempt *a = &peer->attempts[k];
	uint64_t at_ms = peer_start_ms(&peer->options, k) +
			 (peer->options.is_provider ? 0 : CONSUMER_MS);
	uint64_t now_ms = peer_wall_ms();

	a->peer = peer;
	a->number = k;
	a->start = loop_timer_new(peer->loop, on_start, a);
	a->data = loop_timer_new(peer->loop, on_data, a);
	loop_timer_start(a->start, at_ms > now_ms ? at_ms - now_ms : 0);
}

int main(int argc, char **argv)
{
	struct peer peer = {.good = 0};

	peer_parse(argc, argv, usage_text, &peer.options);
	peer.loop = loop_new();
	peer.left = peer.options.trials;
	peer.attempts = xcalloc(peer.left, sizeof(*peer.attempts));
	for (unsigned int k = 0; k < peer.options.trials; k++)
		schedule(&peer, k);
	loop_run(peer.loop);
	for (unsigned int k = 0; k < peer.options.trials; k++) {
		punch_free(peer.attempts[k].punch);
		loop_timer_free(peer.attempts[k].start);
		loop_timer_free(peer.attempts[k].data);
	}
	free(peer.attempts);
	loop_free(peer.loop);
	return peer.good == peer.options.trials ? 0 : 1;
}
