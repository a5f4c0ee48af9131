/*
 * nsmeasure: how long a command took and how much memory it needed.
 *
 * Runs a command and prints one line of key=value when it has ended: wall_ms,
 * until_ms, cpu_ms, peak_rss_kb, status. With --until it also times the moment
 * when a line with a text appears on a descriptor that it inherited, such as
 * the events of a router's firewall, and then asks the command to end. It
 * samples nothing: the kernel's accounting (wait4) is the source. The command's
 * own output is thrown away.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE 64
#define LINE_BYTES 4096

struct options {
	const char *until; /* text to wait for; NULL: only the end counts */
	int fd;            /* where the text appears */
	int deadline_ms;   /* for the text */
	bool let_end;      /* after the text: no SIGTERM, it ends by itself */
};

/* A growing line: the bytes read so far of the descriptor watched. */
struct line {
	char text[LINE_BYTES];
	size_t len;
};

static const char usage_text[] =
    "usage: nsmeasure [--until=TEXT --fd=N [--deadline=MS]] -- COMMAND...\n"
    "Prints wall_ms= until_ms= cpu_ms= peak_rss_kb= status= of COMMAND.\n"
    "  --until=TEXT   also time a line with TEXT on descriptor N, then "
    "SIGTERM\n"
    "  --fd=N         the descriptor, read to its lines\n"
    "  --deadline=MS  give up on the text after this time (10000)\n"
    "  --let-end      no SIGTERM: the command ends by itself\n";

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Starts the command with its output thrown away. Returns its pid or -1. */
static pid_t start(char **argv)
{
	pid_t pid = fork();
	int null;

	if (pid != 0)
		return pid;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

/* Adds what is readable; true when a whole line held TEXT. */
static bool line_feed(struct line *line, int fd, const char *text)
{
	ssize_t n = read(fd, line->text + line->len,
			 sizeof(line->text) - 1 - line->len);
	char *newline;

	if (n <= 0)
		return false;
	line->len += (size_t)n;
	line->text[line->len] = '\0';
	while ((newline = strchr(line->text, '\n')) != NULL) {
		*newline = '\0';
		if (strstr(line->text, text) != NULL)
			return true;
		line->len -= (size_t)(newline + 1 - line->text);
		memmove(line->text, newline + 1, line->len + 1);
	}
	if (line->len == sizeof(line->text) - 1)
		line->len = 0; /* over-long: no line that anybody waits for */
	return false;
}

/* Waits for the text while the command runs. Returns the microseconds since
 * START_US, or -1 when it did not come. */
static int64_t wait_until(const struct options *o, int pid_fd, int64_t start_us)
{
	int64_t deadline_us = start_us + (int64_t)o->deadline_ms * 1000;
	struct line line = {.len = 0};
	bool ended = false;

	for (;;) {
		struct pollfd fds[] = {
		    {.fd = o->fd, .events = POLLIN},
		    {.fd = ended ? -1 : pid_fd, .events = POLLIN},
		};
		int64_t left_us = deadline_us - now_us();

		if (left_us <= 0 || poll(fds, 2, (int)(left_us / 1000) + 1) < 0)
			return -1;
		if (fds[0].revents & POLLIN &&
		    line_feed(&line, o->fd, o->until))
			return now_us() - start_us;
		if (fds[0].revents & (POLLHUP | POLLERR))
			return -1;
		/* A one-shot tool may end before its trace is read. */
		if (fds[1].revents)
			ended = true;
	}
}

static double ms_of(const struct timeval *tv)
{
	return (double)tv->tv_sec * 1e3 + (double)tv->tv_usec / 1e3;
}

static int measure(const struct options *o, char **argv)
{
	int64_t start_us = now_us(), until_us = -1;
	pid_t pid = start(argv);
	struct rusage usage;
	int status, pid_fd;

	if (pid < 0)
		return EXIT_FAILURE;
	pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (o->until != NULL) {
		until_us = wait_until(o, pid_fd, start_us);
		if (!o->let_end)
			kill(pid, SIGTERM);
	}
	close(pid_fd);
	if (wait4(pid, &status, 0, &usage) != pid)
		return EXIT_FAILURE;
	printf("wall_ms=%.3f", (double)(now_us() - start_us) / 1e3);
	if (o->until != NULL)
		printf(" until_ms=%.3f",
		       until_us < 0 ? -1.0 : (double)until_us / 1e3);
	printf(" cpu_ms=%.3f peak_rss_kb=%ld status=%d\n",
	       ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime), usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status));
	return o->until != NULL && until_us < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int usage(void)
{
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"until", required_argument, NULL, 'u'},
	    {"fd", required_argument, NULL, 'f'},
	    {"deadline", required_argument, NULL, 'd'},
	    {"let-end", no_argument, NULL, 'l'},
	    {NULL, 0, NULL, 0},
	};
	struct options o = {.fd = -1, .deadline_ms = 10000};
	int option;

	while ((option = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (option == 'u')
			o.until = optarg;
		else if (option == 'f')
			o.fd = atoi(optarg);
		else if (option == 'd')
			o.deadline_ms = atoi(optarg);
		else if (option == 'l')
			o.let_end = true;
		else
			return usage();
	}
	if (optind == argc || (o.until != NULL && o.fd < 0))
		return usage();
	if (o.fd >= 0)
		fcntl(o.fd, F_SETFD, FD_CLOEXEC);
	return measure(&o, argv + optind);
}
