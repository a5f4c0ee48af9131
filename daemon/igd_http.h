/*
 * igd_http: one small HTTP request from a chosen address, with an end.
 *
 * For the UPnP worker alone: it blocks, but never longer than IGD_HTTP_MS and
 * for no more than IGD_HTTP_BYTES. miniupnpc can choose neither its source nor
 * its patience, and a router opens its IPv6 firewall only for the address that
 * asks (UPnP WANIPv6FirewallControl:1 section 2.6.1).
 */
#ifndef DAEMON_IGD_HTTP_H
#define DAEMON_IGD_HTTP_H

#include <stddef.h>

#include "addr.h"
#include "http_reply.h"

#define IGD_HTTP_MS    4000
#define IGD_HTTP_BYTES ((size_t)128 << 10)

struct igd_http_request {
	struct endpoint server;
	struct addr source; /* ours */
	const char *path;
	/* With BODY: a POST with this value of SOAPAction, unquoted. */
	const char *action;
	const char *body; /* NULL: a GET */
};

/* Returns 0, and the reply with its bytes in BUF (IGD_HTTP_BYTES long); or
 * IGD_UNREACHABLE or IGD_NONSENSE of igd_wire.h. */
int igd_http_fetch(const struct igd_http_request *request, char *buf,
		   struct http_reply *ret_reply);

#endif
