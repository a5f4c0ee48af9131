#include "config_apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_values.h"
#include "mem.h"
#include "sanitize.h"
#include "text.h"

#define STUN_PORT       3478 /* RFC 8489 section 8.1 */
#define PORT_CHECK_PORT 4589 /* the asymmetric UDP echo server's own */
#define NATS_PORT       4222

/* Reports that USE has no effect. Takes WHY and FIX. */
static int refuse(struct config_draft *d, const char *id,
		  const struct option_use *use, char *why, char *fix)
{
	char shown[SANITIZE_BYTES];

	draft_report(d, id, FINDING_FAILURE, &use->origin,
		     xasprintf("--%s=%s has no effect: %s", use->name,
			       sanitize(use->value, strlen(use->value), shown,
					sizeof(shown)),
			       why),
		     fix);
	free(why);
	return -EINVAL;
}

/* --- servers ----------------------------------------------------------------
 */

static void report_server(struct config_draft *d, const struct option_use *use,
			  const char *element)
{
	char shown[SANITIZE_BYTES];

	draft_report(
	    d, "cfg.server", FINDING_FAILURE, &use->origin,
	    xasprintf("'%s' in --%s is no server and is skipped",
		      sanitize(element, strlen(element), shown, sizeof(shown)),
		      use->name),
	    xstrdup("write host:port, host:port"));
}

/* An empty value is an empty list; a value with nothing good in it is none. */
static int apply_servers(struct config_draft *d, const struct option_use *use,
			 uint16_t default_port, struct host_list *ret_list)
{
	char *copy = xstrdup(use->value), *cursor = copy, *element;
	struct host_list list = {0};
	bool is_bad = false;

	while ((element = text_next_element(&cursor))) {
		if (*element == '\0')
			continue;
		list.items = xreallocarray(list.items, list.count + 1,
					   sizeof(*list.items));
		if (value_parse_server(element, default_port,
				       &list.items[list.count]) == 0) {
			list.count++;
			continue;
		}
		is_bad = true;
		report_server(d, use, element);
	}
	free(copy);
	if (list.count == 0 && is_bad) {
		free(list.items);
		return -EINVAL;
	}
	free(ret_list->items);
	*ret_list = list;
	return 0;
}

int apply_stun_servers(struct config_draft *d, const struct option_use *use)
{
	return apply_servers(d, use, STUN_PORT, &d->config->stun_servers);
}

int apply_port_check(struct config_draft *d, const struct option_use *use)
{
	return apply_servers(d, use, PORT_CHECK_PORT,
			     &d->config->port_check_servers);
}

char *format_stun_servers(const struct config_draft *d)
{
	return value_format_servers(&d->config->stun_servers);
}

char *format_port_check(const struct config_draft *d)
{
	return value_format_servers(&d->config->port_check_servers);
}

/* Returns an owned URL for "host", "host:port" or "nats://user@host", or NULL
 * when there is no host in it. */
static char *broker_url(const char *text)
{
	const char *host = strstr(text, "://");
	const char *scheme = host ? text : "nats://";
	struct host_port server;
	const char *at;

	if (host && strncmp(text, "nats://", 7) != 0 &&
	    strncmp(text, "tls://", 6) != 0)
		return NULL;
	host = host ? host + 3 : text;
	at = strrchr(host, '@');
	if (value_parse_server(at ? at + 1 : host, NATS_PORT, &server) < 0)
		return NULL;
	return xasprintf("%s%s", scheme == text ? "" : scheme, text);
}

int apply_broker(struct config_draft *d, const struct option_use *use)
{
	struct config *c = d->config;
	char *copy = xstrdup(use->value), *cursor = copy, *element;
	size_t bad = 0;

	while ((element = text_next_element(&cursor))) {
		char *url = *element ? broker_url(element) : NULL;

		if (url) {
			c->brokers =
			    xreallocarray(c->brokers, c->broker_count + 1,
					  sizeof(*c->brokers));
			c->brokers[c->broker_count++] = url;
		} else if (*element) {
			report_server(d, use, element);
			bad++;
		}
	}
	free(copy);
	return c->broker_count == 0 && bad > 0 ? -EINVAL : 0;
}

/* Without the user and password that a URL may hold. */
char *format_broker(const struct config_draft *d)
{
	const struct config *c = d->config;
	char *text = xstrdup(c->broker_count > 0 ? "" : "none");

	for (size_t i = 0; i < c->broker_count; i++) {
		const char *url = c->brokers[i];
		const char *host = strstr(url, "://") + 3;
		const char *at = strrchr(host, '@');
		char *longer = xasprintf(
		    "%s%s%.*s%s%s", text, i ? "," : "", (int)(host - url), url,
		    at ? "(hidden)@" : "", at ? at + 1 : host);

		free(text);
		text = longer;
	}
	return text;
}

/* --- addresses --------------------------------------------------------------
 */

static int apply_address(struct config_draft *d, const struct option_use *use,
			 struct addr *ret_addr)
{
	struct addr addr = {.family = AF_UNSPEC};
	enum addr_class class;

