#include "args.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define DEFAULT_SOCKET "/run/traversald.sock"

/* What a row's apply function returns; the message names option and value. */
typedef int (*apply_fn)(struct args *args, const char *value);

static int apply_json(struct args *args, const char *value)
{
	if (!value || strcmp(value, "pretty") == 0)
		args->json = ARGS_JSON_PRETTY;
	else if (strcmp(value, "short") == 0)
		args->json = ARGS_JSON_SHORT;
	else if (strcmp(value, "off") == 0)
		args->json = ARGS_JSON_OFF;
	else
		return -EINVAL;
	return 0;
}

static int apply_color(struct args *args, const char *value)
{
	if (!value || strcmp(value, "always") == 0)
		args->color = ARGS_COLOR_ALWAYS;
	else if (strcmp(value, "auto") == 0)
		args->color = ARGS_COLOR_AUTO;
	else if (strcmp(value, "never") == 0)
		args->color = ARGS_COLOR_NEVER;
	else
		return -EINVAL;
	return 0;
}

static int apply_socket(struct args *args, const char *value)
{
	args->socket = value;
	return *value ? 0 : -EINVAL;
}

static int apply_admin_socket(struct args *args, const char *value)
{
	args->admin_socket = value;
	return *value ? 0 : -EINVAL;
}

/* Parses a duration over 0 into milliseconds. "ms" is for tests. */
static int parse_ms(const char *value, uint32_t *ret_ms)
{
	char digits[16];
	size_t len = strlen(value);
	uint32_t s, ms;

	if (len > 2 && len < sizeof(digits) &&
	    strcmp(value + len - 2, "ms") == 0) {
		memcpy(digits, value, len - 2);
		digits[len - 2] = '\0';
		if (text_parse_uint(digits, UINT32_MAX, &ms) < 0 || ms == 0)
			return -EINVAL;
		*ret_ms = ms;
		return 0;
	}
	if (text_parse_duration(value, &s) < 0 || s == 0 ||
	    s > UINT32_MAX / 1000)
		return -EINVAL;
	*ret_ms = s * 1000;
	return 0;
}

static int apply_timeout(struct args *args, const char *value)
{
	return parse_ms(value, &args->timeout_ms);
}

static int apply_wait(struct args *args, const char *value)
{
	args->wait = true;
	return value ? parse_ms(value, &args->wait_ms) : 0;
}

static int apply_for(struct args *args, const char *value)
{
	args->wait_for = value;
	return 0;
}

static int apply_since(struct args *args, const char *value)
{
	uint32_t since;

	if (text_parse_uint(value, UINT32_MAX, &since) < 0)
		return -EINVAL;
	args->has_since = true;
	args->since = since;
	return 0;
}

static int apply_lifetime(struct args *args, const char *value)
{
	return text_parse_duration(value, &args->lifetime_s) < 0 ||
		       args->lifetime_s == 0
		   ? -EINVAL
		   : 0;
}

static int apply_textfile(struct args *args, const char *value)
{
	args->textfile = value;
	return *value ? 0 : -EINVAL;
}

static int apply_external(struct args *args, const char *value)
{
	return text_parse_port(value, &args->external);
}

static int apply_candidate(struct args *args, const char *value)
{
	struct args_punch *punch = &args->punch;

	if (punch->candidate_count == ARGS_CANDIDATES_MOST)
		return -EINVAL;
	punch->candidates[punch->candidate_count++] = value;
	return 0;
}

static int apply_count(struct args *args, const char *value)
{
	return text_parse_uint(value, UINT16_MAX, &args->punch.count);
}

static int apply_ttl(struct args *args, const char *value)
{
	return text_parse_uint(value, UINT8_MAX, &args->punch.ttl);
}

static int apply_allow_private(struct args *args, const char *value)
{
	(void)value;
	args->punch.allow_private = true;
	return 0;
}

#define PUNCH_TEXT(member)                                                     \
	static int apply_##member(struct args *args, const char *value)        \
	{                                                                      \
		args->punch.member = value;                                    \
		return *value ? 0 : -EINVAL;                                   \
	}

PUNCH_TEXT(local_ports)
PUNCH_TEXT(remote_ports)
PUNCH_TEXT(role)
PUNCH_TEXT(forward)
PUNCH_TEXT(relay)
PUNCH_TEXT(exec)

#define SWITCH(member)                                                         \
	static int apply_##member(struct args *args, const char *value)        \
	{                                                                      \
		(void)value;                                                   \
		args->member = true;                                           \
		return 0;                                                      \
	}

SWITCH(quiet)
SWITCH(verbose)
SWITCH(utc)
SWITCH(ascii)
SWITCH(no_legend)
SWITCH(help)
SWITCH(version)
SWITCH(router)
SWITCH(list)
SWITCH(fix_script)
SWITCH(offline)

#define TEXT(member)                                                           \
	static int apply_##member(struct args *args, const char *value)        \
	{                                                                      \
		args->member = value;                                          \
		return *value ? 0 : -EINVAL;                                   \
	}

TEXT(explain)
TEXT(only)
TEXT(skip)

static int apply_nothing(struct args *args, const char *value)
{
	(void)args;
	(void)value;
	return 0;
}

