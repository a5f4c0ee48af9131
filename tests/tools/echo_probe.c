/*
 * echo_probe: runs one echo check and prints its result as key=value lines.
 *
 * usage: echo_probe [-b ADDRESS] [-e EXTERNAL_PORT] [-f 4|6] [-r RTT_MS]
 *                   [-n TIMES] PORT [HOST:PORT...]
 * With -n the checks run one after the other and share what they learn.
 * Exit: 0 received, 1 silent, 2 anything else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "echo_check.h"

struct probe {
	struct echo_check_options options;
	struct echo_rtt rtt;
	struct host_port servers[16];
	struct host_list list;
	unsigned long left;
	enum echo_outcome outcome;
};

static void on_done(void *arg, const struct echo_result *r)
{
	struct probe *p = arg;
	char vantage[ENDPOINT_TEXT_BYTES], source[ENDPOINT_TEXT_BYTES];

	printf("outcome=%s took_ms=%u rtt_ms=%u server=%s vantage=%s "
	       "source=%s alive=%s asked=%u mismatches=%u learnt_ms=%u "
	       "detail=\"%s\"\n",
	       echo_outcome_name(r->outcome), r->took_ms, r->rtt_ms,
	       r->server[0] ? r->server : "-",
	       endpoint_format(&r->vantage, vantage, sizeof(vantage)),
	       endpoint_format(&r->source, source, sizeof(source)),
	       r->is_server_alive ? "yes" : "no", r->servers_asked,
	       r->mismatches, echo_rtt_smoothed_ms(&p->rtt), r->detail);
	fflush(stdout);
	p->outcome = r->outcome;
	if (--p->left)
		(void)echo_check_start(&p->options, on_done, p);
	else
		loop_stop(p->options.loop);
}

static int add_server(struct probe *p, const char *text)
{
	struct host_port *s = &p->servers[p->list.count];
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!len || len >= sizeof(s->host) || p->list.count == 16)
		return -1;
	if (text[0] == '[' && text[len - 1] == ']')
		memcpy(s->host, text + 1, len - 2);
	else
		memcpy(s->host, text, len);
	s->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	p->list.count++;
	return s->port ? 0 : -1;
}

static int set_option(struct probe *p, int letter, const char *value)
{
	switch (letter) {
	case 'b':
		return addr_parse(value, &p->options.bind_address);
	case 'e':
		p->options.external_port = (uint16_t)strtoul(value, NULL, 10);
		return 0;
	case 'f':
		p->options.family = *value == '6' ? AF_INET6 : AF_INET;
		return 0;
	case 'r':
		echo_rtt_init(&p->rtt, (uint32_t)strtoul(value, NULL, 10));
		return 0;
	case 'n':
		p->left = strtoul(value, NULL, 10);
		return p->left ? 0 : -1;
	default:
		return -1;
	}
}

static int read_arguments(struct probe *p, int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "b:e:f:r:n:")) != -1)
		if (set_option(p, letter, optarg) < 0)
			return -1;
	if (optind == argc)
		return -1;
	p->options.port = (uint16_t)strtoul(argv[optind++], NULL, 10);
	while (optind < argc)
		if (add_server(p, argv[optind++]) < 0)
			return -1;
	return p->options.port ? 0 : -1;
}

static int run(struct probe *p)
{
	struct log *log =
	    log_new(getenv("DEBUG") ? LEVEL_DEBUG : LEVEL_WARN, false);

	p->options.log = log;
	p->options.loop = loop_new();
	p->options.resolver = resolver_new(p->options.loop);
	(void)echo_check_start(&p->options, on_done, p);
	loop_run(p->options.loop);
	resolver_free(p->options.resolver);
	loop_free(p->options.loop);
	log_free(log);
	if (p->outcome == ECHO_RECEIVED)
		return 0;
	return p->outcome == ECHO_SILENT ? 1 : 2;
}

int main(int argc, char **argv)
{
	struct probe p = {.left = 1};

	p.options.rtt = &p.rtt;
	p.options.servers = &p.list;
	p.list.items = p.servers;
	if (read_arguments(&p, argc, argv) < 0) {
		fprintf(stderr, "usage: echo_probe [-b ADDRESS] [-e PORT] "
				"[-f 4|6] [-r RTT_MS] [-n TIMES] "
				"PORT [HOST:PORT...]\n");
		return 64;
	}
	return run(&p);
}
