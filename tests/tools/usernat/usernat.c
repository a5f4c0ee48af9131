/*
 * usernat: a NAT on a TUN device, for what the kernel's cannot do.
 *
 * Any mapping with any filtering (RFC 4787) and any allocation of ports, with
 * timeouts, limits, delay and loss. Packets from inside come by policy routing,
 * packets from outside because the outer address is routed to the device; both
 * leave through it again. It gives back one TTL, so that the box costs one hop.
 * With --wire it translates nothing: it only delays and drops.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "delay.h"
#include "packet.h"
#include "table.h"

#define EXIT_USAGE 64
#define BATCH      64 /* packets read before delays are looked at */

struct box {
	int fd;
	struct table *table; /* NULL: a wire */
	struct delay *delay;
	uint32_t inside; /* network of the LAN */
	uint32_t inside_mask;
	bool has_hairpin;
};

struct options {
	const char *device;
	const char *inside;
	bool is_wire;
	bool has_hairpin;
	unsigned int seed;
	struct table_options table;
	struct delay_options delay;
};

static const char usage_text[] =
    "usage: usernat --dev=TUN --inside=NET/LEN --outer=ADDRESS[,ADDRESS...]\n"
    "               --type=u:MAP/FILTER/ALLOC [OPTION...]\n"
    "       usernat --dev=TUN --wire [--delay=MS] [--jitter=MS] [--loss=%]\n"
    "MAP: eim adm apdm   FILTER: eif adf apdf   ALLOC: keep seq random parity\n"
    "  --step=N        of seq (1)        --range=FIRST-LAST  outer ports\n"
    "  --timeout=MS    of a session (120000)\n"
    "  --refresh=out   inbound traffic does not keep a mapping\n"
    "  --limit=N       sessions          --overflow=flush    forget all then\n"
    "  --hairpin       turn packets to the outer address round\n"
    "  --seed=N        of the random numbers (1)\n"
    "Prints 'ready' and runs until SIGTERM, then its counters.\n";

static volatile sig_atomic_t stop_requested;

