/*
 * doctor_firewall: questions about what the firewall probe told. Without an
 * answer of the probe every question is answered with no.
 */
#ifndef CTL_DOCTOR_FIREWALL_H
#define CTL_DOCTOR_FIREWALL_H

#include "doctor_facts.h"

/* Returns a base chain of HOOK that drops what no rule takes, or NULL. Only
 * chains of IPv4, or of both families, count. */
const json_t *doctor_firewall_dropper(const struct doctor_facts *facts,
				      const char *hook);
bool doctor_firewall_drops(const struct doctor_facts *facts, const char *hook);

/* What the rules for incoming packets do with one to a port. */
enum doctor_gate {
	DOCTOR_GATE_OPEN,    /* no policy drops it, or a rule lets it in */
	DOCTOR_GATE_LIMITED, /* a rule lets it in on conditions */
	DOCTOR_GATE_SHUT,    /* the policy drops it, and no rule names it */
	DOCTOR_GATE_DENIED,  /* a rule drops it */
};

/* Judges by the first rule that names the port. RET_RULE: that rule, or NULL;
 * borrowed. */
enum doctor_gate doctor_firewall_gate(const struct doctor_facts *facts,
				      enum transport transport, uint16_t port,
				      const json_t **ret_rule);

/* Is there a chain whose name begins with PREFIX? */
bool doctor_firewall_has_chain(const struct doctor_facts *facts,
			       const char *prefix);

/* Who made a chain: "firewalld", "Docker", "ufw", "iptables" or "nft". */
const char *doctor_firewall_owner(const struct doctor_facts *facts,
				  const json_t *chain);

/* The commands that open a port with this host's front end. Owned. */
char *doctor_firewall_open(const struct doctor_facts *facts,
			   enum transport transport, uint16_t port);

#endif
