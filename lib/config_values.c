#include "config_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

#define HOST_MAX_BYTES      253 /* RFC 1035 section 2.3.4, without the root */
#define KEY_BASE64_BYTES    44  /* of 32 bytes, RFC 4648 section 4 */
#define SPEC_MAX_BYTES      128
#define KEY_LAST_CHARACTERS "AEIMQUYcgkosw048" /* the two low bits are 0 */

bool value_is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < CONFIG_NAME_BYTES &&
	       strspn(text, LETTERS DIGITS "_.-") == len;
}

bool value_is_public_key(const char *text)
{
	return strlen(text) == KEY_BASE64_BYTES &&
	       strspn(text, LETTERS DIGITS "+/") == KEY_BASE64_BYTES - 1 &&
	       strchr(KEY_LAST_CHARACTERS, text[KEY_BASE64_BYTES - 2]) &&
	       text[KEY_BASE64_BYTES - 1] == '=';
}

/* Splits COPY of TEXT at the first of DELIMITERS. Returns what follows it, or
 * NULL without one. */
static char *split(const char *text, const char *delimiters, char *copy,
		   size_t copy_bytes)
{
	char *at;

	snprintf(copy, copy_bytes, "%s", text);
	at = strpbrk(copy, delimiters);
	if (at)
		*at++ = '\0';
	return at;
}

int value_parse_range(const char *text, struct port_range *ret_range)
{
	char copy[SPEC_MAX_BYTES];
	char *rest = split(text, ":-", copy, sizeof(copy));
	struct port_range range;
	int first, last;

	if (!rest || strlen(text) >= sizeof(copy))
		return -EINVAL;
	first = text_parse_port(text_trim(copy), &range.first);
	last = text_parse_port(text_trim(rest), &range.last);
	if (first == -EINVAL || last == -EINVAL)
		return -EINVAL;
	if (first < 0 || last < 0 || range.first >= range.last)
		return -ERANGE;
	*ret_range = range;
	return 0;
}

int value_parse_port(const char *text, enum transport *ret_transport,
		     uint16_t *ret_port)
{
	char copy[SPEC_MAX_BYTES];
	char *word = split(text, "/", copy, sizeof(copy));
	enum transport transport = TRANSPORT_UDP;
	uint16_t port;

	if (strlen(text) >= sizeof(copy) || text_parse_port(copy, &port) < 0)
		return -EINVAL;
	if (word && transport_parse(word, &transport) < 0)
		return -EINVAL;
	*ret_transport = transport;
	*ret_port = port;
	return 0;
}

static int take_name(const char **text, char *ret_name)
{
	const char *equals = strchr(*text, '=');
	size_t len;

	ret_name[0] = '\0';
	if (!equals)
		return 0;
	len = (size_t)(equals - *text);
	if (len >= CONFIG_NAME_BYTES)
		return -EINVAL;
	memcpy(ret_name, *text, len);
	ret_name[len] = '\0';
	*text = equals + 1;
	return value_is_name(ret_name) ? 0 : -EINVAL;
}

int value_parse_map(const char *text, struct service_config *ret_service,
		    const char **ret_why)
{
	struct service_config s = {.external = 0};
	char copy[SPEC_MAX_BYTES];
	char *external;

	*ret_why = "a name is 1 to 31 letters, digits, _ . or -";
	if (take_name(&text, s.name) < 0)
		return -EINVAL;
	external = split(text, ":", copy, sizeof(copy));
	*ret_why = "the port is not PORT/udp or PORT/tcp";
	if (strlen(text) >= sizeof(copy) ||
	    value_parse_port(copy, &s.transport, &s.port) < 0)
		return -EINVAL;
	*ret_why = "the outer port is not a number from 1 to 65535";
	if (external && text_parse_port(external, &s.external) < 0)
		return -EINVAL;
	if (s.name[0] == '\0')
		snprintf(s.name, sizeof(s.name), "%s-%u",
			 transport_name(s.transport), s.port);
	*ret_service = s;
	return 0;
}

int value_parse_forward(const char *text, char *ret_name,
			struct endpoint *ret_endpoint)
{
	if (take_name(&text, ret_name) < 0)
		return -EINVAL;
	return endpoint_parse(text, ret_endpoint);
}

static bool is_host(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= HOST_MAX_BYTES && text[0] != '-' &&
	       text[0] != '.' && !strstr(text, "..") &&
	       strspn(text, LETTERS DIGITS "_.-") == len;
}

/* Parses "[2001:db8::1]" or "[2001:db8::1]:80"; COPY is scratch. */
static int parse_bracketed(char *copy, struct host_port *server)
{
	char *end = strchr(copy, ']');
	struct addr addr;

	if (!end)
		return -EINVAL;
	*end++ = '\0';
	if (addr_parse(copy + 1, &addr) < 0)
		return -EINVAL;
	snprintf(server->host, sizeof(server->host), "%.*s", ADDR_TEXT_BYTES,
		 copy + 1);
	if (*end == '\0')
		return 0;
	return *end == ':' ? text_parse_port(end + 1, &server->port) : -EINVAL;
}

int value_parse_server(const char *text, uint16_t default_port,
		       struct host_port *ret_server)
{
	struct host_port server = {.port = default_port};
	char copy[sizeof(server.host) + 8];
	struct addr addr;
	char *port;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	if (copy[0] == '[') {
		if (parse_bracketed(copy, &server) < 0)
			return -EINVAL;
	} else if (addr_parse(copy, &addr) == 0) {
		snprintf(server.host, sizeof(server.host), "%s", text);
	} else {
		port = split(text, ":", copy, sizeof(copy));
		if (!is_host(copy) ||
		    (port && text_parse_port(port, &server.port) < 0))
			return -EINVAL;
		memcpy(server.host, copy, strlen(copy) + 1);
	}
	*ret_server = server;
	return 0;
}

static const struct {
	const char *word;
	enum config_log_level level;
} log_words[] = {
    {"err", LEVEL_ERR},     {"warn", LEVEL_WARN},    {"info", LEVEL_INFO},
    {"debug", LEVEL_DEBUG}, {"error", LEVEL_ERR},    {"fatal", LEVEL_ERR},
    {"panic", LEVEL_ERR},   {"warning", LEVEL_WARN}, {"trace", LEVEL_DEBUG},
};

int value_parse_log_level(const char *text, enum config_log_level *ret_level)
{
	for (size_t i = 0; i < sizeof(log_words) / sizeof(log_words[0]); i++) {
		if (strcmp(text, log_words[i].word) == 0) {
			*ret_level = log_words[i].level;
			return 0;
		}
	}
	return -EINVAL;
}

const char *value_log_level_name(enum config_log_level level)
{
	return log_words[level].word;
}

char *value_format_service(const struct service_config *service)
{
	char external[8] = "";

	if (service->external)
		snprintf(external, sizeof(external), ":%u", service->external);
	return xasprintf("%s=%u/%s%s", service->name, service->port,
			 transport_name(service->transport), external);
}

char *value_format_servers(const struct host_list *list)
{
	char *text = xstrdup(list->count > 0 ? "" : "none");

	for (size_t i = 0; i < list->count; i++) {
		const struct host_port *s = &list->items[i];
		bool is_ipv6 = strchr(s->host, ':') != NULL;
		char *longer = xasprintf("%s%s%s%s%s:%u", text, i ? "," : "",
					 is_ipv6 ? "[" : "", s->host,
					 is_ipv6 ? "]" : "", s->port);

		free(text);
		text = longer;
	}
	return text;
}
