/*
 * netmon_watch: prints each view of the network as one line of key=value.
 *
 * usage: netmon_watch [-n VIEWS] [-t SECONDS] [-g GATEWAY] [-b ADDRESS]
 * Ends after VIEWS views (0 = never) or SECONDS (default 10; 0 = never).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netmon.h"

struct watch {
	struct loop *loop;
	struct netmon *netmon;
	uint64_t began_ms;
	unsigned long views_left;
};

static void print_path(const char *name, bool has, const struct netpath *p)
{
	char gateway[ADDR_TEXT_BYTES], local[ADDR_TEXT_BYTES];

	printf(" %s=%s", name, has ? "yes" : "no");
	if (!has)
		return;
	printf(" %s_gateway=%s %s_local=%s/%u %s_if=%s %s_ifindex=%u"
	       " %s_metric=%u %s_up=%s %s_vpn=%s",
	       name, addr_format(&p->gateway, gateway, sizeof(gateway)), name,
	       addr_format(&p->local, local, sizeof(local)), p->prefix_bits,
	       name, p->ifname, name, p->ifindex, name, p->metric, name,
	       p->is_up ? "yes" : "no", name, p->is_vpn ? "yes" : "no");
}

static void print_view(struct watch *w, const struct netview *view)
{
	char gateway[ADDR_TEXT_BYTES];

	printf("generation=%llu at_ms=%llu",
	       (unsigned long long)view->generation,
	       (unsigned long long)(loop_now_ms(w->loop) - w->began_ms));
	print_path("ipv4", view->has_ipv4, &view->ipv4);
	print_path("ipv6", view->has_ipv6, &view->ipv6);
	printf(" routes=");
	for (size_t i = 0; i < view->route_count; i++)
		printf("%s%s@%s/%u", i ? "," : "",
		       addr_format(&view->routes[i].gateway, gateway,
				   sizeof(gateway)),
		       view->routes[i].ifname, view->routes[i].metric);
	printf(" reads=%u repeats=%u\n", netmon_read_count(w->netmon),
	       netmon_repeat_count(w->netmon));
	fflush(stdout);
}

static void on_changed(void *arg, const struct netview *view)
{
	struct watch *w = arg;

	print_view(w, view);
	if (w->views_left && --w->views_left == 0)
		loop_stop(w->loop);
}

static void on_end(void *arg)
{
	struct watch *w = arg;

	loop_stop(w->loop);
}

static void on_signal(void *arg, int number)
{
	(void)number;
	on_end(arg);
}

static int usage(void)
{
	fprintf(stderr, "usage: netmon_watch [-n VIEWS] [-t SECONDS] "
			"[-g GATEWAY] [-b ADDRESS]\n");
	return 64;
}

static int run(struct watch *w, const struct netmon_options *options,
	       unsigned long seconds)
{
	const struct netmon_listener listener = {.changed = on_changed,
						 .arg = w};
	struct log *log =
	    log_new(getenv("DEBUG") ? LEVEL_DEBUG : LEVEL_WARN, false);
	struct loop_timer *end;
	int r;

	w->loop = loop_new();
	w->began_ms = loop_now_ms(w->loop);
	loop_signal(w->loop, SIGTERM, on_signal, w);
	end = loop_timer_new(w->loop, on_end, w);
	if (seconds)
		loop_timer_start(end, seconds * 1000);
	r = netmon_new(w->loop, log, options, &listener, &w->netmon);
	if (r == 0)
		loop_run(w->loop);
	else
		fprintf(stderr, "netmon_watch: %s\n", strerror(-r));
	netmon_free(w->netmon);
	loop_timer_free(end);
	loop_free(w->loop);
	log_free(log);
	return r ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct netmon_options options = {0};
	struct watch w = {0};
	unsigned long seconds = 10;
	int c;

	while ((c = getopt(argc, argv, "n:t:g:b:")) != -1) {
		if (c == 'n')
			w.views_left = strtoul(optarg, NULL, 10);
		else if (c == 't')
			seconds = strtoul(optarg, NULL, 10);
		else if (c == 'g' && addr_parse(optarg, &options.gateway) == 0)
			continue;
		else if (c == 'b' &&
			 addr_parse(optarg, &options.bind_address) == 0)
			continue;
		else
			return usage();
	}
	return run(&w, &options, seconds);
}
