/*
 * nfrule: which rules of nf_tables speak of a port, as the kernel tells them
 * over nfnetlink. Only a process with CAP_NET_ADMIN may ask.
 *
 * Understands "udp dport 5000 accept" in the forms that nft, ufw, firewalld and
 * iptables-nft write it: a single port or a range, a verdict. A rule with sets
 * is not understood, and one with more conditions (an interface, a source) is
 * told like one without. Pure codec.
 */
#ifndef LIB_NFRULE_H
#define LIB_NFRULE_H

#include "nfchain.h"

enum nf_verdict { NF_VERDICT_OTHER, NF_VERDICT_ACCEPT, NF_VERDICT_DROP };

struct nfrule {
	const char *family; /* a constant */
	char table[NFCHAIN_NAME_BYTES];
	char chain[NFCHAIN_NAME_BYTES];
	uint8_t protocol;     /* 6, 17, or 0: not told */
	uint16_t first, last; /* of the destination ports */
	bool has_more;        /* there are conditions besides the port */
	enum nf_verdict verdict;
};

/* Writes the request for the rules of every family. Returns its length. */
size_t nfrule_write_dump(uint32_t sequence, uint8_t buf[NL_REQUEST_BYTES]);

/* Reads a message. Returns false for one that is of another kind, and for a
 * rule that names no destination port or ends with no verdict. */
bool nfrule_read(const struct nl_message *message, struct nfrule *ret_rule);

#endif
