/* The checks of the configuration, as its files are now. */
#include "doctor_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_facts.h"
#include "mem.h"
#include "pick.h"
#include "text.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/* Fewer ports that no outgoing connection takes make collisions likely. */
#define SAFE_PORTS_LEAST 200

static enum doctor_result result_of(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_FAILURE:
		return DOCTOR_FAILURE;
	case FINDING_WARNING:
		return DOCTOR_WARNING;
	case FINDING_INFO:
		break;
	}
	return DOCTOR_OK;
}

static void add_finding(const struct finding *f, struct doctor_items *items)
{
	struct doctor_item *item =
	    f->line ? doctor_add(items, result_of(f->severity), "line %u: %s",
				 f->line, f->title)
		    : doctor_add(items, result_of(f->severity), "%s", f->title);

	item->effect = f->detail[0] ? xstrdup(f->detail) : NULL;
	item->fix = f->fix[0] ? xstrdup(f->fix) : NULL;
	item->file = f->file ? xstrdup(f->file) : NULL;
	item->line = f->line;
}

/* What reading the files found under the id of this check. */
static void run_findings(const struct doctor_check *check,
			 const struct doctor_facts *facts,
			 struct doctor_items *items)
{
	const struct config *config = facts->config;

	for (size_t i = 0; config && i < config->findings.count; i++)
		if (strcmp(config->findings.items[i].id, check->id) == 0)
			add_finding(&config->findings.items[i], items);
}

static void run_syntax(const struct doctor_check *check,
		       const struct doctor_facts *facts,
		       struct doctor_items *items)
{
	const struct config *config = facts->config;

	run_findings(check, facts, items);
	if (items->count > 0)
		return;
	if (config && config->defaults_file)
		doctor_add(items, DOCTOR_OK, "%s: no errors",
			   config->defaults_file);
	else
		doctor_add(items, DOCTOR_OK,
			   "no defaults file; the built-in values count");
}

/* --- cfg.traversal_order ----------------------------------------------------
 */

/* Does a mapping stand by while a punched hole carries the service? */
static const char *find_spare_mapping(const struct doctor_facts *facts)
{
	for (size_t i = 0; i < facts->port_count; i++) {
		const json_t *service = facts->ports[i].service;
		const json_t *upnp = doctor_attempt(service, "upnp");

		if (strcmp(pick_text(service, "method", ""), "holepunching") ==
			0 &&
		    strcmp(pick_text(upnp, "outcome", ""), "ok") == 0)
			return facts->ports[i].name;
	}
	return NULL;
}

static void describe_chain(const struct config *config, char *buf, size_t cap)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < config->chain_count && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s",
					 i ? "," : "",
					 method_name(config->chain[i]));
}

static void run_order(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	const char *spare = find_spare_mapping(facts);
	struct doctor_item *item;
	char chain[64];

	run_findings(check, facts, items);
	if (spare) {
		item = doctor_add(items, DOCTOR_WARNING,
				  "the router maps %s, but hole punching comes "
				  "first in the order",
				  spare);
		item->effect = xstrdup("Peers behind symmetric NATs cannot "
				       "connect, though they could.");
		item->fix =
		    xstrdup("write --traversal=upnp,manual,holepunching");
	}
	if (items->count > 0 || !facts->config ||
	    facts->config->chain_count == 0)
		return;
	describe_chain(facts->config, chain, sizeof(chain));
	doctor_add(items, DOCTOR_OK, "%s", chain);
}

/* --- cfg.port_range ---------------------------------------------------------
 */

static bool is_reserved(const struct doctor_host_facts *host, uint16_t port)
{
	for (const char *p = host->reserved_ports; *p;) {
		char *end;
		long first = strtol(p, &end, 10), last = first;

		if (end == p)
			return false;
		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		if (port >= first && port <= last)
			return true;
		p = *end == ',' ? end + 1 : "";
	}
	return false;
}

struct range_count {
	unsigned int ports, free, safe;
};

