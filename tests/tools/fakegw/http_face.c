#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faces.h"

#define REQUEST_BYTES 8192
#define VALUE_BYTES   128
#define HUGE_BYTES    (5 << 20)

static bool is(const char *knob, const char *word)
{
	return strcmp(knob, word) == 0;
}

static void send_text(int fd, const char *text, size_t len)
{
	(void)!send(fd, text, len, MSG_NOSIGNAL);
}

static void __attribute__((format(printf, 4, 5)))
reply(int fd, const char *status, const char *framing, const char *format, ...)
{
	char body[4096], text[5120];
	va_list args;
	int len;

	va_start(args, format);
	vsnprintf(body, sizeof(body), format, args);
	va_end(args);
	if (is(framing, "chunked"))
		len = snprintf(text, sizeof(text),
			       "HTTP/1.1 %s\r\nContent-Type: text/xml\r\n"
			       "Transfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n"
			       "0\r\n\r\n",
			       status, strlen(body), body);
	else if (is(framing, "nolength"))
		len = snprintf(text, sizeof(text),
			       "HTTP/1.0 %s\r\nContent-Type: text/xml\r\n\r\n"
			       "%s",
			       status, body);
	else
		len = snprintf(text, sizeof(text),
			       "HTTP/1.1 %s\r\nContent-Type: text/xml\r\n"
			       "Content-Length: %zu\r\n\r\n%s",
			       status, strlen(body), body);
	send_text(fd, text, (size_t)len);
}

static void reply_html(int fd)
{
	reply(fd, "200 OK", "",
	      "<html><body><form>Password: <input></form></body></html>");
}

/* --- the description -------------------------------------------------------
 */

static void write_service(const struct knobs *knobs, const char *type,
			  const char *url, char *buf, size_t cap)
{
	unsigned int version = is(type, "WANIPConnection") ? knobs->version : 1;

	snprintf(buf, cap,
		 "<service><serviceType>urn:%s:service:%s:%u</serviceType>"
		 "<serviceId>urn:x</serviceId><controlURL>%s</controlURL>"
		 "<eventSubURL>/e</eventSubURL><SCPDURL>/s</SCPDURL></service>",
		 is(knobs->desc, "dslforum") ? "dslforum-org"
					     : "schemas-upnp-org",
		 type, version, url);
}

static void write_services(const struct knobs *knobs, const char *base,
			   char *buf, size_t cap)
{
	char url[VALUE_BYTES] = "/ctl", dead[512] = "";

	if (is(knobs->desc, "relative"))
		strcpy(url, "ctl");
	else if (is(knobs->desc, "absolute"))
		snprintf(url, sizeof(url), "%s/ctl", base);
	if (is(knobs->desc, "second"))
		write_service(knobs, "WANPPPConnection", "/dead", dead,
			      sizeof(dead));
	snprintf(buf, cap, "%s", dead);
	write_service(knobs,
		      is(knobs->desc, "ppp") ? "WANPPPConnection"
					     : "WANIPConnection",
		      url, buf + strlen(buf), cap - strlen(buf));
}

static void send_huge(int fd)
{
	char block[4096];

	memset(block, ' ', sizeof(block));
	for (size_t sent = 0; sent < HUGE_BYTES; sent += sizeof(block))
		send_text(fd, block, sizeof(block));
}

