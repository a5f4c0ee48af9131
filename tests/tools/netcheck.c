/*
 * netcheck: does a datagram or a connection really arrive?
 *
 * A service that answers, and a client that asks, for UDP and TCP. It proves
 * what the lab claims; it is no benchmark and no port scanner. Output is one
 * line per event: what a service received and from where, or the answer that a
 * client got.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"

#define EXIT_USAGE     64
#define PAYLOAD_BYTES  1024
#define RETRY_EVERY_MS 20

struct options {
	struct endpoint bind;   /* the local end; port 0 = any */
	struct endpoint target; /* whom to ask */
	const char *text;       /* what to ask */
	unsigned int count;     /* asks: tries; serve: answers, 0 = no end */
	unsigned int
	    timeout_ms; /* asks: wait per try; serve: to get the port */
};

static const char usage_text[] =
    "usage: netcheck udp-serve|tcp-serve [OPTIONS] PORT\n"
    "       netcheck udp-ask|tcp-ask [OPTIONS] ADDRESS:PORT TEXT\n"
    "serve: prints 'ready PORT', then 'FROM TEXT' for each request, and "
    "answers\n"
    "       'pong TEXT'. ask: prints 'FROM ANSWER'; exit 1 when none came.\n"
    "  --bind=ADDRESS:PORT  local end; port 0 = any (ask), [::]:PORT serves "
    "both\n"
    "  --count=N            ask: tries (3); serve: stop after N answers "
    "(never)\n"
    "  --timeout=MS         ask: wait per try (500); serve: retry a bind that\n"
    "                       finds the port taken this long (0)\n";

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fail(const char *what)
{
	fprintf(stderr, "netcheck: %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

/* Opens a socket of TYPE bound to O->bind. Returns it, or -1 with errno. */
static int open_bound(const struct options *o, int type)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&o->bind, &sa);
	int on = 1, fd, saved;

	fd = socket(sa.ss_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sa, sa_len) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* As open_bound(), but waits up to O->timeout_ms for a taken port. */
static int open_service(const struct options *o, int type)
{
	int64_t deadline_ms = now_ms() + o->timeout_ms;
	int fd;

	for (;;) {
		fd = open_bound(o, type);
		if (fd >= 0 || errno != EADDRINUSE || now_ms() >= deadline_ms)
			return fd;
		poll(NULL, 0, RETRY_EVERY_MS);
	}
}

/* Prints 'FROM TEXT'; TEXT is made printable, it came from the network. */
static void print_line(const struct sockaddr_storage *sa, socklen_t sa_len,
		       const char *text, size_t len)
{
	char from[ENDPOINT_TEXT_BYTES];
	struct endpoint peer;

	if (endpoint_from_sockaddr((const struct sockaddr *)sa, sa_len, &peer) <
	    0)
		return;
	printf("%s ", endpoint_format(&peer, from, sizeof(from)));
	for (size_t i = 0; i < len; i++)
		putchar(text[i] >= ' ' && text[i] <= '~' ? text[i] : '.');
	putchar('\n');
}

/* Fills BUF with the answer to the LEN bytes of TEXT; returns its length. */
static size_t make_answer(const char *text, size_t len, char *buf,
			  size_t buf_bytes)
{
	int n = snprintf(buf, buf_bytes, "pong %.*s", (int)len, text);

	return n < 0 ? 0 : (size_t)n;
}

static int udp_serve(const struct options *o)
{
	char text[PAYLOAD_BYTES], answer[PAYLOAD_BYTES + 8];
	int fd = open_service(o, SOCK_DGRAM);
	unsigned int served = 0;

	if (fd < 0)
		return fail("bind");
	printf("ready %u\n", o->bind.port);
	while (o->count == 0 || served < o->count) {
		struct sockaddr_storage sa;
		socklen_t sa_len = sizeof(sa);
		ssize_t n = recvfrom(fd, text, sizeof(text), 0,
				     (struct sockaddr *)&sa, &sa_len);
		size_t len;

		if (n < 0)
			continue; /* an ICMP error of an earlier answer */
		print_line(&sa, sa_len, text, (size_t)n);
		len = make_answer(text, (size_t)n, answer, sizeof(answer));
		sendto(fd, answer, len, 0, (struct sockaddr *)&sa, sa_len);
		served++;
	}
	close(fd);
	return EXIT_SUCCESS;
}

/* Waits until DEADLINE_MS for FD to be ready for EVENTS. */
static bool wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd pfd = {.fd = fd, .events = events};
	int64_t left_ms = deadline_ms - now_ms();

	return left_ms > 0 && poll(&pfd, 1, (int)left_ms) == 1;
}

/* Prints the answer that comes until DEADLINE_MS; false when none came. */
static bool print_udp_answer(int fd, int64_t deadline_ms)
{
	while (wait_for(fd, POLLIN, deadline_ms)) {
		char text[PAYLOAD_BYTES];
		struct sockaddr_storage sa;
		socklen_t sa_len = sizeof(sa);
		ssize_t n = recvfrom(fd, text, sizeof(text), 0,
				     (struct sockaddr *)&sa, &sa_len);

		if (n < 0)
			continue; /* ICMP says closed: it may open yet */
		print_line(&sa, sa_len, text, (size_t)n);
		return true;
	}
	return false;
}

static int udp_ask(const struct options *o)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&o->target, &sa);
	int fd = open_bound(o, SOCK_DGRAM);
	bool answered = false;

	if (fd < 0)
		return fail("bind");
	for (unsigned int i = 0; i < o->count && !answered; i++) {
		int64_t deadline_ms = now_ms() + o->timeout_ms;

		sendto(fd, o->text, strlen(o->text), 0, (struct sockaddr *)&sa,
		       sa_len);
		answered = print_udp_answer(fd, deadline_ms);
	}
	close(fd);
	return answered ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Answers one connection, once. */
