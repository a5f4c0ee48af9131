#include "igd_firewall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "igd_http.h"
#include "igd_soap.h"

#define NUMBER_BYTES 16
#define ARGUMENTS    6

/* Fetches PATH of the gateway at the port of URL. Returns a code and, with 0,
 * the owned bytes. */
static int fetch(const struct igd_firewall *f, const char *url,
		 const char *action, const char *body, char **ret_bytes,
		 struct http_reply *ret_reply)
{
	struct igd_http_request request = {
	    .server = {.addr = f->gateway},
	    .source = f->source,
	    .action = action,
	    .body = body,
	};
	char *bytes;
	int code;

	if (igd_url_locate(url, &request.server.port, &request.path) < 0)
		return IGD_URL_REFUSED;
	bytes = malloc(IGD_HTTP_BYTES);
	if (!bytes)
		return IGD_UNREACHABLE;
	code = igd_http_fetch(&request, bytes, ret_reply);
	if (code != IGD_OK) {
		free(bytes);
		return code;
	}
	*ret_bytes = bytes;
	return IGD_OK;
}

static int call(const struct igd_firewall *f, const char *action,
		const struct igd_soap_argument *arguments, size_t count,
		struct igd_soap_reply *ret_reply)
{
	char header[IGD_DESC_TYPE_BYTES + 64], body[IGD_SOAP_BYTES];
	struct http_reply http;
	char *bytes;
	int code;

	if (igd_soap_format(f->service.type, action, arguments, count, body,
			    sizeof(body)) < 0)
		return IGD_BAD_REQUEST;
	snprintf(header, sizeof(header), "%s#%s", f->service.type, action);
	code = fetch(f, f->control, header, body, &bytes, &http);
	if (code != IGD_OK)
		return code;
	*ret_reply =
	    igd_soap_parse(bytes + http.body_at, http.body_len, action);
	free(bytes);
	return ret_reply->code;
}

static int read_description(struct igd_firewall *f, const char *url)
{
	struct http_reply http;
	struct igd_desc desc;
	char *bytes;
	int code = fetch(f, url, NULL, NULL, &bytes, &http);

	if (code != IGD_OK)
		return code;
	(void)igd_desc_parse(bytes + http.body_at, http.body_len, &desc);
	free(bytes);
	if (desc.firewall.control[0] == '\0')
		return IGD_NO_SERVICE;
	f->service = desc.firewall;
	return IGD_OK;
}

static int do_status(const struct igd_firewall *f)
{
	struct igd_soap_reply reply = {.code = 0};
	int code = call(f, "GetFirewallStatus", NULL, 0, &reply);

	if (code != IGD_OK)
		return code;
	return reply.is_allowed == 0 ? IGD_PINHOLE_NOT_ALLOWED : IGD_OK;
}

/* A control URL without a slash means one place or another. */
static int try_control(struct igd_firewall *f, const char *base,
		       enum igd_url_join how)
{
	char joined[IGD_URL_BYTES];

	if (igd_url_join(base, f->service.control, how, joined) < 0 ||
	    igd_url_move(joined, &f->gateway, f->control) != IGD_URL_OK)
		return IGD_URL_REFUSED;
	return do_status(f);
}

static int do_open(struct igd_firewall *f, const struct igd_request *request)
{
	char url[IGD_URL_BYTES];
	int code;

	f->is_open = false;
	f->gateway = request->gateway;
	f->source = request->client;
	/* The daemon has judged it; what stands alone judges again. */
	if (igd_url_move(request->url, &f->gateway, url) != IGD_URL_OK)
		return IGD_URL_REFUSED;
	code = read_description(f, url);
	if (code != IGD_OK)
		return code;
	code = try_control(f, url, IGD_JOIN_ROOT);
	if (code < 0)
		code = try_control(f, url, IGD_JOIN_DIRECTORY);
	f->is_open = code >= 0;
	return code;
}

static int do_add(const struct igd_firewall *f,
		  const struct igd_request *request, struct igd_answer *answer)
{
	char client[ADDR_TEXT_BYTES], port[NUMBER_BYTES], lease[NUMBER_BYTES];
	const struct igd_soap_argument arguments[ARGUMENTS] = {
	    {"RemoteHost", ""},
	    {"RemotePort", "0"},
	    {"InternalClient", addr_format(&f->source, client, sizeof(client))},
	    {"InternalPort", port},
	    /* IANA protocol numbers. */
	    {"Protocol", request->protocol == IGD_TCP ? "6" : "17"},
	    {"LeaseTime", lease},
	};
	struct igd_soap_reply reply = {.code = 0};
	int code;

	if (request->internal_port == 0)
		return IGD_BAD_REQUEST;
	snprintf(port, sizeof(port), "%u", request->internal_port);
	snprintf(lease, sizeof(lease), "%u", request->lease_s);
	code = call(f, "AddPinhole", arguments, ARGUMENTS, &reply);
	answer->unique = reply.unique_id;
	return code;
}

static int do_update(const struct igd_firewall *f,
		     const struct igd_request *request)
{
	char unique[NUMBER_BYTES], lease[NUMBER_BYTES];
	const struct igd_soap_argument arguments[] = {{"UniqueID", unique},
						      {"NewLeaseTime", lease}};
	struct igd_soap_reply reply;

	snprintf(unique, sizeof(unique), "%u", request->unique);
	snprintf(lease, sizeof(lease), "%u", request->lease_s);
	return call(f, "UpdatePinhole", arguments, 2, &reply);
}

static int do_delete(const struct igd_firewall *f,
		     const struct igd_request *request)
{
	char unique[NUMBER_BYTES];
	const struct igd_soap_argument argument = {"UniqueID", unique};
	struct igd_soap_reply reply;

	snprintf(unique, sizeof(unique), "%u", request->unique);
	return call(f, "DeletePinhole", &argument, 1, &reply);
}

int igd_firewall_perform(struct igd_firewall *firewall,
			 const struct igd_request *request,
			 struct igd_answer *answer)
{
	if (request->verb == IGD_PINHOLE_OPEN)
		return do_open(firewall, request);
	if (!firewall->is_open)
		return IGD_NOT_OPEN;
	if (request->verb == IGD_PINHOLE_STATUS)
		return do_status(firewall);
	if (request->verb == IGD_PINHOLE_ADD)
		return do_add(firewall, request, answer);
	if (request->verb == IGD_PINHOLE_UPDATE)
		return do_update(firewall, request);
	if (request->verb == IGD_PINHOLE_DELETE)
		return do_delete(firewall, request);
	return IGD_BAD_REQUEST;
}
