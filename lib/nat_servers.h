/*
 * nat_servers: which STUN servers to go on with.
 *
 * A table of servers with what each answered first. Pure: says who is believed
 * and who can do the tests of RFC 5780.
 */
#ifndef LIB_NAT_SERVERS_H
#define LIB_NAT_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "stun_vote.h"

#define NAT_SERVERS_MOST 8

struct nat_server {
	struct endpoint at;
	struct endpoint mapped; /* as it saw us */
	struct endpoint other;  /* address unset: it does not speak RFC 5780 */
	bool has_answered;
};

/* Who does what in the tests that follow. Numbers are places in the table. */
struct nat_choice {
	unsigned int plain;   /* a server that is believed */
	unsigned int able[2]; /* that also speak RFC 5780; twice the same when
				 there is one only */
	unsigned int able_count; /* different ones: 0, 1 or 2 */
};

/* Notes a server's first answer. OTHER, which the server made up, is dropped
 * unless it is another address and port that a public server can have: it will
 * be sent to. */
void nat_server_answered(struct nat_server *server,
			 const struct endpoint *mapped,
			 const struct endpoint *other);

/* The vote of those that have answered. */
struct stun_vote nat_servers_vote(const struct nat_server *servers,
				  size_t count);

/* Does one that has answered speak RFC 5780? */
bool nat_servers_has_able(const struct nat_server *servers, size_t count);

/* Chooses among those that the vote believes. Returns 0, or -ENOENT when there
 * is none. */
int nat_servers_choose(const struct nat_server *servers, size_t count,
		       struct nat_choice *ret_choice);

#endif
