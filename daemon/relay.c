#include "relay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mem.h"

#define BATCH         32
#define BATCHES_MOST  4 /* of one direction in one turn */
#define DATAGRAM_MOST 2048
#define ERRORS_MOST   8 /* pending ICMP errors that a call may tell first */

struct batch {
	uint8_t bytes[BATCH][DATAGRAM_MOST];
	struct iovec iov[BATCH];
	struct mmsghdr msgs[BATCH];
};

struct relay {
	struct relay_options options;
	int service_fd;
	struct loop_io *peer_io, *service_io;
	struct loop_timer *idle;
	struct relay_counts counts;
	struct batch batch;
};

static int receive_batch(struct relay *relay, int fd)
{
	struct batch *b = &relay->batch;
	int count, tries = 0;

	for (size_t i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){b->bytes[i], DATAGRAM_MOST};
		b->msgs[i].msg_hdr =
		    (struct msghdr){.msg_iov = &b->iov[i], .msg_iovlen = 1};
	}
	/* An ICMP error comes first, instead of the datagrams behind it. */
	do {
		count = recvmmsg(fd, b->msgs, BATCH, MSG_DONTWAIT, NULL);
	} while (count < 0 && errno != EAGAIN && ++tries < ERRORS_MOST);
	return count;
}

/* Sends what is left of the batch; returns how many went. */
static unsigned int send_batch(struct relay *relay, int fd, unsigned int count)
{
	unsigned int sent = 0;
	int tries = 0, done;

	while (sent < count) {
		done = sendmmsg(fd, relay->batch.msgs + sent, count - sent,
				MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done > 0)
			sent += (unsigned int)done;
		else if (errno == EAGAIN || ++tries == ERRORS_MOST)
			break;
	}
	relay->counts.dropped += count - sent;
	return sent;
}

static bool is_wanted(struct relay *relay, unsigned int i, bool is_from_peer)
{
	const struct relay_options *o = &relay->options;
	const struct batch *b = &relay->batch;

	if (b->msgs[i].msg_hdr.msg_flags & MSG_TRUNC) {
		relay->counts.dropped++;
		return false;
	}
	if (is_from_peer && o->filter &&
	    o->filter(o->arg, o->fd, b->bytes[i], b->msgs[i].msg_len)) {
		relay->counts.filtered++;
		return false;
	}
	return true;
}

/* Closes the gap that each datagram leaves which is not passed on. */
static unsigned int filter_batch(struct relay *relay, unsigned int count,
				 bool is_from_peer)
{
	struct batch *b = &relay->batch;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < count; i++) {
		b->iov[i].iov_len = b->msgs[i].msg_len;
		if (is_wanted(relay, i, is_from_peer))
			b->iov[kept++] = b->iov[i];
	}
	return kept;
}

static uint64_t sum_bytes(const struct relay *relay, unsigned int count)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < count; i++)
		bytes += relay->batch.iov[i].iov_len;
	return bytes;
}

static void on_peer(void *arg, int fd, unsigned int events)
{
	struct relay *relay = arg;
	unsigned int idle_ms = relay->options.idle_ms;
	unsigned int count;
	int got;

	(void)events;
	for (int i = 0; i < BATCHES_MOST; i++) {
		got = receive_batch(relay, fd);
		if (got <= 0)
			break;
		loop_timer_start(relay->idle, idle_ms);
		count = filter_batch(relay, (unsigned int)got, true);
		count = send_batch(relay, relay->service_fd, count);
		relay->counts.in_packets += count;
		relay->counts.in_bytes += sum_bytes(relay, count);
		if (got < BATCH)
			break;
	}
}

static void on_service(void *arg, int fd, unsigned int events)
{
	struct relay *relay = arg;
	unsigned int count;
	int got;

	(void)events;
	for (int i = 0; i < BATCHES_MOST; i++) {
		got = receive_batch(relay, fd);
		if (got <= 0)
			break;
		count = filter_batch(relay, (unsigned int)got, false);
		count = send_batch(relay, relay->options.fd, count);
		relay->counts.out_packets += count;
		relay->counts.out_bytes += sum_bytes(relay, count);
		if (got < BATCH)
			break;
	}
}

static void on_idle(void *arg)
{
	struct relay *relay = arg;

	relay->options.ended(relay->options.arg, relay);
}

static int open_service(const struct endpoint *service)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(service, &sa);
	int fd, error;

	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&sa, sa_len) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

int relay_new(const struct relay_options *options, struct relay **ret_relay)
{
	int fd = open_service(&options->service);
	struct relay *relay;

	if (fd < 0)
		return fd;
	relay = xcalloc(1, sizeof(*relay));
	relay->options = *options;
	if (!relay->options.idle_ms)
		relay->options.idle_ms = RELAY_IDLE_MS;
	relay->service_fd = fd;
	relay->peer_io =
	    loop_io_new(options->loop, options->fd, LOOP_READ, on_peer, relay);
	relay->service_io =
	    loop_io_new(options->loop, fd, LOOP_READ, on_service, relay);
	relay->idle = loop_timer_new(options->loop, on_idle, relay);
	loop_timer_start(relay->idle, relay->options.idle_ms);
	*ret_relay = relay;
	return 0;
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	loop_io_free(relay->peer_io);
	loop_io_free(relay->service_io);
	loop_timer_free(relay->idle);
	close(relay->options.fd);
	close(relay->service_fd);
	free(relay);
}

struct relay_counts relay_counts(const struct relay *relay)
{
	return relay->counts;
}
