#include "igd_url.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SCHEME "http://"

/* RFC 9110 section 4.2.1. */
#define HTTP_PORT 80

/* The pieces of an http URL; they point into it. */
struct pieces {
	char host[ADDR_TEXT_BYTES];
	bool is_bracketed;
	unsigned int port;
	const char *path; /* from its first '/' or '?'; "" for none */
};

/* Ports at which other protocols of a router, or of what hides behind its
 * address, would take a POST for something. */
static const uint16_t denied_ports[] = {
    7,   9,    13,   17,   19,   20,   21,   22,   23,   25,   37,   53,
    69,  79,   88,   110,  111,  113,  119,  123,  135,  137,  139,  143,
    161, 179,  389,  445,  465,  512,  513,  514,  515,  587,  636,  993,
    995, 1723, 2049, 3306, 3389, 5060, 5061, 5432, 6000, 6379, 11211};

static const char *const verdict_names[] = {
    [IGD_URL_OK] = "ok",
    [IGD_URL_MOVED] = "host replaced by the gateway",
    [IGD_URL_LENGTH] = "too long",
    [IGD_URL_SCHEME] = "not http",
    [IGD_URL_USERINFO] = "has a user name",
    [IGD_URL_HOST] = "not the gateway",
    [IGD_URL_PORT] = "port not allowed",
    [IGD_URL_PATH] = "path not printable",
};

bool igd_url_is_admitted(enum igd_url_verdict verdict)
{
	return verdict == IGD_URL_OK || verdict == IGD_URL_MOVED;
}

