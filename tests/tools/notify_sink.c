/*
 * notify_sink: stands in systemd's place for one program.
 *
 * usage: notify_sink [-t SECONDS] [-w WATCHDOG_MS] [-u TEXT]... PROGRAM ARG...
 *
 * Starts PROGRAM with NOTIFY_SOCKET (and WATCHDOG_USEC with -w), prints each
 * line that it sends as 'MS LINE', MS counted from its start. When a line has
 * begun with each TEXT in turn, it sends SIGTERM, prints what still comes and
 * ends with the program's exit status. Exits 124 after SECONDS (default 10).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WANTED_MOST 16

struct sink {
	const char *wanted[WANTED_MOST];
	size_t wanted_count, met;
	int timeout_s;
	const char *watchdog_ms;
	int fd;
	pid_t pid;
	int pidfd;
	uint64_t start_ms;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void die(const char *what)
{
	fprintf(stderr, "notify_sink: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* An abstract address: nothing to remove afterwards. */
static void sink_open(struct sink *sink)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(sa_family_t);
	char name[108];

	sink->fd =
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* An address of the kernel's choice, unix(7) autobind. */
	if (sink->fd < 0 || bind(sink->fd, (struct sockaddr *)&sun, len) < 0)
		die("bind");
	len = sizeof(sun);
	if (getsockname(sink->fd, (struct sockaddr *)&sun, &len) < 0)
		die("getsockname");
	len -= (socklen_t)offsetof(struct sockaddr_un, sun_path);
	snprintf(name, sizeof(name), "@%.*s", (int)len - 1, sun.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
}

static void sink_spawn(struct sink *sink, char **argv)
{
	char usec[32];

	if (sink->watchdog_ms) {
		snprintf(usec, sizeof(usec), "%s000", sink->watchdog_ms);
		setenv("WATCHDOG_USEC", usec, 1);
	}
	sink->start_ms = now_ms();
	sink->pid = fork();
	if (sink->pid < 0)
		die("fork");
	if (sink->pid == 0) {
		execvp(argv[0], argv);
		die(argv[0]);
	}
	sink->pidfd = (int)syscall(SYS_pidfd_open, sink->pid, 0);
	if (sink->pidfd < 0)
		die("pidfd_open");
}

static void sink_line(struct sink *sink, const char *line)
{
	const char *wanted;

	printf("%u %s\n", (unsigned int)(now_ms() - sink->start_ms), line);
	fflush(stdout);
	if (sink->met == sink->wanted_count)
		return;
	wanted = sink->wanted[sink->met];
	if (strncmp(line, wanted, strlen(wanted)) != 0)
		return;
	if (++sink->met == sink->wanted_count)
		kill(sink->pid, SIGTERM);
}

static void sink_drain(struct sink *sink)
{
	char text[4096];
	ssize_t n;

	while ((n = recv(sink->fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		for (char *line = strtok(text, "\n"); line;
		     line = strtok(NULL, "\n"))
			sink_line(sink, line);
	}
}

static int sink_run(struct sink *sink)
{
	struct pollfd fds[] = {{.fd = sink->fd, .events = POLLIN},
			       {.fd = sink->pidfd, .events = POLLIN}};
	uint64_t end_ms = sink->start_ms + (uint64_t)sink->timeout_s * 1000;
	int status;

	while (!(fds[1].revents & POLLIN)) {
		if (now_ms() >= end_ms) {
			fprintf(stderr, "notify_sink: timed out waiting\n");
			kill(sink->pid, SIGKILL);
			return 124;
		}
		if (poll(fds, 2, 100) < 0 && errno != EINTR)
			die("poll");
		sink_drain(sink);
	}
	if (waitpid(sink->pid, &status, 0) < 0)
		die("waitpid");
	if (sink->met < sink->wanted_count) {
		fprintf(stderr, "notify_sink: ended before '%s'\n",
			sink->wanted[sink->met]);
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct sink sink = {.timeout_s = 10};
	int opt;

	while ((opt = getopt(argc, argv, "+t:w:u:")) != -1) {
		if (opt == 't')
			sink.timeout_s = atoi(optarg);
		else if (opt == 'w')
			sink.watchdog_ms = optarg;
		else if (opt == 'u' && sink.wanted_count < WANTED_MOST)
			sink.wanted[sink.wanted_count++] = optarg;
		else
			return 64;
	}
	if (optind == argc)
		return 64;
	sink_open(&sink);
	sink_spawn(&sink, argv + optind);
	return sink_run(&sink);
}
