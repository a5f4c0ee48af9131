#include "stun_client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <unistd.h>

#include "mem.h"

/* Datagrams and ICMP errors that one call from the loop takes at most. */
#define READ_MOST 32

struct transaction {
	struct stun_socket *socket;
	uint64_t id;
	uint8_t stun_id[STUN_ID_BYTES];
	struct stun_query query;
	stun_done_fn done;
	void *arg;
	struct loop_timer *timer;
	uint64_t began_ms;
	uint32_t rto_ms;
	unsigned int sent;
	int error;   /* why the last request could not leave or arrive */
	bool is_bad; /* there is no point in going on */
	TAILQ_ENTRY(transaction) link;
};

struct stun_socket {
	struct loop *loop;
	int fd;
	struct loop_io *io;
	struct stun_listener listener;
	struct stun_rtt rtt;
	struct stun_counts counts;
	uint64_t last_id;
	unsigned int depth; /* callbacks that are running */
	bool is_freed;      /* the last of them frees the memory */
	TAILQ_HEAD(, transaction) transactions;
};

static void enter(struct stun_socket *socket)
{
	socket->depth++;
}

/* Returns false when the socket is gone. */
static bool leave(struct stun_socket *socket)
{
	bool is_freed = socket->is_freed;

	if (--socket->depth == 0 && is_freed)
		free(socket);
	return !is_freed;
}

static void discard(struct transaction *t)
{
	TAILQ_REMOVE(&t->socket->transactions, t, link);
	loop_timer_free(t->timer);
	free(t);
}

/* Ends T with ANSWER and calls its owner, who may free the socket. */
static void finish(struct transaction *t, struct stun_answer *answer)
{
	stun_done_fn done = t->done;
	void *arg = t->arg;

	answer->server = t->query.server;
	answer->sent = t->sent;
	answer->took_ms =
	    (unsigned int)(loop_now_ms(t->socket->loop) - t->began_ms);
	discard(t);
	done(arg, answer);
}

static void finish_silent(struct transaction *t)
{
	struct stun_answer answer = {.outcome = STUN_TIMEOUT};

	if (t->error) {
		answer.outcome = STUN_UNREACHABLE;
		answer.error = t->error;
	}
	finish(t, &answer);
}

/* Will this errno of a send last? A full buffer passes, and a packet filter may
 * drop (EPERM) one packet and let the next pass. */
static bool is_lasting(int error)
{
	return error != EAGAIN && error != ENOBUFS && error != EPERM;
}

static void transmit(struct transaction *t)
{
	struct stun_request request = {
	    .change_ip = t->query.change_ip,
	    .change_port = t->query.change_port,
	    .response_port = t->query.response_port,
	};
	uint8_t bytes[STUN_REQUEST_BYTES];
	size_t len = 0;
	int error;

	if (t->query.is_awaited)
		return;
	memcpy(request.id, t->stun_id, STUN_ID_BYTES);
	error = stun_request_encode(&request, bytes, sizeof(bytes), &len);
	assert(error == 0);
	error = udp_send(t->socket->fd, &t->query.server, bytes, len, 0);
	t->sent++;
	t->error = -error;
	t->is_bad = error < 0 && is_lasting(-error);
}

/* When the next request is due, or the end. */
static void arm(struct transaction *t)
{
	uint64_t passed_ms = loop_now_ms(t->socket->loop) - t->began_ms;
	uint64_t left_ms =
	    t->query.budget_ms > passed_ms ? t->query.budget_ms - passed_ms : 0;
	uint64_t wait_ms =
	    stun_retry_wait_ms(t->rto_ms, t->sent, t->query.is_flat);

	if (t->query.is_awaited)
		wait_ms = left_ms;
	if (t->is_bad)
		wait_ms = 0;
	loop_timer_start(t->timer, wait_ms < left_ms ? wait_ms : left_ms);
}

static void on_timer(void *arg)
{
	struct transaction *t = arg;
	struct stun_socket *socket = t->socket;
	uint64_t passed_ms = loop_now_ms(socket->loop) - t->began_ms;

	if (t->is_bad || t->sent >= STUN_RETRY_RC ||
	    passed_ms >= t->query.budget_ms) {
		enter(socket);
		finish_silent(t);
		leave(socket);
		return;
	}
	transmit(t);
	arm(t);
}

