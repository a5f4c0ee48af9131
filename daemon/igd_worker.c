/*
 * traversald-igd: the worker that talks UPnP to the router.
 *
 * The only includer of miniupnpc, whose calls block and have neither deadline
 * nor size limit. It answers one request at a time on descriptor 3, a socket
 * pair to traversald that keeps records (SOCK_SEQPACKET), and ends when the
 * other side closes. traversald kills it when it takes too long.
 *
 * Talks to no host but the gateway that IGD_OPEN names. The library chooses the
 * source address by route; igd_answer.lan tells which one that was.
 */
#include <errno.h>
#include <stddef.h> /* upnpcommands.h of API 20 needs it first */

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/miniwget.h>
#include <miniupnpc/upnpcommands.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "igd_desc.h"
#include "igd_firewall.h"
#include "igd_sandbox.h"
#include "igd_url.h"
#include "igd_wire.h"

#if MINIUPNPC_API_VERSION < 17 || MINIUPNPC_API_VERSION > 21
#warning "this version of miniupnpc has not been tried"
#endif

#define WIRE_FD        3
#define CANDIDATES     (2 * IGD_DESC_SERVICES)
#define PORT_BYTES     6  /* "65535" */
#define NUMBER_BYTES   16 /* what the library writes into for a lease */
#define ADDRESS_BYTES  64
#define ESCAPED_BYTES  (6 * IGD_DESCRIPTION_BYTES)
#define EXIT_USAGE     64 /* sysexits.h */
#define EXIT_PROTECTED 71

/* A service of the router, its control URL admitted. */
struct control {
	char url[IGD_URL_BYTES];
	char type[IGD_DESC_TYPE_BYTES];
	unsigned int version;
};

struct worker {
	int sandbox;
	struct addr gateway;
	char lan[ADDRESS_BYTES]; /* our address as the router sees it */
	struct control control;
	bool is_open;
	struct igd_firewall firewall; /* over IPv6 */
};

/* What the library returns, in the words of igd_wire.h. */
static int code_of(int library_code)
{
	if (library_code >= 0)
		return library_code;
	return library_code == UPNPCOMMAND_HTTP_ERROR ? IGD_UNREACHABLE
						      : IGD_NONSENSE;
}

static const char *protocol_word(uint32_t protocol)
{
	return protocol == IGD_TCP ? "TCP" : "UDP";
}

static uint32_t number_of(const char *text, uint32_t max)
{
	unsigned long long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return 0;
	value = strtoull(text, &end, 10);
	return *end != '\0' || value > max ? 0 : (uint32_t)value;
}

/* The library puts arguments into the XML as they are. */
static void escape_xml(const char *text, char buf[ESCAPED_BYTES])
{
	static const char special[] = "&<>\"'";
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;",
					       "&quot;", "&apos;"};
	const char *found;

	for (buf[0] = '\0'; *text; text++) {
		found = strchr(special, *text);
		if (found)
			buf = stpcpy(buf, entities[found - special]);
		else
			*buf++ = *text;
		*buf = '\0';
	}
}

static int ask_external(const struct control *c, struct addr *ret_external)
{
	char text[NUMBER_BYTES] = "";
	int code = code_of(UPNP_GetExternalIPAddress(c->url, c->type, text));
	struct addr external;

	if (code != IGD_OK)
		return code;
	if (addr_parse(text, &external) == 0 &&
	    addr_classify(&external) != ADDR_UNSPECIFIED)
		*ret_external = external;
	return IGD_OK;
}

static void add_candidate(const struct worker *w, const char *base,
			  const struct igd_service *service,
			  enum igd_url_join how, struct control *list,
			  size_t *count)
{
	struct control c = {.version = igd_service_version(service)};
	char joined[IGD_URL_BYTES];

	if (igd_url_join(base, service->control, how, joined) < 0 ||
	    !igd_url_is_admitted(igd_url_admit(joined, &w->gateway, c.url)))
		return;
	snprintf(c.type, sizeof(c.type), "%s", service->type);
	for (size_t i = 0; i < *count; i++)
		if (strcmp(list[i].url, c.url) == 0 &&
		    strcmp(list[i].type, c.type) == 0)
			return;
	list[(*count)++] = c;
}

