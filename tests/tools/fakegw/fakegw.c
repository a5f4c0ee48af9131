/*
 * fakegw: a router that plays what a real one cannot be made to do. It is a
 * fake: it talks PCP, NAT-PMP, SSDP and SOAP, and forwards nothing.
 *
 * usage: fakegw ADDRESS HTTP-PORT CONTROL-SOCKET [WORD...]
 *   A word is NAME=VALUE (see knobs.c) or a command:
 *     announce  alive  byebye   says so to the groups
 *     reboot    forgets the table, epoch 0, another BOOTID
 *     port=N    moves the HTTP port, as some do at each start
 *     table     prints the mappings       seen   prints what was asked
 *   CONTROL-SOCKET (Unix, stream) takes a line of words while it runs and
 *   answers with a line. `fakegw --ask CONTROL-SOCKET WORD...` sends one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "faces.h"

#define EXIT_USAGE 64
#define LINE_BYTES 1024
#define SSDP_PORT  1900

enum socket_index { PMP, SEARCH, GROUP, ODD, HTTP, CONTROL, SOCKETS };

struct gateway {
	struct addr self;
	unsigned int http_port;
	struct knobs knobs;
	struct pollfd fds[SOCKETS];
};

static void die(const char *what)
{
	fprintf(stderr, "fakegw: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

int face_udp(const struct addr *address, uint16_t port)
{
	struct endpoint at = {.addr = *address, .port = port};
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&at, &sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) < 0)
		die("no UDP socket");
	return fd;
}

void face_send_group(int fd, const struct addr *from, const char *group,
		     uint16_t port, const void *bytes, size_t len)
{
	struct endpoint to = {.port = port};
	struct sockaddr_storage sa;
	struct in_addr out;
	socklen_t sa_len;

	addr_parse(group, &to.addr);
	sa_len = endpoint_to_sockaddr(&to, &sa);
	memcpy(&out, from->bytes, sizeof(out));
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof(out));
	if (sendto(fd, bytes, len, 0, (struct sockaddr *)&sa, sa_len) < 0)
		die("cannot announce");
}

static int open_group(const struct addr *self)
{
	struct addr group;
	struct ip_mreqn at = {.imr_ifindex = 0};
	int fd;

	addr_parse("239.255.255.250", &group);
	fd = face_udp(&group, SSDP_PORT);
	memcpy(&at.imr_multiaddr, group.bytes, 4);
	memcpy(&at.imr_address, self->bytes, 4);
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &at, sizeof(at)) < 0)
		die("cannot join");
	return fd;
}

static int open_http(const struct addr *self, unsigned int port)
{
	struct endpoint at = {.addr = *self, .port = (uint16_t)port};
	struct sockaddr_storage sa;
	socklen_t len = endpoint_to_sockaddr(&at, &sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) < 0 ||
	    listen(fd, 64) < 0)
		die("no HTTP socket");
	return fd;
}

static int unix_socket(const char *path, struct sockaddr_un *ret_sa)
{
	*ret_sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret_sa->sun_path, sizeof(ret_sa->sun_path), "%s", path);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int open_control(const char *path)
{
	struct sockaddr_un sa;
	int fd = unix_socket(path, &sa);

	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(fd, 8) < 0)
		die(path);
	return fd;
}

/* --- commands --------------------------------------------------------------
 */

static void move_http(struct gateway *g, unsigned int port)
{
	close(g->fds[HTTP].fd);
	g->http_port = port;
	g->fds[HTTP].fd = open_http(&g->self, port);
}

static void reboot(struct gateway *g)
{
	knobs_set(&g->knobs, "epoch=0");
	g->knobs.entry_count = 0;
	g->knobs.bootid++;
}

static void print_table(const struct knobs *knobs, char *buf, size_t cap)
{
	for (unsigned int i = 0; i < knobs->entry_count; i++) {
		const struct entry *e = &knobs->entries[i];
		size_t at = strlen(buf);

		snprintf(buf + at, cap - at, "%s:%u>%s:%u/%u ", e->protocol,
			 e->external, e->client, e->internal, e->lease_s);
	}
}

