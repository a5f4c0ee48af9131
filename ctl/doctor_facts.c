#include "doctor_facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "call.h"
#include "client.h"
#include "doctor_probe.h"
#include "mem.h"
#include "pick.h"

#define INTERFACE "io.traversald."
/* The status is at hand; a router and the outside take their time. */
#define STATUS_MS 1200
#define ACTIVE_MS 2600

/* --- the daemon -------------------------------------------------------------
 */

/* Sends a call. Returns an owned client, or NULL with an error. */
static struct client *send_call(const struct args *args, const char *method,
				json_t *parameters, bool more,
				uint64_t deadline_ms, int *ret_error)
{
	char *name = xasprintf(INTERFACE "%s", method);
	struct client *client = NULL;
	int error = client_connect(args->socket, deadline_ms, &client);

	if (error) {
		json_decref(parameters);
	} else {
		error =
		    client_send(client, name, parameters, more, deadline_ms);
		if (error) {
			client_free(client);
			client = NULL;
		}
	}
	free(name);
	*ret_error = error;
	return client;
}

/* Waits for the last reply and returns its owned member KEY, or NULL. */
static json_t *receive_member(struct client *client, const char *key,
			      uint64_t deadline_ms, int *ret_error)
{
	json_t *member = NULL;
	struct varlink_reply reply;
	bool continues;

	do {
		*ret_error = client_receive(client, deadline_ms, &reply);
		if (*ret_error)
			return NULL;
		continues = reply.continues;
		if (reply.error)
			*ret_error = -EPROTO;
		else if (!continues)
			member =
			    json_incref(json_object_get(reply.parameters, key));
		varlink_reply_fini(&reply);
	} while (continues);
	return member;
}

static char *explain_daemon(const char *path, int error)
{
	switch (-error) {
	case ENOENT:
	case ECONNREFUSED:
		return xasprintf("traversald is not running (%s)", path);
	case EACCES:
	case EPERM:
		return xasprintf("%s may not be opened", path);
	case ETIMEDOUT:
		return xstrdup("traversald does not answer");
	case EPROTO:
		return xasprintf("what answers at %s is no traversald", path);
	default:
		return xasprintf("traversald: %s", strerror(-error));
	}
}

static void ask_status(const struct args *args, struct doctor_facts *facts)
{
	uint64_t deadline_ms = client_now_ms() + STATUS_MS;
	int error;
	struct client *client =
	    send_call(args, "GetStatus", NULL, false, deadline_ms, &error);

	if (client)
		facts->status =
		    receive_member(client, "status", deadline_ms, &error);
	client_free(client);
	if (facts->status && !json_is_object(facts->status)) {
		json_decref(facts->status);
		facts->status = NULL;
	}
	if (facts->status)
		return;
	facts->is_absent = error == -ENOENT || error == -ECONNREFUSED;
	facts->daemon_why =
	    explain_daemon(args->socket, error ? error : -EPROTO);
}

/* Ports that providers let in more often than others. */
static const uint16_t test_ports[DOCTOR_PORT_TESTS] = {1194, 4500, 51820};

/* All at the same time: each may take as long as there is. */
static void ask_slow(const struct args *args, const struct doctor_wants *wants,
		     uint64_t deadline_ms, struct doctor_facts *facts)
{
	struct client *table = NULL, *tests[DOCTOR_PORT_TESTS] = {NULL};
	int error;

	if (wants->router_table)
		table = send_call(args, "GetMappings",
				  json_pack("{s:b}", "router", 1), false,
				  deadline_ms, &error);
	for (size_t i = 0; i < DOCTOR_PORT_TESTS && wants->port_tests; i++) {
		facts->tests[i].port = test_ports[i];
		tests[i] = send_call(args, "Check",
				     json_pack("{s:i}", "port", test_ports[i]),
				     true, deadline_ms, &error);
	}
	if (table)
		facts->router_table =
		    receive_member(table, "mappings", deadline_ms, &error);
	client_free(table);
	for (size_t i = 0; i < DOCTOR_PORT_TESTS; i++) {
		if (tests[i])
			facts->tests[i].result = receive_member(
			    tests[i], "result", deadline_ms, &error);
		client_free(tests[i]);
	}
}

