/*
 * nfchain: the chains of nf_tables, as the kernel tells them over nfnetlink.
 * Only a process with CAP_NET_ADMIN may ask. What iptables-nft, ufw, firewalld
 * and Docker set up is seen; what iptables-legacy set up is not.
 *
 * Pure codec: the caller sends the request and receives.
 */
#ifndef LIB_NFCHAIN_H
#define LIB_NFCHAIN_H

#include "nlmsg.h"

#define NFCHAIN_NAME_BYTES 64 /* longer names are cut */

enum nf_hook {
	NF_HOOK_PREROUTING,
	NF_HOOK_INPUT,
	NF_HOOK_FORWARD,
	NF_HOOK_OUTPUT,
	NF_HOOK_POSTROUTING,
	NF_HOOK_OTHER, /* ingress and egress, and those of other families */
};

struct nfchain {
	const char *family; /* "ip", "ip6", "inet", ...; a constant */
	char table[NFCHAIN_NAME_BYTES];
	char name[NFCHAIN_NAME_BYTES];
	bool is_base; /* a hook calls it */
	enum nf_hook hook;
	int priority;
	bool drops;    /* the policy; only of a base chain */
	char type[16]; /* "filter", "nat", "route"; "" where it is no base */
};

/* Writes the request for the chains of every family. Returns its length. */
size_t nfchain_write_dump(uint32_t sequence, uint8_t buf[NL_REQUEST_BYTES]);

/* Reads a message. Returns false for one that is of another kind. */
bool nfchain_read(const struct nl_message *message, struct nfchain *ret_chain);

/* "ip", "ip6", "inet", ... for a number of the kernel. */
const char *nf_family_name(uint8_t family);

/* "prerouting", "input", "forward", "output", "postrouting" or "other". */
const char *nf_hook_name(enum nf_hook hook);

#endif
