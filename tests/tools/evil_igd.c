/*
 * evil_igd: a UPnP router that misbehaves as told. It talks only and forwards
 * nothing. For the lab; not installed.
 *
 * usage: evil_igd ADDRESS PORT [WORD=VALUE...]
 *   Answers searches at ADDRESS:1900 and HTTP at ADDRESS:PORT, and prints a
 *   line for each request. A word is the name of a SOAP action, "desc" for the
 *   description, or "any" for every action; its value is what happens then:
 *     good      as a router should (the default)
 *     body      an endless body          headers   endless headers
 *     drip      a byte a second          silence   nothing, connection open
 *     huge      4 GB announced, a little of it comes
 *     html      200 and a login page     reset     connection reset
 *     once      reset the first time, then good
 *     empty     200 and nothing          void      says yes, does nothing
 *     late      does it, answers after 6 s
 *     NUMBER    that UPnP error
 *   or it is one of these:
 *     external=ADDRESS  lease-max=S  lease-only=S (else error 725)
 *     location=URL  urlbase=URL  control=URL  type=SERVICE-TYPE  bootid=N
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define RULES         16
#define ENTRIES       64
#define REQUEST_BYTES 8192
#define TEXT_BYTES    256
#define LATE_S        6

struct rule {
	const char *action;
	const char *mode;
	unsigned int uses;
};

struct entry {
	char external[8], protocol[8], internal[8], lease[16];
	char client[64], description[128];
};

struct router {
	const char *address;
	unsigned int port;
	struct rule rules[RULES];
	size_t rule_count;
	struct entry entries[ENTRIES];
	size_t entry_count;
	const char *external, *location, *urlbase, *control, *type, *bootid;
	const char *lease_max, *lease_only;
};

static void write_text(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

static void __attribute__((format(printf, 3, 4)))
reply(int fd, const char *status, const char *format, ...)
{
	char body[4096], head[TEXT_BYTES];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(body, sizeof(body), format, args);
	va_end(args);
	snprintf(head, sizeof(head),
		 "HTTP/1.1 %s\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"
		 "Content-Length: %d\r\nConnection: close\r\n\r\n",
		 status, len);
	write_text(fd, head);
	write_text(fd, body);
}

/* --- misbehaviour --------------------------------------------------------- */

static void flood(int fd, const char *head, const char *unit)
{
	char block[65536];
	size_t len = strlen(unit);

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = unit[i % len];
	write_text(fd, head);
	while (write(fd, block, sizeof(block)) > 0)
		continue;
}

static void drip(int fd)
{
	write_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
	while (write(fd, " ", 1) > 0)
		sleep(1);
}

static void reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* Does what MODE says; false when it is none of these. Those that take long do
 * it in a process of their own. */
static bool misbehave(int fd, const char *mode)
{
	if (strcmp(mode, "reset") == 0) {
		reset(fd);
		return true;
	}
	if (strcmp(mode, "html") == 0) {
		reply(fd, "200 OK", "<html><body>Please log in</body></html>");
		return true;
	}
	if (strcmp(mode, "empty") == 0) {
		reply(fd, "200 OK", "%s", "");
		return true;
	}
	if (strcmp(mode, "body") && strcmp(mode, "headers") &&
	    strcmp(mode, "drip") && strcmp(mode, "huge") &&
	    strcmp(mode, "silence"))
		return false;
	if (fork() != 0)
		return true;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (strcmp(mode, "body") == 0)
		flood(fd, "HTTP/1.1 200 OK\r\n\r\n", "<a>x</a>");
	else if (strcmp(mode, "headers") == 0)
		flood(fd, "HTTP/1.1 200 OK\r\n", "X-Filler: aaaaaaaaaa\r\n");
	else if (strcmp(mode, "drip") == 0)
		drip(fd);
	else if (strcmp(mode, "huge") == 0)
		write_text(fd, "HTTP/1.1 200 OK\r\n"
			       "Content-Length: 4294967295\r\n\r\n<root>");
	/* What comes to an end leaves the connection open. */
	sleep(60);
	_exit(0);
}

static const char *mode_of(struct router *r, const char *action)
{
	struct rule *rule;

	for (size_t i = 0; i < r->rule_count; i++) {
		rule = &r->rules[i];
		if (strcmp(rule->action, action) != 0 &&
		    (strcmp(rule->action, "any") != 0 ||
		     strcmp(action, "desc") == 0))
			continue;
		if (strcmp(rule->mode, "once") == 0)
			return rule->uses++ ? "good" : "reset";
		return rule->mode;
	}
	return "good";
}

/* --- the router's table --------------------------------------------------- */

static void argument(const char *request, const char *name, char *buf,
		     size_t buf_bytes)
{
	char tag[TEXT_BYTES];
	const char *at;

	snprintf(tag, sizeof(tag), "<%s>", name);
	at = strstr(request, tag);
	at = at ? at + strlen(tag) : "";
	snprintf(buf, buf_bytes, "%.*s", (int)strcspn(at, "<"), at);
}

