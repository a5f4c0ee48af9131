#include "nat_check.h"

#include <stdlib.h>

#include "mem.h"
#include "nat_hairpin.h"
#include "nat_servers.h"
#include "stun_client.h"

#define RESEND_MS       100  /* between two requests of one question */
#define PRIMARY_MS      1200 /* budget of the first question to each server */
#define GRACE_MS        150  /* for slow servers once a useful one is there */
#define GRACE_PLAIN_MS  400  /* and while only plain ones are */
#define PACE_MS         5    /* between two new mappings, to keep their order */
#define SILENCE_MS      550  /* of listening, besides two round trips */
#define SILENCE_MOST_MS 1200
#define ASKS_MOST       40

/* The sockets of a check, in the order in which they are used. */
enum {
	SOCKET_MAPPING, /* talks to every server */
	SOCKET_FILTER_A,
	SOCKET_FILTER_B,
	SOCKET_EXTRA_A, /* for the allocation of ports, and hairpinning */
	SOCKET_EXTRA_B,
	SOCKET_COUNT,
};

enum ask_kind {
	ASK_PRIMARY,      /* mapping test I */
	ASK_OTHER,        /* mapping test II: the server's other address */
	ASK_OTHER_PORT,   /* mapping test III: and its other port */
	ASK_CONTROL,      /* filtering test II where it has to get through */
	ASK_EXTRA,        /* one more mapping */
	ASK_FILTER,       /* filtering test I */
	ASK_FILTER_OTHER, /* filtering test II */
	ASK_FILTER_PORT,  /* filtering test III */
};

struct ask {
	struct nat_check *check;
	enum ask_kind kind;
	unsigned int socket;
	unsigned int server;
	unsigned int order;
	uint64_t id;    /* of the transaction; 0: it has ended */
	bool is_second; /* the first was not answered */
};

struct nat_check {
	struct loop *loop;
	nat_check_fn done;
	void *arg;
	uint64_t began_ms;
	struct addr bind;
	struct port_range ports;
	struct nat_server servers[NAT_CHECK_SERVERS_MOST];
	size_t server_count;
	struct stun_socket *sockets[SOCKET_COUNT];
	uint16_t local_ports[SOCKET_COUNT];
	struct endpoint outer[SOCKET_COUNT];
	struct ask asks[ASKS_MOST];
	size_t ask_count;
	struct loop_timer *grace; /* ends the first phase, or the check */
	struct loop_timer *pace;  /* opens the next socket */
	struct nat_hairpin *hairpin;
	bool is_launched; /* the first phase is over */
	bool has_control; /* asked, or there is no use in it */
	bool has_hairpin;
	unsigned int next_socket;
	struct nat_choice choice;
	unsigned int window_ms;
	struct nat_observations seen;
	int error;
};

static void step(struct nat_check *check);
static void on_answer(void *arg, const struct stun_answer *answer);

/* --- asking --------------------------------------------------------------- */

static void fill_query(const struct nat_check *check, const struct ask *ask,
		       struct stun_query *q)
{
	const struct nat_server *server = &check->servers[ask->server];

	q->server = server->at;
	q->rto_ms = RESEND_MS;
	q->is_flat = true;
	q->budget_ms = ask->kind == ASK_PRIMARY ? PRIMARY_MS : check->window_ms;
	switch (ask->kind) {
	case ASK_PRIMARY:
	case ASK_EXTRA:
	case ASK_FILTER:
		break;
	case ASK_OTHER:
		q->server.addr = server->other.addr;
		break;
	case ASK_OTHER_PORT:
		q->server = server->other;
		break;
	case ASK_CONTROL:
	case ASK_FILTER_OTHER:
		q->change_ip = true;
		q->change_port = true;
		q->answer_from = server->other;
		break;
	case ASK_FILTER_PORT:
		q->change_port = true;
		q->answer_from = server->at;
		q->answer_from.port = server->other.port;
		break;
	}
}

