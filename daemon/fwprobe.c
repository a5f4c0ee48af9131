/*
 * traversald-fwprobe: tells the chains of this host's firewall, and the rules
 * about ports, and exits.
 *
 * Reading them needs CAP_NET_ADMIN, which neither the daemon nor traversalctl
 * has: systemd starts this for each connection to traversald-fwprobe.socket,
 * with nothing else allowed. It reads no input, takes no options, changes
 * nothing, and prints one JSON object on standard output.
 */
#include <errno.h>
#include <jansson.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "nfchain.h"
#include "nfrule.h"

#define SCHEMA       1
#define CHAINS_MOST  1024
#define RULES_MOST   1024
#define BUFFER_BYTES 32768
#define WAIT_S       2
#define SEQUENCE     1

static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

static int open_netfilter(void)
{
	const struct timeval wait = {.tv_sec = WAIT_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0) {
		close(fd);
		return -errno;
	}
	return fd;
}

static json_t *chain_json(const struct nfchain *chain)
{
	json_t *object = json_pack("{s:s,s:s,s:s,s:b}", "family", chain->family,
				   "table", chain->table, "name", chain->name,
				   "base", chain->is_base);

	if (!chain->is_base)
		return object;
	json_object_update_new(
	    object,
	    json_pack("{s:s,s:s,s:i,s:s}", "type", chain->type, "hook",
		      nf_hook_name(chain->hook), "priority", chain->priority,
		      "policy", chain->drops ? "drop" : "accept"));
	return object;
}

static json_t *rule_json(const struct nfrule *rule)
{
	static const char *const verdicts[] = {
	    [NF_VERDICT_OTHER] = "other",
	    [NF_VERDICT_ACCEPT] = "accept",
	    [NF_VERDICT_DROP] = "drop",
	};

	return json_pack("{s:s,s:s,s:s,s:i,s:i,s:i,s:b,s:s}", "family",
			 rule->family, "table", rule->table, "chain",
			 rule->chain, "protocol", rule->protocol, "first",
			 rule->first, "last", rule->last, "conditional",
			 rule->has_more, "verdict", verdicts[rule->verdict]);
}

/* Returns 1 at the end of the dump, 0 when there is more, or -E... . */
static int read_some(const void *bytes, size_t len, json_t *answer)
{
	struct nl_reader reader = nl_reader_init(bytes, len);
	struct nl_message message;
	json_t *chains = json_object_get(answer, "chains");
	json_t *rules = json_object_get(answer, "rules");
	struct nfchain chain;
	struct nfrule rule;
	int error;

	while (nl_next(&reader, &message)) {
		if (message.sequence != SEQUENCE)
			continue;
		if (nl_is_end(&message, &error))
			return error ? error : 1;
		if (nfchain_read(&message, &chain) &&
		    json_array_size(chains) < CHAINS_MOST)
			json_array_append_new(chains, chain_json(&chain));
		if (nfrule_read(&message, &rule) &&
		    json_array_size(rules) < RULES_MOST)
			json_array_append_new(rules, rule_json(&rule));
	}
	return reader.is_broken ? -EPROTO : 0;
}

static int dump(int fd, const uint8_t *request, size_t len, json_t *answer)
{
	static uint8_t buf[BUFFER_BYTES];
	struct sockaddr_nl from;
	socklen_t from_len;
	ssize_t count;
	int r = 0;

	if (sendto(fd, request, len, 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	while (r == 0) {
		from_len = sizeof(from);
		count = recvfrom(fd, buf, sizeof(buf), 0,
				 (struct sockaddr *)&from, &from_len);
		if (count < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (from.nl_pid == 0)
			r = read_some(buf, (size_t)count, answer);
	}
	return r < 0 ? r : 0;
}

static int dump_all(int fd, json_t *answer)
{
	uint8_t request[NL_REQUEST_BYTES];
	size_t len = nfchain_write_dump(SEQUENCE, request);
	int error = dump(fd, request, len, answer);

	if (error)
		return error;
	len = nfrule_write_dump(SEQUENCE, request);
	return dump(fd, request, len, answer);
}

int main(int argc, char **argv)
{
	json_t *answer;
	int fd, error;

	(void)argv;
	if (argc > 1) {
		fputs("traversald-fwprobe takes no options; it prints the "
		      "chains of the firewall\n",
		      stderr);
		return 64;
	}
	answer =
	    json_pack("{s:i,s:[],s:[]}", "schema", SCHEMA, "chains", "rules");
	fd = open_netfilter();
	error = fd < 0 ? fd : dump_all(fd, answer);
	if (fd >= 0)
		close(fd);
	json_object_set_new(answer, "error",
			    error ? json_string(strerror(-error))
				  : json_null());
	json_dumpf(answer, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(answer);
	return fflush(stdout) == 0 && !error ? 0 : 1;
}
