#include "nfchain.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#define TYPE(message) ((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (message)))

const char *nf_family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return "other";
	}
}

/* The numbers of the hooks are the same for IPv4, IPv6 and both (enum
 * nf_inet_hooks). */
static enum nf_hook hook_of(uint8_t family, uint32_t number)
{
	static const enum nf_hook hooks[] = {
	    [NF_INET_PRE_ROUTING] = NF_HOOK_PREROUTING,
	    [NF_INET_LOCAL_IN] = NF_HOOK_INPUT,
	    [NF_INET_FORWARD] = NF_HOOK_FORWARD,
	    [NF_INET_LOCAL_OUT] = NF_HOOK_OUTPUT,
	    [NF_INET_POST_ROUTING] = NF_HOOK_POSTROUTING,
	};

	if (family != NFPROTO_INET && family != NFPROTO_IPV4 &&
	    family != NFPROTO_IPV6)
		return NF_HOOK_OTHER;
	return number < sizeof(hooks) / sizeof(hooks[0]) ? hooks[number]
							 : NF_HOOK_OTHER;
}

static void read_hook(struct nfchain *chain, uint8_t family,
		      const struct nl_attr *nest)
{
	struct nl_attrs rest = nl_nested(nest);
	struct nl_attr attr;

	chain->is_base = true;
	chain->hook = NF_HOOK_OTHER;
	while (nl_next_attr(&rest, &attr)) {
		if (attr.type == NFTA_HOOK_HOOKNUM)
			chain->hook =
			    hook_of(family, nl_u32_be(&attr, UINT32_MAX));
		else if (attr.type == NFTA_HOOK_PRIORITY)
			chain->priority = (int)nl_u32_be(&attr, 0);
	}
}

size_t nfchain_write_dump(uint32_t sequence, uint8_t buf[NL_REQUEST_BYTES])
{
	const struct nfgenmsg body = {.nfgen_family = NFPROTO_UNSPEC,
				      .version = NFNETLINK_V0};

	return nl_write_request(TYPE(NFT_MSG_GETCHAIN), NLM_F_DUMP, sequence,
				&body, sizeof(body), buf);
}

bool nfchain_read(const struct nl_message *message, struct nfchain *ret_chain)
{
	struct nfchain chain = {.hook = NF_HOOK_OTHER};
	struct nl_attrs rest = message->body;
	struct nfgenmsg header;
	struct nl_attr attr;

	if (message->type != TYPE(NFT_MSG_NEWCHAIN) ||
	    !nl_take(&rest, &header, sizeof(header)))
		return false;
	chain.family = nf_family_name(header.nfgen_family);
	while (nl_next_attr(&rest, &attr)) {
		if (attr.type == NFTA_CHAIN_TABLE)
			nl_text(&attr, chain.table, sizeof(chain.table));
		else if (attr.type == NFTA_CHAIN_NAME)
			nl_text(&attr, chain.name, sizeof(chain.name));
		else if (attr.type == NFTA_CHAIN_TYPE)
			nl_text(&attr, chain.type, sizeof(chain.type));
		else if (attr.type == NFTA_CHAIN_HOOK)
			read_hook(&chain, header.nfgen_family, &attr);
		else if (attr.type == NFTA_CHAIN_POLICY)
			chain.drops = nl_u32_be(&attr, NF_ACCEPT) == NF_DROP;
	}
	if (!chain.table[0] || !chain.name[0])
		return false;
	*ret_chain = chain;
	return true;
}

const char *nf_hook_name(enum nf_hook hook)
{
	static const char *const names[] = {
	    [NF_HOOK_PREROUTING] = "prerouting",   [NF_HOOK_INPUT] = "input",
	    [NF_HOOK_FORWARD] = "forward",         [NF_HOOK_OUTPUT] = "output",
	    [NF_HOOK_POSTROUTING] = "postrouting", [NF_HOOK_OTHER] = "other",
	};

	return names[hook];
}
