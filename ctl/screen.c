#include "screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "mem.h"

/* Alternate screen, no cursor, no wrapping: and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[0m\033[?7h\033[?25h\033[?1049l"

/* A terminal that takes nothing for so long misses a frame. */
#define WRITE_MS  500
#define FDS_MOST  8
#define KEYS_MOST 64

struct screen {
	int fd;      /* written to, not blocking where that can be had */
	int signals; /* signalfd(2) */
	int ended_by;
	bool is_lost;
	struct termios before;
	sigset_t mask_before;
	char keys[KEYS_MOST];
	size_t key_count;
	char *shown; /* owned: what is there now; NULL = unknown */
	size_t columns, rows;
};

bool screen_is_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

/* --- output -----------------------------------------------------------------
 */

static void put(struct screen *screen, const char *bytes, size_t len)
{
	struct pollfd pfds[] = {{.fd = screen->fd, .events = POLLOUT},
				{.fd = screen->signals, .events = POLLIN}};
	ssize_t count;

	while (len > 0 && !screen->is_lost) {
		count = write(screen->fd, bytes, len);
		if (count >= 0) {
			bytes += count;
			len -= (size_t)count;
		} else if (errno != EAGAIN && errno != EINTR) {
			screen->is_lost = true;
		} else if (poll(pfds, 2, WRITE_MS) == 0 || pfds[1].revents) {
			free(screen->shown);
			screen->shown = NULL;
			return;
		}
	}
}

static void enter(struct screen *screen)
{
	struct termios raw = screen->before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_iflag &= ~(tcflag_t)IXON;
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	put(screen, ENTER, strlen(ENTER));
}

