#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exits.h"
#include "sanitize.h"

#define OURS    "io.traversald."
#define VARLINK "org.varlink.service."
#define HOW_TO_START                                                           \
	"Start it: sudo systemctl start traversald; "                          \
	"log: journalctl -u traversald -n 20"

void say(const struct args *args, const char *format, ...)
{
	va_list list;

	if (args->quiet)
		return;
	fputs("traversalctl: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

int say_no_connection(const struct args *args, const char *path, int error)
{
	if (error == -EACCES || error == -EPERM) {
		say(args,
		    "not permitted to connect to %s. Run it with sudo, or as a "
		    "member of the group traversald",
		    path);
		return CTL_NOT_PERMITTED;
	}
	if (error == -ETIMEDOUT) {
		say(args, "traversald takes no connection at %s in time", path);
		return CTL_TIMEOUT;
	}
	say(args, "traversald is not running (connect %s: %s). " HOW_TO_START,
	    path, strerror(-error));
	return CTL_NO_DAEMON;
}

int say_lost(const struct args *args, const char *path, int error)
{
	switch (error) {
	case -ETIMEDOUT:
		say(args, "traversald did not answer in time (%s)", path);
		return CTL_TIMEOUT;
	case -EPROTO:
		say(args, "what answers at %s is not traversald", path);
		return CTL_NO_DAEMON;
	case -EPIPE:
		return CTL_OK; /* whoever read our output has enough */
	case -ECONNRESET:
		say(args,
		    "traversald closed the connection (%s). "
		    "Log: journalctl -u traversald -n 20",
		    path);
		return CTL_NO_DAEMON;
	default:
		say(args, "%s: %s", path, strerror(-error));
		return CTL_NO_DAEMON;
	}
}

struct error_row {
	const char *name;
	int status;
	const char *text; /* '%' stands for the value of KEY */
	const char *key;
};

static const struct error_row error_rows[] = {
    {OURS "NotPermitted", CTL_NOT_PERMITTED,
     "not permitted: this needs the admin socket. Run it with sudo, or as a "
     "member of the group traversald",
     NULL},
    {OURS "NoSuchService", CTL_USAGE,
     "there is no service '%'. The services: traversalctl status", "name"},
    {OURS "NoSuchMapping", CTL_FAILED,
     "there is no such mapping. The mappings: traversalctl mappings", NULL},
    {OURS "Busy", CTL_TIMEOUT, "traversald is busy, try again in % s",
     "retry_after_sec"},
    {OURS "PortInUse", CTL_FAILED, "port % is in use already", "port"},
    {OURS "NotReady", CTL_FAILED, "%", "message"},
    {OURS "PunchRefused", CTL_USAGE, "%", "message"},
    {OURS "PunchFailed", CTL_FAILED, "not connected: %", "message"},
    {OURS "TooManyClients", CTL_TIMEOUT,
     "traversald serves % clients already, try again", "limit"},
    {VARLINK "InvalidParameter", CTL_USAGE,
     "traversald does not take this value of '%'", "parameter"},
    {VARLINK "MethodNotFound", CTL_NO_DAEMON,
     "this traversald does not know %: it is of another version", "method"},
    {VARLINK "InterfaceNotFound", CTL_NO_DAEMON,
     "what answers is not traversald: it does not know %", "interface"},
};

static const char *value_text(const json_t *value, char *buf)
{
	if (json_is_integer(value)) {
		snprintf(buf, SANITIZE_BYTES, "%lld",
			 (long long)json_integer_value(value));
		return buf;
	}
	return sanitize(json_string_value(value) ? json_string_value(value)
						 : "?",
			json_is_string(value) ? json_string_length(value) : 1,
			buf, SANITIZE_BYTES);
}

static int say_row(const struct args *args, const struct error_row *row,
		   const json_t *parameters)
{
	const char *percent = strchr(row->text, '%');
	char value[SANITIZE_BYTES];

	if (percent && row->key)
		say(args, "%.*s%s%s", (int)(percent - row->text), row->text,
		    value_text(json_object_get(parameters, row->key), value),
		    percent + 1);
	else
		say(args, "%s", row->text);
	return row->status;
}

static int say_config_invalid(const struct args *args, const json_t *parameters)
{
	char file[SANITIZE_BYTES], message[SANITIZE_BYTES];
	const json_t *line = json_object_get(parameters, "line");

	value_text(json_object_get(parameters, "message"), message);
	value_text(json_object_get(parameters, "file"), file);
	if (*file && json_integer_value(line) > 0)
		say(args, "%s:%lld: %s", file,
		    (long long)json_integer_value(line), message);
	else if (*file)
		say(args, "%s: %s", file, message);
	else
		say(args, "%s", message);
	say(args, "not applied: the configuration before stays in force");
	return CTL_BAD_CONFIG;
}

int say_error(const struct args *args, const char *method,
	      const struct varlink_reply *reply)
{
	char name[SANITIZE_BYTES];

	if (strcmp(reply->error, OURS "ConfigInvalid") == 0)
		return say_config_invalid(args, reply->parameters);
	for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++)
		if (strcmp(error_rows[i].name, reply->error) == 0)
			return say_row(args, &error_rows[i], reply->parameters);
	say(args, "%s failed: %s", method,
	    sanitize(reply->error, strlen(reply->error), name, sizeof(name)));
	return CTL_FAILED;
}
