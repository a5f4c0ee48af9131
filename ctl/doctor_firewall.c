#include "doctor_firewall.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "pick.h"

static const json_t *chains_of(const struct doctor_facts *facts)
{
	return json_object_get(facts->firewall, "chains");
}

static bool is_word(const json_t *object, const char *key, const char *word)
{
	return strcmp(pick_text(object, key, ""), word) == 0;
}

const json_t *doctor_firewall_dropper(const struct doctor_facts *facts,
				      const char *hook)
{
	const json_t *chain;
	size_t i;

	json_array_foreach (chains_of(facts), i, chain) {
		if (is_word(chain, "hook", hook) &&
		    is_word(chain, "policy", "drop") &&
		    (is_word(chain, "family", "ip") ||
		     is_word(chain, "family", "inet")))
			return chain;
	}
	return NULL;
}

bool doctor_firewall_drops(const struct doctor_facts *facts, const char *hook)
{
	return doctor_firewall_dropper(facts, hook) != NULL;
}

/* --- rules ------------------------------------------------------------------
 */

static const json_t *find_chain(const struct doctor_facts *facts,
				const json_t *rule)
{
	const json_t *chain;
	size_t i;

	json_array_foreach (chains_of(facts), i, chain) {
		if (is_word(chain, "family", pick_text(rule, "family", "")) &&
		    is_word(chain, "table", pick_text(rule, "table", "")) &&
		    is_word(chain, "name", pick_text(rule, "chain", "")))
			return chain;
	}
	return NULL;
}

/* A chain that no hook calls is reached by a jump; its name tells from where,
 * in ufw ("ufw-user-input"), firewalld ("filter_IN_public_allow") and Docker.
 */
static bool is_for_input(const json_t *chain)
{
	static const char *const others[] = {"orward", "FORWARD", "FWD",
					     "output", "OUT",     "DOCKER",
					     "nat_",   "mangle_"};
	const char *name = pick_text(chain, "name", "");

	if (!is_word(chain, "family", "ip") &&
	    !is_word(chain, "family", "inet"))
		return false;
	if (json_is_true(json_object_get(chain, "base")))
		return is_word(chain, "hook", "input");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strstr(name, others[i]))
			return false;
	return true;
}

static bool names_port(const json_t *rule, enum transport transport,
		       uint16_t port)
{
	int64_t protocol = pick_int_or(rule, "protocol", -1);

	return (protocol == 0 || protocol == transport_ipproto(transport)) &&
	       pick_int_or(rule, "first", 65536) <= port &&
	       pick_int_or(rule, "last", -1) >= port;
}

enum doctor_gate doctor_firewall_gate(const struct doctor_facts *facts,
				      enum transport transport, uint16_t port,
				      const json_t **ret_rule)
{
	const json_t *rule, *limited = NULL;
	size_t i;

	json_array_foreach (json_object_get(facts->firewall, "rules"), i,
			    rule) {
		const json_t *chain = find_chain(facts, rule);
		bool is_accept = is_word(rule, "verdict", "accept");

		if (!chain || !is_for_input(chain) ||
		    !names_port(rule, transport, port) ||
		    is_word(rule, "verdict", "other"))
			continue;
		if (json_is_true(json_object_get(rule, "conditional"))) {
			limited = limited || !is_accept ? limited : rule;
			continue;
		}
		*ret_rule = rule;
		return is_accept ? DOCTOR_GATE_OPEN : DOCTOR_GATE_DENIED;
	}
	*ret_rule = limited;
	if (!doctor_firewall_drops(facts, "input"))
		return DOCTOR_GATE_OPEN;
	return limited ? DOCTOR_GATE_LIMITED : DOCTOR_GATE_SHUT;
}

bool doctor_firewall_has_chain(const struct doctor_facts *facts,
			       const char *prefix)
{
	const json_t *chain;
	size_t i;

	json_array_foreach (chains_of(facts), i, chain) {
		if (strncmp(pick_text(chain, "name", ""), prefix,
			    strlen(prefix)) == 0)
			return true;
	}
	return false;
}

/* iptables-nft keeps the names of old. */
static bool is_iptables(const json_t *chain)
{
	return is_word(chain, "table", "filter") &&
	       (is_word(chain, "name", "INPUT") ||
		is_word(chain, "name", "FORWARD"));
}

const char *doctor_firewall_owner(const struct doctor_facts *facts,
				  const json_t *chain)
{
	if (is_word(chain, "table", "firewalld"))
		return "firewalld";
	if (!is_iptables(chain))
		return strncmp(pick_text(chain, "table", ""), "docker", 6) == 0
			   ? "Docker"
			   : "nft";
	if (doctor_firewall_has_chain(facts, "ufw-"))
		return "ufw";
	if (doctor_firewall_has_chain(facts, "DOCKER") &&
	    is_word(chain, "hook", "forward"))
		return "Docker";
	return "iptables";
}

/* The chain is named as the probe told, but only what needs no quotes. */
static bool is_plain(const char *word)
{
	return *word && strspn(word, "abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-") == strlen(word);
}

static char *open_by_nft(const struct doctor_facts *facts, const char *word,
			 uint16_t port)
{
	const json_t *chain = doctor_firewall_dropper(facts, "input");
	const char *family = pick_text(chain, "family", "inet");
	const char *table = pick_text(chain, "table", "filter");
	const char *name = pick_text(chain, "name", "input");

	if (!is_plain(family) || !is_plain(table) || !is_plain(name)) {
		family = "inet";
		table = "filter";
		name = "input";
	}
	return xasprintf("sudo nft insert rule %s %s %s %s dport %u accept",
			 family, table, name, word, port);
}

char *doctor_firewall_open(const struct doctor_facts *facts,
			   enum transport transport, uint16_t port)
{
	const char *word = transport == TRANSPORT_TCP ? "tcp" : "udp";
	const json_t *chain = doctor_firewall_dropper(facts, "input");
	const char *owner = chain ? doctor_firewall_owner(facts, chain) : "";

	switch (doctor_frontend(&facts->host)) {
	case DOCTOR_FW_UFW:
		return xasprintf("sudo ufw allow %u/%s", port, word);
	case DOCTOR_FW_FIREWALLD:
		return xasprintf("sudo firewall-cmd --permanent "
				 "--add-port=%u/%s && sudo firewall-cmd "
				 "--reload",
				 port, word);
	case DOCTOR_FW_IPTABLES:
		return xasprintf("sudo iptables -I INPUT -p %s --dport %u -j "
				 "ACCEPT",
				 word, port);
	case DOCTOR_FW_NFT:
		break;
	}
	if (strcmp(owner, "iptables") == 0)
		return xasprintf("sudo iptables -I INPUT -p %s --dport %u -j "
				 "ACCEPT",
				 word, port);
	return open_by_nft(facts, word, port);
}