/* A port is tested where a forward could not be missing. */
static bool is_public(const struct doctor_facts *facts)
{
	const json_t *nat = json_object_get(facts->status, "nat");
	const json_t *verdict = json_object_get(facts->status, "verdict");

	return pick_int_or(nat, "layers", -1) == 0 &&
	       strcmp(pick_text(verdict, "reachable", ""), "yes") != 0;
}

/* --- the configuration ------------------------------------------------------
 */

static bool is_daemon(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strcmp(slash ? slash + 1 : program, "traversald") == 0;
}

/* The value of "--NAME=value" or "--NAME value", or NULL. */
static const char *find_option(char **words, int count, const char *name)
{
	size_t len = strlen(name);

	for (int i = 1; i < count; i++) {
		const char *word = words[i] + strspn(words[i], "-");

		if (word == words[i] || strncmp(word, name, len) != 0)
			continue;
		if (word[len] == '=')
			return word + len + 1;
		if (word[len] == '\0' && i + 1 < count)
			return words[i + 1];
	}
	return NULL;
}

/* Reads the files that the daemon that runs was told to read. */
static void load_config(int64_t pid, struct doctor_facts *facts)
{
	struct config_sources sources = {.argc = 0};
	char **words = NULL;
	int count = 0;

	if (pid > 0)
		words = doctor_command_line("", pid, &count);
	if (words && is_daemon(words[0])) {
		sources.defaults_file = find_option(words, count, "defaults");
		sources.conf_dir = find_option(words, count, "conf-dir");
		sources.argc = count - 1;
		sources.argv = words + 1;
	}
	facts->config_error = config_load(&sources, &facts->config);
	if (words)
		free(words[0]);
	free(words);
}

static void look_at_defaults(struct doctor_facts *facts)
{
	const char *file = facts->config ? facts->config->defaults_file : NULL;
	struct stat st;

	facts->now_s = (int64_t)time(NULL);
	if (!file || stat(file, &st) < 0)
		return;
	facts->defaults_changed_s = st.st_mtime;
	facts->defaults_is_writable = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static void look_at_uplink(struct doctor_facts *facts)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);
	const struct rtnl_link *link =
	    route ? hostnet_link(&facts->net, route->ifindex) : NULL;

	if (link)
		doctor_host_mac("", link->name, facts->uplink_mac,
				sizeof(facts->uplink_mac));
}

/* --- everything -------------------------------------------------------------
 */

static void add_port(struct doctor_facts *facts, const char *name,
		     enum transport transport, uint16_t port,
		     const json_t *service)
{
	struct doctor_port *p;

	facts->ports = xreallocarray(facts->ports, facts->port_count + 1,
				     sizeof(*facts->ports));
	p = &facts->ports[facts->port_count++];
	*p = (struct doctor_port){
	    .transport = transport, .port = port, .service = service};
	strncpy(p->name, name, sizeof(p->name) - 1);
}

void doctor_facts_list_ports(struct doctor_facts *facts)
{
	const json_t *service;
	size_t i;

	json_array_foreach (json_object_get(facts->status, "services"), i,
			    service) {
		int64_t port =
		    pick_int_or(json_object_get(service, "local"), "port", 0);
		enum transport transport;

		if (port > 0 && port <= UINT16_MAX &&
		    transport_parse(pick_text(service, "protocol", "udp"),
				    &transport) == 0)
			add_port(facts, pick_text(service, "name", "?"),
				 transport, (uint16_t)port, service);
	}
	if (facts->status || !facts->config)
		return;
	for (i = 0; i < facts->config->service_count; i++) {
		const struct service_config *s = &facts->config->services[i];

		add_port(facts, s->name, s->transport, s->port, NULL);
	}
}

void doctor_facts_gather(const struct args *args,
			 const struct doctor_wants *wants,
			 struct doctor_facts *ret_facts)
{
	uint64_t deadline_ms = client_now_ms() + ACTIVE_MS;
	struct doctor_wants slow = *wants;
	int64_t pid;