	if (use->value[0] != '\0' && addr_parse(use->value, &addr) < 0)
		return refuse(d, "cfg.value", use,
			      xstrdup("this is no IP address"), NULL);
	class = addr_is_set(&addr) ? addr_classify(&addr) : ADDR_UNSPECIFIED;
	if (class == ADDR_MULTICAST)
		return refuse(d, "cfg.value", use,
			      xstrdup("this address belongs to a group"), NULL);
	/* 0.0.0.0 is the node's word for 'any'. */
	*ret_addr = class == ADDR_UNSPECIFIED
			? (struct addr){.family = AF_UNSPEC}
			: addr;
	return 0;
}

static char *format_address(const struct addr *addr)
{
	char text[ADDR_TEXT_BYTES];

	if (!addr_is_set(addr))
		return xstrdup("by route");
	return xstrdup(addr_format(addr, text, sizeof(text)));
}

int apply_bind_address(struct config_draft *d, const struct option_use *use)
{
	return apply_address(d, use, &d->config->bind_address);
}

int apply_gateway(struct config_draft *d, const struct option_use *use)
{
	return apply_address(d, use, &d->config->gateway);
}

char *format_bind_address(const struct config_draft *d)
{
	return format_address(&d->config->bind_address);
}

char *format_gateway(const struct config_draft *d)
{
	return format_address(&d->config->gateway);
}

/* --- services ---------------------------------------------------------------
 */

int apply_map(struct config_draft *d, const struct option_use *use)
{
	struct service_config service;
	const char *why;

	if (value_parse_map(use->value, &service, &why) < 0)
		return refuse(d, "cfg.map", use, xstrdup(why),
			      xstrdup("write --map=NAME=51820/udp"));
	if (!draft_add_service(d, &service, &use->origin))
		return -EINVAL;
	draft_add_entry(d, "map", value_format_service(&service), &use->origin,
			true);
	return 0;
}

int apply_openvpn_port(struct config_draft *d, const struct option_use *use)
{
	uint32_t port;

	if (text_parse_uint(use->value, UINT16_MAX, &port) < 0)
		return refuse(d, "cfg.value", use,
			      xstrdup("a port is 1 to 65535, or 0 for any"),
			      xstrdup("write --openvpn.port=1194"));
	d->openvpn.port = (uint16_t)port;
	return 0;
}

int apply_openvpn_proto(struct config_draft *d, const struct option_use *use)
{
	if (transport_parse(use->value, &d->openvpn.transport) < 0)
		return refuse(d, "cfg.value", use,
			      xstrdup("a protocol is udp or tcp"),
			      xstrdup("write --openvpn.proto=udp"));
	return 0;
}

char *format_openvpn_port(const struct config_draft *d)
{
	if (d->openvpn.port == 0)
		return xstrdup("none");
	return xasprintf("%u", d->openvpn.port);
}

char *format_openvpn_proto(const struct config_draft *d)
{
	return xstrdup(transport_name(d->openvpn.transport));
}

/* Finds what NAME means ("" where the flag has none): the endpoint to set, or
 * NULL. */
static struct endpoint *find_forward(struct config_draft *d, const char *name,
				     bool **ret_has)
{
	struct config *c = d->config;
	struct service_config *s = NULL;

	if (name[0] != '\0')
		s = draft_find_service(d, name);
	else if (c->service_count == 1 && !c->has_pool)
		s = &c->services[0];
	if (s) {
		*ret_has = &s->has_forward;
		return &s->forward;
	}
	if (!c->has_pool || (name[0] == '\0' && c->service_count > 0) ||
	    (name[0] != '\0' && strcmp(name, c->pool_name) != 0))
		return NULL;
	*ret_has = &c->pool_has_forward;
	return &c->pool_forward;
}

static bool is_forwarded(const struct config_draft *d,
			 const struct endpoint *endpoint)
{
	for (size_t i = 0; i < d->forwarded_count; i++)
		if (d->forwarded[i] == endpoint)
			return true;
	return false;
}

int apply_forward(struct config_draft *d, const struct option_use *use)
{
	char name[CONFIG_NAME_BYTES];
	struct endpoint to, *found;
	bool *has;

	if (value_parse_forward(use->value, name, &to) < 0)
		return refuse(d, "cfg.forward", use,
			      xstrdup("this is not NAME=ADDRESS:PORT"),
			      xstrdup("write --forward=NAME=127.0.0.1:51820"));
	found = find_forward(d, name, &has);
	if (!found)
		return refuse(d, "cfg.forward", use,
			      name[0] ? xstrdup("no service has that name")
				      : xstrdup("which service is meant?"),
			      xstrdup("name a service of --map, SERVICE_OPTS "
				      "or a [service] section"));
	if (is_forwarded(d, found))
		return refuse(d, "cfg.forward", use,
			      xstrdup("the service has one already"), NULL);
	*found = to;
	*has = true;
	d->forwarded = xreallocarray(d->forwarded, d->forwarded_count + 1,
				     sizeof(*d->forwarded));
	d->forwarded[d->forwarded_count++] = found;
	draft_add_entry(d, "forward", xstrdup(use->value), &use->origin, true);
	return 0;
}
