#include "packet.h"

#include <netinet/in.h>

#define IP_HEADER_BYTES   20
#define UDP_HEADER_BYTES  8
#define ICMP_HEADER_BYTES 8
#define ICMP_UNREACHABLE  3  /* RFC 792 */
#define ICMP_TTL_EXCEEDED 11 /* RFC 792 */
#define IP_TTL_AT         8
#define IP_CHECKSUM_AT    10
#define IP_SOURCE_AT      12
#define IP_DESTINATION_AT 16

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

bool flow_end_equal(const struct flow_end *a, const struct flow_end *b)
{
	return a->addr == b->addr && a->port == b->port;
}

/* Reads the ends of the UDP datagram whose IP header is at IP, of which LEFT
 * bytes are there. */
static bool parse_udp(const uint8_t *ip, size_t left, struct packet *p,
		      size_t *ret_ip_bytes)
{
	size_t ip_bytes;

	if (left < IP_HEADER_BYTES + UDP_HEADER_BYTES || ip[0] >> 4 != 4)
		return false;
	ip_bytes = (size_t)(ip[0] & 15) * 4;
	if (ip_bytes < IP_HEADER_BYTES || ip_bytes + UDP_HEADER_BYTES > left ||
	    ip[9] != IPPROTO_UDP || (get16(ip + 6) & 0x3fff))
		return false;
	p->source.addr = get32(ip + IP_SOURCE_AT);
	p->destination.addr = get32(ip + IP_DESTINATION_AT);
	p->source.port = get16(ip + ip_bytes);
	p->destination.port = get16(ip + ip_bytes + 2);
	*ret_ip_bytes = ip_bytes;
	return true;
}

static bool parse_error(struct packet *p)
{
	uint8_t type = p->bytes[p->ip_bytes];

	if (type != ICMP_UNREACHABLE && type != ICMP_TTL_EXCEEDED)
		return false;
	p->outer_source = get32(p->bytes + IP_SOURCE_AT);
	p->quoted_ip = p->ip_bytes + ICMP_HEADER_BYTES;
	return parse_udp(p->bytes + p->quoted_ip, p->len - p->quoted_ip, p,
			 &p->quoted_ip_bytes);
}

bool packet_parse(uint8_t *bytes, size_t len, struct packet *ret_packet)
{
	struct packet p = {.bytes = bytes, .len = len};

	if (len < IP_HEADER_BYTES + UDP_HEADER_BYTES || bytes[0] >> 4 != 4)
		return false;
	p.ip_bytes = (size_t)(bytes[0] & 15) * 4;
	if (p.ip_bytes < IP_HEADER_BYTES ||
	    p.ip_bytes + UDP_HEADER_BYTES > len || get16(bytes + 2) != len)
		return false;
	if (bytes[9] == IPPROTO_ICMP ? !parse_error(&p)
				     : !parse_udp(bytes, len, &p, &p.ip_bytes))
		return false;
	*ret_packet = p;
	return true;
}

bool packet_is_error(const struct packet *p)
{
	return p->quoted_ip != 0;
}

void packet_set_source(struct packet *p, const struct flow_end *end)
{
	put32(p->bytes + IP_SOURCE_AT, end->addr);
	put16(p->bytes + p->ip_bytes, end->port);
	p->source = *end;
}

void packet_set_destination(struct packet *p, const struct flow_end *end)
{
	put32(p->bytes + IP_DESTINATION_AT, end->addr);
	put16(p->bytes + p->ip_bytes + 2, end->port);
	p->destination = *end;
}

void packet_set_error_inside(struct packet *p, const struct flow_end *inside)
{
	uint8_t *quoted = p->bytes + p->quoted_ip;

	put32(p->bytes + IP_DESTINATION_AT, inside->addr);
	put32(quoted + IP_SOURCE_AT, inside->addr);
	put16(quoted + p->quoted_ip_bytes, inside->port);
}

void packet_set_error_outer(struct packet *p, const struct flow_end *outer)
{
	uint8_t *quoted = p->bytes + p->quoted_ip;

	put32(p->bytes + IP_SOURCE_AT, outer->addr);
	put32(quoted + IP_DESTINATION_AT, outer->addr);
	put16(quoted + p->quoted_ip_bytes + 2, outer->port);
}

void packet_give_ttl(struct packet *p, unsigned int hops)
{
	unsigned int ttl = p->bytes[IP_TTL_AT] + hops;

	p->bytes[IP_TTL_AT] = (uint8_t)(ttl < 255 ? ttl : 255);
}

/* The Internet checksum (RFC 1071), going on from SUM. */
static uint32_t add_sum(uint32_t sum, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(bytes + i);
	if (len % 2)
		sum += (uint32_t)bytes[len - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void seal_ip(uint8_t *ip, size_t ip_bytes)
{
	put16(ip + IP_CHECKSUM_AT, 0);
	put16(ip + IP_CHECKSUM_AT, fold(add_sum(0, ip, ip_bytes)));
}

static void seal_udp(struct packet *p)
{
	uint8_t *udp = p->bytes + p->ip_bytes;
	size_t len = p->len - p->ip_bytes;
	uint32_t sum;
	uint16_t folded;

	put16(udp + 6, 0);
	sum = add_sum(0, p->bytes + IP_SOURCE_AT, 8);
	sum += IPPROTO_UDP + (uint32_t)len;
	folded = fold(add_sum(sum, udp, len));
	put16(udp + 6, folded ? folded : 0xffff);
}

void packet_seal(struct packet *p)
{
	uint8_t *icmp = p->bytes + p->ip_bytes;

	if (packet_is_error(p)) {
		seal_ip(p->bytes + p->quoted_ip, p->quoted_ip_bytes);
		put16(icmp + 2, 0);
		put16(icmp + 2, fold(add_sum(0, icmp, p->len - p->ip_bytes)));
	} else {
		seal_udp(p);
	}
	seal_ip(p->bytes, p->ip_bytes);
}