static const struct row {
	const char *name;
	char letter;
	int has_value; /* as getopt_long() wants it */
	apply_fn apply;
	const char *command; /* NULL: any */
} rows[] = {
    {"json", 0, optional_argument, apply_json, NULL},
    {"color", 0, optional_argument, apply_color, NULL},
    {"socket", 0, required_argument, apply_socket, NULL},
    {"admin-socket", 0, required_argument, apply_admin_socket, NULL},
    {"timeout", 0, required_argument, apply_timeout, NULL},
    {"quiet", 'q', no_argument, apply_quiet, NULL},
    {"verbose", 'v', no_argument, apply_verbose, NULL},
    {"utc", 0, no_argument, apply_utc, NULL},
    {"ascii", 0, no_argument, apply_ascii, NULL},
    {"no-legend", 0, no_argument, apply_no_legend, NULL},
    {"no-pager", 0, no_argument, apply_nothing, NULL},
    {"help", 'h', no_argument, apply_help, NULL},
    {"version", 0, no_argument, apply_version, NULL},
    {"router", 0, no_argument, apply_router, "mappings"},
    {"list", 0, no_argument, apply_list, "doctor"},
    {"explain", 0, required_argument, apply_explain, "doctor"},
    {"only", 0, required_argument, apply_only, "doctor"},
    {"skip", 0, required_argument, apply_skip, "doctor"},
    {"fix-script", 0, no_argument, apply_fix_script, "doctor"},
    {"offline", 0, no_argument, apply_offline, "doctor"},
    {"wait", 0, optional_argument, apply_wait, "reload"},
    {"for", 0, required_argument, apply_for, "wait"},
    {"since", 0, required_argument, apply_since, "events"},
    {"lifetime", 0, required_argument, apply_lifetime, "map"},
    {"external", 0, required_argument, apply_external, "map"},
    {"textfile", 0, required_argument, apply_textfile, "metrics"},
    {"local-ports", 0, required_argument, apply_local_ports, "punch"},
    {"remote-ports", 0, required_argument, apply_remote_ports, "punch"},
    {"role", 0, required_argument, apply_role, "punch"},
    {"count", 'n', required_argument, apply_count, "punch"},
    {"candidate", 0, required_argument, apply_candidate, "punch"},
    {"allow-private", 0, no_argument, apply_allow_private, "punch"},
    {"ttl", 0, required_argument, apply_ttl, "punch"},
    {"exec", 0, required_argument, apply_exec, "punch"},
    {"relay", 0, required_argument, apply_relay, "punch"},
    {"forward", 0, required_argument, apply_forward, "punch"},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))
#define FIRST_ROW 256 /* above every letter */

bool args_option(size_t index, struct args_option *ret_option)
{
	static const enum args_value values[] = {
	    [no_argument] = ARGS_NO_VALUE,
	    [required_argument] = ARGS_VALUE,
	    [optional_argument] = ARGS_OPTIONAL_VALUE,
	};

	if (index >= ROW_COUNT)
		return false;
	*ret_option = (struct args_option){
	    .name = rows[index].name,
	    .letter = rows[index].letter,
	    .value = values[rows[index].has_value],
	    .command = rows[index].command,
	};
	return true;
}

static const struct row *find_row(int code)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (code == FIRST_ROW + (int)i ||
		    (rows[i].letter && code == rows[i].letter))
			return &rows[i];
	return NULL;
}

static void fill_long_options(struct option *options)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		options[i] = (struct option){rows[i].name, rows[i].has_value,
					     NULL, FIRST_ROW + (int)i};
	options[ROW_COUNT] = (struct option){0};
}

/* Which options were seen, to be told apart once the command is known. */
struct seen {
	const struct row *rows[64];
	size_t count;
};

static int apply_one(struct args *args, int code, const char *word,
		     struct seen *seen)
{
	const struct row *row = find_row(code);

	if (!row) {
		fprintf(stderr,
			"traversalctl: %s '%s'. See: traversalctl help\n",
			code == ':' ? "a value is missing after"
				    : "no such option:",
			word);
		return -EINVAL;
	}
	if (row->apply(args, optarg) < 0) {
		fprintf(stderr, "traversalctl: --%s does not take '%s'\n",
			row->name, optarg ? optarg : "");
		return -EINVAL;
	}
	if (row->command &&
	    seen->count < sizeof(seen->rows) / sizeof(*seen->rows))
		seen->rows[seen->count++] = row;
	return 0;
}

static int check_seen(const struct args *args, const struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		if (strcmp(seen->rows[i]->command, args->command) != 0) {
			fprintf(stderr,
				"traversalctl: --%s belongs to the command "
				"%s\n",
				seen->rows[i]->name, seen->rows[i]->command);
			return -EINVAL;
		}
	return 0;
}

int args_parse(int argc, char **argv, struct args *ret_args)
{
	struct args args = {.socket = DEFAULT_SOCKET, .command = "status"};
	struct option options[ROW_COUNT + 1];
	struct seen seen = {.count = 0};
	int code, at;

	fill_long_options(options);
	opterr = 0;
	for (;;) {
		at = optind;
		code = getopt_long(argc, argv, ":qvhn:", options, NULL);
		if (code == -1)
			break;
		if (apply_one(&args, code, argv[optind > at ? optind - 1 : at],
			      &seen) < 0)
			return -EINVAL;
	}
	if (optind < argc)
		args.command = argv[optind++];
	args.count = argc - optind;
	args.words = argv + optind;
	*ret_args = args;
	return check_seen(&args, &seen);
}