/* Every service at every place that its URL may mean. */
static size_t list_candidates(const struct worker *w,
			      const struct igd_desc *desc, const char *location,
			      struct control list[CANDIDATES])
{
	char admitted[IGD_URL_BYTES];
	const char *base = location;
	size_t count = 0;

	if (desc->base[0] && igd_url_is_admitted(igd_url_admit(
				 desc->base, &w->gateway, admitted)))
		base = admitted;
	for (size_t i = 0; i < desc->service_count; i++) {
		add_candidate(w, base, &desc->services[i], IGD_JOIN_ROOT, list,
			      &count);
		add_candidate(w, base, &desc->services[i], IGD_JOIN_DIRECTORY,
			      list, &count);
	}
	return count;
}

/* A public address, any address, an error that a router gives, nothing. */
static int rank_of(int code, const struct addr *external)
{
	if (code < 0)
		return 0;
	if (!addr_is_set(external))
		return 1;
	return addr_classify(external) == ADDR_PUBLIC ? 3 : 2;
}

/* Asks each for the external address and keeps the best in w->control. */
static int pick_control(struct worker *w, const struct control *list,
			size_t count, struct igd_answer *answer)
{
	int best = 0, rank, code, first_failure = IGD_OK;
	struct addr external;

	for (size_t i = 0; i < count && best < 3; i++) {
		external = (struct addr){0};
		code = ask_external(&list[i], &external);
		if (code < 0 && first_failure == IGD_OK)
			first_failure = code;
		rank = rank_of(code, &external);
		if (rank <= best)
			continue;
		best = rank;
		w->control = list[i];
		answer->external = external;
	}
	return best ? IGD_OK : first_failure;
}

static int open_description(struct worker *w, const struct igd_request *request,
			    struct igd_desc *ret_desc)
{
	int size = 0, status = 0, found;
	char *xml;

	w->lan[0] = '\0';
	xml = miniwget_getaddr(request->url, &size, w->lan, sizeof(w->lan),
			       w->gateway.scope, &status);
	if (!xml || size <= 0) {
		free(xml);
		return IGD_UNREACHABLE;
	}
	found = igd_desc_parse(xml, (size_t)size, ret_desc);
	free(xml);
	return found < 0 ? IGD_NO_SERVICE : IGD_OK;
}

static int do_open(struct worker *w, const struct igd_request *request,
		   struct igd_answer *answer)
{
	struct control list[CANDIDATES];
	char admitted[IGD_URL_BYTES];
	struct igd_desc desc;
	size_t count;
	int code;

	w->is_open = false;
	w->gateway = request->gateway;
	answer->sandbox = (uint32_t)w->sandbox;
	/* The daemon has judged it; what stands alone judges again. */
	if (igd_url_admit(request->url, &w->gateway, admitted) != IGD_URL_OK)
		return IGD_URL_REFUSED;
	code = open_description(w, request, &desc);
	if (code != IGD_OK)
		return code;
	if (addr_is_set(&request->client))
		addr_format(&request->client, w->lan, sizeof(w->lan));
	count = list_candidates(w, &desc, request->url, list);
	if (count == 0)
		return IGD_URL_REFUSED;
	code = pick_control(w, list, count, answer);
	if (code != IGD_OK)
		return code;
	w->is_open = true;
	answer->version = w->control.version;
	answer->services = (uint32_t)desc.service_count;
	addr_parse(w->lan, &answer->lan);
	snprintf(answer->text, sizeof(answer->text), "%s",
		 desc.model[0] ? desc.model : desc.maker);
	return IGD_OK;
}

static int do_external(struct worker *w, struct igd_answer *answer)
{
	return ask_external(&w->control, &answer->external);
}

static int do_status(struct worker *w, struct igd_answer *answer)
{
	char status[64] = "", error[64] = "";
	unsigned int uptime_s = 0;

	if (UPNP_GetStatusInfo(w->control.url, w->control.type, status,
			       &uptime_s, error) == UPNPCOMMAND_SUCCESS)
		answer->uptime_s = uptime_s;
	snprintf(answer->text, sizeof(answer->text), "%s", status);
	return do_external(w, answer);
}

