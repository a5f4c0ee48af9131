#include "igd_desc.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A piece of the description, not terminated. */
struct span {
	const char *text;
	size_t len;
};

struct scanner {
	struct span rest;
	struct span element; /* the last start tag's name */
	struct igd_desc *desc;
	struct igd_service service; /* the one being read */
	bool in_service;
};

static bool span_is(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.text, word, s.len) == 0;
}

static bool span_begins(struct span s, const char *word)
{
	size_t len = strlen(word);

	return s.len >= len && memcmp(s.text, word, len) == 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip(struct span *s, size_t len)
{
	s->text += len;
	s->len -= len;
}

static struct span trim(struct span s)
{
	while (s.len && is_space(s.text[0]))
		skip(&s, 1);
	while (s.len && is_space(s.text[s.len - 1]))
		s.len--;
	return s;
}

/* Skips to behind END; to the end of all when END never comes. */
static void skip_past(struct span *s, const char *end)
{
	const char *found = memmem(s->text, s->len, end, strlen(end));

	if (found)
		skip(s, (size_t)(found - s->text) + strlen(end));
	else
		skip(s, s->len);
}

/* XML 1.0 section 4.6: the entities that need no declaration. Returns how many
 * bytes were read. */
static size_t decode_entity(struct span s, char *ret_char)
{
	static const struct {
		const char *text;
		char c;
	} entities[] = {{"&amp;", '&'},
			{"&lt;", '<'},
			{"&gt;", '>'},
			{"&quot;", '"'},
			{"&apos;", '\''}};

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (span_begins(s, entities[i].text)) {
			*ret_char = entities[i].c;
			return strlen(entities[i].text);
		}
	*ret_char = s.text[0];
	return 1;
}

/* Copies a text that fits and holds no NUL, else nothing. */
static void copy_text(struct span s, char *buf, size_t buf_bytes)
{
	size_t at = 0;

	buf[0] = '\0';
	for (s = trim(s); s.len; at++) {
		if (at + 1 >= buf_bytes || s.text[0] == '\0') {
			buf[0] = '\0';
			return;
		}
		skip(&s, decode_entity(s, &buf[at]));
	}
	buf[at] = '\0';
}

static bool is_firewall(const char *type)
{
	return strstr(type, ":service:WANIPv6FirewallControl:") != NULL;
}

/* The type goes into a header and into XML as it is. */
static bool is_type(const char *type)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.:";

	return strspn(type, allowed) == strlen(type) &&
	       (is_firewall(type) ||
		strstr(type, ":service:WANIPConnection:") ||
		strstr(type, ":service:WANPPPConnection:"));
}

static void keep_service(struct scanner *s)
{
	struct igd_desc *d = s->desc;

	if (!is_type(s->service.type) || s->service.control[0] == '\0')
		return;
	if (is_firewall(s->service.type)) {
		if (d->firewall.control[0] == '\0')
			d->firewall = s->service;
		return;
	}
	if (d->service_count == IGD_DESC_SERVICES)
		return;
	for (size_t i = 0; i < d->service_count; i++)
		if (memcmp(&d->services[i], &s->service, sizeof(s->service)) ==
		    0)
			return;
	d->services[d->service_count++] = s->service;
}

static void on_start(struct scanner *s, struct span name)
{
	s->element = name;
	if (span_is(name, "service")) {
		memset(&s->service, 0, sizeof(s->service));
		s->in_service = true;
	}
}

static void on_end(struct scanner *s, struct span name)
{
	s->element.len = 0;
	if (s->in_service && span_is(name, "service")) {
		keep_service(s);
		s->in_service = false;
	}
}

/* The root device comes first, so that the first name is its own. */
static void copy_first(struct span text, char *buf, size_t buf_bytes)
{
	if (buf[0] == '\0')
		copy_text(text, buf, buf_bytes);
}

static void on_text(struct scanner *s, struct span text)
{
	struct igd_desc *d = s->desc;

	if (span_is(s->element, "URLBase"))
		copy_first(text, d->base, sizeof(d->base));
	else if (span_is(s->element, "modelName"))
		copy_first(text, d->model, sizeof(d->model));
	else if (span_is(s->element, "manufacturer"))
		copy_first(text, d->maker, sizeof(d->maker));
	else if (s->in_service && span_is(s->element, "serviceType"))
		copy_first(text, s->service.type, sizeof(s->service.type));
	else if (s->in_service && span_is(s->element, "controlURL"))
		copy_first(text, s->service.control,
			   sizeof(s->service.control));
}

/* The name of a tag without its namespace prefix and attributes. */
static struct span tag_name(struct span tag)
{
	const char *colon;
	size_t len = 0;

	while (len < tag.len && !is_space(tag.text[len]) &&
	       tag.text[len] != '/')
		len++;
	tag.len = len;
	colon = memchr(tag.text, ':', tag.len);
	if (colon)
		skip(&tag, (size_t)(colon - tag.text) + 1);
	return tag;
}

/* Reads what begins with '<'. */
static void scan_markup(struct scanner *s)
{
	static const char cdata[] = "<![CDATA[";
	struct span tag = s->rest, text;

	if (span_begins(s->rest, "<!--")) {
		skip_past(&s->rest, "-->");
		return;
	}
	if (span_begins(s->rest, cdata)) {
		skip(&s->rest, strlen(cdata));
		text = s->rest;
		skip_past(&s->rest, "]]>");
		text.len -= s->rest.len;
		if (text.len >= 3)
			on_text(s, (struct span){text.text, text.len - 3});
		return;
	}
	skip_past(&s->rest, ">");
	tag.len -= s->rest.len + 1;
	skip(&tag, tag.len ? 1 : 0);
	if (tag.len == 0 || tag.text[0] == '?' || tag.text[0] == '!')
		return;
	if (tag.text[0] == '/') {
		skip(&tag, 1);
		on_end(s, tag_name(tag));
		return;
	}
	on_start(s, tag_name(tag));
	if (tag.text[tag.len - 1] == '/')
		on_end(s, tag_name(tag));
}

int igd_desc_parse(const char *xml, size_t len, struct igd_desc *ret_desc)
{
	struct scanner s = {.rest = {xml, len}, .desc = ret_desc};
	struct span text;
	const char *open;

	memset(ret_desc, 0, sizeof(*ret_desc));
	while (s.rest.len) {
		open = memchr(s.rest.text, '<', s.rest.len);
		text = s.rest;
		if (open)
			text.len = (size_t)(open - s.rest.text);
		if (trim(text).len)
			on_text(&s, text);
		skip(&s.rest, text.len);
		if (open)
			scan_markup(&s);
	}
	return ret_desc->service_count ? 0 : -ENOENT;
}

unsigned int igd_service_version(const struct igd_service *service)
{
	const char *colon = strrchr(service->type, ':');

	if (!colon || colon[1] < '1' || colon[1] > '9')
		return 1;
	return (unsigned int)(colon[1] - '0');
}