static struct transaction *find(struct stun_socket *socket,
				const struct stun_message *m,
				const struct endpoint *from)
{
	struct transaction *t;

	TAILQ_FOREACH (t, &socket->transactions, link)
		if (memcmp(t->stun_id, m->id, STUN_ID_BYTES) == 0 &&
		    endpoint_equal(&t->query.answer_from, from))
			return t;
	return NULL;
}

static void take_answer(struct transaction *t, const struct stun_message *m)
{
	struct stun_socket *socket = t->socket;
	struct stun_answer answer = {.message = *m};

	answer.outcome =
	    m->class == STUN_CLASS_SUCCESS ? STUN_ANSWERED : STUN_REFUSED;
	socket->counts.answers++;
	if (t->sent == 1)
		stun_rtt_sample(
		    &socket->rtt,
		    (uint32_t)(loop_now_ms(socket->loop) - t->began_ms));
	finish(t, &answer);
}

/* Is this a STUN response, good or bad? RFC 8489 section 5: the upper class bit
 * is bit 8 of the type. */
static bool is_response(const uint8_t *bytes, size_t len)
{
	return stun_is_message(bytes, len) && (bytes[0] & 1);
}

static void take_datagram(struct stun_socket *socket,
			  const struct endpoint *from, const uint8_t *bytes,
			  size_t len)
{
	struct stun_message m;
	struct transaction *t;

	if (!is_response(bytes, len)) {
		socket->counts.datagrams++;
		if (socket->listener.datagram)
			socket->listener.datagram(socket->listener.arg, from,
						  bytes, len);
		return;
	}
	t = NULL;
	if (stun_parse(bytes, len, &m) == 0 && m.method == STUN_METHOD_BINDING)
		t = find(socket, &m, from);
	if (t)
		take_answer(t, &m);
	else
		socket->counts.rejected++;
}

/* Notes what ICMP says about a server in its transactions. A closed port ends
 * them: soon, from their own timers, because owners may ask again at once. */
static void note_error(struct stun_socket *socket, const struct udp_icmp *icmp)
{
	struct transaction *t;

	TAILQ_FOREACH (t, &socket->transactions, link) {
		if (!endpoint_equal(&t->query.server, &icmp->destination))
			continue;
		t->error = icmp->error;
		if (icmp->error != ECONNREFUSED)
			continue;
		t->is_bad = true;
		loop_timer_start(t->timer, 0);
	}
}

static void take_icmp(struct stun_socket *socket, const struct udp_icmp *icmp)
{
	socket->counts.icmp++;
	/* A low TTL is on purpose, and never that of a request. */
	if (!icmp->is_ttl_exceeded)
		note_error(socket, icmp);
	if (socket->listener.icmp)
		socket->listener.icmp(socket->listener.arg, icmp);
}

static void drain_icmp(struct stun_socket *socket)
{
	struct udp_icmp icmp;
	int error = 0;

	for (int i = 0; i < READ_MOST && !socket->is_freed; i++) {
		error = udp_receive_icmp(socket->fd, &icmp);
		if (error == 0)
			take_icmp(socket, &icmp);
		else if (error != -ENOMSG)
			return;
	}
}

static void on_readable(void *arg, int fd, unsigned int events)
{
	struct stun_socket *socket = arg;
	uint8_t bytes[STUN_DATAGRAM_BYTES];
	struct endpoint from;
	long len;

	(void)fd;
	(void)events;
	enter(socket);
	drain_icmp(socket);
	for (int i = 0; i < READ_MOST && !socket->is_freed; i++) {
		len = udp_receive(socket->fd, bytes, sizeof(bytes), &from);
		if (len >= 0)
			take_datagram(socket, &from, bytes, (size_t)len);
		else if (len != -ENOMSG)
			break;
	}
	leave(socket);
}

