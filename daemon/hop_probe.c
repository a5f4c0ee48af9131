#include "hop_probe.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "udp.h"

#define READS_MOST 8

struct hop_probe {
	struct hop_probe_options options;
	hop_probe_fn fn;
	void *arg;
	int fd; /* below 0: not to be had */
	struct loop_io *io;
	struct loop_timer *timer;
	unsigned int sent;
};

/* When each datagram is sent, in ms after the one before: routers bound how
 * many of these errors they send (RFC 1812 section 4.3.2.8). */
static const unsigned int gaps_ms[] = {0, 150, 250};

#define SENDS        (sizeof(gaps_ms) / sizeof(gaps_ms[0]))
#define LAST_WAIT_MS (HOP_PROBE_MS - 400)

static void finish(struct hop_probe *probe, const struct addr *hop)
{
	hop_probe_fn fn = probe->fn;
	void *arg = probe->arg;
	struct addr found = *hop;

	hop_probe_cancel(probe);
	fn(arg, &found);
}

static void on_io(void *arg, int fd, unsigned int events)
{
	struct hop_probe *probe = arg;
	struct udp_icmp icmp;
	struct endpoint from;
	uint8_t byte;
	int error;

	(void)events;
	/* An answer of the target itself is none. */
	(void)udp_receive(fd, &byte, sizeof(byte), &from);
	for (int i = 0; i < READS_MOST; i++) {
		error = udp_receive_icmp(fd, &icmp);
		if (error == -ENOMSG)
			continue;
		if (error < 0)
			return;
		if (!icmp.is_ttl_exceeded || !addr_is_set(&icmp.offender) ||
		    !endpoint_equal(&icmp.destination, &probe->options.target))
			continue;
		finish(probe, &icmp.offender);
		return;
	}
}

static void on_timer(void *arg)
{
	struct hop_probe *probe = arg;
	const struct addr nobody = {.family = AF_UNSPEC};
	const uint8_t byte = 0;

	if (probe->fd < 0 || probe->sent == SENDS) {
		finish(probe, &nobody);
		return;
	}
	(void)udp_send(probe->fd, &probe->options.target, &byte, sizeof(byte),
		       probe->options.hops);
	probe->sent++;
	loop_timer_start(probe->timer, probe->sent < SENDS
					   ? gaps_ms[probe->sent]
					   : LAST_WAIT_MS);
}

struct hop_probe *hop_probe_start(const struct hop_probe_options *options,
				  hop_probe_fn fn, void *arg)
{
	struct hop_probe *probe = xcalloc(1, sizeof(*probe));
	const struct endpoint local = {.addr = options->local};

	probe->options = *options;
	probe->fn = fn;
	probe->arg = arg;
	probe->fd = udp_open(&local);
	if (probe->fd >= 0)
		probe->io = loop_io_new(options->loop, probe->fd, LOOP_READ,
					on_io, probe);
	probe->timer = loop_timer_new(options->loop, on_timer, probe);
	loop_timer_start(probe->timer, gaps_ms[0]);
	return probe;
}

void hop_probe_cancel(struct hop_probe *probe)
{
	if (!probe)
		return;
	loop_timer_free(probe->timer);
	loop_io_free(probe->io);
	if (probe->fd >= 0)
		close(probe->fd);
	free(probe);
}