static struct entry entry_of(const char *request)
{
	struct entry e;

	argument(request, "NewExternalPort", e.external, sizeof(e.external));
	argument(request, "NewProtocol", e.protocol, sizeof(e.protocol));
	argument(request, "NewInternalPort", e.internal, sizeof(e.internal));
	argument(request, "NewInternalClient", e.client, sizeof(e.client));
	argument(request, "NewLeaseDuration", e.lease, sizeof(e.lease));
	argument(request, "NewPortMappingDescription", e.description,
		 sizeof(e.description));
	return e;
}

static struct entry *find_entry(struct router *r, const struct entry *like)
{
	for (size_t i = 0; i < r->entry_count; i++)
		if (strcmp(r->entries[i].external, like->external) == 0 &&
		    strcmp(r->entries[i].protocol, like->protocol) == 0)
			return &r->entries[i];
	return NULL;
}

static int add_entry(struct router *r, struct entry *e)
{
	struct entry *old = find_entry(r, e);

	if (r->lease_only && strcmp(e->lease, r->lease_only) != 0)
		return 725;
	if (r->lease_max && atol(e->lease) > atol(r->lease_max))
		snprintf(e->lease, sizeof(e->lease), "%s", r->lease_max);
	if (old && strcmp(old->client, e->client) != 0)
		return 718;
	if (!old && r->entry_count == ENTRIES)
		return 728;
	*(old ? old : &r->entries[r->entry_count++]) = *e;
	return 0;
}

static void fault(int fd, int code)
{
	reply(fd, "500 Internal Server Error",
	      "<s:Envelope><s:Body><s:Fault><detail><UPnPError><errorCode>%d"
	      "</errorCode></UPnPError></detail></s:Fault></s:Body>"
	      "</s:Envelope>",
	      code);
}

static void answer(int fd, const char *action, const char *arguments)
{
	reply(fd, "200 OK",
	      "<s:Envelope><s:Body><u:%sResponse>%s</u:%sResponse></s:Body>"
	      "</s:Envelope>",
	      action, arguments, action);
}

static void answer_entry(int fd, const char *action, const struct entry *e)
{
	char text[1024];

	if (!e) {
		fault(fd, strstr(action, "Generic") ? 713 : 714);
		return;
	}
	snprintf(text, sizeof(text),
		 "<NewRemoteHost></NewRemoteHost>"
		 "<NewExternalPort>%s</NewExternalPort>"
		 "<NewProtocol>%s</NewProtocol>"
		 "<NewInternalPort>%s</NewInternalPort>"
		 "<NewInternalClient>%s</NewInternalClient>"
		 "<NewEnabled>1</NewEnabled>"
		 "<NewPortMappingDescription>%s</NewPortMappingDescription>"
		 "<NewLeaseDuration>%s</NewLeaseDuration>",
		 e->external, e->protocol, e->internal, e->client,
		 e->description, e->lease);
	answer(fd, action, text);
}

static void act(struct router *r, int fd, const char *action,
		const char *request, const char *mode)
{
	struct entry e = entry_of(request), *found = find_entry(r, &e);
	char text[TEXT_BYTES] = "";
	int code = 0;

	if (strcmp(action, "GetSpecificPortMappingEntry") == 0) {
		answer_entry(fd, action, found);
		return;
	}
	if (strcmp(action, "GetGenericPortMappingEntry") == 0) {
		argument(request, "NewPortMappingIndex", text, sizeof(text));
		answer_entry(fd, action,
			     (size_t)atoi(text) < r->entry_count
				 ? &r->entries[atoi(text)]
				 : NULL);
		return;
	}
	if (strcmp(action, "AddPortMapping") == 0 && strcmp(mode, "void"))
		code = add_entry(r, &e);
	else if (strcmp(action, "DeletePortMapping") == 0 && !found)
		code = 714;
	else if (strcmp(action, "DeletePortMapping") == 0)
		*found = r->entries[--r->entry_count];
	else if (strcmp(action, "GetExternalIPAddress") == 0)
		snprintf(text, sizeof(text),
			 "<NewExternalIPAddress>%s</NewExternalIPAddress>",
			 r->external);
	else if (strcmp(action, "AddAnyPortMapping") == 0)
		code = 401;
	if (strcmp(mode, "late") == 0)
		sleep(LATE_S);
	if (code)
		fault(fd, code);
	else
		answer(fd, action, text);
}

/* --- HTTP ----------------------------------------------------------------- */