static void tcp_answer(int fd, const struct sockaddr_storage *sa,
		       socklen_t sa_len)
{
	char text[PAYLOAD_BYTES], answer[PAYLOAD_BYTES + 8];
	int64_t deadline_ms = now_ms() + 2000;
	ssize_t n = -1;

	if (wait_for(fd, POLLIN, deadline_ms))
		n = recv(fd, text, sizeof(text), 0);
	if (n > 0) {
		size_t len =
		    make_answer(text, (size_t)n, answer, sizeof(answer));

		print_line(sa, sa_len, text, (size_t)n);
		send(fd, answer, len, MSG_NOSIGNAL);
	}
	close(fd);
}

static int tcp_serve(const struct options *o)
{
	int fd = open_service(o, SOCK_STREAM);
	unsigned int served = 0;

	if (fd < 0 || listen(fd, 8) < 0)
		return fail("listen");
	printf("ready %u\n", o->bind.port);
	while (o->count == 0 || served < o->count) {
		struct sockaddr_storage sa;
		socklen_t sa_len = sizeof(sa);
		int peer =
		    accept4(fd, (struct sockaddr *)&sa, &sa_len, SOCK_CLOEXEC);

		if (peer < 0)
			continue;
		tcp_answer(peer, &sa, sa_len);
		served++;
	}
	close(fd);
	return EXIT_SUCCESS;
}

/* Connects until DEADLINE_MS. Returns the socket or -1. */
static int tcp_connect(const struct options *o, int64_t deadline_ms)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&o->target, &sa);
	int fd = open_bound(o, SOCK_STREAM | SOCK_NONBLOCK);
	socklen_t error_bytes = sizeof(int);
	int error = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&sa, sa_len) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline_ms) &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes) == 0 &&
	    error == 0)
		return fd;
	close(fd);
	return -1;
}

/* One try: connect, ask, print the answer. */
static bool tcp_try(const struct options *o)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&o->target, &sa);
	int64_t deadline_ms = now_ms() + o->timeout_ms;
	int fd = tcp_connect(o, deadline_ms);
	char text[PAYLOAD_BYTES];
	ssize_t n = -1;

	if (fd < 0)
		return false;
	send(fd, o->text, strlen(o->text), MSG_NOSIGNAL);
	if (wait_for(fd, POLLIN, deadline_ms))
		n = recv(fd, text, sizeof(text), 0);
	if (n > 0)
		print_line(&sa, sa_len, text, (size_t)n);
	close(fd);
	return n > 0;
}

static int tcp_ask(const struct options *o)
{
	for (unsigned int i = 0; i < o->count; i++) {
		int64_t deadline_ms = now_ms() + o->timeout_ms;

		if (tcp_try(o))
			return EXIT_SUCCESS;
		/* A refusal comes at once: keep the pace of the tries. */
		if (deadline_ms > now_ms())
			poll(NULL, 0, (int)(deadline_ms - now_ms()));
	}
	return EXIT_FAILURE;
}

struct subcommand {
	const char *name;
	bool asks;
	int (*run)(const struct options *o);
};

static const struct subcommand subcommands[] = {
    {.name = "udp-serve", .asks = false, .run = udp_serve},
    {.name = "udp-ask", .asks = true, .run = udp_ask},
    {.name = "tcp-serve", .asks = false, .run = tcp_serve},
    {.name = "tcp-ask", .asks = true, .run = tcp_ask},
};

static int usage(void)
{
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}

/* Parses a number up to MAX. Returns 0 or -EINVAL. */
static int parse_number(const char *text, unsigned long max,
			unsigned int *ret_number)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number > max)
		return -EINVAL;
	*ret_number = (unsigned int)number;
	return 0;
}

static int parse_option(int option, const char *value, struct options *o)
{
	switch (option) {
	case 'b':
		if (addr_parse(value, &o->bind.addr) == 0)
			return 0;
		return endpoint_parse(value, &o->bind);
	case 'c':
		return parse_number(value, 1000000, &o->count);
	case 't':
		return parse_number(value, 3600000, &o->timeout_ms);
	default:
		return -EINVAL;
	}
}

/* Takes the words after the options: PORT, or ADDRESS:PORT TEXT. */
static int parse_words(const struct subcommand *sub, char **words, int count,
		       struct options *o)
{
	unsigned int port;

	if (sub->asks) {
		if (count != 2 || endpoint_parse(words[0], &o->target) < 0)
			return -EINVAL;
		o->text = words[1];
		if (o->bind.addr.family == AF_UNSPEC)
			o->bind.addr.family = o->target.addr.family;
		return 0;
	}
	if (count != 1 || parse_number(words[0], UINT16_MAX, &port) < 0)
		return -EINVAL;
	if (o->bind.addr.family == AF_UNSPEC)
		o->bind.addr.family = AF_INET;
	o->bind.port = (uint16_t)port;
	return 0;
}

static int run(const struct subcommand *sub, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"bind", required_argument, NULL, 'b'},
	    {"count", required_argument, NULL, 'c'},
	    {"timeout", required_argument, NULL, 't'},
	    {NULL, 0, NULL, 0},
	};
	struct options o = {.count = sub->asks ? 3 : 0,
			    .timeout_ms = sub->asks ? 500 : 0};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (parse_option(option, optarg, &o) < 0)
			return usage();
	if (parse_words(sub, argv + optind, argc - optind, &o) < 0)
		return usage();
	return sub->run(&o);
}

int main(int argc, char **argv)
{
	/* Each line is an event that a script waits for. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0;
	     argc > 1 && i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return run(&subcommands[i], argc - 1, argv + 1);
	return usage();
}
