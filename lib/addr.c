#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prefix {
	sa_family_t family;
	uint8_t bits;
	enum addr_class class;
	uint8_t bytes[16];
};

/* The special-purpose registries of RFC 6890 that a client can meet; the first
 * match counts. */
static const struct prefix prefixes[] = {
    {AF_INET, 8, ADDR_UNSPECIFIED, {0}},
    {AF_INET, 8, ADDR_LOOPBACK, {127}},
    {AF_INET, 16, ADDR_LINK_LOCAL, {169, 254}},
    {AF_INET, 8, ADDR_PRIVATE, {10}},
    {AF_INET, 12, ADDR_PRIVATE, {172, 16}},
    {AF_INET, 16, ADDR_PRIVATE, {192, 168}},
    {AF_INET, 10, ADDR_CGNAT, {100, 64}},
    {AF_INET, 29, ADDR_DSLITE, {192, 0, 0, 0}},
    {AF_INET, 24, ADDR_RESERVED, {192, 0, 0}},
    {AF_INET, 24, ADDR_RESERVED, {192, 0, 2}},
    {AF_INET, 24, ADDR_RESERVED, {198, 51, 100}},
    {AF_INET, 24, ADDR_RESERVED, {203, 0, 113}},
    {AF_INET, 15, ADDR_RESERVED, {198, 18}},
    {AF_INET, 4, ADDR_MULTICAST, {224}},
    {AF_INET, 4, ADDR_RESERVED, {240}},
    {AF_INET, 0, ADDR_PUBLIC, {0}},
    {AF_INET6, 128, ADDR_UNSPECIFIED, {0}},
    {AF_INET6, 128, ADDR_LOOPBACK, {[15] = 1}},
    {AF_INET6, 10, ADDR_LINK_LOCAL, {0xfe, 0x80}},
    {AF_INET6, 7, ADDR_PRIVATE, {0xfc}},
    {AF_INET6, 8, ADDR_MULTICAST, {0xff}},
    {AF_INET6, 32, ADDR_RESERVED, {0x20, 0x01, 0x0d, 0xb8}},
    {AF_INET6, 3, ADDR_PUBLIC, {0x20}},
    {AF_INET6, 0, ADDR_RESERVED, {0}},
};

static const char *const class_names[] = {
    [ADDR_UNSPECIFIED] = "unspecified", [ADDR_LOOPBACK] = "loopback",
    [ADDR_LINK_LOCAL] = "link-local",   [ADDR_PRIVATE] = "private",
    [ADDR_CGNAT] = "provider NAT",      [ADDR_DSLITE] = "DS-Lite",
    [ADDR_MULTICAST] = "multicast",     [ADDR_RESERVED] = "reserved",
    [ADDR_PUBLIC] = "public",
};

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

struct addr addr_from_ipv4(const void *bytes4)
{
	struct addr a = {.family = AF_INET};

	memcpy(a.bytes, bytes4, 4);
	return a;
}

struct addr addr_from_ipv6(const void *bytes16)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct addr a = {.family = AF_INET6};
	const uint8_t *bytes = bytes16;

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return addr_from_ipv4(bytes + 12);
	memcpy(a.bytes, bytes, 16);
	return a;
}

static int parse_scope(const char *text, uint32_t *ret_scope)
{
	char *end;
	unsigned long scope;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	scope = strtoul(text, &end, 10);
	if (*end != '\0' || scope > UINT32_MAX)
		return -EINVAL;
	*ret_scope = (uint32_t)scope;
	return 0;
}

int addr_parse(const char *text, struct addr *ret_addr)
{
	uint8_t bytes[16];
	char copy[ADDR_TEXT_BYTES];
	char *percent;
	struct addr a;

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*ret_addr = addr_from_ipv4(bytes);
		return 0;
	}
	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	percent = strchr(copy, '%');
	if (percent)
		*percent++ = '\0';
	if (inet_pton(AF_INET6, copy, bytes) != 1)
		return -EINVAL;
	a = addr_from_ipv6(bytes);
	if (percent && parse_scope(percent, &a.scope) < 0)
		return -EINVAL;
	*ret_addr = a;
	return 0;
}

