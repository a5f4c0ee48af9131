#include "doctor_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "mem.h"

#define SOCKET_NAME       "traversald-fwprobe.sock"
#define PROGRAM_NAME      "traversald-fwprobe"
#define INSTALLED_IN      "../lib/traversald/"
#define ANSWER_MOST_BYTES (512 * 1024)
#define ANSWER_MS         1000

/* Reads until the other side closes. Returns owned JSON or NULL. */
static json_t *read_answer(int fd)
{
	uint64_t deadline_ms = client_now_ms() + ANSWER_MS, now_ms;
	char *buf = xcalloc(1, ANSWER_MOST_BYTES);
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	json_t *answer = NULL;
	size_t len = 0;
	ssize_t count = 1;

	while (count > 0 && len < ANSWER_MOST_BYTES) {
		now_ms = client_now_ms();
		if (now_ms >= deadline_ms ||
		    poll(&pfd, 1, (int)(deadline_ms - now_ms)) <= 0)
			break;
		count = read(fd, buf + len, ANSWER_MOST_BYTES - len);
		if (count > 0)
			len += (size_t)count;
	}
	if (count == 0)
		answer = json_loadb(buf, len, JSON_REJECT_DUPLICATES, NULL);
	free(buf);
	return answer;
}

static int connect_probe(const struct args *args)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const char *slash = strrchr(args->socket, '/');
	size_t dir_len = slash ? (size_t)(slash - args->socket) + 1 : 0;
	int fd;

	if (dir_len + sizeof(SOCKET_NAME) > sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, args->socket, dir_len);
	memcpy(sun.sun_path + dir_len, SOCKET_NAME, sizeof(SOCKET_NAME));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

/* The program stands beside this one, or where it is installed to. Returns its
 * owned path, or NULL. */
static char *find_program(void)
{
	static const char *const places[] = {"", INSTALLED_IN};
	char self[512], *slash, *path;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return NULL;
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	slash[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		path = xasprintf("%s%s%s", self, places[i], PROGRAM_NAME);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

static void exec_program(char *path, int out)
{
	char *const argv[] = {path, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execv(path, argv);
	_exit(127);
}

static json_t *run_program(char *path)
{
	json_t *answer;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		exec_program(path, fds[1]);
	close(fds[1]);
	answer = pid > 0 ? read_answer(fds[0]) : NULL;
	close(fds[0]);
	if (pid > 0) {
		if (!answer)
			kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	return answer;
}

/* An answer without an error, or NULL; takes ANSWER. */
static json_t *only_good(json_t *answer)
{
	if (json_is_array(json_object_get(answer, "chains")) &&
	    !json_is_string(json_object_get(answer, "error")))
		return answer;
	json_decref(answer);
	return NULL;
}

json_t *doctor_probe(const struct args *args, const char **ret_why)
{
	json_t *answer = NULL;
	int fd = connect_probe(args);
	char *path;

	*ret_why = "needs the firewall probe (group traversald) or sudo";
	if (fd >= 0) {
		answer = only_good(read_answer(fd));
		close(fd);
		if (!answer)
			*ret_why = "the firewall probe gave no answer";
	}
	if (answer || geteuid() != 0)
		return answer;
	path = find_program();
	if (path) {
		answer = only_good(run_program(path));
		if (!answer)
			*ret_why = "the firewall cannot be read here";
	}
	free(path);
	return answer;
}
