/*
 * nat_probe: asks STUN servers what the NAT does and prints it as key=value.
 *
 * usage: nat_probe [-b ADDRESS] [-p FIRST-LAST] check SERVER...   one NAT check
 *        nat_probe [-b ADDRESS] map SERVER...      the outer endpoint, by vote
 *        nat_probe [-b ADDRESS] [-t MS] [-r RTO_MS] [-T TTL] ask SERVER
 *        nat_probe [-b ADDRESS] lifetime SERVER MS...    RFC 5780 section 4.6
 * SERVER is ADDRESS:PORT. Exit: 0 when there was an answer, else 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "nat_check.h"
#include "nat_lifetime.h"
#include "nat_peers.h"
#include "stun_map.h"

#define SERVERS_MOST 16
#define EXIT_USAGE   64
#define BUDGET_MS    2000

struct probe {
	struct loop *loop;
	struct addr bind;
	struct port_range ports;
	unsigned int budget_ms;
	unsigned int rto_ms; /* 0: as learnt */
	int ttl;             /* 0: the kernel's */
	struct endpoint servers[SERVERS_MOST];
	size_t count;
	struct stun_socket *socket;
	bool was_answered;
};

static const char *word(const char *name)
{
	return name ? name : "null";
}

static const char *fact(enum nat_fact f)
{
	static const char *const names[] = {
	    [NAT_UNKNOWN] = "null", [NAT_NO] = "false", [NAT_YES] = "true"};

	return names[f];
}

static const char *text_of(const struct endpoint *e)
{
	static char text[ENDPOINT_TEXT_BYTES];

	return endpoint_format(e, text, sizeof(text));
}

static void on_check(void *arg, const struct nat_check_result *r)
{
	struct probe *p = arg;
	const struct nat_behaviour *nat = &r->nat;
	struct nat_party self = nat_peers_self(nat, false);

	printf("mapping=%s mapping_confidence=%s filtering=%s "
	       "filtering_confidence=%s legacy=%s hairpin=%s "
	       "port_preserving=%s pooled=%s allocation=%s step=%d "
	       "last_port=%u block=%u-%u external=%s servers=%u/%u "
	       "believed=%u liars=%u rfc5780=%s samples=%u rtt_ms=%u "
	       "audience=%s took_ms=%u error=%d\n",
	       word(nat_mapping_name(nat->mapping)),
	       nat_confidence_name(nat->mapping_confidence),
	       word(nat_filtering_name(nat->filtering)),
	       nat_confidence_name(nat->filtering_confidence),
	       word(nat_legacy_name(nat)), fact(nat->hairpin),
	       fact(nat->port_preserving), fact(nat->pooled),
	       word(nat_allocation_name(nat->allocation)), nat->step,
	       nat->last_port, nat->block_first, nat->block_last,
	       text_of(&nat->external), r->answered, r->asked, nat->operators,
	       nat->liars, r->has_rfc5780 ? "yes" : "no", nat->samples,
	       r->rtt_ms, nat_audience_name(nat_peers_audience(&self)),
	       r->took_ms, r->error);
	p->was_answered = r->answered > 0;
	loop_stop(p->loop);
}

static void on_map(void *arg, const struct stun_map_result *r)
{
	struct probe *p = arg;

	printf("verdict=%s external=%s servers=%u agreeing=%u rejected=%u "
	       "took_ms=%u error=%d\n",
	       stun_verdict_name(r->vote.verdict), text_of(&r->vote.external),
	       r->vote.servers, r->vote.agreeing, r->vote.rejected, r->took_ms,
	       r->error);
	p->was_answered = r->count > 0;
	loop_stop(p->loop);
}

static void on_answer(void *arg, const struct stun_answer *answer)
{
	struct probe *p = arg;
	struct stun_counts counts = stun_socket_counts(p->socket);

	printf("outcome=%s mapped=%s answers=%u rejected=%u datagrams=%u "
	       "sent=%u took_ms=%u error=%d\n",
	       stun_outcome_name(answer->outcome),
	       text_of(&answer->message.mapped), counts.answers,
	       counts.rejected, counts.datagrams, answer->sent, answer->took_ms,
	       answer->error);
	p->was_answered = answer->outcome == STUN_ANSWERED;
	loop_stop(p->loop);
}