static void describe(struct router *r, int fd)
{
	char base[TEXT_BYTES] = "";

	if (r->urlbase)
		snprintf(base, sizeof(base), "<URLBase>%s</URLBase>",
			 r->urlbase);
	reply(fd, "200 OK",
	      "<?xml version=\"1.0\"?><root>%s<device><deviceType>"
	      "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
	      "</deviceType><manufacturer>Evil</manufacturer><modelName>"
	      "Router \x1b]0;x\a</modelName><serviceList><service>"
	      "<serviceType>%s</serviceType><controlURL>%s</controlURL>"
	      "</service></serviceList></device></root>",
	      base, r->type, r->control);
}

/* Reads a whole request: until its headers and what Content-Length says. */
static void read_request(int fd, char *buf, size_t cap)
{
	size_t len = 0;
	ssize_t n;
	char *body, *length;

	for (;;) {
		n = read(fd, buf + len, cap - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		buf[len] = '\0';
		body = strstr(buf, "\r\n\r\n");
		length = strcasestr(buf, "\r\nContent-Length:");
		if (body &&
		    (!length || buf + len - (body + 4) >= atol(length + 17)))
			break;
	}
	buf[len] = '\0';
}

static void serve_http(struct router *r, int listener)
{
	char request[REQUEST_BYTES], action[64] = "desc";
	const char *at, *mode;
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	read_request(fd, request, sizeof(request));
	at = strcasestr(request, "\r\nSOAPAction:");
	at = at ? strchr(at, '#') : NULL;
	if (at)
		snprintf(action, sizeof(action), "%.*s",
			 (int)strcspn(at + 1, "\"\r\n"), at + 1);
	mode = mode_of(r, action);
	printf("%s %s\n", action, mode);
	fflush(stdout);
	if (atoi(mode) > 0)
		fault(fd, atoi(mode));
	else if (misbehave(fd, mode))
		;
	else if (strcmp(action, "desc") == 0)
		describe(r, fd);
	else
		act(r, fd, action, request, mode);
	close(fd);
}

static void serve_ssdp(struct router *r, int fd)
{
	char buf[2048], text[1024], target[TEXT_BYTES], *at;
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(fd, buf, sizeof(buf) - 1, 0,
			       (struct sockaddr *)&from, &from_len);

	if (len <= 0)
		return;
	buf[len] = '\0';
	at = strstr(buf, "\r\nST: ");
	if (!at)
		return;
	snprintf(target, sizeof(target), "%.*s", (int)strcspn(at + 6, "\r"),
		 at + 6);
	len = snprintf(text, sizeof(text),
		       "HTTP/1.1 200 OK\r\nST: %s\r\nUSN: uuid:evil::%s\r\n"
		       "LOCATION: %s\r\nBOOTID.UPNP.ORG: %s\r\n\r\n",
		       target, target, r->location, r->bootid);
	sendto(fd, text, (size_t)len, 0, (struct sockaddr *)&from, from_len);
}

static int open_socket(int type, const char *address, unsigned int port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, type, 0), on = 1;

	if (!inet_aton(address, &sa.sin_addr))
		errno = EINVAL;
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ==
		     0 &&
		 bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
		 (type != SOCK_STREAM || listen(fd, 16) == 0))
		return fd;
	perror("evil_igd");
	exit(1);
}

static void take_word(struct router *r, char *word)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {
	    {"external", &r->external},   {"location", &r->location},
	    {"urlbase", &r->urlbase},     {"control", &r->control},
	    {"type", &r->type},           {"bootid", &r->bootid},
	    {"lease-max", &r->lease_max}, {"lease-only", &r->lease_only},
	};
	char *equals = strchr(word, '=');

	if (!equals || r->rule_count == RULES)
		exit(64);
	*equals = '\0';
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(options[i].name, word) == 0) {
			*options[i].value = equals + 1;
			return;
		}
	r->rules[r->rule_count++] = (struct rule){word, equals + 1, 0};
}

int main(int argc, char **argv)
{
	struct router r = {.external = "11.22.33.2",
			   .control = "/ctl",
			   .type =
			       "urn:schemas-upnp-org:service:WANIPConnection:1",
			   .bootid = "1"};
	char location[TEXT_BYTES];
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};

	if (argc < 3)
		return 64;
	r.address = argv[1];
	r.port = (unsigned int)atoi(argv[2]);
	snprintf(location, sizeof(location), "http://%s:%u/desc.xml", r.address,
		 r.port);
	r.location = location;
	for (int i = 3; i < argc; i++)
		take_word(&r, argv[i]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	fds[0].fd = open_socket(SOCK_STREAM, r.address, r.port);
	fds[1].fd = open_socket(SOCK_DGRAM, r.address, 1900);
	puts("ready");
	fflush(stdout);
	while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
		if (fds[0].revents & POLLIN)
			serve_http(&r, fds[0].fd);
		if (fds[1].revents & POLLIN)
			serve_ssdp(&r, fds[1].fd);
	}
	return 1;
}