static void put_question(struct nat_check *check, enum ask_kind kind,
			 unsigned int socket, unsigned int server)
{
	struct stun_query query = {.change_ip = false};
	struct ask *ask = &check->asks[check->ask_count];

	if (check->ask_count == ASKS_MOST || !check->sockets[socket])
		return;
	*ask = (struct ask){
	    .check = check,
	    .kind = kind,
	    .socket = socket,
	    .server = server,
	    .order = (unsigned int)check->ask_count,
	};
	check->ask_count++;
	fill_query(check, ask, &query);
	ask->id =
	    stun_socket_ask(check->sockets[socket], &query, on_answer, ask);
}

static bool is_pending(const struct nat_check *check, enum ask_kind first,
		       enum ask_kind last)
{
	for (size_t i = 0; i < check->ask_count; i++)
		if (check->asks[i].id && check->asks[i].kind >= first &&
		    check->asks[i].kind <= last)
			return true;
	return false;
}

/* --- sockets -------------------------------------------------------------- */

static int open_socket(struct nat_check *check, unsigned int n)
{
	int fd = udp_open_within(&check->bind, check->ports.first,
				 check->ports.last);

	if (fd < 0) {
		check->error = -fd;
		return fd;
	}
	check->sockets[n] = stun_socket_adopt(check->loop, fd, NULL);
	check->local_ports[n] = udp_local(fd).port;
	return 0;
}

/* --- the end -------------------------------------------------------------- */

void nat_check_cancel(struct nat_check *check)
{
	if (!check)
		return;
	nat_hairpin_cancel(check->hairpin);
	for (size_t i = 0; i < SOCKET_COUNT; i++)
		stun_socket_free(check->sockets[i]);
	loop_timer_free(check->grace);
	loop_timer_free(check->pace);
	free(check);
}

static unsigned int rtt_ms(const struct nat_check *check)
{
	struct stun_rtt rtt = {.samples = 0};

	if (check->sockets[SOCKET_MAPPING])
		rtt = stun_socket_rtt(check->sockets[SOCKET_MAPPING]);
	return (rtt.srtt_us + 999) / 1000;
}

static void finish(struct nat_check *check)
{
	struct nat_check_result result = {.nat.step = 0};
	nat_check_fn done = check->done;
	void *arg = check->arg;

	result.nat = nat_behaviour_judge(&check->seen);
	result.asked = (unsigned int)check->server_count;
	for (size_t i = 0; i < check->server_count; i++)
		result.answered += check->servers[i].has_answered;
	result.has_rfc5780 = check->choice.able_count > 0;
	result.rtt_ms = rtt_ms(check);
	result.took_ms =
	    (unsigned int)(loop_now_ms(check->loop) - check->began_ms);
	result.error = result.answered ? 0 : check->error;
	nat_check_cancel(check);
	done(arg, &result);
}

/* --- hairpinning (RFC 5780 section 4.5) ----------------------------------- */

static void on_hairpin(void *arg, bool heard)
{
	struct nat_check *check = arg;

	check->hairpin = NULL;
	check->seen.hairpin = heard ? NAT_YES : NAT_NO;
	step(check);
}

static void start_hairpin(struct nat_check *check)
{
	const struct endpoint *a = &check->outer[SOCKET_EXTRA_A];
	const struct endpoint *b = &check->outer[SOCKET_EXTRA_B];

	check->has_hairpin = true;
	/* Without a NAT a datagram to the outer address never leaves. */
	if (!stun_vote_is_credible(a) || !stun_vote_is_credible(b) ||
	    addr_equal(&a->addr, &check->seen.local))
		return;
	check->hairpin = nat_hairpin_start(
	    check->loop, check->sockets[SOCKET_EXTRA_A], a,
	    check->sockets[SOCKET_EXTRA_B], b, on_hairpin, check);
}

/* --- the second phase ----------------------------------------------------- */

/* Opens the sockets of the second phase, one every PACE_MS. */
static void on_pace(void *arg)
{
	struct nat_check *check = arg;
	unsigned int n = check->next_socket++;
	bool is_filter = n == SOCKET_FILTER_A || n == SOCKET_FILTER_B;

	if (n < SOCKET_COUNT && open_socket(check, n) == 0) {
		if (is_filter && check->choice.able_count)
			put_question(check, ASK_FILTER, n,
				     check->choice.able[n == SOCKET_FILTER_B]);
		else
			put_question(check, ASK_EXTRA, n, check->choice.plain);
	}
	if (check->next_socket < SOCKET_COUNT)
		loop_timer_start(check->pace, PACE_MS);
	step(check);
}

