/*
 * igd_wire: what the daemon and its UPnP worker say to each other.
 *
 * One line a message, ended by a newline: words "name=value" between single
 * spaces, the values percent-escaped. No pointers and no structs cross; each
 * side takes the other for a stranger. A request gets answers with its id: for
 * IGD_LIST any number of IGD_MORE, then, as for the rest, one IGD_END. Does no
 * input or output and allocates nothing.
 */
#ifndef LIB_IGD_WIRE_H
#define LIB_IGD_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "igd_url.h"

#define IGD_WIRE_LINE_BYTES   1536 /* the longest line with its newline */
#define IGD_DESCRIPTION_BYTES 80
#define IGD_TEXT_BYTES        128

enum igd_verb {
	IGD_OPEN = 1, /* reads a description and picks its service */
	IGD_STATUS,   /* external address and uptime */
	IGD_EXTERNAL, /* external address */
	IGD_ADD,      /* maps, then reads the entry back */
	IGD_ADD_ANY,  /* the same, and the router picks the port (IGD:2) */
	IGD_DELETE,
	IGD_GET,  /* the entry of one external port */
	IGD_LIST, /* the table, at most ->limit entries */
	/* UPnP WANIPv6FirewallControl:1, from the address ->client: */
	IGD_PINHOLE_OPEN,   /* reads a description for its firewall */
	IGD_PINHOLE_ADD,    /* lets in ->internal_port of ->client */
	IGD_PINHOLE_UPDATE, /* another lease for ->unique */
	IGD_PINHOLE_DELETE,
	IGD_PINHOLE_STATUS, /* is it there, and may there be pinholes? */
};

enum igd_part { IGD_END = 1, IGD_MORE };

enum igd_protocol { IGD_UDP = 1, IGD_TCP };

/* Over 0: what the router said (IGD:1 table "error codes"); below: ours. */
enum igd_code {
	IGD_OK = 0,
	IGD_UNREACHABLE = -1,  /* refused, reset, or no whole answer */
	IGD_NONSENSE = -2,     /* an answer that is none */
	IGD_NOT_IN_TABLE = -3, /* said yes, but the entry is not there */
	IGD_NO_SERVICE = -4,   /* the description has nothing for us */
	IGD_URL_REFUSED = -5,  /* its URLs lead elsewhere */
	IGD_NOT_OPEN = -6,
	IGD_BAD_REQUEST = -7,
	IGD_NO_WORKER = -8, /* the program cannot be started */
	IGD_SILENT = -9,    /* nobody answers the search */

	IGD_INVALID_ACTION = 401,
	IGD_INVALID_ARGS = 402,
	IGD_ACTION_FAILED = 501,
	IGD_UNIMPLEMENTED = 602,
	IGD_NOT_AUTHORIZED = 606,
	/* WANIPv6FirewallControl:1 section 2.6: */
	IGD_PINHOLE_SPACE_EXHAUSTED = 701,
	IGD_PINHOLE_DISABLED = 702,
	IGD_PINHOLE_NOT_ALLOWED = 703,
	IGD_PINHOLE_NO_SUCH_ENTRY = 704,
	IGD_PINHOLE_PROTOCOL = 705,
	IGD_ARRAY_INDEX_INVALID = 713,
	IGD_NO_SUCH_ENTRY = 714,
	IGD_NO_WILDCARD_EXTERNAL_PORT = 716,
	IGD_CONFLICT_IN_ENTRY = 718,
	IGD_SAME_PORTS_REQUIRED = 724,
	IGD_ONLY_PERMANENT_LEASES = 725,
	IGD_ONLY_WILDCARD_REMOTE = 726,
	IGD_ONLY_WILDCARD_EXTERNAL = 727,
	IGD_NO_PORT_MAPS_AVAILABLE = 728,
	IGD_CONFLICT_WITH_OTHER = 729,
	IGD_NO_WILDCARD_INTERNAL = 732,
};

/* Every number is 32 bits wide on this wire; 0, "" and an unset address mean
 * absent. */
struct igd_request {
	uint32_t id;
	uint32_t verb;           /* enum igd_verb */
	char url[IGD_URL_BYTES]; /* IGD_OPEN: admitted */
	struct addr gateway;     /* IGD_OPEN: the only host to talk to */
	/* IGD_OPEN: us, as a router beyond a NAT sees us; IGD_PINHOLE_OPEN:
	 * our address that the pinholes are for. */
	struct addr client;
	uint32_t protocol; /* enum igd_protocol */
	uint32_t external_port;
	uint32_t internal_port;
	uint32_t lease_s; /* 0 = permanent */
	uint32_t limit;   /* IGD_LIST */
	uint32_t unique;  /* IGD_PINHOLE_UPDATE, _DELETE */
	char description[IGD_DESCRIPTION_BYTES];
};

/* An entry of the router's table. */
struct igd_entry {
	uint32_t protocol; /* enum igd_protocol */
	uint32_t external_port;
	uint32_t internal_port;
	uint32_t lease_s; /* left; 0 = permanent */
	uint32_t is_enabled;
	struct addr client;
	char description[IGD_DESCRIPTION_BYTES];
};

struct igd_answer {
	uint32_t id;
	uint32_t part;          /* enum igd_part */
	int32_t code;           /* enum igd_code, or another UPnP code */
	struct addr external;   /* IGD_OPEN, IGD_STATUS, IGD_EXTERNAL */
	struct addr lan;        /* our address as this router sees it */
	uint32_t version;       /* IGD_OPEN: of the service, 1 or 2 */
	uint32_t services;      /* IGD_OPEN: how many the description has */
	uint32_t uptime_s;      /* IGD_STATUS: of its connection; 0 = unknown */
	uint32_t sandbox;       /* IGD_OPEN: Landlock's ABI, 0 = not confined */
	uint32_t unique;        /* IGD_PINHOLE_ADD: its UniqueID; 0 = none */
	struct igd_entry entry; /* IGD_ADD*, IGD_GET, IGD_LIST */
	char text[IGD_TEXT_BYTES]; /* model, status or reason; unsanitised */
};

/* Write a line with its newline and a NUL. Return its length without the NUL,
 * or -ENOSPC. */
int igd_request_format(const struct igd_request *request, char *buf,
		       size_t buf_bytes);
int igd_answer_format(const struct igd_answer *answer, char *buf,
		      size_t buf_bytes);

/* Parse one line, with or without its newline. Return 0 or -EBADMSG: not a
 * line, an unknown or repeated name, a value out of its range, no id, no verb
 * or part. */
int igd_request_parse(const char *line, size_t len,
		      struct igd_request *ret_request);
int igd_answer_parse(const char *line, size_t len,
		     struct igd_answer *ret_answer);

/* What a code says: "ConflictInMappingEntry", "no answer", ... */
const char *igd_code_name(int code);

#endif
