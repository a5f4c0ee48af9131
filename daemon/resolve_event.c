#include "resolve.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "loop_event.h"
#include "mem.h"

struct resolver {
	struct loop *loop;
	struct evdns_base *dns;
	LIST_HEAD(, resolve_query) queries;
};

struct resolve_query {
	struct resolver *resolver;
	struct evdns_getaddrinfo_request *request; /* NULL: answered */
	struct loop_timer *timer; /* the timeout, or the deferred answer */
	resolve_fn fn;
	void *arg;
	struct addr addrs[RESOLVE_MOST];
	size_t count;
	const char *error;
	bool starting; /* evdns may answer before it returns */
	LIST_ENTRY(resolve_query) link;
};

static void query_free(struct resolve_query *query)
{
	LIST_REMOVE(query, link);
	loop_timer_free(query->timer);
	free(query);
}

static void deliver(struct resolve_query *query)
{
	struct resolve_query answered = *query;

	query_free(query);
	answered.fn(answered.arg, answered.addrs, answered.count,
		    answered.count ? NULL : answered.error);
}

static void add_unique(struct resolve_query *query, const struct addr *a)
{
	for (size_t i = 0; i < query->count; i++)
		if (addr_equal(&query->addrs[i], a))
			return;
	if (query->count < RESOLVE_MOST)
		query->addrs[query->count++] = *a;
}

static void on_answer(int error, struct evutil_addrinfo *answer, void *arg)
{
	struct resolve_query *query = arg;
	struct endpoint e;

	if (error == EVUTIL_EAI_CANCEL) {
		/* The query is already gone. */
		return;
	}
	query->request = NULL;
	for (struct evutil_addrinfo *ai = answer; ai; ai = ai->ai_next)
		if (endpoint_from_sockaddr(ai->ai_addr, ai->ai_addrlen, &e) ==
		    0)
			add_unique(query, &e.addr);
	if (answer)
		evutil_freeaddrinfo(answer);
	query->error = error ? evutil_gai_strerror(error) : "no address";
	if (!query->starting)
		deliver(query);
}

static void on_timer(void *arg)
{
	struct resolve_query *query = arg;

	if (query->request) {
		evdns_getaddrinfo_cancel(query->request);
		query->error = "no answer from the name server";
	}
	deliver(query);
}

/* What evdns thinks of name servers is no line for the operator: a query that
 * fails says so to its caller. */
static void drop_log(int is_warning, const char *message)
{
	(void)is_warning;
	(void)message;
}

struct resolver *resolver_new(struct loop *loop)
{
	struct resolver *resolver = xcalloc(1, sizeof(*resolver));

	resolver->loop = loop;
	evdns_set_log_fn(drop_log);
	LIST_INIT(&resolver->queries);
	resolver->dns = evdns_base_new(loop_event_base(loop),
				       EVDNS_BASE_INITIALIZE_NAMESERVERS |
					   EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!resolver->dns) {
		/* No usable name server: only literals and hosts resolve. */
		resolver->dns = evdns_base_new(
		    loop_event_base(loop), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
		if (!resolver->dns)
			abort();
		evdns_base_load_hosts(resolver->dns, "/etc/hosts");
	}
	evdns_base_set_option(resolver->dns, "timeout:", "1");
	evdns_base_set_option(resolver->dns, "attempts:", "2");
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	struct resolve_query *query;

	if (!resolver)
		return;
	while ((query = LIST_FIRST(&resolver->queries)))
		resolve_cancel(query);
	evdns_base_free(resolver->dns, 0);
	free(resolver);
}

void resolver_reload(struct resolver *resolver)
{
	evdns_base_clear_nameservers_and_suspend(resolver->dns);
	/* It would add the file's names to those that it has. */
	evdns_base_clear_host_addresses(resolver->dns);
	evdns_base_resolv_conf_parse(
	    resolver->dns, DNS_OPTION_NAMESERVERS | DNS_OPTION_HOSTSFILE,
	    "/etc/resolv.conf");
	evdns_base_resume(resolver->dns);
}

struct resolve_query *resolve_start(struct resolver *resolver, const char *host,
				    int family, unsigned int timeout_ms,
				    resolve_fn fn, void *arg)
{
	struct resolve_query *query = xcalloc(1, sizeof(*query));
	struct evutil_addrinfo hints = {
	    .ai_family = family,
	    .ai_socktype = SOCK_DGRAM,
	    .ai_protocol = IPPROTO_UDP,
	};
	struct evdns_getaddrinfo_request *request;

	query->resolver = resolver;
	query->fn = fn;
	query->arg = arg;
	query->timer = loop_timer_new(resolver->loop, on_timer, query);
	LIST_INSERT_HEAD(&resolver->queries, query, link);
	query->starting = true;
	request = evdns_getaddrinfo(resolver->dns, host, NULL, &hints,
				    on_answer, query);
	query->starting = false;
	query->request = request;
	loop_timer_start(query->timer, request ? timeout_ms : 0);
	return query;
}

void resolve_cancel(struct resolve_query *query)
{
	if (!query)
		return;
	if (query->request)
		evdns_getaddrinfo_cancel(query->request);
	query_free(query);
}