static void launch(struct nat_check *check)
{
	check->is_launched = true;
	check->window_ms = SILENCE_MS + 2 * rtt_ms(check);
	if (check->window_ms > SILENCE_MOST_MS)
		check->window_ms = SILENCE_MOST_MS;
	if (nat_servers_choose(check->servers, check->server_count,
			       &check->choice) < 0) {
		finish(check);
		return;
	}
	if (!addr_is_set(&check->seen.local) ||
	    addr_classify(&check->seen.local) == ADDR_UNSPECIFIED)
		(void)udp_source_for(&check->servers[check->choice.plain].at,
				     &check->seen.local);
	for (unsigned int i = 0; i < check->choice.able_count; i++) {
		put_question(check, ASK_OTHER, SOCKET_MAPPING,
			     check->choice.able[i]);
		put_question(check, ASK_OTHER_PORT, SOCKET_MAPPING,
			     check->choice.able[i]);
	}
	loop_timer_start(check->grace, NAT_CHECK_BUDGET_MS - PRIMARY_MS);
	check->next_socket = SOCKET_FILTER_A;
	on_pace(check);
}

/* Where the mapping does not depend on the destination and the server's other
 * address was talked to, its answer from there gets through every NAT; if it
 * does not, the server does not do what it is asked. */
static void start_control(struct nat_check *check)
{
	const struct nat_observations *seen = &check->seen;
	unsigned int same = 0, others = 0;

	check->has_control = true;
	for (size_t i = 0; i < seen->sample_count; i++) {
		const struct nat_sample *s = &seen->samples[i];
		const struct nat_server *server =
		    &check->servers[check->choice.able[0]];

		if (s->socket != SOCKET_MAPPING ||
		    s->voter != check->choice.able[0])
			continue;
		others += endpoint_equal(&s->asked, &server->other);
		same += endpoint_equal(&s->mapped, &server->mapped);
	}
	if (others > 0 && same >= 3)
		put_question(check, ASK_CONTROL, SOCKET_MAPPING,
			     check->choice.able[0]);
}

static void step_second(struct nat_check *check)
{
	if (check->choice.able_count && !check->has_control &&
	    !is_pending(check, ASK_OTHER, ASK_OTHER_PORT))
		start_control(check);
	if (check->next_socket == SOCKET_COUNT && !check->has_hairpin &&
	    !is_pending(check, ASK_EXTRA, ASK_EXTRA))
		start_hairpin(check);
	if (check->next_socket == SOCKET_COUNT && !check->hairpin &&
	    !is_pending(check, ASK_OTHER, ASK_FILTER_PORT))
		finish(check);
}

/* --- the first phase ------------------------------------------------------ */

static void step_first(struct nat_check *check)
{
	struct stun_vote vote;
	bool is_able;

	vote = nat_servers_vote(check->servers, check->server_count);
	is_able = nat_servers_has_able(check->servers, check->server_count);
	if (!is_pending(check, ASK_PRIMARY, ASK_PRIMARY))
		launch(check);
	else if (vote.servers >= 2 &&
		 (is_able || !loop_timer_is_running(check->grace)))
		loop_timer_start(check->grace,
				 is_able ? GRACE_MS : GRACE_PLAIN_MS);
}

static void step(struct nat_check *check)
{
	if (check->is_launched)
		step_second(check);
	else
		step_first(check);
}

static void on_grace(void *arg)
{
	struct nat_check *check = arg;

	if (check->is_launched || check->server_count == 0)
		finish(check);
	else
		launch(check);
}

/* --- answers -------------------------------------------------------------- */

static void record(struct nat_check *check, const struct ask *ask,
		   const struct stun_answer *answer)
{
	struct nat_observations *seen = &check->seen;

	check->outer[ask->socket] = answer->message.mapped;
	if (seen->sample_count == NAT_SAMPLES_MOST)
		return;
	seen->samples[seen->sample_count++] = (struct nat_sample){
	    .socket = ask->socket,
	    .voter = ask->server,
	    .order = ask->order,
	    .local_port = check->local_ports[ask->socket],
	    .asked = answer->server,
	    .mapped = answer->message.mapped,
	};
}