static void send_description(int fd, const char *base,
			     const struct knobs *knobs)
{
	char services[1536];

	if (is(knobs->desc, "html")) {
		reply_html(fd);
		return;
	}
	if (is(knobs->desc, "huge")) {
		send_huge(fd);
		return;
	}
	write_services(knobs, base, services, sizeof(services));
	reply(fd, is(knobs->desc, "404") ? "404 Not Found" : "200 OK",
	      knobs->desc,
	      "<?xml version=\"1.0\"?>\n"
	      "<root xmlns=\"urn:schemas-upnp-org:device-1-0\">%s<device>"
	      "<deviceType>urn:schemas-upnp-org:device:"
	      "InternetGatewayDevice:%u</deviceType>"
	      "<modelName>fakegw (a fake)</modelName><deviceList><device>"
	      "<deviceType>urn:schemas-upnp-org:device:WANDevice:1"
	      "</deviceType><deviceList><device><deviceType>urn:"
	      "schemas-upnp-org:device:WANConnectionDevice:1</deviceType>"
	      "<serviceList>%s</serviceList></device></deviceList></device>"
	      "</deviceList></device></root>",
	      is(knobs->desc, "badbase") ? "<URLBase>http://0.0.0.0</URLBase>"
					 : "",
	      knobs->version, services);
}

/* --- actions ---------------------------------------------------------------
 */

struct call {
	int fd;
	const char *action;
	const char *body;
	const char *mode; /* the knob for this action */
	const char *type; /* of the service, for the answer */
	struct knobs *knobs;
};

/* The text of an argument, "" when it is missing. */
static const char *argument(const struct call *call, const char *name,
			    char value[VALUE_BYTES])
{
	char tag[VALUE_BYTES];
	const char *at;

	snprintf(tag, sizeof(tag), "<%s>", name);
	at = strstr(call->body, tag);
	snprintf(value, VALUE_BYTES, "%.*s",
		 at ? (int)strcspn(at + strlen(tag), "<") : 0,
		 at ? at + strlen(tag) : "");
	return value;
}

static unsigned int number(const struct call *call, const char *name)
{
	char value[VALUE_BYTES];

	return (unsigned int)strtoul(argument(call, name, value), NULL, 10);
}

static void fault(const struct call *call, unsigned int code)
{
	reply(call->fd, "500 Internal Server Error", call->mode,
	      "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/"
	      "\"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>"
	      "UPnPError</faultstring><detail><UPnPError xmlns=\"urn:schemas-"
	      "upnp-org:control-1-0\"><errorCode>%u</errorCode>"
	      "<errorDescription>as told</errorDescription></UPnPError>"
	      "</detail></s:Fault></s:Body></s:Envelope>",
	      code);
}