struct stun_socket *stun_socket_adopt(struct loop *loop, int fd,
				      const struct stun_listener *listener)
{
	struct stun_socket *socket = xcalloc(1, sizeof(*socket));

	socket->loop = loop;
	socket->fd = fd;
	TAILQ_INIT(&socket->transactions);
	stun_socket_listen(socket, listener);
	udp_queue_errors(fd, udp_local(fd).addr.family);
	socket->io = loop_io_new(loop, fd, LOOP_READ, on_readable, socket);
	return socket;
}

int stun_socket_open(struct loop *loop, const struct endpoint *local,
		     const struct stun_listener *listener,
		     struct stun_socket **ret_socket)
{
	int fd = udp_open(local);

	if (fd < 0)
		return fd;
	*ret_socket = stun_socket_adopt(loop, fd, listener);
	return 0;
}

int stun_socket_detach(struct stun_socket *socket)
{
	struct transaction *t = TAILQ_FIRST(&socket->transactions), *next;
	int fd = socket->fd;

	for (; t; t = next) {
		next = TAILQ_NEXT(t, link);
		discard(t);
	}
	loop_io_free(socket->io);
	socket->is_freed = true;
	if (socket->depth == 0)
		free(socket);
	return fd;
}

void stun_socket_free(struct stun_socket *socket)
{
	if (socket)
		close(stun_socket_detach(socket));
}

void stun_socket_listen(struct stun_socket *socket,
			const struct stun_listener *listener)
{
	socket->listener = listener ? *listener : (struct stun_listener){0};
}

struct endpoint stun_socket_local(const struct stun_socket *socket)
{
	return udp_local(socket->fd);
}

int stun_socket_fd(const struct stun_socket *socket)
{
	return socket->fd;
}

static void set_id(struct transaction *t, const uint8_t *id)
{
	t->query.id = NULL;
	if (id)
		memcpy(t->stun_id, id, STUN_ID_BYTES);
	/* Without randomness anybody could answer: there is no way on. */
	else if (getrandom(t->stun_id, STUN_ID_BYTES, 0) != STUN_ID_BYTES)
		abort();
}

uint64_t stun_socket_ask(struct stun_socket *socket,
			 const struct stun_query *query, stun_done_fn done,
			 void *arg)
{
	struct transaction *t = xcalloc(1, sizeof(*t));

	t->socket = socket;
	t->id = ++socket->last_id;
	t->query = *query;
	if (!addr_is_set(&query->answer_from.addr))
		t->query.answer_from = query->server;
	t->done = done;
	t->arg = arg;
	t->rto_ms =
	    query->rto_ms ? query->rto_ms : stun_rtt_rto_ms(&socket->rtt);
	t->began_ms = loop_now_ms(socket->loop);
	t->timer = loop_timer_new(socket->loop, on_timer, t);
	set_id(t, query->id);
	TAILQ_INSERT_TAIL(&socket->transactions, t, link);
	transmit(t);
	arm(t);
	return t->id;
}

void stun_socket_cancel(struct stun_socket *socket, uint64_t id)
{
	struct transaction *t;

	TAILQ_FOREACH (t, &socket->transactions, link) {
		if (t->id != id)
			continue;
		discard(t);
		return;
	}
}

int stun_socket_send(struct stun_socket *socket, const struct endpoint *to,
		     const void *bytes, size_t len, unsigned int ttl)
{
	return udp_send(socket->fd, to, bytes, len, ttl);
}

struct stun_rtt stun_socket_rtt(const struct stun_socket *socket)
{
	return socket->rtt;
}

void stun_socket_set_rtt(struct stun_socket *socket, const struct stun_rtt *rtt)
{
	socket->rtt = *rtt;
}

struct stun_counts stun_socket_counts(const struct stun_socket *socket)
{
	return socket->counts;
}

const char *stun_outcome_name(enum stun_outcome outcome)
{
	static const char *const names[] = {
	    [STUN_ANSWERED] = "answered",
	    [STUN_REFUSED] = "refused",
	    [STUN_TIMEOUT] = "timeout",
	    [STUN_UNREACHABLE] = "unreachable",
	};

	return names[outcome];
}
