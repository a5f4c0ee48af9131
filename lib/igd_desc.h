/*
 * igd_desc: what a UPnP device description says about port mapping.
 *
 * A bounded scan for a few elements (UDA 1.1 section 2.3), not an XML parser:
 * no entities but the five of XML, no nesting to follow, no allocation. What it
 * yields has been neither admitted nor sanitised. Used in the worker.
 */
#ifndef LIB_IGD_DESC_H
#define LIB_IGD_DESC_H

#include <stddef.h>

#include "igd_url.h"

#define IGD_DESC_SERVICES   8
#define IGD_DESC_TYPE_BYTES 96
#define IGD_DESC_NAME_BYTES 64

/* A WANIPConnection or WANPPPConnection service. */
struct igd_service {
	char type[IGD_DESC_TYPE_BYTES]; /* letters, digits and -_.: only */
	char control[IGD_URL_BYTES];    /* as written: relative or absolute */
};

struct igd_desc {
	char base[IGD_URL_BYTES];        /* URLBase, or "" */
	char model[IGD_DESC_NAME_BYTES]; /* modelName of the root device */
	char maker[IGD_DESC_NAME_BYTES]; /* manufacturer of the root device */
	struct igd_service services[IGD_DESC_SERVICES]; /* no repeats */
	size_t service_count;
	/* The first WANIPv6FirewallControl; ->control is "" when there is none.
	 */
	struct igd_service firewall;
};

/*
 * Reads the LEN bytes of a description. Returns 0, or -ENOENT when it names no
 * service that maps ports (ret_desc is filled all the same).
 */
int igd_desc_parse(const char *xml, size_t len, struct igd_desc *ret_desc);

/* The version at the end of a service type, 1 when there is none. */
unsigned int igd_service_version(const struct igd_service *service);

#endif
