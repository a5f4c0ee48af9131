#include "igd_soap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "igd_wire.h"

#define NUMBER_DIGITS 9

struct text {
	char *buf;
	size_t cap;
	size_t at;
	int error;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t,
						      const char *format, ...)
{
	va_list args;
	int len;

	if (t->error)
		return;
	va_start(args, format);
	len = vsnprintf(t->buf + t->at, t->cap - t->at, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= t->cap - t->at)
		t->error = -ENOSPC;
	else
		t->at += (size_t)len;
}

int igd_soap_format(const char *type, const char *action,
		    const struct igd_soap_argument *arguments, size_t count,
		    char *buf, size_t buf_bytes)
{
	struct text t = {.buf = buf, .cap = buf_bytes};

	add(&t,
	    "<?xml version=\"1.0\"?>\r\n"
	    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\""
	    " s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
	    "<s:Body><u:%s xmlns:u=\"%s\">",
	    action, type);
	for (size_t i = 0; i < count; i++) {
		if (strpbrk(arguments[i].value, "<>&\"'"))
			return -EINVAL;
		add(&t, "<%s>%s</%s>", arguments[i].name, arguments[i].value,
		    arguments[i].name);
	}
	add(&t, "</u:%s></s:Body></s:Envelope>\r\n", action);
	return t.error ? t.error : (int)t.at;
}

static bool is_tag_end(char c)
{
	return c == '>' || c == '/' || c == ' ' || c == '\t' || c == '\r' ||
	       c == '\n';
}

/* Is TAG, which follows a '<', the start tag NAME, with any prefix? */
static bool is_tag(const char *tag, size_t len, const char *name)
{
	size_t name_len = strlen(name), at = 0;

	for (size_t i = 0; i < len && !is_tag_end(tag[i]); i++)
		if (tag[i] == ':')
			at = i + 1;
	return len - at > name_len && memcmp(tag + at, name, name_len) == 0 &&
	       is_tag_end(tag[at + name_len]);
}

/* Finds the first start tag NAME. Returns what follows its '<', or NULL. */
static const char *find_tag(const char *xml, size_t len, const char *name)
{
	const char *at = xml, *end = xml + len;

	while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
		at++;
		if (is_tag(at, (size_t)(end - at), name))
			return at;
	}
	return NULL;
}

/* The number in the first element NAME, or -1. */
static int64_t number_in(const char *xml, size_t len, const char *name)
{
	const char *end = xml + len;
	const char *at = find_tag(xml, len, name);
	int64_t number = 0;
	int digits = 0;

	at = at ? memchr(at, '>', (size_t)(end - at)) : NULL;
	if (!at)
		return -1;
	for (at++; at < end && is_tag_end(*at) && *at != '/'; at++)
		;
	for (; at < end && *at >= '0' && *at <= '9'; at++, digits++) {
		if (digits == NUMBER_DIGITS)
			return -1;
		number = number * 10 + (*at - '0');
	}
	return digits ? number : -1;
}

struct igd_soap_reply igd_soap_parse(const char *xml, size_t len,
				     const char *action)
{
	struct igd_soap_reply reply = {
	    .code = IGD_NONSENSE, .is_enabled = -1, .is_allowed = -1};
	char response[64];
	int64_t number;

	snprintf(response, sizeof(response), "%sResponse", action);
	if (!find_tag(xml, len, response)) {
		number = number_in(xml, len, "errorCode");
		if (find_tag(xml, len, "Fault") && number > 0 && number < 1000)
			reply.code = (int)number;
		return reply;
	}
	reply.code = IGD_OK;
	number = number_in(xml, len, "UniqueID");
	if (number > 0 && number <= UINT16_MAX)
		reply.unique_id = (uint32_t)number;
	reply.is_enabled = (int)number_in(xml, len, "FirewallEnabled");
	reply.is_allowed = (int)number_in(xml, len, "InboundPinholeAllowed");
	return reply;
}