static int do_get(struct worker *w, const struct igd_request *request,
		  struct igd_entry *entry)
{
	char port[PORT_BYTES], client[NUMBER_BYTES] = "";
	char internal[PORT_BYTES] = "", enabled[4] = "";
	char lease[NUMBER_BYTES] = "";
	int code;

	snprintf(port, sizeof(port), "%u", request->external_port & 0xffff);
	code = code_of(UPNP_GetSpecificPortMappingEntry(
	    w->control.url, w->control.type, port,
	    protocol_word(request->protocol), NULL, client, internal,
	    entry->description, enabled, lease));
	entry->protocol = request->protocol;
	entry->external_port = request->external_port;
	if (code != IGD_OK)
		return code;
	entry->internal_port = number_of(internal, UINT16_MAX);
	entry->lease_s = number_of(lease, UINT32_MAX);
	/* Some leave it out; nobody lists what is switched off that way. */
	entry->is_enabled = enabled[0] == '\0' || enabled[0] == '1';
	addr_parse(client, &entry->client);
	return IGD_OK;
}

/* A 'yes' proves nothing: a login page has no error code either. */
static int read_back(struct worker *w, const struct igd_request *request,
		     struct igd_entry *entry)
{
	struct addr lan = {0};
	int code = do_get(w, request, entry);

	addr_parse(w->lan, &lan);
	if (code == IGD_INVALID_ACTION || code == IGD_UNIMPLEMENTED) {
		entry->internal_port = request->internal_port;
		entry->lease_s = request->lease_s;
		entry->is_enabled = 1;
		entry->client = lan;
		return IGD_OK;
	}
	if (code < 0)
		return code;
	/* Several routers say 501 where 714 is meant. */
	if (code != IGD_OK || !entry->is_enabled)
		return IGD_NOT_IN_TABLE;
	if (!addr_equal(&entry->client, &lan) ||
	    entry->internal_port != request->internal_port)
		return IGD_CONFLICT_IN_ENTRY;
	return IGD_OK;
}

static int do_add(struct worker *w, const struct igd_request *request,
		  struct igd_entry *entry)
{
	char external[PORT_BYTES], internal[PORT_BYTES];
	char reserved[PORT_BYTES] = "", lease[NUMBER_BYTES];
	char description[ESCAPED_BYTES];
	const char *protocol = protocol_word(request->protocol);
	struct igd_request granted = *request;
	int code;

	snprintf(external, sizeof(external), "%u",
		 request->external_port & 0xffff);
	snprintf(internal, sizeof(internal), "%u",
		 request->internal_port & 0xffff);
	snprintf(lease, sizeof(lease), "%u", request->lease_s);
	escape_xml(request->description, description);
	if (request->verb == IGD_ADD)
		code = UPNP_AddPortMapping(w->control.url, w->control.type,
					   external, internal, w->lan,
					   description, protocol, NULL, lease);
	else
		code = UPNP_AddAnyPortMapping(
		    w->control.url, w->control.type, external, internal, w->lan,
		    description, protocol, NULL, lease, reserved);
	if (code != UPNPCOMMAND_SUCCESS)
		return code_of(code);
	if (request->verb == IGD_ADD_ANY)
		granted.external_port = number_of(reserved, UINT16_MAX);
	if (granted.external_port == 0)
		return IGD_NONSENSE;
	return read_back(w, &granted, entry);
}

static int do_delete(struct worker *w, const struct igd_request *request)
{
	char port[PORT_BYTES];

	snprintf(port, sizeof(port), "%u", request->external_port & 0xffff);
	return code_of(
	    UPNP_DeletePortMapping(w->control.url, w->control.type, port,
				   protocol_word(request->protocol), NULL));
}

