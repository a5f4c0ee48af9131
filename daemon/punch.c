#include "punch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"
#include "udp.h"

#define READS_MOST    16 /* datagrams, and ICMP errors, in one turn */
#define LEFTOVER_MOST 256
/* Longer datagrams are cut: they are no message. */
#define DATAGRAM_BYTES 2048

struct punch_socket {
	struct punch *punch;
	int fd; /* -1: closed */
	struct loop_io *io;
	enum punch_state told;
};

struct punch {
	struct punch_options options;
	struct punch_listener listener;
	struct punch_core *core;
	struct loop_timer *timer;
	struct punch_socket sockets[PUNCH_PORTS_MOST];
	bool is_done;
};

/* --- sockets -------------------------------------------------------------- */

static void socket_unwatch(struct punch_socket *socket)
{
	loop_io_free(socket->io);
	socket->io = NULL;
}

static void socket_close(struct punch_socket *socket)
{
	socket_unwatch(socket);
	if (socket->fd >= 0)
		close(socket->fd);
	socket->fd = -1;
}

static int on_send(void *arg, size_t index, const struct endpoint *to,
		   const uint8_t *bytes, size_t len, unsigned int ttl)
{
	struct punch *punch = arg;

	if (punch->sockets[index].fd < 0)
		return -EBADF;
	return udp_send(punch->sockets[index].fd, to, bytes, len, ttl);
}

/* Is the next datagram of no use to who gets the socket? */
static bool is_leftover(const struct punch *punch, int fd,
			const struct endpoint *remote)
{
	uint8_t bytes[DATAGRAM_BYTES];
	struct sockaddr_storage sa;
	socklen_t sa_len = sizeof(sa);
	struct endpoint from;
	ssize_t len = recvfrom(fd, bytes, sizeof(bytes), MSG_PEEK,
			       (struct sockaddr *)&sa, &sa_len);

	if (len < 0)
		return errno != EAGAIN;
	return endpoint_from_sockaddr((const struct sockaddr *)&sa, sa_len,
				      &from) < 0 ||
	       !endpoint_equal(&from, remote) ||
	       punch->options.policy->codec->classify(
		   punch->options.session, bytes, (size_t)len) != PUNCH_OTHER;
}

/* Makes the socket one of a connection: deaf to all others, and without what
 * the punching left in its queue. */
static void settle(const struct punch *punch, int fd,
		   const struct endpoint *remote)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(remote, &sa);
	uint8_t byte;

	(void)connect(fd, (const struct sockaddr *)&sa, sa_len);
	for (int i = 0; i < LEFTOVER_MOST && is_leftover(punch, fd, remote);
	     i++)
		(void)!recv(fd, &byte, sizeof(byte), 0);
}

/* --- the end -------------------------------------------------------------- */

static void add_connection(const struct punch *punch, size_t index,
			   struct punch_result *result)
{
	const struct punch_path *path = punch_core_path(punch->core, index);
	int fd = punch->sockets[index].fd;

	settle(punch, fd, &path->remote);
	result->connections[result->count++] = (struct punch_connection){
	    .index = index,
	    .local = udp_local(fd),
	    .remote = path->remote,
	    .proof = path->proof,
	    .fd = fd,
	};
}

static void finish(struct punch *punch, uint64_t now_ms)
{
	struct punch_result result = {
	    .outcome = punch_core_outcome(punch->core),
	    .took_ms = punch_core_took_ms(punch->core, now_ms),
	};

	punch->is_done = true;
	for (size_t i = 0; i < punch->options.ports; i++) {
		if (result.outcome == PUNCH_CONNECTED &&
		    punch_core_path(punch->core, i)->state == PUNCH_DONE) {
			socket_unwatch(&punch->sockets[i]);
			add_connection(punch, i, &result);
		} else {
			socket_close(&punch->sockets[i]);
		}
	}
	if (punch->listener.done)
		punch->listener.done(punch->listener.arg, &result);
}

/* --- the loop ------------------------------------------------------------- */

static void tell_progress(struct punch *punch)
{
	for (size_t i = 0; i < punch->options.ports; i++) {
		enum punch_state state = punch_core_path(punch->core, i)->state;

		if (punch->sockets[i].told == state || state == PUNCH_CLOSED)
			continue;
		punch->sockets[i].told = state;
		if (punch->listener.progress)
			punch->listener.progress(punch->listener.arg, i);
	}
}

