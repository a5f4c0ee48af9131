/*
 * igd_url: which URLs of a UPnP router may be opened.
 *
 * Anybody on the link can answer a search, and a description can name any URL:
 * nothing but the gateway itself is ever connected to. Opens nothing.
 */
#ifndef LIB_IGD_URL_H
#define LIB_IGD_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* The longest URL that is admitted, with its NUL. */
#define IGD_URL_BYTES 256

enum igd_url_verdict {
	IGD_URL_OK,
	IGD_URL_MOVED,    /* another host of the link: the gateway instead */
	IGD_URL_LENGTH,   /* too long */
	IGD_URL_SCHEME,   /* not http: */
	IGD_URL_USERINFO, /* user@host */
	IGD_URL_HOST,     /* a name, or an address that is no router of ours */
	IGD_URL_PORT,     /* 0, over 65535, or of another protocol */
	IGD_URL_PATH,     /* bytes that do not belong there */
};

/* How igd_url_join() reads a relative reference without a leading slash. */
enum igd_url_join {
	IGD_JOIN_DIRECTORY, /* beside the base, as RFC 3986 section 5.2.3 */
	IGD_JOIN_ROOT,      /* at the root, as most routers mean it */
};

/*
 * Judges TEXT and writes what to open to ret_url. The scheme is http, the host
 * an address literal, the port not that of another well-known protocol, the
 * path printable ASCII without a fragment. When the host is not GATEWAY but a
 * private address, or one of the gateway's own /16, its place is taken by the
 * gateway (routers in pairs answer with the address of one of them); loopback,
 * multicast, link-local and foreign hosts are refused. An IPv6 host must be the
 * gateway and gets its scope. ret_url is written with OK and MOVED only.
 */
enum igd_url_verdict igd_url_admit(const char *text, const struct addr *gateway,
				   char ret_url[IGD_URL_BYTES]);

/* May the URL be opened? */
bool igd_url_is_admitted(enum igd_url_verdict verdict);

/* "ok", "host replaced", "not http", ... */
const char *igd_url_verdict_name(enum igd_url_verdict verdict);

/*
 * The same place at GATEWAY, whatever host TEXT names: for a router that has
 * been found at another of its addresses. Port and path are judged as by
 * igd_url_admit(). Returns IGD_URL_OK and writes ret_url, or why not.
 */
enum igd_url_verdict igd_url_move(const char *text, const struct addr *gateway,
				  char ret_url[IGD_URL_BYTES]);

/* The port of an admitted URL, and its path (borrowed, "/..."). Returns 0 or
 * -EINVAL. */
int igd_url_locate(const char *url, uint16_t *ret_port, const char **ret_path);

/*
 * Resolves REF against the http URL BASE into ret_url. An absolute REF is
 * copied. The result has not been admitted. Returns 0, -EINVAL or -ENOSPC.
 */
int igd_url_join(const char *base, const char *ref, enum igd_url_join how,
		 char ret_url[IGD_URL_BYTES]);

#endif