const char *igd_url_verdict_name(enum igd_url_verdict verdict)
{
	return verdict_names[verdict];
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int split_host(const char **at, size_t authority_len, struct pieces *p)
{
	const char *text = *at, *end;
	size_t len;

	if (text[0] == '[') {
		end = memchr(text, ']', authority_len);
		if (!end)
			return -EINVAL;
		p->is_bracketed = true;
		len = (size_t)(end - text) - 1;
		*at = end + 1;
		text++;
	} else {
		end = memchr(text, ':', authority_len);
		len = end ? (size_t)(end - text) : authority_len;
		*at = text + len;
	}
	if (len == 0 || len >= sizeof(p->host))
		return -EINVAL;
	memcpy(p->host, text, len);
	p->host[len] = '\0';
	return 0;
}

static int split_port(const char *at, const char *end, struct pieces *p)
{
	p->port = HTTP_PORT;
	if (at == end)
		return 0;
	if (*at++ != ':' || at == end || end - at > 5)
		return -EINVAL;
	p->port = 0;
	for (; at < end; at++) {
		if (!is_digit(*at))
			return -EINVAL;
		p->port = p->port * 10 + (unsigned int)(*at - '0');
	}
	return p->port >= 1 && p->port <= UINT16_MAX ? 0 : -EINVAL;
}

static bool is_path(const char *path)
{
	for (; *path; path++)
		if (*path <= ' ' || *path > '~' || strchr("#\\\"<>", *path))
			return false;
	return true;
}

static enum igd_url_verdict split(const char *text, struct pieces *p)
{
	const char *at = text + strlen(SCHEME), *end;
	size_t len;

	if (strlen(text) >= IGD_URL_BYTES)
		return IGD_URL_LENGTH;
	if (strncasecmp(text, SCHEME, strlen(SCHEME)) != 0)
		return IGD_URL_SCHEME;
	/* Whatever else ends a host for some parser does not for ours. */
	len = strcspn(at, "/?");
	end = at + len;
	if (memchr(at, '@', len))
		return IGD_URL_USERINFO;
	if (split_host(&at, len, p) < 0)
		return IGD_URL_HOST;
	if (split_port(at, end, p) < 0)
		return IGD_URL_PORT;
	p->path = end;
	return is_path(end) ? IGD_URL_OK : IGD_URL_PATH;
}

static bool port_is_denied(unsigned int port)
{
	for (size_t i = 0; i < sizeof(denied_ports) / sizeof(denied_ports[0]);
	     i++)
		if (denied_ports[i] == port)
			return true;
	return false;
}

static enum igd_url_verdict judge_ipv6(struct pieces *p,
				       const struct addr *gateway)
{
	struct addr host, bare = *gateway;
	char *zone = strchr(p->host, '%');

	/* A zone means something to the router's host only. */
	if (zone)
		*zone = '\0';
	bare.scope = 0;
	if (addr_parse(p->host, &host) < 0 || host.family != AF_INET6)
		return IGD_URL_HOST;
	return addr_equal(&host, &bare) ? IGD_URL_OK : IGD_URL_HOST;
}

static enum igd_url_verdict judge_host(struct pieces *p,
				       const struct addr *gateway)
{
	struct addr host;

	if (p->is_bracketed)
		return judge_ipv6(p, gateway);
	if (gateway->family != AF_INET || addr_parse(p->host, &host) < 0 ||
	    host.family != AF_INET)
		return IGD_URL_HOST;
	if (addr_equal(&host, gateway))
		return IGD_URL_OK;
	switch (addr_classify(&host)) {
	case ADDR_PRIVATE:
		return IGD_URL_MOVED;
	case ADDR_PUBLIC:
	case ADDR_CGNAT:
		return addr_same_prefix(&host, gateway, 16) ? IGD_URL_MOVED
							    : IGD_URL_HOST;
	case ADDR_UNSPECIFIED:
	case ADDR_LOOPBACK:
	case ADDR_LINK_LOCAL:
	case ADDR_DSLITE:
	case ADDR_MULTICAST:
	case ADDR_RESERVED:
		return IGD_URL_HOST;
	}
	return IGD_URL_HOST;
}

static int print_url(const struct addr *gateway, const struct pieces *p,
		     char ret_url[IGD_URL_BYTES])
{
	struct addr bare = *gateway;
	char host[ADDR_TEXT_BYTES], zone[16] = "";
	const char *slash = p->path[0] == '/' ? "" : "/";
	bool is_ipv6 = gateway->family == AF_INET6;
	char url[IGD_URL_BYTES];
	int len;

	bare.scope = 0;
	addr_format(&bare, host, sizeof(host));
	/* RFC 6874: the '%' of a zone is written as %25. */
	if (is_ipv6 && gateway->scope)
		snprintf(zone, sizeof(zone), "%%25%u", gateway->scope);
	len = snprintf(url, sizeof(url), SCHEME "%s%s%s%s:%u%s%s",
		       is_ipv6 ? "[" : "", host, zone, is_ipv6 ? "]" : "",
		       p->port, slash, p->path);
	if (len < 0 || (size_t)len >= sizeof(url))
		return -ENOSPC;
	memcpy(ret_url, url, (size_t)len + 1);
	return 0;
}

enum igd_url_verdict igd_url_admit(const char *text, const struct addr *gateway,
				   char ret_url[IGD_URL_BYTES])
{
	struct pieces p = {.port = 0};
	enum igd_url_verdict verdict = split(text, &p);

	if (verdict != IGD_URL_OK)
		return verdict;
	verdict = judge_host(&p, gateway);
	if (!igd_url_is_admitted(verdict))
		return verdict;
	if (port_is_denied(p.port))
		return IGD_URL_PORT;
	if (print_url(gateway, &p, ret_url) < 0)
		return IGD_URL_LENGTH;
	return verdict;
}

enum igd_url_verdict igd_url_move(const char *text, const struct addr *gateway,
				  char ret_url[IGD_URL_BYTES])
{
	struct pieces p = {.port = 0};
	enum igd_url_verdict verdict = split(text, &p);

	if (verdict != IGD_URL_OK)
		return verdict;
	if (port_is_denied(p.port))
		return IGD_URL_PORT;
	return print_url(gateway, &p, ret_url) < 0 ? IGD_URL_LENGTH
						   : IGD_URL_OK;
}

int igd_url_locate(const char *url, uint16_t *ret_port, const char **ret_path)
{
	struct pieces p = {.port = 0};

	if (split(url, &p) != IGD_URL_OK || p.path[0] != '/')
		return -EINVAL;
	*ret_port = (uint16_t)p.port;
	*ret_path = p.path;
	return 0;
}

/* How much of BASE stands before a reference that is joined to it. */
static size_t base_len(const char *base, const char *ref, enum igd_url_join how)
{
	size_t origin = strlen(SCHEME);
	size_t len;

	origin += strcspn(base + origin, "/?");
	if (ref[0] == '/' || how == IGD_JOIN_ROOT)
		return origin;
	len = origin + strcspn(base + origin, "?");
	while (len > origin && base[len - 1] != '/')
		len--;
	return len > origin ? len - 1 : origin;
}

int igd_url_join(const char *base, const char *ref, enum igd_url_join how,
		 char ret_url[IGD_URL_BYTES])
{
	char url[IGD_URL_BYTES];
	int len;

	if (ref[0] == '\0' || strncmp(ref, "//", 2) == 0)
		return -EINVAL;
	if (strncasecmp(ref, SCHEME, strlen(SCHEME)) == 0) {
		len = snprintf(url, sizeof(url), "%s", ref);
	} else {
		if (strncasecmp(base, SCHEME, strlen(SCHEME)) != 0)
			return -EINVAL;
		len = snprintf(url, sizeof(url), "%.*s%s%s",
			       (int)base_len(base, ref, how), base,
			       ref[0] == '/' ? "" : "/", ref);
	}
	if (len < 0 || (size_t)len >= sizeof(url))
		return -ENOSPC;
	memcpy(ret_url, url, (size_t)len + 1);
	return 0;
}