static void advance(struct punch *punch)
{
	uint64_t now_ms = loop_now_ms(punch->options.loop);
	uint64_t next_ms = punch_core_run(punch->core, now_ms);

	tell_progress(punch);
	if (!punch->is_done && punch_core_outcome(punch->core) != PUNCH_RUNNING)
		finish(punch, now_ms);
	if (next_ms == PUNCH_NEVER)
		next_ms = now_ms;
	loop_timer_start(punch->timer, next_ms > now_ms ? next_ms - now_ms : 0);
}

static void on_timer(void *arg)
{
	struct punch *punch = arg;
	uint64_t now_ms = loop_now_ms(punch->options.loop);

	if (punch->is_done &&
	    punch_core_run(punch->core, now_ms) == PUNCH_NEVER)
		punch->listener.ended(punch->listener.arg);
	else
		advance(punch);
}

static void read_errors(struct punch *punch, size_t index, int fd)
{
	struct udp_icmp icmp;
	int error;

	for (int i = 0; i < READS_MOST; i++) {
		error = udp_receive_icmp(fd, &icmp);
		if (error == -ENOMSG)
			continue;
		if (error)
			return;
		punch_core_icmp(punch->core, loop_now_ms(punch->options.loop),
				index,
				&(struct punch_icmp){
				    .destination = icmp.destination,
				    .error = icmp.error,
				    .is_ttl_exceeded = icmp.is_ttl_exceeded,
				});
	}
}

static void on_readable(void *arg, int fd, unsigned int events)
{
	struct punch_socket *socket = arg;
	struct punch *punch = socket->punch;
	size_t index = (size_t)(socket - punch->sockets);
	uint8_t bytes[DATAGRAM_BYTES];
	struct endpoint from;
	long len;

	(void)events;
	read_errors(punch, index, fd);
	for (int i = 0; i < READS_MOST; i++) {
		if (punch_core_outcome(punch->core) != PUNCH_RUNNING)
			break;
		len = udp_receive(fd, bytes, sizeof(bytes), &from);
		if (len == -ENOMSG)
			continue;
		if (len < 0)
			break;
		punch_core_receive(punch->core,
				   loop_now_ms(punch->options.loop), index,
				   &from, bytes, (size_t)len);
	}
	advance(punch);
}

/* --- life ----------------------------------------------------------------- */

static struct punch_core *make_core(struct punch *punch)
{
	const struct punch_options *o = &punch->options;
	struct punch_core_options options = {
	    .policy = o->policy,
	    .session = o->session,
	    .role = o->role,
	    .wanted = o->wanted,
	    .primer_ttl = o->primer_ttl,
	    .limit_ms = o->limit_ms,
	    .ports = o->ports,
	    .target_count = o->target_count,
	    .send = on_send,
	    .arg = punch,
	};

	for (size_t t = 0; t < o->target_count; t++) {
		options.targets[t] = o->targets[t];
		for (size_t i = 0; i < o->ports; i++)
			options.target_ports[t][i] = o->target_ports[t][i];
	}
	return punch_core_new(&options, loop_now_ms(o->loop));
}

static int open_sockets(struct punch *punch, size_t *ret_index)
{
	const struct punch_options *o = &punch->options;

	for (size_t i = 0; i < o->ports; i++) {
		struct endpoint local = {.addr = o->bind,
					 .port = o->local_ports[i]};
		struct punch_socket *socket = &punch->sockets[i];

		if (!addr_is_set(&local.addr))
			local.addr.family = AF_INET;
		socket->fd = udp_open(&local);
		if (socket->fd < 0) {
			*ret_index = i;
			return socket->fd;
		}
		socket->io = loop_io_new(o->loop, socket->fd, LOOP_READ,
					 on_readable, socket);
	}
	return 0;
}

int punch_new(const struct punch_options *options,
	      const struct punch_listener *listener, struct punch **ret_punch,
	      size_t *ret_index)
{
	struct punch *punch = xcalloc(1, sizeof(*punch));
	int error;

	punch->options = *options;
	punch->listener = *listener;
	for (size_t i = 0; i < PUNCH_PORTS_MOST; i++)
		punch->sockets[i] =
		    (struct punch_socket){.punch = punch, .fd = -1};
	punch->timer = loop_timer_new(options->loop, on_timer, punch);
	error = open_sockets(punch, ret_index);
	if (error) {
		punch_free(punch);
		return error;
	}
	punch->core = make_core(punch);
	loop_timer_start(punch->timer, 0);
	*ret_punch = punch;
	return 0;
}

void punch_free(struct punch *punch)
{
	if (!punch)
		return;
	for (size_t i = 0; i < PUNCH_PORTS_MOST; i++)
		socket_close(&punch->sockets[i]);
	loop_timer_free(punch->timer);
	punch_core_free(punch->core);
	free(punch);
}

const struct punch_core *punch_view(const struct punch *punch)
{
	return punch->core;
}