static void on_lifetime(void *arg, const struct nat_lifetime_result *r)
{
	struct probe *p = arg;

	printf("alive_ms=%u dead_ms=%u error=%d\n", r->alive_ms, r->dead_ms,
	       r->error);
	p->was_answered = r->alive_ms > 0;
	loop_stop(p->loop);
}

static int open_socket(struct probe *p)
{
	struct endpoint local = {.addr = p->bind};
	int error;

	if (!addr_is_set(&local.addr))
		local.addr.family = p->servers[0].addr.family;
	error = stun_socket_open(p->loop, &local, NULL, &p->socket);
	if (error == 0 && p->ttl)
		(void)setsockopt(stun_socket_fd(p->socket), IPPROTO_IP, IP_TTL,
				 &p->ttl, sizeof(p->ttl));
	return error;
}

static bool start(struct probe *p, const char *mode, char **args)
{
	unsigned int gaps_ms[NAT_LIFETIME_GAPS_MOST];
	size_t gaps = 0;

	if (strcmp(mode, "check") == 0) {
		const struct nat_check_config config = {.servers = p->servers,
							.server_count =
							    p->count,
							.bind = p->bind,
							.ports = p->ports};

		nat_check_start(p->loop, &config, on_check, p);
		return true;
	}
	if (p->count == 0)
		return false;
	if (strcmp(mode, "lifetime") == 0) {
		while (args[gaps] && gaps < NAT_LIFETIME_GAPS_MOST) {
			gaps_ms[gaps] =
			    (unsigned int)strtoul(args[gaps], NULL, 10);
			gaps++;
		}
		nat_lifetime_start(p->loop, &p->servers[0], &p->bind, gaps_ms,
				   gaps, on_lifetime, p);
		return true;
	}
	if (open_socket(p) < 0)
		return false;
	if (strcmp(mode, "map") == 0) {
		stun_map_start(p->loop, p->socket, p->servers, p->count,
			       p->budget_ms, on_map, p);
	} else {
		const struct stun_query query = {.server = p->servers[0],
						 .budget_ms = p->budget_ms,
						 .rto_ms = p->rto_ms};

		stun_socket_ask(p->socket, &query, on_answer, p);
	}
	return true;
}

static bool parse_options(struct probe *p, int argc, char **argv)
{
	int key;

	while ((key = getopt(argc, argv, "b:p:r:t:T:")) != -1) {
		if (key == 'b' && addr_parse(optarg, &p->bind) == 0)
			continue;
		if (key == 'p' && sscanf(optarg, "%hu-%hu", &p->ports.first,
					 &p->ports.last) == 2)
			continue;
		if (key == 't')
			p->budget_ms = (unsigned int)strtoul(optarg, NULL, 10);
		else if (key == 'r')
			p->rto_ms = (unsigned int)strtoul(optarg, NULL, 10);
		else if (key == 'T')
			p->ttl = (int)strtol(optarg, NULL, 10);
		else
			return false;
	}
	return optind < argc;
}

int main(int argc, char **argv)
{
	struct probe p = {.budget_ms = BUDGET_MS};
	const char *mode;
	int i;

	if (!parse_options(&p, argc, argv)) {
		fputs("usage: nat_probe [-b ADDRESS] [-p FIRST-LAST] [-t MS] "
		      "check|map|ask|lifetime SERVER...\n",
		      stderr);
		return EXIT_USAGE;
	}
	mode = argv[optind];
	for (i = optind + 1; i < argc && p.count < SERVERS_MOST; i++)
		if (endpoint_parse(argv[i], &p.servers[p.count]) == 0)
			p.count++;
		else
			break;
	p.loop = loop_new();
	if (start(&p, mode, argv + i))
		loop_run(p.loop);
	stun_socket_free(p.socket);
	loop_free(p.loop);
	return p.was_answered ? EXIT_SUCCESS : EXIT_FAILURE;
}
