/* The checks of this host's firewall. */
#include "doctor_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_facts.h"
#include "doctor_firewall.h"
#include "mem.h"
#include "pick.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* --- fw.input ---------------------------------------------------------------
 */

static char *keep_of(const struct doctor_facts *facts)
{
	switch (doctor_frontend(&facts->host)) {
	case DOCTOR_FW_UFW:
	case DOCTOR_FW_FIREWALLD:
		return NULL;
	case DOCTOR_FW_IPTABLES:
		return xstrdup("sudo netfilter-persistent save");
	case DOCTOR_FW_NFT:
		break;
	}
	return xstrdup("write the rule to /etc/nftables.conf as well");
}

static void add_shut(const struct doctor_facts *facts,
		     const struct doctor_port *port, enum doctor_gate gate,
		     const json_t *rule, struct doctor_items *items)
{
	const json_t *chain = doctor_firewall_dropper(facts, "input");
	struct doctor_item *item;

	if (gate == DOCTOR_GATE_DENIED)
		item = doctor_add(items, DOCTOR_WARNING,
				  "%s: a rule drops port %u (table %s %s, "
				  "chain %s)",
				  port->name, port->port,
				  pick_text(rule, "family", "?"),
				  pick_text(rule, "table", "?"),
				  pick_text(rule, "chain", "?"));
	else
		item =
		    doctor_add(items, DOCTOR_WARNING,
			       "%s: input policy DROP (table %s %s, by %s), "
			       "and no rule names port %u",
			       port->name, pick_text(chain, "family", "?"),
			       pick_text(chain, "table", "?"),
			       doctor_firewall_owner(facts, chain), port->port);
	item->effect = xstrdup("What the router forwards ends here.");
	item->commands =
	    doctor_firewall_open(facts, port->transport, port->port);
	item->keep = keep_of(facts);
}

static void judge_gate(const struct doctor_facts *facts,
		       const struct doctor_port *port,
		       struct doctor_items *items)
{
	const json_t *rule;
	enum doctor_gate gate =
	    doctor_firewall_gate(facts, port->transport, port->port, &rule);
	const char *chain = pick_text(rule, "chain", "");

	if (doctor_is_proven(port->service))
		doctor_add(items, DOCTOR_OK,
			   "%s: a packet from outside came through",
			   port->name);
	else if (gate == DOCTOR_GATE_OPEN && rule)
		doctor_add(items, DOCTOR_OK,
			   "%s: port %u is let in by chain %s", port->name,
			   port->port, chain);
	else if (gate == DOCTOR_GATE_OPEN)
		doctor_add(items, DOCTOR_OK, "%s: nothing drops port %u",
			   port->name, port->port);
	else if (gate == DOCTOR_GATE_LIMITED)
		doctor_add(items, DOCTOR_OK,
			   "%s: port %u is let in by chain %s, on conditions",
			   port->name, port->port, chain);
	else
		add_shut(facts, port, gate, rule, items);
}

static void run_input(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	(void)check;
	for (size_t i = 0; i < facts->port_count; i++)
		judge_gate(facts, &facts->ports[i], items);
	if (items->count == 0)
		doctor_add(items, DOCTOR_OK, "no fixed port is configured");
}

/* --- fw.forward_policy ------------------------------------------------------
 */

/* The interfaces of the VPN as the rules name them. */
static const char *tunnel_pattern(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->net.link_count; i++) {
		const struct rtnl_link *link = &facts->net.links[i];

		if (strcmp(link->kind, "wireguard") == 0 &&
		    strncmp(link->name, "myst", 4) != 0 &&
		    strspn(link->name, "abcdefghijklmnopqrstuvwxyz0123456789"
				       "_-") == strlen(link->name))
			return link->name;
	}
	return "myst+";
}

static char *allow_in(const char *chain, const char *tunnel)
{
	return xasprintf("sudo iptables -I %s -i %s -j ACCEPT\n"
			 "sudo iptables -I %s -o %s -m conntrack --ctstate "
			 "RELATED,ESTABLISHED -j ACCEPT",
			 chain, tunnel, chain, tunnel);
}

/* nft's names for the same pattern: '+' is '*' there, and quoted. */
static char *allow_in_nft(const json_t *chain, const char *tunnel)
{
	const char *star = strchr(tunnel, '+') ? "*" : "";
	int len = (int)strcspn(tunnel, "+");
	const char *table = pick_text(chain, "table", "filter");
	const char *name = pick_text(chain, "name", "forward");
	const char *plain = "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	bool is_plain = strspn(table, plain) == strlen(table) &&
			strspn(name, plain) == strlen(name);
	const char *family =
	    strcmp(pick_text(chain, "family", ""), "ip") == 0 ? "ip" : "inet";

	if (!is_plain) {
		table = "filter";
		name = "forward";
	}
	return xasprintf(
	    "sudo nft insert rule %s %s %s iifname '\"%.*s%s\"' accept\n"
	    "sudo nft insert rule %s %s %s oifname '\"%.*s%s\"' ct state "
	    "related,established accept",
	    family, table, name, len, tunnel, star, family, table, name, len,
	    tunnel, star);
}