static void take_primary(struct nat_check *check, const struct ask *ask,
			 const struct stun_answer *answer)
{
	struct nat_server *server = &check->servers[ask->server];

	record(check, ask, answer);
	nat_server_answered(server, &answer->message.mapped,
			    &answer->message.other);
}

static struct nat_filter_run *run_of(struct nat_check *check,
				     const struct ask *ask)
{
	return &check->seen.runs[ask->socket - SOCKET_FILTER_A];
}

/* A socket has its mapping: tests II and III may start. */
static void start_run(struct nat_check *check, const struct ask *ask)
{
	run_of(check, ask)->is_valid = true;
	put_question(check, ASK_FILTER_OTHER, ask->socket, ask->server);
	put_question(check, ASK_FILTER_PORT, ask->socket, ask->server);
}

static void take(struct nat_check *check, const struct ask *ask,
		 const struct stun_answer *answer)
{
	switch (ask->kind) {
	case ASK_PRIMARY:
		take_primary(check, ask, answer);
		break;
	case ASK_FILTER:
		record(check, ask, answer);
		start_run(check, ask);
		break;
	case ASK_OTHER:
	case ASK_OTHER_PORT:
	case ASK_EXTRA:
		record(check, ask, answer);
		break;
	case ASK_CONTROL:
		check->seen.control = NAT_YES;
		break;
	case ASK_FILTER_OTHER:
		run_of(check, ask)->heard_other = true;
		break;
	case ASK_FILTER_PORT:
		run_of(check, ask)->heard_port = true;
		break;
	}
}

/* May a question be lost without the verdict getting worse? The filtering tests
 * II and III are done twice in any case. An address that a server made up gets
 * no more datagrams until it has answered one. */
static bool is_asked_twice(const struct nat_check *check, const struct ask *ask)
{
	const struct nat_observations *seen = &check->seen;
	const struct addr *other = &check->servers[ask->server].other.addr;

	if (ask->is_second)
		return false;
	if (ask->kind == ASK_CONTROL || ask->kind == ASK_FILTER)
		return true;
	if (ask->kind != ASK_OTHER && ask->kind != ASK_OTHER_PORT)
		return false;
	for (size_t i = 0; i < seen->sample_count; i++)
		if (addr_equal(&seen->samples[i].asked.addr, other))
			return true;
	return false;
}

static void take_silence(struct nat_check *check, const struct ask *ask)
{
	if (is_asked_twice(check, ask)) {
		put_question(check, ask->kind, ask->socket, ask->server);
		check->asks[check->ask_count - 1].is_second = true;
	} else if (ask->kind == ASK_CONTROL) {
		check->seen.control = NAT_NO;
	}
}

static void on_answer(void *arg, const struct stun_answer *answer)
{
	struct ask *ask = arg;
	struct nat_check *check = ask->check;

	ask->id = 0;
	if (answer->outcome == STUN_UNREACHABLE)
		check->error = answer->error;
	if (answer->outcome == STUN_ANSWERED)
		take(check, ask, answer);
	else
		take_silence(check, ask);
	step(check);
}

struct nat_check *nat_check_start(struct loop *loop,
				  const struct nat_check_config *config,
				  nat_check_fn done, void *arg)
{
	struct nat_check *check = xcalloc(1, sizeof(*check));

	check->loop = loop;
	check->done = done;
	check->arg = arg;
	check->began_ms = loop_now_ms(loop);
	check->bind = config->bind;
	check->ports = config->ports;
	check->seen.local = config->bind;
	check->grace = loop_timer_new(loop, on_grace, check);
	check->pace = loop_timer_new(loop, on_pace, check);
	for (size_t i = 0;
	     i < config->server_count && i < NAT_CHECK_SERVERS_MOST; i++)
		check->servers[check->server_count++].at = config->servers[i];
	if (check->server_count && !addr_is_set(&check->bind))
		check->bind.family = check->servers[0].at.addr.family;
	if (check->server_count && open_socket(check, SOCKET_MAPPING) < 0)
		check->server_count = 0;
	for (unsigned int i = 0; i < check->server_count; i++)
		put_question(check, ASK_PRIMARY, SOCKET_MAPPING, i);
	if (check->server_count == 0)
		loop_timer_start(check->grace, 0);
	return check;
}