const char *addr_format(const struct addr *a, char *buf, size_t buf_bytes)
{
	char text[INET6_ADDRSTRLEN] = "-";

	if (addr_is_set(a))
		inet_ntop(a->family, a->bytes, text, sizeof(text));
	if (a->family == AF_INET6 && a->scope)
		snprintf(buf, buf_bytes, "%s%%%u", text, a->scope);
	else
		snprintf(buf, buf_bytes, "%s", text);
	return buf;
}

bool addr_is_set(const struct addr *a)
{
	return a->family == AF_INET || a->family == AF_INET6;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->scope == b->scope &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool addr_same_prefix(const struct addr *a, const struct addr *b,
		      unsigned int prefix_bits)
{
	unsigned int most = a->family == AF_INET ? 32 : 128;

	if (!addr_is_set(a) || a->family != b->family || prefix_bits > most)
		return false;
	return bits_equal(a->bytes, b->bytes, prefix_bits);
}

enum addr_class addr_classify(const struct addr *a)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (prefixes[i].family == a->family &&
		    bits_equal(prefixes[i].bytes, a->bytes, prefixes[i].bits))
			return prefixes[i].class;
	return ADDR_UNSPECIFIED;
}

const char *addr_class_name(enum addr_class class)
{
	return class_names[class];
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

int endpoint_parse(const char *text, struct endpoint *ret_endpoint)
{
	char host[ENDPOINT_TEXT_BYTES];
	const char *colon = strrchr(text, ':');
	struct endpoint e;
	size_t host_len;
	char *end;
	unsigned long port;

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	host_len = (size_t)(colon - text);
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	if (host_len > 2 && host[0] == '[' && host[host_len - 1] == ']') {
		host[host_len - 1] = '\0';
		memmove(host, host + 1, host_len - 1);
	} else if (strchr(host, ':')) {
		return -EINVAL;
	}
	if (colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || port == 0 || port > 65535)
		return -EINVAL;
	if (addr_parse(host, &e.addr) < 0)
		return -EINVAL;
	e.port = (uint16_t)port;
	*ret_endpoint = e;
	return 0;
}

const char *endpoint_format(const struct endpoint *e, char *buf,
			    size_t buf_bytes)
{
	char text[ADDR_TEXT_BYTES];

	addr_format(&e->addr, text, sizeof(text));
	snprintf(buf, buf_bytes,
		 e->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u", text,
		 e->port);
	return buf;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *e,
			       struct sockaddr_storage *ret_sa)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	memset(ret_sa, 0, sizeof(*ret_sa));
	if (e->addr.family == AF_INET6) {
		in6.sin6_port = htons(e->port);
		in6.sin6_scope_id = e->addr.scope;
		memcpy(&in6.sin6_addr, e->addr.bytes, 16);
		memcpy(ret_sa, &in6, sizeof(in6));
		return sizeof(in6);
	}
	in.sin_port = htons(e->port);
	memcpy(&in.sin_addr, e->addr.bytes, 4);
	memcpy(ret_sa, &in, sizeof(in));
	return sizeof(in);
}

int endpoint_from_sockaddr(const struct sockaddr *sa, socklen_t sa_len,
			   struct endpoint *ret_endpoint)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET && sa_len >= sizeof(in)) {
		memcpy(&in, sa, sizeof(in));
		ret_endpoint->addr = addr_from_ipv4(&in.sin_addr);
		ret_endpoint->port = ntohs(in.sin_port);
		return 0;
	}
	if (sa->sa_family == AF_INET6 && sa_len >= sizeof(in6)) {
		memcpy(&in6, sa, sizeof(in6));
		ret_endpoint->addr = addr_from_ipv6(&in6.sin6_addr);
		if (ret_endpoint->addr.family == AF_INET6)
			ret_endpoint->addr.scope = in6.sin6_scope_id;
		ret_endpoint->port = ntohs(in6.sin6_port);
		return 0;
	}
	return -EAFNOSUPPORT;
}
