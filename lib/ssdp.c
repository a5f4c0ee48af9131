#include "ssdp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A piece of the datagram, not terminated. */
struct span {
	const char *text;
	size_t len;
};

/* The headers of a message before they are judged. */
struct headers {
	struct span location, st, nt, nts, usn, server, bootid;
};

static const char *const target_names[SSDP_TARGET_COUNT] = {
    [SSDP_IGD_1] = "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    [SSDP_IGD_2] = "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    [SSDP_WANIP_1] = "urn:schemas-upnp-org:service:WANIPConnection:1",
    [SSDP_WANPPP_1] = "urn:schemas-upnp-org:service:WANPPPConnection:1",
    [SSDP_ROOTDEVICE] = "upnp:rootdevice",
};

/* IGD:2 section 2.1 names the devices inside a gateway. */
static const char *const gateway_parts[] = {
    ":device:InternetGatewayDevice:", ":device:WANDevice:",
    ":device:WANConnectionDevice:",   ":service:WANIPConnection:",
    ":service:WANPPPConnection:",
};

const char *ssdp_target_name(enum ssdp_target target)
{
	return target_names[target];
}

int ssdp_search_format(enum ssdp_target target, const struct addr *host,
		       char *buf, size_t buf_bytes)
{
	struct endpoint to = {.addr = *host, .port = SSDP_PORT};
	char host_text[ENDPOINT_TEXT_BYTES];
	char mx[16] = "";
	int len;

	if (addr_classify(host) == ADDR_MULTICAST)
		snprintf(mx, sizeof(mx), "MX: %d\r\n", SSDP_MX_S);
	len = snprintf(buf, buf_bytes,
		       "M-SEARCH * HTTP/1.1\r\n"
		       "HOST: %s\r\n"
		       "MAN: \"ssdp:discover\"\r\n"
		       "%s"
		       "ST: %s\r\n"
		       "\r\n",
		       endpoint_format(&to, host_text, sizeof(host_text)), mx,
		       target_names[target]);
	return len < 0 || (size_t)len >= buf_bytes ? -ENOSPC : len;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct span trim(struct span s)
{
	while (s.len && is_blank(s.text[0])) {
		s.text++;
		s.len--;
	}
	while (s.len && is_blank(s.text[s.len - 1]))
		s.len--;
	return s;
}

static bool span_is(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.text, word, s.len) == 0;
}

static bool span_begins(struct span s, const char *word)
{
	size_t len = strlen(word);

	return s.len >= len && strncasecmp(s.text, word, len) == 0;
}

/* Takes the next line off REST, without its end. */
static bool next_line(struct span *rest, struct span *ret_line)
{
	const char *end;
	struct span line = *rest;

	if (rest->len == 0)
		return false;
	end = memchr(rest->text, '\n', rest->len);
	if (end) {
		line.len = (size_t)(end - rest->text);
		rest->text = end + 1;
		rest->len -= line.len + 1;
	} else {
		rest->text += rest->len;
		rest->len = 0;
	}
	if (line.len && line.text[line.len - 1] == '\r')
		line.len--;
	*ret_line = line;
	return true;
}

static struct span *header_slot(struct headers *h, struct span name)
{
	const struct {
		const char *name;
		struct span *slot;
	} known[] = {
	    {"LOCATION", &h->location},
	    {"ST", &h->st},
	    {"NT", &h->nt},
	    {"NTS", &h->nts},
	    {"USN", &h->usn},
	    {"SERVER", &h->server},
	    {"BOOTID.UPNP.ORG", &h->bootid},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_is(name, known[i].name))
			return known[i].slot;
	return NULL;
}

static void take_header(struct headers *h, struct span line)
{
	const char *colon;
	struct span name = line, value = line, *slot;

	/* A line that starts blank continues the one before (RFC 7230 section
	 * 3.2.4): it names no header. */
	if (line.len == 0 || is_blank(line.text[0]))
		return;
	colon = memchr(line.text, ':', line.len);
	if (!colon)
		return;
	name.len = (size_t)(colon - line.text);
	value.text = colon + 1;
	value.len = line.len - name.len - 1;
	slot = header_slot(h, trim(name));
	if (slot && !slot->text)
		*slot = trim(value);
}

/* Copies printable ASCII that fits, else nothing. */
static void copy_text(struct span s, char *buf, size_t buf_bytes)
{
	buf[0] = '\0';
	if (s.len >= buf_bytes)
		return;
	for (size_t i = 0; i < s.len; i++)
		if (s.text[i] < 0x20 || s.text[i] > 0x7e)
			return;
	if (s.len)
		memcpy(buf, s.text, s.len);
	buf[s.len] = '\0';
}

static void copy_bootid(struct span s, struct ssdp_message *m)
{
	char text[12];
	unsigned long long value;
	char *end;

	copy_text(s, text, sizeof(text));
	if (text[0] < '0' || text[0] > '9')
		return;
	value = strtoull(text, &end, 10);
	if (*end != '\0' || value > UINT32_MAX)
		return;
	m->has_bootid = true;
	m->bootid = (uint32_t)value;
}

/* UDA 1.1 section 1.3.3: "HTTP/1.1 200 OK". */
static bool is_answer(struct span line)
{
	struct span rest = line;

	if (!span_begins(line, "HTTP/1."))
		return false;
	while (rest.len && !is_blank(rest.text[0])) {
		rest.text++;
		rest.len--;
	}
	rest = trim(rest);
	return span_begins(rest, "200") &&
	       (rest.len == 3 || is_blank(rest.text[3]));
}

static int notify_kind(struct span nts, enum ssdp_kind *ret_kind)
{
	if (span_is(nts, "ssdp:alive"))
		*ret_kind = SSDP_ALIVE;
	else if (span_is(nts, "ssdp:byebye"))
		*ret_kind = SSDP_BYEBYE;
	else if (span_is(nts, "ssdp:update"))
		*ret_kind = SSDP_UPDATE;
	else
		return -EPROTO;
	return 0;
}

int ssdp_parse(const void *bytes, size_t len, struct ssdp_message *ret_message)
{
	struct span rest = {bytes, len}, line;
	struct headers h = {0};
	struct ssdp_message m = {.kind = SSDP_ANSWER};
	bool answer;

	if (len > SSDP_DATAGRAM_BYTES)
		return -EMSGSIZE;
	if (!next_line(&rest, &line))
		return -EPROTO;
	answer = is_answer(line);
	if (!answer && !span_begins(line, "NOTIFY "))
		return -EPROTO;
	while (next_line(&rest, &line) && line.len > 0)
		take_header(&h, line);
	if (!answer && notify_kind(h.nts, &m.kind) < 0)
		return -EPROTO;
	copy_text(h.location, m.location, sizeof(m.location));
	copy_text(answer ? h.st : h.nt, m.target, sizeof(m.target));
	copy_text(h.usn, m.usn, sizeof(m.usn));
	copy_text(h.server, m.server, sizeof(m.server));
	copy_bootid(h.bootid, &m);
	*ret_message = m;
	return 0;
}

enum ssdp_rank ssdp_rank(const struct ssdp_message *message)
{
	for (size_t i = 0; i < sizeof(gateway_parts) / sizeof(gateway_parts[0]);
	     i++)
		if (strstr(message->target, gateway_parts[i]))
			return SSDP_GATEWAY;
	return strcmp(message->target, target_names[SSDP_ROOTDEVICE]) == 0
		   ? SSDP_MAYBE
		   : SSDP_ALIEN;
}