static void on_signal(int signal)
{
	(void)signal;
	stop_requested = 1;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- translation ---------------------------------------------------------- */

static bool is_inside(const struct box *box, uint32_t addr)
{
	return (addr & box->inside_mask) == box->inside;
}

/* An ICMP error; its source and destination are those of what it quotes. */
static bool translate_error(const struct box *box, struct packet *p,
			    uint64_t now_ms)
{
	struct flow_end end;

	if (is_inside(box, p->outer_source)) {
		/* A host refuses what came in: seen from outside it is us. */
		if (!table_out(box->table, now_ms, &p->destination, &p->source,
			       &end))
			return false;
		packet_set_error_outer(p, &end);
		return true;
	}
	if (!table_sender(box->table, &p->source, &p->destination, &end))
		return false;
	packet_set_error_inside(p, &end);
	return true;
}

static bool translate_in(const struct box *box, struct packet *p,
			 uint64_t now_ms)
{
	struct flow_end inside;

	if (!table_in(box->table, now_ms, &p->destination, &p->source, &inside))
		return false;
	packet_set_destination(p, &inside);
	return true;
}

static bool translate(const struct box *box, struct packet *p, uint64_t now_ms)
{
	struct flow_end outer;

	if (packet_is_error(p))
		return translate_error(box, p, now_ms);
	if (!is_inside(box, p->source.addr))
		return table_is_outer(box->table, p->destination.addr) &&
		       translate_in(box, p, now_ms);
	if (table_is_outer(box->table, p->destination.addr) &&
	    !box->has_hairpin)
		return false;
	if (!table_out(box->table, now_ms, &p->source, &p->destination, &outer))
		return false;
	packet_set_source(p, &outer);
	if (table_is_outer(box->table, p->destination.addr))
		return translate_in(box, p, now_ms);
	return true;
}

/* --- packets -------------------------------------------------------------- */

static void send_packet(void *arg, const uint8_t *bytes, size_t len)
{
	const struct box *box = arg;

	/* A full device drops, as a router does. */
	(void)!write(box->fd, bytes, len);
}

static void take_packet(const struct box *box, uint8_t *bytes, size_t len)
{
	uint64_t now = now_us();
	struct packet p;

	if (!packet_parse(bytes, len, &p) ||
	    (box->table && !translate(box, &p, now / 1000)))
		return;
	packet_give_ttl(&p, 1);
	packet_seal(&p);
	delay_put(box->delay, now, bytes, len);
}

static void run(const struct box *box)
{
	uint8_t bytes[PACKET_BYTES];
	int64_t wait_us;
	ssize_t len;

	while (!stop_requested) {
		struct pollfd pfd = {.fd = box->fd, .events = POLLIN};
		struct timespec ts;

		wait_us = delay_run(box->delay, now_us());
		ts.tv_sec = wait_us / 1000000;
		ts.tv_nsec = wait_us % 1000000 * 1000;
		if (ppoll(&pfd, 1, wait_us < 0 ? NULL : &ts, NULL) <= 0)
			continue;
		for (int i = 0; i < BATCH; i++) {
			len = read(box->fd, bytes, sizeof(bytes));
			if (len <= 0)
				break;
			take_packet(box, bytes, (size_t)len);
		}
	}
}

/* --- start ---------------------------------------------------------------- */

static int open_tun(const char *device)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static bool parse_word(const char *text, size_t len, const char *const *words,
		       unsigned int *ret_index)
{
	for (unsigned int i = 0; words[i]; i++) {
		if (strlen(words[i]) == len &&
		    strncmp(words[i], text, len) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* "u:MAP/FILTER/ALLOC" */
static bool parse_type(const char *text, struct table_options *t)
{
	static const char *const maps[] = {"eim", "adm", "apdm", NULL};
	static const char *const filters[] = {"eif", "adf", "apdf", NULL};
	static const char *const allocs[] = {"keep", "seq", "random", "parity",
					     NULL};
	unsigned int map, filter, alloc;
	const char *second, *third;

	if (strncmp(text, "u:", 2) != 0)
		return false;
	text += 2;
	second = strchr(text, '/');
	third = second ? strchr(second + 1, '/') : NULL;
	if (!third || !parse_word(text, (size_t)(second - text), maps, &map) ||
	    !parse_word(second + 1, (size_t)(third - second - 1), filters,
			&filter) ||
	    !parse_word(third + 1, strlen(third + 1), allocs, &alloc))
		return false;
	t->mapping = (enum dependence)map;
	t->filtering = (enum dependence)filter;
	t->allocation = (enum allocation)alloc;
	return true;
}

static bool parse_outer(const char *text, struct table_options *t)
{
	char address[32];
	struct in_addr in;

	while (*text && t->outer_count < TABLE_OUTER_MOST) {
		size_t len = strcspn(text, ",");

		snprintf(address, sizeof(address), "%.*s", (int)len, text);
		if (inet_pton(AF_INET, address, &in) != 1)
			return false;
		t->outer[t->outer_count++] = ntohl(in.s_addr);
		text += len + (text[len] == ',');
	}
	return t->outer_count > 0;
}

static bool parse_inside(const char *text, struct box *box)
{
	char address[32];
	const char *slash = strchr(text, '/');
	struct in_addr in;
	unsigned long bits;

	if (!slash)
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
	bits = strtoul(slash + 1, NULL, 10);
	if (inet_pton(AF_INET, address, &in) != 1 || bits < 1 || bits > 32)
		return false;
	box->inside_mask = UINT32_MAX << (32 - bits);
	box->inside = ntohl(in.s_addr) & box->inside_mask;
	return true;
}

static unsigned int number(const char *text)
{
	return (unsigned int)strtoul(text, NULL, 10);
}

static bool set_option(struct options *o, int key, const char *value)
{
	struct table_options *t = &o->table;

	switch (key) {
	case 'd':
		o->device = value;
		return true;
	case 'i':
		o->inside = value;
		return true;
	case 'o':
		return parse_outer(value, t);
	case 't':
		return parse_type(value, t);
	case 's':
		t->step = (int)strtol(value, NULL, 10);
		return t->step != 0;
	case 'r':
		return sscanf(value, "%hu-%hu", &t->first_port,
			      &t->last_port) == 2;
	case 'T':
		t->timeout_ms = number(value);
		return true;
	case 'R':
		t->is_refreshed_inbound = strcmp(value, "out") != 0;
		return true;
	case 'l':
		t->limit = number(value);
		return true;
	case 'O':
		t->is_flushed_if_full = strcmp(value, "flush") == 0;
		return true;
	case 'D':
		o->delay.delay_us = number(value) * 1000;
		return true;
	case 'J':
		o->delay.jitter_us = number(value) * 1000;
		return true;
	case 'L':
		o->delay.loss_percent = number(value);
		return true;
	case 'S':
		o->seed = number(value);
		return true;
	case 'h':
		o->has_hairpin = true;
		return true;
	case 'w':
		o->is_wire = true;
		return true;
	default:
		return false;
	}
}

static bool parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
	    {"dev", required_argument, NULL, 'd'},
	    {"inside", required_argument, NULL, 'i'},
	    {"outer", required_argument, NULL, 'o'},
	    {"type", required_argument, NULL, 't'},
	    {"step", required_argument, NULL, 's'},
	    {"range", required_argument, NULL, 'r'},
	    {"timeout", required_argument, NULL, 'T'},
	    {"refresh", required_argument, NULL, 'R'},
	    {"limit", required_argument, NULL, 'l'},
	    {"overflow", required_argument, NULL, 'O'},
	    {"delay", required_argument, NULL, 'D'},
	    {"jitter", required_argument, NULL, 'J'},
	    {"loss", required_argument, NULL, 'L'},
	    {"seed", required_argument, NULL, 'S'},
	    {"hairpin", no_argument, NULL, 'h'},
	    {"wire", no_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0},
	};
	int key;

	while ((key = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (!set_option(o, key, optarg))
			return false;
	return optind == argc && o->device &&
	       (o->is_wire || (o->inside && o->table.outer_count));
}

static void print_counts(const struct box *box)
{
	struct table_counts counts = {0};

	if (box->table)
		counts = table_counts(box->table);
	printf("sessions=%u filtered=%u refused=%u flushes=%u lost=%u\n",
	       counts.sessions, counts.filtered, counts.refused, counts.flushes,
	       delay_lost(box->delay));
}

int main(int argc, char **argv)
{
	struct options o = {
	    .seed = 1,
	    .table = {.first_port = 1024,
		      .last_port = 65535,
		      .step = 1,
		      .timeout_ms = 120000,
		      .is_refreshed_inbound = true},
	};
	struct sigaction action = {.sa_handler = on_signal};
	struct box box = {.table = NULL};

	if (!parse_options(argc, argv, &o) ||
	    (!o.is_wire && !parse_inside(o.inside, &box))) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	srand(o.seed);
	box.has_hairpin = o.has_hairpin;
	box.fd = open_tun(o.device);
	if (box.fd < 0) {
		fprintf(stderr, "usernat: %s: %s\n", o.device,
			strerror(-box.fd));
		return EXIT_FAILURE;
	}
	if (!o.is_wire)
		box.table = table_new(&o.table);
	box.delay = delay_new(&o.delay, send_packet, &box);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	puts("ready");
	fflush(stdout);
	run(&box);
	print_counts(&box);
	delay_free(box.delay);
	if (box.table)
		table_free(box.table);
	close(box.fd);
	return EXIT_SUCCESS;
}