	*ret_facts = (struct doctor_facts){0};
	ask_status(args, ret_facts);
	pid =
	    pick_int_or(json_object_get(ret_facts->status, "daemon"), "pid", 0);
	hostnet_read(&ret_facts->net);
	doctor_host_read("", pid, &ret_facts->host);
	load_config(pid, ret_facts);
	look_at_defaults(ret_facts);
	look_at_uplink(ret_facts);
	doctor_facts_list_ports(ret_facts);
	if (wants->firewall)
		ret_facts->firewall =
		    doctor_probe(args, &ret_facts->firewall_why);
	slow.port_tests = slow.port_tests && is_public(ret_facts);
	if (ret_facts->status)
		ask_slow(args, &slow, deadline_ms, ret_facts);
}

void doctor_facts_fini(struct doctor_facts *facts)
{
	json_decref(facts->status);
	json_decref(facts->router_table);
	json_decref(facts->firewall);
	for (size_t i = 0; i < DOCTOR_PORT_TESTS; i++)
		json_decref(facts->tests[i].result);
	config_free(facts->config);
	free(facts->daemon_why);
	free(facts->ports);
	hostnet_fini(&facts->net);
	doctor_host_fini(&facts->host);
	*facts = (struct doctor_facts){0};
}

/* --- looking things up ------------------------------------------------------
 */

static const json_t *find_by(const json_t *array, const char *key,
			     const char *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach (array, i, item) {
		if (strcmp(pick_text(item, key, ""), value) == 0)
			return item;
	}
	return NULL;
}

const json_t *doctor_finding(const struct doctor_facts *facts, const char *id)
{
	return find_by(json_object_get(facts->status, "findings"), "id", id);
}

const json_t *doctor_attempt(const json_t *service, const char *method)
{
	return find_by(json_object_get(service, "attempts"), "method", method);
}

bool doctor_is_proven(const json_t *service)
{
	return find_by(json_object_get(service, "proof"), "result",
		       "received") != NULL;
}

static bool is_routing_kind(const char *kind)
{
	return strcmp(kind, "wireguard") == 0 || strcmp(kind, "tun") == 0 ||
	       strcmp(kind, "ovpn") == 0;
}

const char *doctor_routing_service(const struct doctor_facts *facts)
{
	static const char *const names[] = {"wireguard", "openvpn", "dvpn"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (facts->config && facts->config->has_pool &&
		    strcmp(facts->config->pool_name, names[i]) == 0)
			return names[i];
		for (size_t k = 0; k < facts->port_count; k++)
			if (strncmp(facts->ports[k].name, names[i],
				    strlen(names[i])) == 0)
				return facts->ports[k].name;
	}
	for (size_t i = 0; i < facts->net.link_count; i++)
		if (is_routing_kind(facts->net.links[i].kind))
			return facts->net.links[i].name;
	return NULL;
}

const char *doctor_local_address(const struct doctor_facts *facts, char *buf,
				 size_t buf_bytes)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);
	const struct rtnl_addr *a = NULL;

	if (route && addr_is_set(&route->source))
		return addr_format(&route->source, buf, buf_bytes);
	for (size_t i = 0; route && !a && i < facts->net.addr_count; i++)
		if (facts->net.addrs[i].family == AF_INET &&
		    facts->net.addrs[i].ifindex == route->ifindex)
			a = &facts->net.addrs[i];
	return addr_format(a ? &a->addr : &(struct addr){0}, buf, buf_bytes);
}

const char *doctor_gateway(const struct doctor_facts *facts, char *buf,
			   size_t buf_bytes)
{
	const struct rtnl_route *route = hostnet_default(&facts->net, AF_INET);

	return addr_format(route ? &route->gateway : &(struct addr){0}, buf,
			   buf_bytes);
}

static bool is_daemons(const struct doctor_host_facts *host,
		       const struct sockdiag *socket)
{
	for (size_t i = 0; i < host->daemon_inode_count; i++)
		if (host->daemon_inodes[i] == socket->inode)
			return true;
	return host->daemon_uid != 0 && socket->uid == host->daemon_uid;
}

const struct host_socket *doctor_listener(const struct doctor_facts *facts,
					  enum transport transport,
					  uint16_t port)
{
	for (size_t i = 0; i < facts->net.socket_count; i++) {
		const struct host_socket *s = &facts->net.sockets[i];

		if (s->transport == transport && s->diag.local.port == port &&
		    !s->diag.is_connected &&
		    (s->diag.inode == 0 || !is_daemons(&facts->host, &s->diag)))
			return s;
	}
	return NULL;
}
