/* The checks of the services, and of the daemon that keeps them reachable. */
#include "doctor_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_facts.h"
#include "doctor_firewall.h"
#include "mem.h"
#include "pick.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *proto(const struct doctor_port *port)
{
	return port->transport == TRANSPORT_TCP ? "TCP" : "UDP";
}

/* --- the daemon -------------------------------------------------------------
 */

static void run_running(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	const json_t *daemon = json_object_get(facts->status, "daemon");
	struct doctor_item *item;

	(void)check;
	if (facts->status) {
		doctor_add(items, DOCTOR_OK, "traversald %s, process %" PRId64,
			   pick_text(daemon, "version", "?"),
			   pick_int_or(daemon, "pid", 0));
		return;
	}
	item = doctor_add(items, DOCTOR_FAILURE, "%s",
			  facts->daemon_why ? facts->daemon_why
					    : "traversald is not running");
	item->effect = xstrdup("Nothing keeps the ports open, and most checks "
			       "cannot tell anything.");
	item->commands =
	    xstrdup(facts->is_absent ? "sudo systemctl enable --now traversald"
				     : "sudo systemctl restart traversald\n"
				       "journalctl -u traversald -n 20");
}

/* Takes over a finding of the daemon under its own words. */
static void add_finding(const json_t *f, struct doctor_items *items)
{
	const char *severity = pick_text(f, "severity", "info");
	struct doctor_item *item = doctor_add(
	    items,
	    strcmp(severity, "failure") == 0   ? DOCTOR_FAILURE
	    : strcmp(severity, "warning") == 0 ? DOCTOR_WARNING
					       : DOCTOR_OK,
	    "%s: %s", pick_text(f, "id", "?"), pick_text(f, "title", "?"));

	item->effect = xstrdup(pick_text(f, "detail", ""));
	item->fix = xstrdup(pick_text(f, "fix", ""));
}

/* Those that have a check of their own, or are seen in the files. */
static bool has_own_check(const char *id)
{
	static const char *const ids[] = {"net.cgnat", "net.double_nat",
					  "router.unheard",
					  "net.several_gateways"};

	if (strncmp(id, "cfg.", 4) == 0)
		return true;
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		if (strcmp(id, ids[i]) == 0)
			return true;
	return false;
}

static void run_daemon_findings(const struct doctor_check *check,
				const struct doctor_facts *facts,
				struct doctor_items *items)
{
	const json_t *f;
	size_t i;

	(void)check;
	json_array_foreach (json_object_get(facts->status, "findings"), i, f) {
		if (!has_own_check(pick_text(f, "id", "?")))
			add_finding(f, items);
	}
}

/* --- reached or not ---------------------------------------------------------
 */

static void describe_outer(const json_t *service, char *buf, size_t cap)
{
	const json_t *external =
	    json_array_get(json_object_get(service, "external"), 0);
	char endpoint[PICK_ENDPOINT_BYTES];

	snprintf(buf, cap, "%s", pick_endpoint(external, endpoint));
}

/* The attempt that came nearest tells why. */
static char *why_not(const json_t *service)
{
	char *why = NULL, *longer;
	const json_t *attempt;
	size_t i;

	json_array_foreach (json_object_get(service, "attempts"), i, attempt) {
		longer =
		    xasprintf("%s%s%s: %s", why ? why : "", why ? "; " : "",
			      pick_text(attempt, "method", "?"),
			      pick_text(attempt, "detail", "?"));
		free(why);
		why = longer;
	}
	return why;
}

static void add_unreached(const struct doctor_facts *facts,
			  const struct doctor_port *port,
			  struct doctor_items *items)
{
	bool listens =
	    doctor_listener(facts, port->transport, port->port) != NULL;
	const json_t *rule;
	enum doctor_gate gate =
	    doctor_firewall_gate(facts, port->transport, port->port, &rule);
	bool is_filtered =
	    gate == DOCTOR_GATE_SHUT || gate == DOCTOR_GATE_DENIED;
	struct doctor_item *item = doctor_add(
	    items, DOCTOR_FAILURE, "%s: packets for %s %u do not arrive",
	    port->name, proto(port), port->port);

	item->effect = why_not(port->service);
	item->fix = xasprintf(
	    "see next: %s",
	    is_filtered ? "traversalctl doctor fw.input"
	    : listens   ? "traversalctl doctor router net"
			: "traversalctl doctor router net svc.listening");
}

static void judge_service(const struct doctor_facts *facts,
			  const struct doctor_port *port,
			  struct doctor_items *items)
{
	const char *state = pick_text(port->service, "state", "trying");
	char outer[PICK_ENDPOINT_BYTES];
	struct doctor_item *item;

	describe_outer(port->service, outer, sizeof(outer));
	if (strcmp(state, "reachable") == 0) {
		doctor_add(items, DOCTOR_OK, "%s: %s %u is reached at %s",
			   port->name, proto(port), port->port, outer);
	} else if (strcmp(state, "likely") == 0) {
		item = doctor_add(items, DOCTOR_WARNING,
				  "%s: mapped to %s, but nothing outside "
				  "confirmed it",
				  port->name, outer);
		item->fix = xstrdup("look after --port-check-servers; then: "
				    "traversalctl check");
	} else if (strcmp(state, "limited") == 0) {
		item = doctor_add(items, DOCTOR_WARNING,
				  "%s: some peers only, by hole punching",
				  port->name);
		item->fix =
		    xstrdup("see next: traversalctl doctor router nat.peers");
	} else if (strcmp(state, "unreachable") == 0) {
		add_unreached(facts, port, items);
	} else {
		doctor_add(items, DOCTOR_SKIPPED, "%s: still being tried",
			   port->name);
	}
}

