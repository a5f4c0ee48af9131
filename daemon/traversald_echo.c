/*
 * traversald-echo: a port-check server, for those who would rather ask their
 * own than somebody else's. Needs no privileges.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "echo.h"
#include "echo_server.h"
#include "log.h"
#include "loop.h"

#define EXIT_USAGE 64
#define RATE_MOST  100000

static const char help[] =
    "usage: traversald-echo [OPTION]...\n"
    "Answers port-check requests (asymmetric UDP echo).\n"
    "\n"
    "  --listen=ADDRESS:PORT  where requests come in; repeatable\n"
    "                         (default 0.0.0.0:4589)\n"
    "  --answer-from=ADDRESS  where echoes come from: best an address of this\n"
    "                         host that is not listened on; once a family\n"
    "  --rate=N               echoes a second to one /24 or /56 (default 10;\n"
    "                         ten times as many to a client with a cookie)\n"
    "  --require-cookie       leave requests without a cookie unanswered\n"
    "  --log-level=LEVEL      err, warn, info (default) or debug\n"
    "  --help, --version\n"
    "\n"
    "SIGUSR1 prints counters, SIGTERM ends.\n";

struct program {
	struct loop *loop;
	struct log *log;
	struct echo_server *server;
	struct echo_server_options options;
	enum config_log_level level;
};

static void print_stats(const struct echo_server_stats *s)
{
	printf("received=%" PRIu64 " echoes=%" PRIu64 " cookies=%" PRIu64
	       " malformed=%" PRIu64 " unfit=%" PRIu64 " bare=%" PRIu64
	       " limited=%" PRIu64 " unsent=%" PRIu64 "\n",
	       s->received, s->echoes, s->cookies, s->malformed, s->unfit,
	       s->bare, s->limited, s->unsent);
	fflush(stdout);
}

static void on_stats(void *arg, int number)
{
	const struct program *p = arg;

	(void)number;
	print_stats(echo_server_stats(p->server));
}

static void on_end(void *arg, int number)
{
	struct program *p = arg;

	log_info(p->log, "ending on signal %d", number);
	loop_stop(p->loop);
}

static int set_listen(struct program *p, const char *text)
{
	if (p->options.listen_count == ECHO_SERVER_LISTENERS)
		return -E2BIG;
	return endpoint_parse(text,
			      &p->options.listen[p->options.listen_count++]);
}

static int set_answer_from(struct program *p, const char *text)
{
	struct addr a;

	if (addr_parse(text, &a) < 0)
		return -EINVAL;
	if (a.family == AF_INET)
		p->options.answer_from4 = a;
	else
		p->options.answer_from6 = a;
	return 0;
}

static int set_rate(struct program *p, const char *text)
{
	char *end;
	unsigned long rate;

	errno = 0;
	rate = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || rate < 1 ||
	    rate > RATE_MOST)
		return -EINVAL;
	p->options.rate = (unsigned int)rate;
	return 0;
}

static int set_level(struct program *p, const char *text)
{
	static const char *const names[] = {
	    [LEVEL_ERR] = "err",
	    [LEVEL_WARN] = "warn",
	    [LEVEL_INFO] = "info",
	    [LEVEL_DEBUG] = "debug",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			p->level = (enum config_log_level)i;
			return 0;
		}
	return -EINVAL;
}

/* Options that take a value, by getopt's letter. */
static int set_option(struct program *p, int letter, const char *value)
{
	switch (letter) {
	case 'l':
		return set_listen(p, value);
	case 'a':
		return set_answer_from(p, value);
	case 'r':
		return set_rate(p, value);
	case 'L':
		return set_level(p, value);
	case 'c':
		p->options.require_cookie = true;
		return 0;
	default:
		return -ENOENT;
	}
}

/* Returns -1 to go on, or the exit status. */
static int read_options(struct program *p, int argc, char **argv)
{
	static const struct option table[] = {
	    {"listen", required_argument, NULL, 'l'},
	    {"answer-from", required_argument, NULL, 'a'},
	    {"rate", required_argument, NULL, 'r'},
	    {"require-cookie", no_argument, NULL, 'c'},
	    {"log-level", required_argument, NULL, 'L'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	int letter, index = 0;

	while ((letter = getopt_long(argc, argv, "", table, &index)) != -1) {
		if (letter == 'h' || letter == 'V') {
			fputs(letter == 'h' ? help
					    : "traversald-echo " VERSION "\n",
			      stdout);
			return EXIT_SUCCESS;
		}
		if (letter == '?')
			return EXIT_USAGE;
		if (set_option(p, letter, optarg) < 0) {
			fprintf(stderr, "traversald-echo: bad --%s=%s\n",
				table[index].name, optarg);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "traversald-echo: what is '%s'?\n",
			argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

static void log_start(const struct program *p)
{
	char text[ENDPOINT_TEXT_BYTES];
	struct endpoint e;

	for (size_t i = 0; i < p->options.listen_count; i++) {
		e = echo_server_endpoint(p->server, i);
		log_info(p->log, "serving on %s%s",
			 endpoint_format(&e, text, sizeof(text)),
			 p->options.require_cookie ? ", with a cookie only"
						   : "");
	}
}

static int run(struct program *p)
{
	int r;

	p->loop = loop_new();
	p->log = log_new(p->level, getenv("JOURNAL_STREAM") != NULL);
	p->options.loop = p->loop;
	p->options.log = p->log;
	loop_signal(p->loop, SIGTERM, on_end, p);
	loop_signal(p->loop, SIGINT, on_end, p);
	r = echo_server_new(&p->options, &p->server);
	if (r == 0) {
		loop_signal(p->loop, SIGUSR1, on_stats, p);
		log_start(p);
		loop_run(p->loop);
	}
	echo_server_free(p->server);
	loop_free(p->loop);
	log_free(p->log);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct endpoint usual = {.addr = {.family = AF_INET},
					      .port = ECHO_DEFAULT_PORT};
	struct program p = {.level = LEVEL_INFO};
	int status = read_options(&p, argc, argv);

	if (status >= 0)
		return status;
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	if (p.options.listen_count == 0)
		p.options.listen[p.options.listen_count++] = usual;
	return run(&p);
}