static void __attribute__((format(printf, 2, 3)))
result(const struct call *call, const char *format, ...)
{
	char fields[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(fields, sizeof(fields), format, args);
	va_end(args);
	reply(call->fd, "200 OK", call->mode,
	      "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas."
	      "xmlsoap.org/soap/envelope/\"><s:Body><u:%sResponse xmlns:u="
	      "\"%s\">%s</u:%sResponse></s:Body></s:Envelope>",
	      call->action, call->type, fields, call->action);
}

/* What the router says to this lease: 0 or an error. */
static unsigned int lease_error(const struct knobs *knobs, unsigned int lease_s)
{
	if (is(knobs->lease, "permanent") && lease_s)
		return 725;
	if (is(knobs->lease, "402") && lease_s)
		return 402;
	if (is(knobs->lease, "week") && lease_s != 604800)
		return 402;
	return 0;
}

static void add(const struct call *call, bool is_any)
{
	struct knobs *knobs = call->knobs;
	struct entry entry = {
	    .external = number(call, "NewExternalPort") + knobs->shift,
	    .internal = number(call, "NewInternalPort"),
	    .lease_s = number(call, "NewLeaseDuration"),
	};
	unsigned int error = lease_error(knobs, entry.lease_s);
	char value[VALUE_BYTES];

	snprintf(entry.protocol, sizeof(entry.protocol), "%.3s",
		 argument(call, "NewProtocol", value));
	snprintf(entry.client, sizeof(entry.client), "%.15s",
		 argument(call, "NewInternalClient", value));
	snprintf(entry.description, sizeof(entry.description), "%.79s",
		 argument(call, "NewPortMappingDescription", value));
	if (is_any && entry.external == knobs->taken)
		entry.external++;
	if (!error && entry.external < knobs->low)
		error = 501;
	if (!error && knobs->words_max &&
	    strlen(argument(call, "NewPortMappingDescription", value)) >
		knobs->words_max)
		error = 501;
	if (!error && entry.external == knobs->taken)
		error = is(knobs->add, "501") ? 501 : 718;
	if (knobs->lease_max && entry.lease_s > knobs->lease_max)
		entry.lease_s = knobs->lease_max;
	knobs->maps++;
	if (error) {
		fault(call, error);
		return;
	}
	/* Some say yes when their table is full. */
	if (!is(call->mode, "void"))
		knobs_add(knobs, &entry);
	/* It is done, and the answer never comes: see take_call(). */
	if (is(call->mode, "lost"))
		return;
	if (is_any)
		result(call, "<NewReservedPort>%u</NewReservedPort>",
		       entry.external);
	else
		result(call, "%s", "");
}

static struct entry *entry_of(const struct call *call)
{
	char protocol[VALUE_BYTES];

	argument(call, "NewProtocol", protocol);
	return knobs_find(call->knobs, protocol,
			  number(call, "NewExternalPort"));
}

static void get(const struct call *call)
{
	const struct entry *e = entry_of(call);

	if (!e) {
		fault(call, 714);
		return;
	}
	result(call,
	       "<NewInternalPort>%u</NewInternalPort><NewInternalClient>%s"
	       "</NewInternalClient><NewEnabled>1</NewEnabled>"
	       "<NewPortMappingDescription>%s</NewPortMappingDescription>"
	       "<NewLeaseDuration>%u</NewLeaseDuration>",
	       e->internal, e->client, e->description, e->lease_s);
}

static void drop(const struct call *call)
{
	struct entry *e = entry_of(call);

	if (e)
		knobs_drop(call->knobs, e);
	if (e)
		result(call, "%s", "");
	else
		fault(call, 714);
}

static void perform(const struct call *call)
{
	const char *action = call->action;

	if (is(action, "AddPortMapping"))
		add(call, false);
	else if (is(action, "AddAnyPortMapping"))
		add(call, true);
	else if (is(action, "GetSpecificPortMappingEntry"))
		get(call);
	else if (is(action, "DeletePortMapping"))
		drop(call);
	else if (is(action, "GetExternalIPAddress"))
		result(call, "<NewExternalIPAddress>%s</NewExternalIPAddress>",
		       call->knobs->external);
	else if (is(action, "GetStatusInfo"))
		result(call,
		       "<NewConnectionStatus>%s</NewConnectionStatus>"
		       "<NewLastConnectionError>ERROR_NONE"
		       "</NewLastConnectionError><NewUptime>%u</NewUptime>",
		       is(call->mode, "up") ? "Up" : "Connected",
		       epoch_now(call->knobs));
	else
		fault(call, 401);
}

static const char *mode_of(const struct knobs *knobs, const char *action)
{
	const char *mode = "ok";

	if (is(action, "AddPortMapping"))
		mode = knobs->add;
	else if (is(action, "AddAnyPortMapping"))
		mode = knobs->any;
	else if (is(action, "GetSpecificPortMappingEntry"))
		mode = knobs->get;
	else if (is(action, "DeletePortMapping"))
		mode = knobs->del;
	else if (is(action, "GetStatusInfo"))
		mode = knobs->status;
	return is(mode, "ok") ? knobs->soap : mode;
}

/* Returns whether the connection stays open for ever. */
static bool take_call(struct call *call)
{
	unsigned long code = strtoul(call->mode, NULL, 10);

	call->knobs->soaps++;
	if (is(call->mode, "hang"))
		return true;
	if (is(call->mode, "html"))
		reply_html(call->fd);
	else if (is(call->mode, "empty"))
		reply(call->fd, "200 OK", "", "%s", "");
	/* 501 in place of 718, for a port that is taken. */
	else if (code && !(code == 501 && call->knobs->taken))
		fault(call, (unsigned int)code);
	else
		perform(call);
	return is(call->mode, "lost");
}

/* --- the connection --------------------------------------------------------
 */

/* Reads a request; the body follows its headers in BUF. */
static bool read_request(int fd, bool is_one_packet, char *buf, size_t cap)
{
	const char *body, *length;
	size_t at = 0, wanted = 0;
	ssize_t n;

	while (at < cap - 1 && (n = recv(fd, buf + at, cap - 1 - at, 0)) > 0) {
		at += (size_t)n;
		buf[at] = '\0';
		body = strstr(buf, "\r\n\r\n");
		if (!body)
			continue;
		length = strcasestr(buf, "content-length:");
		wanted = length ? strtoul(length + 15, NULL, 10) : 0;
		if (at >= (size_t)(body + 4 - buf) + wanted)
			return true;
		if (is_one_packet)
			return false;
	}
	return false;
}

/* "type#action" out of the header SOAPAction, exactly so capitalised. */
static bool split_action(char *request, char **ret_type, char **ret_action)
{
	char *at = strstr(request, "\nSOAPAction: \""), *hash;

	if (!at)
		return false;
	at += strlen("\nSOAPAction: \"");
	hash = strchr(at, '#');
	if (!hash)
		return false;
	*hash = '\0';
	hash[1 + strcspn(hash + 1, "\"")] = '\0';
	*ret_type = at;
	*ret_action = hash + 1;
	return true;
}

/* Has the client said that it sends no more? */
static bool is_half_closed(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 50) > 0;
}