static void send_answer(const struct igd_answer *answer)
{
	char line[IGD_WIRE_LINE_BYTES];
	int len = igd_answer_format(answer, line, sizeof(line));

	if (len < 0 || send(WIRE_FD, line, (size_t)len, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

static int list_one(struct worker *w, uint32_t index, struct igd_entry *entry)
{
	char number[NUMBER_BYTES], external[PORT_BYTES] = "";
	char client[NUMBER_BYTES] = "", internal[PORT_BYTES] = "";
	char protocol[4] = "", enabled[4] = "", remote[64] = "";
	char lease[NUMBER_BYTES] = "";
	int code;

	snprintf(number, sizeof(number), "%u", index);
	code = code_of(UPNP_GetGenericPortMappingEntry(
	    w->control.url, w->control.type, number, external, client, internal,
	    protocol, entry->description, enabled, remote, lease));
	entry->protocol = protocol[0] == 'T' ? IGD_TCP : IGD_UDP;
	entry->external_port = number_of(external, UINT16_MAX);
	entry->internal_port = number_of(internal, UINT16_MAX);
	entry->lease_s = number_of(lease, UINT32_MAX);
	entry->is_enabled = enabled[0] != '0';
	addr_parse(client, &entry->client);
	return code;
}

static int do_list(struct worker *w, const struct igd_request *request)
{
	struct igd_answer answer;
	int code;

	for (uint32_t i = 0; i < request->limit; i++) {
		answer =
		    (struct igd_answer){.id = request->id, .part = IGD_MORE};
		code = list_one(w, i, &answer.entry);
		if (code < 0)
			return code;
		/* Behind the last: 713, and what else routers say for it. */
		if (code != IGD_OK)
			return i > 0 || code == IGD_ARRAY_INDEX_INVALID ||
				       code == IGD_NO_SUCH_ENTRY
				   ? IGD_OK
				   : code;
		send_answer(&answer);
	}
	return IGD_OK;
}

static int perform(struct worker *w, const struct igd_request *request,
		   struct igd_answer *answer)
{
	if (request->verb == IGD_OPEN)
		return do_open(w, request, answer);
	if (request->verb >= IGD_PINHOLE_OPEN)
		return igd_firewall_perform(&w->firewall, request, answer);
	if (!w->is_open)
		return IGD_NOT_OPEN;
	switch ((enum igd_verb)request->verb) {
	case IGD_STATUS:
		return do_status(w, answer);
	case IGD_EXTERNAL:
		return do_external(w, answer);
	case IGD_ADD:
	case IGD_ADD_ANY:
		/* 0 means every port to a router. */
		return request->external_port && request->internal_port
			   ? do_add(w, request, &answer->entry)
			   : IGD_BAD_REQUEST;
	case IGD_DELETE:
		return do_delete(w, request);
	case IGD_GET:
		return do_get(w, request, &answer->entry);
	case IGD_LIST:
		return do_list(w, request);
	case IGD_OPEN:
	case IGD_PINHOLE_OPEN:
	case IGD_PINHOLE_ADD:
	case IGD_PINHOLE_UPDATE:
	case IGD_PINHOLE_DELETE:
	case IGD_PINHOLE_STATUS:
		break;
	}
	return IGD_BAD_REQUEST;
}

static void answer_line(struct worker *w, const char *line, size_t len)
{
	struct igd_answer answer = {.part = IGD_END};
	struct igd_request request;

	if (igd_request_parse(line, len, &request) < 0) {
		answer.code = IGD_BAD_REQUEST;
	} else {
		answer.id = request.id;
		answer.code = perform(w, &request, &answer);
	}
	send_answer(&answer);
}

static bool has_wire(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(WIRE_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

int main(void)
{
	struct worker w = {0};
	char line[IGD_WIRE_LINE_BYTES];
	ssize_t len;

	/* A stop reaches the whole group; the daemon still has mappings to
	 * delete then, and closes the socket when it is done. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (!has_wire()) {
		fputs("traversald-igd is started by traversald\n", stderr);
		return EXIT_USAGE;
	}
	w.sandbox = igd_sandbox_enter();
	if (w.sandbox < 0)
		_exit(EXIT_PROTECTED);
	for (;;) {
		len = recv(WIRE_FD, line, sizeof(line), 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			_exit(EXIT_SUCCESS);
		answer_line(&w, line, (size_t)len);
	}
}
