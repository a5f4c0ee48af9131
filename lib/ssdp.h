/*
 * ssdp: the search for a UPnP Internet gateway, and the parser of what devices
 * answer and announce.
 *
 * HTTP-like text over UDP: UPnP Device Architecture (UDA) 1.1 and 2.0,
 * section 1. It does not send, does not judge who sent, and reads no XML.
 */
#ifndef LIB_SSDP_H
#define LIB_SSDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* UDA 1.1 section 1.1.1: the group and the port. */
#define SSDP_GROUP "239.255.255.250"
#define SSDP_PORT  1900
/* UDA 1.1 section 1.1.1: the TTL of multicast should default to 2. */
#define SSDP_TTL 2
/* UDA 1.1 section 1.3.2: how many seconds a device may wait, 1 to 5. */
#define SSDP_MX_S 1

#define SSDP_SEARCH_BYTES   256  /* room for a search with its NUL */
#define SSDP_DATAGRAM_BYTES 2048 /* a longer one is none of ours */
#define SSDP_LOCATION_BYTES 256
#define SSDP_TARGET_BYTES   128
#define SSDP_USN_BYTES      192
#define SSDP_SERVER_BYTES   128

/* What is searched for, by name: some routers answer ssdp:all with their first
 * device only, some know only one of the names. */
enum ssdp_target {
	SSDP_IGD_1,
	SSDP_IGD_2,
	SSDP_WANIP_1,
	SSDP_WANPPP_1,
	SSDP_ROOTDEVICE,
	SSDP_TARGET_COUNT,
};

enum ssdp_kind {
	SSDP_ANSWER, /* to a search: UDA 1.1 section 1.3.3 */
	SSDP_ALIVE,  /* UDA 1.1 section 1.2.2 */
	SSDP_BYEBYE, /* UDA 1.1 section 1.2.3 */
	SSDP_UPDATE, /* UDA 1.1 section 1.2.4 */
};

/* How likely the sender is an Internet gateway, by the ST or NT alone. */
enum ssdp_rank {
	SSDP_ALIEN,   /* something else: a printer, a media server */
	SSDP_MAYBE,   /* upnp:rootdevice: whatever it is */
	SSDP_GATEWAY, /* an InternetGatewayDevice, or a part of one */
};

/* A parsed message. Texts are printable ASCII, "" when absent, not printable or
 * too long; of a repeated header the first counts. */
struct ssdp_message {
	enum ssdp_kind kind;
	char location[SSDP_LOCATION_BYTES];
	char target[SSDP_TARGET_BYTES]; /* ST of an answer, else NT */
	char usn[SSDP_USN_BYTES];
	char server[SSDP_SERVER_BYTES];
	bool has_bootid;
	uint32_t bootid; /* BOOTID.UPNP.ORG: rises when the device restarts */
};

/* "urn:schemas-upnp-org:device:InternetGatewayDevice:1", ... */
const char *ssdp_target_name(enum ssdp_target target);

/*
 * Writes a search for TARGET to HOST into BUF. For the group it carries MX (UDA
 * 1.1 section 1.3.2, multicast); for any other host it does not (unicast).
 * Returns the length, or -ENOSPC.
 */
int ssdp_search_format(enum ssdp_target target, const struct addr *host,
		       char *buf, size_t buf_bytes);

/*
 * Parses a datagram. Header names in any case, lines ended by CRLF or LF, the
 * last one perhaps by nothing. Returns 0; -EPROTO when it is neither an answer
 * nor a NOTIFY that is understood; -EMSGSIZE over SSDP_DATAGRAM_BYTES.
 */
int ssdp_parse(const void *bytes, size_t len, struct ssdp_message *ret_message);

/* What the ST or NT of the message says about its sender. */
enum ssdp_rank ssdp_rank(const struct ssdp_message *message);

#endif