/* What the pickiest of them demand of a request for an action. */
static bool is_proper(const char *buf, const char *base)
{
	char host[96];
	const char *body, *protocol;

	snprintf(host, sizeof(host), "\r\nHost: %s\r\n", base + 7);
	if (!strstr(buf, host))
		return false;
	if (strncmp(buf, "POST", 4) != 0)
		return true;
	/* A line may end after the declaration. */
	body = strstr(buf, "<s:Envelope");
	if (!body || !strstr(buf, "\r\nContent-Type: text/xml"))
		return false;
	protocol = strstr(body, "<NewProtocol>");
	return !strstr(body, "> <") && !strstr(body, ">\n<") &&
	       !strstr(body, ">\r\n<") &&
	       (!protocol || strncmp(protocol + 13, "UDP<", 4) == 0);
}

static bool is_taken(int fd, const char *buf, const char *base,
		     const struct knobs *knobs)
{
	usleep(knobs->slow_ms * 1000);
	if (is(knobs->http, "packet"))
		return !is_half_closed(fd);
	return !is(knobs->http, "strict") || is_proper(buf, base);
}

void http_reset(int fd)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

void http_answer(int fd, const struct addr *self, unsigned int http_port,
		 struct knobs *knobs)
{
	const struct timeval patience = {.tv_sec = 2};
	char buf[REQUEST_BYTES], base[64], host[ADDR_TEXT_BYTES];
	char *type, *action, *body;
	bool stays = false;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	snprintf(base, sizeof(base), "http://%s:%u",
		 addr_format(self, host, sizeof(host)), http_port);
	if (!read_request(fd, is(knobs->http, "packet"), buf, sizeof(buf)) ||
	    !is_taken(fd, buf, base, knobs)) {
		close(fd);
		return;
	}
	if (knobs->resets) {
		knobs->resets--;
		http_reset(fd);
		return;
	}
	body = strstr(buf, "\r\n\r\n");
	if (strncmp(buf, "GET", 3) == 0) {
		send_description(fd, base, knobs);
	} else if (strncmp(buf, "POST /ctl ", 10) == 0 &&
		   split_action(buf, &type, &action)) {
		struct call call = {.fd = fd,
				    .action = action,
				    .body = body,
				    .mode = mode_of(knobs, action),
				    .type = type,
				    .knobs = knobs};

		stays = take_call(&call);
	} else {
		reply(fd, "404 Not Found", "", "%s", "");
	}
	if (!stays)
		close(fd);
}