static void run_reach(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	(void)check;
	for (size_t i = 0; i < facts->port_count; i++)
		judge_service(facts, &facts->ports[i], items);
	if (items->count == 0)
		doctor_add(items, DOCTOR_SKIPPED, "no service is configured");
}

/* --- svc.listening ----------------------------------------------------------
 */

static bool is_pool_port(const struct doctor_facts *facts,
			 const struct doctor_port *port)
{
	const struct config *config = facts->config;

	for (size_t i = 0; config && i < config->service_count; i++)
		if (config->services[i].port == port->port)
			return false;
	return config && config->has_pool;
}

static void add_silent(const struct doctor_port *port,
		       struct doctor_items *items)
{
	struct doctor_item *item =
	    doctor_add(items, DOCTOR_WARNING, "%s: nothing listens on %s %u",
		       port->name, proto(port), port->port);

	item->effect = xstrdup("Packets that arrive are answered by nobody.");
	item->fix = xasprintf(
	    "start the service, or tell it port %u (%s)", port->port,
	    strcmp(port->name, "openvpn") == 0 ? "--openvpn.port"
					       : "WireGuard: ListenPort");
}

static void judge_listener(const struct doctor_port *port,
			   const struct sockdiag *socket,
			   struct doctor_items *items)
{
	enum addr_class class = addr_classify(&socket->local.addr);
	char address[ADDR_TEXT_BYTES];
	struct doctor_item *item;

	if (addr_is_set(&socket->local.addr) && class == ADDR_LOOPBACK) {
		addr_format(&socket->local.addr, address, sizeof(address));
		item =
		    doctor_add(items, DOCTOR_FAILURE, "%s: listens on %s alone",
			       port->name, address);
		item->effect = xstrdup("Nobody but this host can reach it.");
		item->fix = xstrdup("let the service listen on every address, "
				    "0.0.0.0 or ::");
	} else if (socket->inode == 0) {
		doctor_add(items, DOCTOR_OK, "%s: %s %u, the kernel itself",
			   port->name, proto(port), port->port);
	} else {
		doctor_add(items, DOCTOR_OK, "%s: %s %u, a program of uid %u",
			   port->name, proto(port), port->port, socket->uid);
	}
}

static void run_listening(const struct doctor_check *check,
			  const struct doctor_facts *facts,
			  struct doctor_items *items)
{
	(void)check;
	for (size_t i = 0; i < facts->port_count; i++) {
		const struct doctor_port *port = &facts->ports[i];
		const struct host_socket *s =
		    doctor_listener(facts, port->transport, port->port);

		if (s)
			judge_listener(port, &s->diag, items);
		else if (!is_pool_port(facts, port))
			add_silent(port, items);
	}
	if (items->count == 0)
		doctor_add(items, DOCTOR_OK, "no fixed port is configured");
}

static void run_drops(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	const struct doctor_host_facts *host = &facts->host;
	struct doctor_item *item;

	(void)check;
	for (size_t i = 0; i < host->drop_count; i++)
		for (size_t k = 0; k < facts->port_count; k++) {
			if (facts->ports[k].port != host->drops[i].port)
				continue;
			item = doctor_add(items, DOCTOR_WARNING,
					  "%s: %" PRIu64 " datagrams found no "
					  "room in the socket",
					  facts->ports[k].name,
					  host->drops[i].count);
			item->commands = xstrdup(
			    "echo 'net.core.rmem_default=1048576' | sudo tee "
			    "/etc/sysctl.d/90-traversal-rmem.conf && sudo "
			    "sysctl --system");
		}
	if (items->count == 0)
		doctor_add(items, DOCTOR_OK, "no datagram was lost here");
}

static const struct doctor_check checks[] = {
    {.id = "daemon.running",
     .place = DOCTOR_HERE,
     .worst = DOCTOR_FAILURE,
     .title = "traversald runs and answers",
     .cause = "Without the daemon no mapping is made or renewed.",
     .fix = "sudo systemctl enable --now traversald; the log: journalctl -u "
	    "traversald -n 20.",
     .run = run_running},
    {.id = "daemon.findings",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_FAILURE,
     .title = "the daemon has nothing else to tell",
     .cause = "Findings of the daemon that have no check of their own here, "
	      "such as a damaged state file.",
     .fix = "Do what the line says.",
     .run = run_daemon_findings},
    {.id = "inbound.reach",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_FAILURE,
     .title = "packets from outside arrive at each service",
     .cause = "A server outside sends to the port. When nothing arrives, a "
	      "router, a provider or a firewall is in the way; when it arrives "
	      "and nobody answers, no program listens. Other checking services "
	      "test by themselves, some only every few hours.",
     .fix = "Follow the check that the line names; then traversalctl check.",
     .run = run_reach},
    {.id = "svc.listening",
     .place = DOCTOR_HERE,
     .worst = DOCTOR_FAILURE,
     .title = "a program listens on each fixed port",
     .cause = "A port may be open all the way and yet nobody answers there, or "
	      "only on the loopback address.",
     .fix = "Start the service, or tell it the port that is kept reachable.",
     .run = run_listening},
    {.id = "svc.drops",
     .place = DOCTOR_HERE,
     .worst = DOCTOR_WARNING,
     .title = "the services take in their datagrams in time",
     .cause = "A socket whose queue is full drops what arrives.",
     .fix = "Raise net.core.rmem_default, or give the service more time.",
     .run = run_drops},
};

const struct doctor_area doctor_svc = {checks, COUNT_OF(checks)};