static void command(struct gateway *g, const char *word, char *buf, size_t cap)
{
	size_t at = strlen(buf);

	if (strcmp(word, "announce") == 0)
		pmp_announce(g->fds[PMP].fd, &g->self, &g->knobs);
	else if (strcmp(word, "alive") == 0 || strcmp(word, "byebye") == 0)
		ssdp_notify(g->fds[SEARCH].fd, word, &g->self, g->http_port,
			    &g->knobs);
	else if (strcmp(word, "reboot") == 0)
		reboot(g);
	else if (strncmp(word, "port=", 5) == 0)
		move_http(g, (unsigned int)strtoul(word + 5, NULL, 10));
	else if (strcmp(word, "table") == 0)
		print_table(&g->knobs, buf, cap);
	else if (strcmp(word, "seen") == 0)
		snprintf(buf + at, cap - at,
			 "maps=%u soaps=%u searches=%u asks=%u ", g->knobs.maps,
			 g->knobs.soaps, g->knobs.searches, g->knobs.asks);
	else if (knobs_set(&g->knobs, word) < 0)
		snprintf(buf + at, cap - at, "unknown:%s ", word);
}

static void take_line(struct gateway *g, int fd)
{
	char line[LINE_BYTES] = "", answer[LINE_BYTES * 8] = "", *rest = line;
	const char *word;

	if (read(fd, line, sizeof(line) - 1) > 0)
		while ((word = strtok_r(rest, " \n", &rest)))
			command(g, word, answer, sizeof(answer) - 1);
	strcat(answer, "\n");
	(void)!write(fd, answer, strlen(answer));
	close(fd);
}

static int ask(const char *path, char **words)
{
	struct sockaddr_un sa;
	int fd = unix_socket(path, &sa);
	char buf[LINE_BYTES * 8];
	ssize_t len;

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		die(path);
	buf[0] = '\0';
	for (; *words; words++) {
		strncat(buf, *words, LINE_BYTES / 2);
		strcat(buf, " ");
	}
	(void)!write(fd, buf, strlen(buf));
	while ((len = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)len, stdout);
	return 0;
}

/* --- running ---------------------------------------------------------------
 */

/* Who asked while another was served is reset. */
static void refuse_waiting(int listener)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	while (poll(&p, 1, 0) > 0)
		http_reset(accept(listener, NULL, NULL));
}

static void serve(struct gateway *g, enum socket_index index)
{
	int fd = g->fds[index].fd;

	switch (index) {
	case PMP:
		pmp_answer(fd, &g->knobs);
		return;
	case SEARCH:
	case GROUP:
		/* Answers to the group's searches leave from our address. */
		ssdp_answer(fd, g->fds[ODD].fd, index == GROUP, &g->self,
			    g->http_port, &g->knobs);
		return;
	case HTTP:
		fd = accept(fd, NULL, NULL);
		if (fd >= 0)
			http_answer(fd, &g->self, g->http_port, &g->knobs);
		if (strcmp(g->knobs.http, "serial") == 0)
			refuse_waiting(g->fds[HTTP].fd);
		return;
	case CONTROL:
		fd = accept(fd, NULL, NULL);
		if (fd >= 0)
			take_line(g, fd);
		return;
	case ODD:
	case SOCKETS:
		return;
	}
}

static void open_all(struct gateway *g, const char *control)
{
	const int fds[SOCKETS] = {
	    [PMP] = face_udp(&g->self, PMP_PORT),
	    [SEARCH] = face_udp(&g->self, SSDP_PORT),
	    [GROUP] = open_group(&g->self),
	    [ODD] = face_udp(&g->self, 0),
	    [HTTP] = open_http(&g->self, g->http_port),
	    [CONTROL] = open_control(control),
	};

	for (int i = 0; i < SOCKETS; i++)
		g->fds[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
}

int main(int argc, char **argv)
{
	struct gateway g = {.http_port = 0};
	char answer[LINE_BYTES] = "";

	if (argc > 3 && strcmp(argv[1], "--ask") == 0)
		return ask(argv[2], argv + 3);
	if (argc < 4 || addr_parse(argv[1], &g.self) < 0) {
		fprintf(stderr, "usage: fakegw ADDRESS HTTP-PORT "
				"CONTROL-SOCKET [WORD...]\n");
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	g.http_port = (unsigned int)strtoul(argv[2], NULL, 10);
	knobs_init(&g.knobs);
	open_all(&g, argv[3]);
	for (int i = 4; i < argc; i++)
		command(&g, argv[i], answer, sizeof(answer));
	printf("fakegw: a fake router at %s, it forwards nothing %s\n", argv[1],
	       answer);
	fflush(stdout);
	for (;;) {
		if (poll(g.fds, SOCKETS, -1) < 0)
			continue;
		for (int i = 0; i < SOCKETS; i++)
			if (g.fds[i].revents & POLLIN)
				serve(&g, (enum socket_index)i);
	}
}