static void mark_used(const struct hostnet *net, uint8_t *used)
{
	for (size_t i = 0; i < net->socket_count; i++) {
		uint16_t port = net->sockets[i].diag.local.port;

		if (net->sockets[i].transport == TRANSPORT_UDP)
			used[port / 8] |= (uint8_t)(1u << (port % 8));
	}
}

static struct range_count count_range(const struct doctor_facts *facts,
				      const struct port_range *range)
{
	const struct doctor_host_facts *host = &facts->host;
	struct range_count count = {0};
	uint8_t used[65536 / 8] = {0};

	mark_used(&facts->net, used);
	for (unsigned int port = range->first; port <= range->last; port++) {
		bool is_ephemeral = (int64_t)port >= host->ephemeral_first &&
				    (int64_t)port <= host->ephemeral_last;

		count.ports++;
		count.free += !(used[port / 8] >> (port % 8) & 1);
		count.safe +=
		    !is_ephemeral || is_reserved(host, (uint16_t)port);
	}
	return count;
}

static void judge_range(const struct doctor_facts *facts,
			const struct port_range *range,
			struct doctor_items *items)
{
	struct range_count count = count_range(facts, range);
	struct doctor_item *item;

	if (count.free < 2) {
		item = doctor_add(items, DOCTOR_FAILURE,
				  "%u of the %u ports of --udp.ports=%u:%u are "
				  "free",
				  count.free, count.ports, range->first,
				  range->last);
		item->fix = xstrdup("choose another range, or end what holds "
				    "its ports: ss -lunp");
	} else if (count.safe < SAFE_PORTS_LEAST && count.safe < count.ports) {
		item = doctor_add(
		    items, DOCTOR_WARNING,
		    "--udp.ports=%u:%u lies in this host's ephemeral range, "
		    "%" PRId64 " to %" PRId64,
		    range->first, range->last, facts->host.ephemeral_first,
		    facts->host.ephemeral_last);
		item->effect = xstrdup("Any program that talks to the internet "
				       "may take one of its ports.");
		item->fix = xstrdup("write --udp.ports=20000:32000, or keep "
				    "the range free:");
		item->commands =
		    xasprintf("echo 'net.ipv4.ip_local_reserved_ports=%u-%u' | "
			      "sudo tee /etc/sysctl.d/90-traversal-ports.conf "
			      "&& sudo sysctl --system",
			      range->first, range->last);
	} else {
		doctor_add(items, DOCTOR_OK, "%u:%u, %u of %u ports are free",
			   range->first, range->last, count.free, count.ports);
	}
}

static void run_range(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	run_findings(check, facts, items);
	if (facts->config && facts->config_error == 0)
		judge_range(facts, &facts->config->udp_ports, items);
}

/* --- what runs and what is written ------------------------------------------
 */

/* Takes over a finding of the daemon that has the id of this check. */
static bool take_daemons(const struct doctor_check *check,
			 const struct doctor_facts *facts,
			 struct doctor_items *items)
{
	const json_t *f = doctor_finding(facts, check->id);
	struct doctor_item *item;

	if (!f)
		return false;
	item = doctor_add(items, check->worst, "%s",
			  pick_text(f, "title", check->title));
	item->effect = xstrdup(pick_text(f, "detail", ""));
	item->fix = xstrdup(pick_text(f, "fix", ""));
	return true;
}

static void run_reload(const struct doctor_check *check,
		       const struct doctor_facts *facts,
		       struct doctor_items *items)
{
	take_daemons(check, facts, items);
}

/* The daemon was started before the file was changed, and not reloaded. */
static bool is_unread(const struct doctor_facts *facts)
{
	const json_t *daemon = json_object_get(facts->status, "daemon");
	int64_t uptime_s;

	return facts->defaults_changed_s > 0 &&
	       pick_int_or(daemon, "config_generation", 0) == 1 &&
	       pick_int(daemon, "uptime_sec", &uptime_s) &&
	       /* The age of a second that has begun. */
	       facts->defaults_changed_s > facts->now_s - uptime_s + 1;
}

static void run_pending(const struct doctor_check *check,
			const struct doctor_facts *facts,
			struct doctor_items *items)
{
	const struct doctor_host_facts *host = &facts->host;
	struct doctor_item *item;

