/*
 * packet: an IPv4 datagram as a NAT looks at it and changes it.
 *
 * Knows UDP, and the ICMP errors that quote it. Everything else is not parsed.
 */
#ifndef USERNAT_PACKET_H
#define USERNAT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_BYTES 2048

/* An IPv4 address and a port, both in host order. */
struct flow_end {
	uint32_t addr;
	uint16_t port;
};

struct packet {
	uint8_t *bytes; /* borrowed */
	size_t len;
	size_t ip_bytes; /* of the outer header */
	/* Of the datagram, or for an ICMP error of the one that it quotes: so
	 * there, source is who the error is for. */
	struct flow_end source;
	struct flow_end destination;
	uint32_t outer_source; /* the sender of an ICMP error */
	size_t quoted_ip;      /* where the quoted header is; 0: it is UDP */
	size_t quoted_ip_bytes;
};

bool flow_end_equal(const struct flow_end *a, const struct flow_end *b);

/* Parses the LEN bytes at BYTES. Returns false for what a NAT drops. */
bool packet_parse(uint8_t *bytes, size_t len, struct packet *ret_packet);
/* Is this an ICMP error about a datagram? */
bool packet_is_error(const struct packet *p);
/* Rewrite the ends of a UDP datagram; packet_seal() comes after. */
void packet_set_source(struct packet *p, const struct flow_end *end);
void packet_set_destination(struct packet *p, const struct flow_end *end);
/* Rewrites an ICMP error that came from outside: it is for INSIDE, which sent
 * what it quotes. */
void packet_set_error_inside(struct packet *p, const struct flow_end *inside);
/* Rewrites an ICMP error that goes out: its sender, and the destination of what
 * it quotes, are OUTER. */
void packet_set_error_outer(struct packet *p, const struct flow_end *outer);
/* Adds HOPS to the TTL, which this box's kernel takes off again. */
void packet_give_ttl(struct packet *p, unsigned int hops);
/* Computes all checksums anew. */
void packet_seal(struct packet *p);

#endif
