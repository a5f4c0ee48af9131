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
