/*
 * addr: IP addresses and endpoints as values, and what kind of address one is.
 *
 * Does no name resolution and opens no socket.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Room for the longest text of an address (with a %scope) and of an endpoint
 * ("[...]:65535"), including the NUL. */
#define ADDR_TEXT_BYTES     64
#define ENDPOINT_TEXT_BYTES 80

/* An IPv4 or IPv6 address. AF_UNSPEC means 'not known'. Network byte order;
 * IPv4 uses the first four bytes, the rest is zero. */
struct addr {
	sa_family_t family;
	uint8_t bytes[16];
	uint32_t scope; /* interface index of an IPv6 link-local address */
};

/* An address and a port; the port is in host order. */
struct endpoint {
	struct addr addr;
	uint16_t port;
};

/* What an address is good for. Anything but ADDR_PUBLIC cannot be reached from
 * the internet. */
enum addr_class {
	ADDR_UNSPECIFIED, /* none, 0.0.0.0/8 or :: */
	ADDR_LOOPBACK,    /* 127.0.0.0/8, ::1 */
	ADDR_LINK_LOCAL,  /* 169.254.0.0/16, fe80::/10 (RFC 3927, RFC 4291) */
	ADDR_PRIVATE,     /* RFC 1918, fc00::/7 (RFC 4193) */
	ADDR_CGNAT,       /* 100.64.0.0/10 (RFC 6598) */
	ADDR_DSLITE,      /* 192.0.0.0/29 (RFC 6333 section 5.7) */
	ADDR_MULTICAST,   /* 224.0.0.0/4, ff00::/8 */
	ADDR_RESERVED,    /* documentation, benchmarking, class E, broadcast */
	ADDR_PUBLIC,
};

/* Builds an address from four bytes in network order. */
struct addr addr_from_ipv4(const void *bytes4);

/* Builds an address from sixteen bytes in network order; a v4-mapped address
 * (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2) becomes IPv4. */
struct addr addr_from_ipv6(const void *bytes16);

/* Parses "192.0.2.1" or "2001:db8::1" or "fe80::1%2". Returns 0 or -EINVAL. */
int addr_parse(const char *text, struct addr *ret_addr);

/* Writes A as text to BUF and returns BUF; "-" for an unknown address. */
const char *addr_format(const struct addr *a, char *buf, size_t buf_bytes);

/* Is A a known address (not AF_UNSPEC)? */
bool addr_is_set(const struct addr *a);

/* Are A and B the same address (family, bytes, scope)? */
bool addr_equal(const struct addr *a, const struct addr *b);

/* Do A and B share their first PREFIX_BITS bits (and family)? */
bool addr_same_prefix(const struct addr *a, const struct addr *b,
		      unsigned int prefix_bits);

/* Returns the kind of A. */
enum addr_class addr_classify(const struct addr *a);

/* Returns a word for the class: "public", "private", "provider NAT", ... */
const char *addr_class_name(enum addr_class class);

/* Are A and B the same address and port? */
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* Parses "192.0.2.1:80" or "[2001:db8::1]:80". Returns 0 or -EINVAL. */
int endpoint_parse(const char *text, struct endpoint *ret_endpoint);

/* Writes E as text ("1.2.3.4:5", "[::1]:5") to BUF and returns BUF. */
const char *endpoint_format(const struct endpoint *e, char *buf,
			    size_t buf_bytes);

/* Converts to and from the kernel's form. endpoint_to_sockaddr() returns the
 * length; endpoint_from_sockaddr() returns 0 or -EAFNOSUPPORT. */
socklen_t endpoint_to_sockaddr(const struct endpoint *e,
			       struct sockaddr_storage *ret_sa);
int endpoint_from_sockaddr(const struct sockaddr *sa, socklen_t sa_len,
			   struct endpoint *ret_endpoint);

#endif