static void leave(struct screen *screen)
{
	free(screen->shown);
	screen->shown = NULL;
	put(screen, LEAVE, strlen(LEAVE));
	tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

void screen_size(const struct screen *screen, size_t *ret_columns,
		 size_t *ret_rows)
{
	struct winsize size;

	*ret_columns = 80;
	*ret_rows = 24;
	if (ioctl(screen->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
	    size.ws_row > 0) {
		*ret_columns = size.ws_col;
		*ret_rows = size.ws_row;
	}
}

/* Each line is cleared behind its end, and what is below the last one: nothing
 * flickers. */
static void draw(struct screen *screen, const char *text)
{
	char *frame = NULL;
	size_t len, rows = screen->rows, line;
	FILE *stream = open_memstream(&frame, &len);

	if (!stream)
		abort();
	fputs("\033[H", stream);
	for (; *text && rows > 0; rows--) {
		line = strcspn(text, "\n");
		fprintf(stream, "%s%.*s\033[0m\033[K",
			rows == screen->rows ? "" : "\r\n", (int)line, text);
		text += line + (text[line] == '\n');
	}
	if (rows > 0)
		fputs("\r\n\033[J", stream);
	fclose(stream);
	put(screen, frame, len);
	free(frame);
}

void screen_show(struct screen *screen, const char *text)
{
	size_t columns, rows;

	screen_size(screen, &columns, &rows);
	if (screen->shown && strcmp(screen->shown, text) == 0 &&
	    columns == screen->columns && rows == screen->rows)
		return;
	screen->columns = columns;
	screen->rows = rows;
	free(screen->shown);
	screen->shown = xstrdup(text);
	draw(screen, text);
}

/* --- signals ----------------------------------------------------------------
 */

/* Stopped by Ctrl-Z: the shell gets its terminal back meanwhile. */
static void stop(struct screen *screen)
{
	leave(screen);
	raise(SIGSTOP);
	enter(screen);
}

int screen_ended_by(struct screen *screen)
{
	struct signalfd_siginfo info;

	while (read(screen->signals, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			stop(screen);
		else if (info.ssi_signo != SIGWINCH)
			screen->ended_by = (int)info.ssi_signo;
	}
	if (screen->is_lost && !screen->ended_by)
		screen->ended_by = SIGHUP;
	return screen->ended_by;
}

static int take_signals(struct screen *screen)
{
	static const int taken[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
				    SIGPIPE, SIGTSTP, SIGWINCH};
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		sigaddset(&mask, taken[i]);
	if (sigprocmask(SIG_BLOCK, &mask, &screen->mask_before) < 0)
		return -errno;
	screen->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (screen->signals >= 0)
		return 0;
	sigprocmask(SIG_SETMASK, &screen->mask_before, NULL);
	return -errno;
}

/* --- input ------------------------------------------------------------------
 */

static void read_keys(struct screen *screen)
{
	ssize_t count = read(STDIN_FILENO, screen->keys + screen->key_count,
			     KEYS_MOST - screen->key_count);

	if (count > 0)
		screen->key_count += (size_t)count;
	else if (count < 0 && errno != EAGAIN && errno != EINTR)
		screen->is_lost = true;
}

static void forget_keys(struct screen *screen, size_t count)
{
	screen->key_count -= count;
	memmove(screen->keys, screen->keys + count, screen->key_count);
}

/* ECMA-48 section 5.4: ESC [ parameters, then one byte from @ to ~; with O
 * instead of [ where the keypad is in application mode. */
static size_t sequence_length(const char *keys, size_t count)
{
	size_t len = 2;

	if (count < 2 || (keys[1] != '[' && keys[1] != 'O'))
		return 1;
	while (len < count && (keys[len] < '@' || keys[len] > '~'))
		len++;
	return len < count ? len + 1 : count;
}

static int arrow(char last)
{
	switch (last) {
	case 'A':
		return SCREEN_UP;
	case 'B':
		return SCREEN_DOWN;
	case 'C':
		return SCREEN_RIGHT;
	case 'D':
		return SCREEN_LEFT;
	default:
		return SCREEN_NOTHING;
	}
}

int screen_key(struct screen *screen)
{
	size_t len;
	int key = SCREEN_NOTHING;

	read_keys(screen);
	while (key == SCREEN_NOTHING && screen->key_count > 0) {
		len = 1;
		if (screen->keys[0] != '\033') {
			key = (unsigned char)screen->keys[0];
		} else {
			len = sequence_length(screen->keys, screen->key_count);
			if (len > 1)
				key = arrow(screen->keys[len - 1]);
		}
		forget_keys(screen, len);
	}
	return key;
}

void screen_wait(struct screen *screen, const int *fds, size_t count,
		 int timeout_ms)
{
	struct pollfd pfds[FDS_MOST] = {
	    {.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = screen->signals, .events = POLLIN},
	};
	size_t used = 2;

	for (size_t i = 0; i < count && used < FDS_MOST; i++)
		pfds[used++] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	if (screen->key_count > 0)
		timeout_ms = 0;
	if (poll(pfds, used, timeout_ms) > 0 &&
	    (pfds[0].revents & (POLLHUP | POLLERR | POLLNVAL)))
		screen->is_lost = true;
}

/* --- life -------------------------------------------------------------------
 */

int screen_open(struct screen **ret_screen)
{
	struct screen *screen = xcalloc(1, sizeof(*screen));
	int error;

	/* A description of our own, for O_NONBLOCK would be the shell's too. */
	screen->fd = open("/proc/self/fd/1",
			  O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (screen->fd < 0)
		screen->fd = dup(STDOUT_FILENO);
	error = tcgetattr(STDIN_FILENO, &screen->before) < 0
		    ? -errno
		    : take_signals(screen);
	if (error) {
		close(screen->fd);
		free(screen);
		return error;
	}
	enter(screen);
	*ret_screen = screen;
	return 0;
}

void screen_close(struct screen *screen)
{
	if (!screen)
		return;
	leave(screen);
	close(screen->signals);
	sigprocmask(SIG_SETMASK, &screen->mask_before, NULL);
	close(screen->fd);
	free(screen);
}
