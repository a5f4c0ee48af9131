/*
 * igd_probe: drives the UPnP client by hand and prints what it says, with the
 * milliseconds since the start. For the lab; not installed.
 *
 * usage: igd_probe WORKER GATEWAY LOCAL [WORD...]
 *   words, done in this order: udp=PORT[:EXTERNAL] or tcp=... maps, lease=S
 *   and description=TEXT say how, list shows the table, hold=MS waits then,
 *   keep leaves the mapping.
 * Exit status: 0 all went well, 1 something did not, 64 usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "igd_client.h"

struct probe {
	struct loop *loop;
	struct log *log;
	struct map_client *client;
	struct map_request request;
	struct loop_timer *timer;
	bool maps, lists, keeps;
	unsigned int hold_ms;
	uint64_t began_ms;
	bool has_begun;
	int status;
};

static void say(struct probe *p, const char *what)
{
	printf("%llu ms: %s",
	       (unsigned long long)(loop_now_ms(p->loop) - p->began_ms), what);
}

static void stop(struct probe *p, int status)
{
	p->status = status;
	fflush(stdout);
	loop_stop(p->loop);
}

static void print_result(struct probe *p, const char *what,
			 const struct map_result *r)
{
	char text[ENDPOINT_TEXT_BYTES];

	say(p, what);
	printf(" status=%s code=%d external=%s lease=%u permanent=%d "
	       "detail=\"%s\"\n",
	       map_status_name(r->status), r->code,
	       endpoint_format(&r->external, text, sizeof(text)), r->lifetime_s,
	       r->is_permanent, r->detail);
	fflush(stdout);
}

/* Peak memory of the worker, as the kernel counts it. */
static void print_worker(struct probe *p)
{
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status",
		 igd_client_worker_pid(p->client));
	f = fopen(path, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			printf("worker peak: %s", line + 6);
	fclose(f);
}

static void on_unmapped(void *arg, const struct map_result *result)
{
	struct probe *p = arg;

	print_result(p, "unmapped", result);
	stop(p, result->status != MAP_OK);
}

static void on_hold_over(void *arg)
{
	struct probe *p = arg;

	print_worker(p);
	if (!p->maps || p->keeps)
		stop(p, 0);
	else
		p->client->ops->unmap(p->client, &p->request, on_unmapped, p);
}

static void on_listed(void *arg, enum map_status status,
		      const struct igd_entry *entries, size_t count)
{
	struct probe *p = arg;
	char text[ADDR_TEXT_BYTES];

	say(p, "table");
	printf(" status=%s entries=%zu\n", map_status_name(status), count);
	for (size_t i = 0; i < count; i++)
		printf("  %s %u -> %s:%u lease=%u\n",
		       entries[i].protocol == IGD_TCP ? "tcp" : "udp",
		       entries[i].external_port,
		       addr_format(&entries[i].client, text, sizeof(text)),
		       entries[i].internal_port, entries[i].lease_s);
	loop_timer_start(p->timer, p->hold_ms);
}

static void after_map(struct probe *p)
{
	if (p->lists)
		igd_client_list(p->client, on_listed, p);
	else
		loop_timer_start(p->timer, p->hold_ms);
}

static void on_mapped(void *arg, const struct map_result *result)
{
	struct probe *p = arg;

	print_result(p, "mapped", result);
	p->request.external_port = result->external.port;
	if (result->status != MAP_OK)
		stop(p, 1);
	else
		after_map(p);
}

static void on_changed(void *arg, struct map_client *client)
{
	struct probe *p = arg;
	char text[ADDR_TEXT_BYTES];

	say(p, client->state == MAP_CLIENT_READY ? "ready" : "absent");
	printf(" external=%s detail=\"%s\"\n",
	       addr_format(&client->external, text, sizeof(text)),
	       client->detail);
	fflush(stdout);
	if (client->state == MAP_CLIENT_ABSENT && !p->hold_ms)
		stop(p, 1);
	if (client->state != MAP_CLIENT_READY || p->has_begun)
		return;
	p->has_begun = true;
	if (p->maps)
		client->ops->map(client, &p->request, on_mapped, p);
	else
		after_map(p);
}

static void on_restarted(void *arg, struct map_client *client)
{
	(void)client;
	say(arg, "restarted\n");
}

static bool take_port(struct probe *p, const char *word, const char *name,
		      enum transport transport)
{
	char *end;

	if (strncmp(word, name, strlen(name)) != 0)
		return false;
	p->request.transport = transport;
	p->request.internal_port =
	    (uint16_t)strtoul(word + strlen(name), &end, 10);
	if (*end == ':')
		p->request.external_port = (uint16_t)strtoul(end + 1, NULL, 10);
	p->maps = true;
	return true;
}

static bool take_word(struct probe *p, const char *word)
{
	if (take_port(p, word, "udp=", TRANSPORT_UDP) ||
	    take_port(p, word, "tcp=", TRANSPORT_TCP))
		return true;
	if (strncmp(word, "lease=", 6) == 0)
		p->request.lifetime_s = (uint32_t)strtoul(word + 6, NULL, 10);
	else if (strncmp(word, "hold=", 5) == 0)
		p->hold_ms = (unsigned int)strtoul(word + 5, NULL, 10);
	else if (strncmp(word, "description=", 12) == 0)
		snprintf(p->request.description, sizeof(p->request.description),
			 "%s", word + 12);
	else if (strcmp(word, "list") == 0)
		p->lists = true;
	else if (strcmp(word, "keep") == 0)
		p->keeps = true;
	else
		return false;
	return true;
}

static int run(struct probe *p, const struct igd_client_options *options)
{
	p->loop = loop_new();
	p->log = log_new(getenv("DEBUG") ? LEVEL_DEBUG : LEVEL_WARN, false);
	p->began_ms = loop_now_ms(p->loop);
	p->timer = loop_timer_new(p->loop, on_hold_over, p);
	p->client = igd_client_new(p->loop, p->log, options);
	p->client->ops->probe(p->client);
	loop_run(p->loop);
	p->client->ops->free(p->client);
	loop_timer_free(p->timer);
	log_free(p->log);
	loop_free(p->loop);
	return p->status;
}

int main(int argc, char **argv)
{
	struct probe p = {
	    .request = {.lifetime_s = 600, .description = "traversald probe"}};
	struct igd_client_options options = {
	    .link.listener = {.changed = on_changed,
			      .restarted = on_restarted,
			      .arg = &p},
	};

	if (argc < 4 || addr_parse(argv[2], &options.link.gateway) < 0 ||
	    addr_parse(argv[3], &options.link.local) < 0)
		return 64;
	options.worker = argv[1];
	for (int i = 4; i < argc; i++)
		if (!take_word(&p, argv[i]))
			return 64;
	return run(&p, &options);
}
