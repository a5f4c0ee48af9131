#include "nat_hairpin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mem.h"

#define SENDS   5
#define PACE_MS 100

struct end {
	struct stun_socket *socket;
	struct endpoint outer;
};

struct nat_hairpin {
	struct end a;
	struct end b;
	nat_hairpin_fn done;
	void *arg;
	struct loop_timer *timer;
	unsigned int sent;
	uint8_t id[STUN_ID_BYTES]; /* by which our datagrams are known */
};

void nat_hairpin_cancel(struct nat_hairpin *hairpin)
{
	if (!hairpin)
		return;
	stun_socket_listen(hairpin->a.socket, NULL);
	stun_socket_listen(hairpin->b.socket, NULL);
	loop_timer_free(hairpin->timer);
	free(hairpin);
}

static void finish(struct nat_hairpin *hairpin, bool heard)
{
	nat_hairpin_fn done = hairpin->done;
	void *arg = hairpin->arg;

	nat_hairpin_cancel(hairpin);
	done(arg, heard);
}

static void on_datagram(void *arg, const struct endpoint *from,
			const uint8_t *bytes, size_t len)
{
	struct nat_hairpin *hairpin = arg;
	struct stun_message m;

	(void)from;
	if (stun_parse(bytes, len, &m) == 0 &&
	    memcmp(m.id, hairpin->id, STUN_ID_BYTES) == 0)
		finish(hairpin, true);
}

static void on_timer(void *arg)
{
	struct nat_hairpin *hairpin = arg;
	struct stun_request request = {.change_ip = false};
	uint8_t bytes[STUN_REQUEST_BYTES];
	size_t len = 0;

	if (hairpin->sent++ == SENDS) {
		finish(hairpin, false);
		return;
	}
	memcpy(request.id, hairpin->id, STUN_ID_BYTES);
	(void)stun_request_encode(&request, bytes, sizeof(bytes), &len);
	(void)stun_socket_send(hairpin->a.socket, &hairpin->b.outer, bytes, len,
			       0);
	(void)stun_socket_send(hairpin->b.socket, &hairpin->a.outer, bytes, len,
			       0);
	loop_timer_start(hairpin->timer, PACE_MS);
}

struct nat_hairpin *nat_hairpin_start(struct loop *loop, struct stun_socket *a,
				      const struct endpoint *a_outer,
				      struct stun_socket *b,
				      const struct endpoint *b_outer,
				      nat_hairpin_fn done, void *arg)
{
	struct nat_hairpin *hairpin = xcalloc(1, sizeof(*hairpin));
	const struct stun_listener listener = {.datagram = on_datagram,
					       .arg = hairpin};

	hairpin->a = (struct end){.socket = a, .outer = *a_outer};
	hairpin->b = (struct end){.socket = b, .outer = *b_outer};
	hairpin->done = done;
	hairpin->arg = arg;
	if (getrandom(hairpin->id, STUN_ID_BYTES, 0) != STUN_ID_BYTES)
		abort();
	stun_socket_listen(a, &listener);
	stun_socket_listen(b, &listener);
	hairpin->timer = loop_timer_new(loop, on_timer, hairpin);
	loop_timer_start(hairpin->timer, 0);
	return hairpin;
}