static const char *const never_flush =
    "\"iptables -F\" or \"iptables -P FORWARD ACCEPT\": it opens every "
    "container and network behind this host";

static void add_forward_fix(const struct doctor_facts *facts,
			    const json_t *chain, const char *owner,
			    struct doctor_item *item)
{
	const char *tunnel = tunnel_pattern(facts);

	item->effect =
	    xstrdup("Clients of the VPN connect but get no internet.");
	item->avoid = xstrdup(never_flush);
	if (strcmp(owner, "Docker") == 0) {
		item->commands = allow_in("DOCKER-USER", tunnel);
		item->keep = xstrdup("a drop-in of docker.service with these "
				     "lines as ExecStartPost=");
	} else if (strcmp(owner, "ufw") == 0) {
		item->commands = xstrdup(
		    "sudo sed -i 's/^DEFAULT_FORWARD_POLICY=\"DROP\"/"
		    "DEFAULT_FORWARD_POLICY=\"ACCEPT\"/' /etc/default/ufw\n"
		    "sudo ufw reload");
	} else if (strcmp(owner, "firewalld") == 0) {
		item->commands =
		    xasprintf("sudo firewall-cmd --permanent --zone=trusted "
			      "--add-interface=%s\nsudo firewall-cmd --reload",
			      strchr(tunnel, '+') ? "myst0" : tunnel);
	} else if (strcmp(owner, "iptables") == 0) {
		item->commands = allow_in("FORWARD", tunnel);
		item->keep = xstrdup("sudo netfilter-persistent save");
	} else {
		item->commands = allow_in_nft(chain, tunnel);
		item->keep =
		    xstrdup("write the rules to /etc/nftables.conf as well");
	}
}

/* Without the probe: what files and links hint at. */
static void guess_forward(const struct doctor_facts *facts,
			  struct doctor_items *items)
{
	const struct doctor_host_facts *host = &facts->host;
	const char *owner = host->ufw_drops_forward ? "ufw"
			    : host->is_firewalld    ? "firewalld"
			    : host->is_docker       ? "Docker"
						    : NULL;
	struct doctor_item *item;

	if (!owner) {
		doctor_add(items, DOCTOR_SKIPPED, "%s",
			   facts->firewall_why ? facts->firewall_why
					       : "the firewall is not known");
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "FORWARD policy is probably DROP (set by %s); sure "
			  "is only the firewall probe",
			  owner);
	add_forward_fix(facts, NULL, owner, item);
}

static void run_forward(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	const json_t *chain = doctor_firewall_dropper(facts, "forward");
	const char *owner;
	struct doctor_item *item;

	(void)check;
	if (!doctor_routing_service(facts)) {
		doctor_add(items, DOCTOR_OK,
			   "not needed: no service routes for others");
	} else if (!facts->firewall) {
		guess_forward(facts, items);
	} else if (!chain) {
		doctor_add(items, DOCTOR_OK,
			   "no chain at forward drops by its policy");
	} else {
		owner = doctor_firewall_owner(facts, chain);
		item = doctor_add(items, DOCTOR_FAILURE,
				  "FORWARD policy DROP (table %s %s, set by "
				  "%s)",
				  pick_text(chain, "family", "?"),
				  pick_text(chain, "table", "?"), owner);
		add_forward_fix(facts, chain, owner, item);
	}
}

/* --- what there is ----------------------------------------------------------
 */

static size_t list_base_chains(const struct doctor_facts *facts, char *buf,
			       size_t cap)
{
	const json_t *chain;
	size_t i, count = 0, used = 0;

	buf[0] = '\0';
	json_array_foreach (json_object_get(facts->firewall, "chains"), i,
			    chain) {
		if (!json_is_true(json_object_get(chain, "base")) ||
		    strcmp(pick_text(chain, "type", ""), "filter") != 0)
			continue;
		if (used < cap)
			used += (size_t)snprintf(
			    buf + used, cap - used, "%s%s %s %s %s",
			    count ? ", " : "", pick_text(chain, "family", "?"),
			    pick_text(chain, "table", "?"),
			    pick_text(chain, "hook", "?"),
			    pick_text(chain, "policy", "?"));
		count++;
	}
	return count;
}