	take_daemons(check, facts, items);
	if (is_unread(facts)) {
		item = doctor_add(items, DOCTOR_WARNING,
				  "%s was changed after traversald had read it",
				  facts->config->defaults_file);
		item->commands = xstrdup("sudo systemctl reload traversald");
	}
	if (host->node_started_s > 0 &&
	    host->node_file_changed_s > host->node_started_s) {
		item = doctor_add(items, DOCTOR_WARNING,
				  "/etc/default/mysterium-node was changed "
				  "after the node had started");
		item->effect = xstrdup("The node still uses the old options.");
		item->commands =
		    xstrdup("sudo systemctl restart mysterium-node");
	}
}

static void run_permissions(const struct doctor_check *check,
			    const struct doctor_facts *facts,
			    struct doctor_items *items)
{
	const char *file = facts->config ? facts->config->defaults_file : NULL;
	struct doctor_item *item;

	(void)check;
	if (!file || !facts->defaults_is_writable)
		return;
	item = doctor_add(items, DOCTOR_WARNING,
			  "%s can be changed by others than its owner", file);
	item->effect = xstrdup("They decide which ports are opened.");
	item->fix = xasprintf("take the right to write from group and others: "
			      "chmod go-w %s",
			      file);
}

static void run_fallback(const struct doctor_check *check,
			 const struct doctor_facts *facts,
			 struct doctor_items *items)
{
	(void)check;
	for (size_t i = 0; i < facts->port_count; i++) {
		const json_t *service = facts->ports[i].service, *attempt;
		const char *method = pick_text(service, "method", NULL);
		char spare[64] = "";
		size_t k, used = 0;

		if (!method)
			continue;
		json_array_foreach (json_object_get(service, "attempts"), k,
				    attempt) {
			const char *name = pick_text(attempt, "method", "?");

			if (strcmp(pick_text(attempt, "outcome", ""), "ok") ==
				0 &&
			    strcmp(name, method) != 0 && used < sizeof(spare))
				used += (size_t)snprintf(
				    spare + used, sizeof(spare) - used, "%s%s",
				    used ? ", " : "", name);
		}
		doctor_add(items, DOCTOR_OK, "%s: %s, spare: %s",
			   facts->ports[i].name, method, used ? spare : "none");
	}
}

/* Findings of the files that no other check knows. */
static void run_other(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items);

#define CFG(name, worst_, title_, cause_, fix_, run_)                          \
	{                                                                      \
		.id = "cfg." name, .place = DOCTOR_HERE,                       \
		.worst = DOCTOR_##worst_, .title = (title_),                   \
		.cause = (cause_), .fix = (fix_), .run = (run_)                \
	}

