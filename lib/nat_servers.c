#include "nat_servers.h"

#include <errno.h>

static bool is_usable_other(const struct endpoint *at,
			    const struct endpoint *other)
{
	enum addr_class class = addr_classify(&other->addr);

	return addr_is_set(&other->addr) && other->port != 0 &&
	       other->addr.family == at->addr.family &&
	       (class == ADDR_PUBLIC || class == addr_classify(&at->addr)) &&
	       !addr_equal(&other->addr, &at->addr) && other->port != at->port;
}

void nat_server_answered(struct nat_server *server,
			 const struct endpoint *mapped,
			 const struct endpoint *other)
{
	server->has_answered = true;
	server->mapped = *mapped;
	if (is_usable_other(&server->at, other))
		server->other = *other;
}

struct stun_vote nat_servers_vote(const struct nat_server *servers,
				  size_t count)
{
	struct stun_ballot ballots[NAT_SERVERS_MOST];
	size_t n = 0;

	for (size_t i = 0; i < count && i < NAT_SERVERS_MOST; i++)
		if (servers[i].has_answered)
			ballots[n++] =
			    (struct stun_ballot){.server = servers[i].at,
						 .mapped = servers[i].mapped};
	return stun_vote_count(ballots, n);
}

bool nat_servers_has_able(const struct nat_server *servers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addr_is_set(&servers[i].other.addr))
			return true;
	return false;
}

static bool is_trusted(const struct nat_server *server,
		       const struct stun_vote *vote)
{
	if (!server->has_answered || !stun_vote_is_credible(&server->mapped))
		return false;
	return vote->verdict == STUN_VERDICT_SPLIT ||
	       addr_equal(&server->mapped.addr, &vote->external.addr);
}

int nat_servers_choose(const struct nat_server *servers, size_t count,
		       struct nat_choice *ret_choice)
{
	struct stun_vote vote = nat_servers_vote(servers, count);
	struct nat_choice choice = {.able_count = 0};
	bool has_any = false;

	for (unsigned int i = 0; i < count; i++) {
		if (!is_trusted(&servers[i], &vote))
			continue;
		if (!has_any)
			choice.plain = i;
		has_any = true;
		if (addr_is_set(&servers[i].other.addr) &&
		    choice.able_count < 2)
			choice.able[choice.able_count++] = i;
	}
	if (!has_any)
		return -ENOENT;
	if (choice.able_count > 0)
		choice.plain = choice.able[0];
	if (choice.able_count == 1)
		choice.able[1] = choice.able[0];
	*ret_choice = choice;
	return 0;
}