static void run_summary(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	char list[512];
	size_t count = list_base_chains(facts, list, sizeof(list));
	struct doctor_item *item;

	(void)check;
	doctor_add(items, DOCTOR_OK, "%zu filter chains%s%s", count,
		   count ? ": " : "", list);
	if (count == 0 || !facts->host.has_legacy_rules)
		return;
	item = doctor_add(items, DOCTOR_WARNING,
			  "two firewall systems are active, nft and "
			  "iptables-legacy");
	item->effect = xstrdup("The rules of one are invisible in the other.");
	item->fix = xstrdup("move the rules of iptables-legacy to the other: "
			    "iptables-legacy-save shows them");
}

static void run_flush(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	const json_t *chain = doctor_firewall_dropper(facts, "input");
	struct doctor_item *item;

	(void)check;
	if (!chain) {
		doctor_add(items, DOCTOR_OK,
			   "no input policy DROP to be locked out by");
		return;
	}
	item = doctor_add(items, DOCTOR_OK,
			  "input policy DROP: flushing would lock you out");
	item->avoid =
	    xstrdup("\"iptables -F\": with input policy DROP it ends your SSH "
		    "session, and it deletes the NAT rules of Docker until "
		    "docker is restarted");
}

static void run_persisted(const struct doctor_check *check,
			  const struct doctor_facts *facts,
			  struct doctor_items *items)
{
	const struct doctor_host_facts *host = &facts->host;
	const struct {
		bool is_active;
		const char *name;
	} owners[] = {
	    {host->is_ufw, "ufw"},
	    {host->is_firewalld, "firewalld"},
	    {host->is_nftables, "nftables (/etc/nftables.conf)"},
	    {host->is_persistent, "netfilter-persistent (/etc/iptables)"},
	};
	size_t count = 0, used = 0;
	struct doctor_item *item;
	char list[160] = "none";

	(void)check;
	for (size_t i = 0; i < COUNT_OF(owners); i++)
		if (owners[i].is_active)
			used += (size_t)snprintf(
			    list + used, sizeof(list) - used, "%s%s",
			    count++ ? ", " : "", owners[i].name);
	if (count < 2) {
		doctor_add(items, DOCTOR_OK, "rules at boot come from: %s%s%s",
			   list, host->is_docker ? ", Docker" : "",
			   host->has_rc_local ? ", /etc/rc.local" : "");
		return;
	}
	item = doctor_add(items, DOCTOR_WARNING,
			  "%zu services load rules at boot: %s", count, list);
	item->effect = xstrdup("Rules come back after each reboot, and one "
			       "service overwrites the other's.");
	item->fix = xstrdup("keep one; disable the others with sudo systemctl "
			    "disable --now UNIT");
}

static const struct doctor_check checks[] = {
    {.id = "fw.input",
     .place = DOCTOR_PROBE,
     .worst = DOCTOR_WARNING,
     .title = "the firewall lets the services' ports in",
     .cause =
	 "A packet that the router forwards still has to pass the firewall "
	 "of this host. With policy DROP only what a rule names gets in.",
     .fix = "ufw: sudo ufw allow PORT/udp. firewalld: sudo firewall-cmd "
	    "--permanent --add-port=PORT/udp. nft: sudo nft insert rule inet "
	    "filter input udp dport PORT accept.",
     .run = run_input},
    {.id = "fw.forward_policy",
     .place = DOCTOR_HERE,
     .worst = DOCTOR_FAILURE,
     .title = "the firewall forwards the traffic of a VPN service",
     .cause = "Docker sets the policy of FORWARD to DROP, so does ufw. Clients "
	      "of a VPN connect and get no further.",
     .fix = "Add rules for the VPN's interfaces (with Docker to DOCKER-USER). "
	    "Never change the policy for all: that opens every container and "
	    "network behind this host.",
     .run = run_forward},
    {.id = "fw.summary",
     .place = DOCTOR_PROBE,
     .worst = DOCTOR_WARNING,
     .title = "which firewall is active",
     .cause =
	 "nft and iptables-legacy keep separate rules; each drops what the "
	 "other lets in.",
     .fix = "Use one of them.",
     .run = run_summary},
    {.id = "fw.flush_warning",
     .place = DOCTOR_PROBE,
     .worst = DOCTOR_OK,
     .title = "whether flushing the rules does harm",
     .cause =
	 "Flushing leaves the policy: with input policy DROP it ends every "
	 "SSH session. It also deletes Docker's rules.",
     .fix = "Do not flush. Add the rule that is missing.",
     .run = run_flush},
    {.id = "fw.persisted",
     .place = DOCTOR_HERE,
     .worst = DOCTOR_WARNING,
     .title = "one service loads the rules at boot",
     .cause = "A rule that comes back after each reboot belongs to a service "
	      "that loads it: ufw, firewalld, nftables, netfilter-persistent, "
	      "Docker or a script.",
     .fix = "Change it there: sudo ufw delete N, /etc/nftables.conf, sudo "
	    "netfilter-persistent save, or disable the service.",
     .run = run_persisted},
};

const struct doctor_area doctor_fw = {checks, COUNT_OF(checks)};
