/*
 * pmp_probe: maps one port by PCP or NAT-PMP and prints what came of it.
 *
 * usage: pmp_probe pcp|nat-pmp GATEWAY LOCAL [WORD=VALUE]...
 *   op=map|unmap|probe|cycle (map)  proto=udp|tcp (udp)  internal=PORT (4000)
 *   external=PORT (0)  address=ADDRESS  lifetime=S (600)  nonce=BYTE (1)
 *   count=N (1): so many mappings, from the inner port upwards
 *   wait=S (0): goes on listening and asking for so long, once a second
 *   ifindex=N (0)  verbose=1
 *
 * Writes key=value lines; exit 0 when every request was granted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "loop.h"
#include "map_client.h"
#include "natpmp_client.h"
#include "pcp_client.h"

struct probe {
	struct loop *loop;
	struct log *log;
	struct map_client *client;
	struct map_client_options options;
	struct map_request request;
	struct loop_timer *timer;
	const char *op;
	unsigned int count;
	unsigned int ended;
	unsigned int granted;
	unsigned int wait_s;
	bool verbose;
	uint64_t began_us;
};

static const char *const state_names[] = {
    [MAP_CLIENT_UNKNOWN] = "unknown",
    [MAP_CLIENT_PROBING] = "probing",
    [MAP_CLIENT_READY] = "ready",
    [MAP_CLIENT_ABSENT] = "absent",
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static double took_ms(const struct probe *probe)
{
	return (double)(now_us() - probe->began_us) / 1000;
}

static void print_client(const struct probe *probe)
{
	char text[ADDR_TEXT_BYTES];

	printf("state=%s external_address=%s detail=\"%s\"\n",
	       state_names[probe->client->state],
	       addr_format(&probe->client->external, text, sizeof(text)),
	       probe->client->detail);
}

static void print_result(const struct probe *probe,
			 const struct map_result *result)
{
	char text[ENDPOINT_TEXT_BYTES];

	printf("status=%s external=%s lifetime_s=%u retry_after_s=%u code=%d "
	       "took_ms=%.2f detail=\"%s\"\n",
	       map_status_name(result->status),
	       endpoint_format(&result->external, text, sizeof(text)),
	       result->lifetime_s, result->retry_after_s, result->code,
	       took_ms(probe), result->detail);
}

static void finish(struct probe *probe)
{
	if (probe->wait_s > 0) {
		loop_timer_start(probe->timer, 1000);
		return;
	}
	printf("granted=%u of=%u took_ms=%.2f\n", probe->granted, probe->count,
	       took_ms(probe));
	print_client(probe);
	loop_stop(probe->loop);
}

static void on_second(void *arg)
{
	struct probe *probe = arg;

	probe->wait_s--;
	probe->client->ops->probe(probe->client);
	finish(probe);
}

static void on_done(void *arg, const struct map_result *result);

static void start(struct probe *probe, bool maps)
{
	const struct map_client_ops *ops = probe->client->ops;
	struct map_request request = probe->request;

	for (unsigned int i = 0; i < probe->count; i++) {
		memcpy(request.nonce + 1, &i, sizeof(i));
		if (maps)
			ops->map(probe->client, &request, on_done, probe);
		else
			ops->unmap(probe->client, &request, on_done, probe);
		request.internal_port++;
		if (request.external_port)
			request.external_port++;
	}
}

static void on_done(void *arg, const struct map_result *result)
{
	struct probe *probe = arg;

	probe->ended++;
	probe->granted += result->status == MAP_OK;
	if (probe->count == 1 || probe->verbose)
		print_result(probe, result);
	if (probe->ended < probe->count)
		return;
	if (strcmp(probe->op, "cycle") == 0) {
		probe->op = "unmap";
		printf("mapped=%u of=%u took_ms=%.2f\n", probe->granted,
		       probe->count, took_ms(probe));
		probe->ended = 0;
		probe->granted = 0;
		start(probe, false);
		return;
	}
	finish(probe);
}

static void on_changed(void *arg, struct map_client *client)
{
	struct probe *probe = arg;

	printf("event=changed took_ms=%.2f ", took_ms(probe));
	print_client(probe);
	if (strcmp(probe->op, "probe") != 0 || probe->ended)
		return;
	if (client->state == MAP_CLIENT_PROBING)
		return;
	probe->ended = 1;
	probe->granted = client->state == MAP_CLIENT_READY;
	finish(probe);
}

static void on_restarted(void *arg, struct map_client *client)
{
	(void)client;
	printf("event=restarted took_ms=%.2f\n", took_ms(arg));
}

static int set_word(struct probe *probe, const char *word, const char *value)
{
	unsigned int number = (unsigned int)strtoul(value, NULL, 10);

	if (strcmp(word, "op") == 0)
		probe->op = value;
	else if (strcmp(word, "proto") == 0)
		return transport_parse(value, &probe->request.transport);
	else if (strcmp(word, "internal") == 0)
		probe->request.internal_port = (uint16_t)number;
	else if (strcmp(word, "external") == 0)
		probe->request.external_port = (uint16_t)number;
	else if (strcmp(word, "address") == 0)
		return addr_parse(value, &probe->request.external_addr);
	else if (strcmp(word, "lifetime") == 0)
		probe->request.lifetime_s = number;
	else if (strcmp(word, "nonce") == 0)
		probe->request.nonce[0] = (uint8_t)number;
	else if (strcmp(word, "count") == 0)
		probe->count = number;
	else if (strcmp(word, "wait") == 0)
		probe->wait_s = number;
	else if (strcmp(word, "ifindex") == 0)
		probe->options.ifindex = number;
	else if (strcmp(word, "verbose") == 0)
		probe->verbose = number != 0;
	else
		return -1;
	return 0;
}

static int parse(struct probe *probe, int argc, char **argv)
{
	char *equals;

	if (argc < 4 || addr_parse(argv[2], &probe->options.gateway) < 0 ||
	    addr_parse(argv[3], &probe->options.local) < 0)
		return -1;
	for (int i = 4; i < argc; i++) {
		equals = strchr(argv[i], '=');
		if (!equals)
			return -1;
		*equals = '\0';
		if (set_word(probe, argv[i], equals + 1) < 0)
			return -1;
	}
	return 0;
}

static void run(struct probe *probe, bool by_pcp)
{
	probe->began_us = now_us();
	probe->client =
	    by_pcp
		? pcp_client_new(probe->loop, probe->log, &probe->options)
		: natpmp_client_new(probe->loop, probe->log, &probe->options);
	if (!probe->client) {
		printf("status=no-client\n");
		return;
	}
	if (strcmp(probe->op, "probe") == 0)
		probe->client->ops->probe(probe->client);
	else
		start(probe, strcmp(probe->op, "unmap") != 0);
	loop_run(probe->loop);
	probe->client->ops->free(probe->client);
}

int main(int argc, char **argv)
{
	struct probe probe = {
	    .options.listener = {on_changed, on_restarted, &probe},
	    .request = {.internal_port = 4000, .lifetime_s = 600, .nonce = {1}},
	    .op = "map",
	    .count = 1,
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (parse(&probe, argc, argv) < 0) {
		fprintf(stderr, "usage: pmp_probe pcp|nat-pmp GATEWAY LOCAL "
				"[WORD=VALUE]...\n");
		return 64;
	}
	probe.loop = loop_new();
	probe.log = log_new(probe.verbose ? LEVEL_DEBUG : LEVEL_WARN, false);
	probe.timer = loop_timer_new(probe.loop, on_second, &probe);
	run(&probe, strcmp(argv[1], "pcp") == 0);
	loop_timer_free(probe.timer);
	loop_free(probe.loop);
	log_free(probe.log);
	return probe.granted == probe.count ? 0 : 1;
}
