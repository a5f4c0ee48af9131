/*
 * igd_soap: the requests and answers of the UPnP service
 * WANIPv6FirewallControl:1, as text.
 *
 * Only what that service needs (UDA 1.1 section 3.2): arguments without a
 * character that XML would have to escape, answers of one level. Sends nothing,
 * allocates nothing.
 */
#ifndef LIB_IGD_SOAP_H
#define LIB_IGD_SOAP_H

#include <stddef.h>
#include <stdint.h>

#define IGD_SOAP_BYTES 1024 /* room for any request */

struct igd_soap_argument {
	const char *name;
	const char *value;
};

/* Writes the envelope of ACTION of the service TYPE with COUNT arguments and a
 * NUL. Returns its length, -EINVAL for a value with markup in it, or -ENOSPC.
 */
int igd_soap_format(const char *type, const char *action,
		    const struct igd_soap_argument *arguments, size_t count,
		    char *buf, size_t buf_bytes);

struct igd_soap_reply {
	/* 0: the answer to ACTION; over 0: errorCode (UDA 1.1 section 3.2.2);
	 * IGD_NONSENSE (igd_wire.h): neither. */
	int code;
	uint32_t unique_id; /* UniqueID, 0 when absent */
	int is_enabled;     /* FirewallEnabled, -1 when absent */
	int is_allowed;     /* InboundPinholeAllowed, -1 when absent */
};

/* Reads the answer to ACTION. A page that is no SOAP is no answer, whatever its
 * HTTP status. */
struct igd_soap_reply igd_soap_parse(const char *xml, size_t len,
				     const char *action);

#endif
