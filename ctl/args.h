/*
 * args: the command line of traversalctl, taken apart.
 *
 * Options may stand anywhere. Knows which option belongs to which command, and
 * nothing of what a command does.
 */
#ifndef CTL_ARGS_H
#define CTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum args_json { ARGS_JSON_OFF, ARGS_JSON_PRETTY, ARGS_JSON_SHORT };
enum args_color { ARGS_COLOR_AUTO, ARGS_COLOR_ALWAYS, ARGS_COLOR_NEVER };

#define ARGS_CANDIDATES_MOST 4

/* The options of the command punch; borrowed, NULL where not given. */
struct args_punch {
	const char *local_ports, *remote_ports, *role;
	const char *candidates[ARGS_CANDIDATES_MOST];
	size_t candidate_count;
	const char *forward, *relay, *exec;
	uint32_t count, ttl; /* 0: not told */
	bool allow_private;
};

struct args {
	enum args_json json;
	enum args_color color;
	const char *socket; /* of the reading socket; borrowed, like all */
	const char *admin_socket; /* NULL: beside the reading one */
	uint32_t timeout_ms;      /* 0: as the command likes */
	bool quiet, verbose, utc, ascii, no_legend, help, version;
	/* of one command each */
	bool router;
	bool list, fix_script, offline;
	const char *explain, *only, *skip; /* NULL: not told */
	bool wait;
	uint32_t wait_ms; /* 0: not told */
	const char *wait_for;
	bool has_since;
	int64_t since;
	uint32_t lifetime_s;  /* 0: not told */
	uint16_t external;    /* 0: not told */
	const char *textfile; /* a directory; NULL: standard output */
	struct args_punch punch;
	/* "status" where none was given; then its arguments. */
	const char *command;
	int count;
	char **words;
};

enum args_value { ARGS_NO_VALUE, ARGS_VALUE, ARGS_OPTIONAL_VALUE };

struct args_option {
	const char *name; /* without the dashes */
	char letter;      /* 0: none */
	enum args_value value;
	const char *command; /* NULL: of any */
};

/* Tells of the option INDEX; false when there are no more. */
bool args_option(size_t index, struct args_option *ret_option);

/* Takes ARGV apart into *ret_args, which borrows from it; its words are sorted
 * to the end. Returns 0, or -EINVAL after saying why on standard error. */
int args_parse(int argc, char **argv, struct args *ret_args);

#endif
