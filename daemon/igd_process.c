#include "igd_process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"

/* The descriptor at which the worker finds its socket. */
#define WORKER_FD 3
/* Lines read in one callback. */
#define READ_MOST 32

struct igd_process {
	struct loop *loop;
	struct log *log;
	char *path;
	igd_event_fn fn;
	void *arg;
	int pid; /* 0: none, or reaped */
	int fd;  /* -1: none runs */
	struct loop_io *io;
	struct loop_timer *deadline;
	uint64_t generation;
	uint32_t last_id;
	bool is_asked;
};

static void on_ended(void *arg, int pid, int wait_status)
{
	struct igd_process *p = arg;

	if (p->pid == pid)
		p->pid = 0;
	if (WIFSIGNALED(wait_status))
		log_warn(p->log, "igd: worker ended: pid=%d signal=%d", pid,
			 WTERMSIG(wait_status));
	else if (WEXITSTATUS(wait_status) != 0)
		log_warn(p->log, "igd: worker ended: pid=%d status=%d", pid,
			 WEXITSTATUS(wait_status));
}

void igd_process_stop(struct igd_process *process)
{
	struct igd_process *p = process;

	p->is_asked = false;
	loop_timer_stop(p->deadline);
	if (p->fd < 0)
		return;
	loop_io_free(p->io);
	p->io = NULL;
	close(p->fd);
	p->fd = -1;
	if (p->pid) {
		loop_child_forget(p->loop, p->pid);
		kill(p->pid, SIGKILL);
		p->pid = 0;
	}
}

static void end_request(struct igd_process *p, enum igd_event event,
			const struct igd_answer *answer)
{
	bool was_asked = p->is_asked;

	p->is_asked = false;
	loop_timer_stop(p->deadline);
	if (was_asked)
		p->fn(p->arg, event, answer);
}

static void lose(struct igd_process *p, enum igd_event event)
{
	bool was_asked = p->is_asked;

	igd_process_stop(p);
	if (was_asked)
		p->fn(p->arg, event, NULL);
}

static void on_deadline(void *arg)
{
	struct igd_process *p = arg;

	log_warn(p->log, "igd: worker took too long, killed: pid=%d", p->pid);
	lose(p, IGD_EVENT_OVERRUN);
}

/* Reads a line. Returns whether there may be more. */
static bool read_line(struct igd_process *p)
{
	char line[IGD_WIRE_LINE_BYTES];
	struct igd_answer answer;
	ssize_t len;

	len = recv(p->fd, line, sizeof(line), 0);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len <= 0) {
		lose(p, IGD_EVENT_LOST);
		return false;
	}
	if (igd_answer_parse(line, (size_t)len, &answer) < 0 || !p->is_asked ||
	    answer.id != p->last_id) {
		log_warn(p->log, "igd: worker broke the protocol: pid=%d",
			 p->pid);
		lose(p, IGD_EVENT_LOST);
		return false;
	}
	if (answer.part == IGD_MORE)
		p->fn(p->arg, IGD_EVENT_MORE, &answer);
	else
		end_request(p, IGD_EVENT_ANSWER, &answer);
	return p->fd >= 0;
}

static void on_readable(void *arg, int fd, unsigned int events)
{
	struct igd_process *p = arg;

	(void)fd;
	(void)events;
	for (int i = 0; i < READ_MOST; i++)
		if (!read_line(p))
			return;
}

/* Its output goes nowhere: the library prints what it likes. */
static int spawn_worker(const char *path, int fd, int *ret_pid)
{
	char name[] = "traversald-igd";
	char *const argv[] = {name, NULL};
	char *const envp[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid;
	int err;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_adddup2(&actions, fd, WORKER_FD);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, 0, 1);
	posix_spawn_file_actions_adddup2(&actions, 0, 2);
	err = posix_spawn(&pid, path, &actions, &attributes, argv, envp);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return -err;
	*ret_pid = pid;
	return 0;
}

static int start(struct igd_process *p)
{
	int fds[2], err;

	/* The worker's end blocks: waiting is all it has to do. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	err = fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0
		  ? -errno
		  : spawn_worker(p->path, fds[1], &p->pid);
	close(fds[1]);
	if (err < 0) {
		close(fds[0]);
		return err;
	}
	loop_child(p->loop, p->pid, on_ended, p);
	p->fd = fds[0];
	p->io = loop_io_new(p->loop, p->fd, LOOP_READ, on_readable, p);
	p->generation++;
	log_debug(p->log, "igd: worker started: pid=%d", p->pid);
	return 0;
}

struct igd_process *igd_process_new(struct loop *loop, struct log *log,
				    const char *path, igd_event_fn fn,
				    void *arg)
{
	struct igd_process *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->log = log;
	p->path = xstrdup(path);
	p->fn = fn;
	p->arg = arg;
	p->fd = -1;
	p->deadline = loop_timer_new(loop, on_deadline, p);
	return p;
}

void igd_process_free(struct igd_process *process)
{
	if (!process)
		return;
	igd_process_stop(process);
	loop_timer_free(process->deadline);
	free(process->path);
	free(process);
}

int igd_process_ask(struct igd_process *process,
		    const struct igd_request *request, uint64_t deadline_ms)
{
	struct igd_process *p = process;
	struct igd_request numbered = *request;
	char line[IGD_WIRE_LINE_BYTES];
	int len, err;

	assert(!p->is_asked);
	if (p->fd < 0) {
		err = start(p);
		if (err < 0) {
			log_err(p->log, "igd: no worker: path=%s error=\"%s\"",
				p->path, strerror(-err));
			return err;
		}
	}
	numbered.id = ++p->last_id;
	len = igd_request_format(&numbered, line, sizeof(line));
	if (len < 0)
		return len;
	/* A dead worker is noticed on the way back. */
	(void)!send(p->fd, line, (size_t)len, MSG_NOSIGNAL);
	p->is_asked = true;
	loop_timer_start(p->deadline, deadline_ms);
	return 0;
}

uint64_t igd_process_generation(const struct igd_process *process)
{
	return process->fd >= 0 ? process->generation : 0;
}

int igd_process_pid(const struct igd_process *process)
{
	return process->fd >= 0 ? process->pid : 0;
}