static const struct doctor_check checks[] = {
    CFG("syntax", FAILURE, "the defaults file can be read as it was meant",
	"systemd reads the file byte for byte: a quote that never closes "
	"swallows the rest, one byte that is no UTF-8 makes it ignore the "
	"whole "
	"file, and \"export\" hides a variable. Quotes inside of quotes stay "
	"in "
	"the value where no systemd reads it, as in Docker.",
	"Repair the line that is named; traversalctl config check FILE tests a "
	"file before it counts.",
	run_syntax),
    CFG("unreadable", FAILURE, "every configuration file can be opened",
	"A file is missing, too large, or not readable for the daemon's user.",
	"chmod 0644 the file; secrets do not belong into it.", run_findings),
    CFG("permissions", WARNING, "only root can change the defaults file",
	"Who can write the file decides which ports of this host are opened.",
	"chmod go-w the file.", run_permissions),
    CFG("traversal_order", WARNING, "the order of the methods makes sense",
	"The node drops a word that is no method without a word. An order with "
	"hole punching first leaves a working port mapping unused.",
	"Write --traversal with manual, upnp and holepunching: no spaces, no "
	"quotes.",
	run_order),
    CFG("port_range", FAILURE, "the range of dynamic ports can be used",
	"The range needs two free ports and more to be punched with. Ports of "
	"the ephemeral range are taken by any program that talks to the "
	"internet.",
	"Write --udp.ports=20000:32000, or reserve the range with "
	"net.ipv4.ip_local_reserved_ports.",
	run_range),
    CFG("deprecated", WARNING, "no flag is used that has been replaced",
	"--wireguard.listen.ports and --p2p.listen.ports are ignored since "
	"Testnet3; the switches --nat-port-mapping, --nat-hole-punching and "
	"--experiment-natpunching have become --traversal.",
	"Write --udp.ports=FIRST:LAST and --traversal=...", run_findings),
    CFG("map", WARNING, "every --map names a port of its own",
	"Two services claim one port or one name, or the port is no port.",
	"Give each service its own name and port: --map=NAME=51820/udp.",
	run_findings),
    CFG("forward", WARNING, "every --forward names a service and a target",
	"The service is not known, or it has a target already.",
	"Write --forward=NAME=127.0.0.1:51820.", run_findings),
    CFG("server", FAILURE, "every server is HOST:PORT",
	"A server that cannot be parsed is skipped.",
	"Write host:port, separated by commas.", run_findings),
    CFG("lease", WARNING, "the lifetime of mappings is within its limits",
	"Routers take between 2 minutes and 24 hours.", "Write --lease=2h.",
	run_findings),
    CFG("value", WARNING, "every other value can be used",
	"A value is not of the kind that its flag takes; the default counts.",
	"Correct the value; traversalctl config explain OPTION tells what it "
	"takes.",
	run_findings),
    CFG("unknown_flag", WARNING, "no flag looks like a typing error",
	"A flag that nobody knows has no effect, and nobody says so.",
	"Write the flag that was meant.", run_findings),
    CFG("unknown_variable", WARNING, "no variable looks like a typing error",
	"Only DAEMON_OPTS and SERVICE_OPTS count.",
	"Write the name that was meant.", run_findings),
    CFG("stray_word", WARNING, "every word belongs to a flag",
	"A word without a flag is often the rest of a value with a blank "
	"inside.",
	"Remove the blank, or put the value between quotes.", run_findings),
    CFG("service", WARNING, "SERVICE_OPTS names services of the node",
	"A word is no service that the node can run.",
	"Use --map=NAME=PORT/udp for a port of another program.", run_findings),
    CFG("openvpn_dynamic", WARNING, "openvpn has a fixed port",
	"Without --openvpn.port its port changes at every start.",
	"Write --openvpn.port=1194.", run_findings),
    CFG("other", FAILURE, "nothing else was found in the configuration",
	"Whatever the other checks do not know by name.",
	"Do what the line says.", run_other),
    CFG("pending_restart", WARNING, "what is written is in force",
	"A file counts when the service that reads it is restarted or "
	"reloaded.",
	"sudo systemctl reload traversald; sudo systemctl restart "
	"mysterium-node.",
	run_pending),
    {.id = "cfg.reload_failed",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_FAILURE,
     .title = "the last reload succeeded",
     .cause = "The new configuration is broken; the old one stays in force.",
     .fix = "Find the error with traversalctl config check, repair it, and "
	    "reload again.",
     .run = run_reload},
    {.id = "cfg.fallback",
     .place = DOCTOR_DAEMON,
     .worst = DOCTOR_OK,
     .title = "which method carries a service, and which stands by",
     .cause = "The first method in the order that works carries the service. A "
	      "later one that works as well is kept as a spare and takes over "
	      "when the first is lost; hole punching is not skipped.",
     .fix = "Nothing to do. traversalctl status -v tells why the others were "
	    "not chosen.",
     .run = run_fallback},
};

static void run_other(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items)
{
	const struct config *config = facts->config;

	(void)check;
	for (size_t i = 0; config && i < config->findings.count; i++) {
		bool is_known = false;

		for (size_t k = 0; k < COUNT_OF(checks) && !is_known; k++)
			is_known = strcmp(config->findings.items[i].id,
					  checks[k].id) == 0;
		if (!is_known)
			add_finding(&config->findings.items[i], items);
	}
}

const struct doctor_area doctor_cfg = {checks, COUNT_OF(checks)};
