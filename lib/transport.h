/*
 * transport: UDP or TCP, as a word of the configuration and of the wire.
 */
#ifndef LIB_TRANSPORT_H
#define LIB_TRANSPORT_H

#include <stdint.h>

enum transport { TRANSPORT_UDP, TRANSPORT_TCP };

/* "udp", "tcp". */
const char *transport_name(enum transport transport);

/* Parses "udp" or "tcp" in any case. Returns 0 or -EINVAL. */
int transport_parse(const char *text, enum transport *ret_transport);

/* The IANA protocol number: 17 or 6. */
uint8_t transport_ipproto(enum transport transport);

#endif
