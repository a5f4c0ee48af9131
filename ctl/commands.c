#include "commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "complete.h"
#include "exits.h"
#include "mem.h"
#include "say.h"
#include "table.h"
#include "text.h"

#define TYPO_DISTANCE 2

static int command_help(const struct args *args, const struct out *out);
static int command_complete(const struct args *args, const struct out *out);

static const struct command {
	const char *name;
	const char *words; /* its arguments, for the help */
	const char *summary;
	int words_least, words_most;
	bool admin;
	command_fn run;
} commands[] = {
    {"status", "[SERVICE] [-v]",
     "reachable or not, how, until when, and if not, why (the default)", 0, 1,
     false, command_status},
    {"mappings", "[--router]",
     "the mappings that are held; --router: all that the router has", 0, 0,
     false, command_mappings},
    {"nat", "", "how the NAT behaves, and which peers can connect", 0, 0, false,
     command_nat},
    {"check", "[SERVICE|PORT]", "test now, from outside", 0, 1, false,
     command_check},
    {"doctor",
     "[CHECK...] [--only LIST] [--skip LIST] [--offline] [--fix-script] | "
     "--list | --explain CHECK",
     "what is wrong on this host and its line, and what to do", 0, 64, false,
     command_doctor},
    {"watch", "", "all of it on the whole screen, live; or as lines", 0, 0,
     false, command_watch},
    {"wait", "[--for STATE] [--timeout TIME]",
     "wait until it is reachable (or likely, limited, no, known)", 0, 0, false,
     command_wait},
    {"events", "[--since SEQ]",
     "what changes, as lines of JSON; the status first", 0, 0, false,
     command_events},
    {"config", "show | check [FILE] | explain OPTION",
     "the values in force and where they came from; test a file", 1, 2, false,
     command_config},
    {"metrics", "[--textfile DIR]",
     "figures for Prometheus, or DIR/traversald.prom for its node exporter", 0,
     0, false, command_metrics},
    {"explain", "[TERM...]", "what a word means, such as CGNAT or lease", 0, 9,
     false, command_explain},
    {"complete", "-- WORD...", "what may come next, for the shells", 0, INT_MAX,
     false, command_complete},
    {"version", "", "the versions of traversalctl and traversald", 0, 0, false,
     command_version},
    {"help", "[COMMAND]", "this list", 0, 1, false, command_help},
    {"map", "[NAME=]PORT/udp[:EXTERNAL] [--lifetime TIME]",
     "keep one more port mapped", 1, 1, true, command_map},
    {"unmap", "PORT/udp", "end that", 1, 1, true, command_unmap},
    {"acquire", "[N]", "take N prepared dynamic ports", 0, 1, true,
     command_acquire},
    {"release", "PORT", "give one back", 1, 1, true, command_release},
    {"punch",
     "PEER --local-ports=LIST --remote-ports=LIST --role=provider|consumer "
     "[-n N] [--exec=CMD | --relay=ADDRESS:PORT | --forward=ADDRESS:PORT]",
     "punch holes to a peer that does the same; the connections go to CMD, or "
     "to a service",
     1, 1, true, command_punch},
    {"renew", "[SERVICE]", "renew the mappings now", 0, 1, true, command_renew},
    {"probe", "", "find out everything anew", 0, 0, true, command_probe},
    {"reload", "[--wait[=TIME]]",
     "read the configuration again; 0 only when it is in force", 0, 0, true,
     command_reload},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static const char *nearest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = TYPO_DISTANCE + 1, distance;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		distance = text_edit_distance(commands[i].name, name);
		if (distance < best_distance) {
			best_distance = distance;
			best = commands[i].name;
		}
	}
	return best;
}

static int say_unknown(const char *name)
{
	const char *near = nearest(name);

	if (near)
		fprintf(stderr,
			"traversalctl: there is no command '%s'. Did you mean "
			"'%s'?\n",
			name, near);
	else
		fprintf(stderr,
			"traversalctl: there is no command '%s'. The commands: "
			"traversalctl help\n",
			name);
	return CTL_USAGE;
}

/* The command and its arguments, behind BEFORE. */
static void print_usage(const struct out *out, const char *before,
			const struct command *command)
{
	char *usage = xasprintf("%s%s%s", command->name,
				*command->words ? " " : "", command->words);

	printf("%s", before);
	out_wrap(out, strlen(before), 4, usage);
	free(usage);
}

static void print_commands(const struct out *out, bool admin)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (commands[i].admin != admin)
			continue;
		print_usage(out, "  ", &commands[i]);
		printf("      ");
		out_wrap(out, 6, 6, commands[i].summary);
	}
}

static void print_options(const struct out *out)
{
	static const char *const rows[][2] = {
	    {"--json[=pretty|short]", "the answer as JSON"},
	    {"--timeout TIME", "give up after, such as 5s or 2m"},
	    {"-q, --quiet", "print nothing, only exit"},
	    {"-v, --verbose", "also what was tried, and why"},
	    {"--color=auto|always|never", "when to use colours"},
	    {"--ascii", "no character beyond ASCII"},
	    {"--utc", "points in time in UTC"},
	    {"--no-legend", "tables without their headings"},
	    {"--socket PATH", "another than /run/traversald.sock"},
	    {"--admin-socket PATH",
	     "another than traversald-admin.sock beside it"},
	};
	struct args plain = *out->args;
	struct out options = *out;
	struct table table = {(const struct table_column[]){{"", 0}, {"", 0}},
			      2, NULL, 0};

	plain.no_legend = true;
	options.args = &plain;
	out_wrap(out, 0, 0, "\nOptions, anywhere:");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		table_add(&table, "  %s", rows[i][0]);
		table_add(&table, "%s", rows[i][1]);
	}
	table_print(&options, &table);
	out_wrap(out, 0, 0,
		 "\nExit status: 0 good, 1 degraded or likely, 2 not reachable "
		 "or failed, 3 unknown; 64 usage, 69 traversald is not "
		 "running, 75 timed out, 77 not permitted, 78 bad "
		 "configuration.");
}

static int help_on(const struct command *command, const struct out *out)
{
	print_usage(out, "traversalctl ", command);
	out_wrap(out, 0, 0, command->summary);
	if (command->admin)
		out_wrap(out, 0, 0,
			 "It changes something: for root and members of the "
			 "group traversald.");
	return CTL_OK;
}

static void print_help(const struct out *out)
{
	out_wrap(out, 0, 4,
		 "usage: traversalctl [OPTION...] [COMMAND [ARGUMENT...]]");
	out_wrap(out, 0, 0, "\nFor everybody:");
	print_commands(out, false);
	out_wrap(out, 0, 0, "\nFor root and members of the group traversald:");
	print_commands(out, true);
	print_options(out);
}

/* All of them, or only ONE. */
static json_t *help_json(const struct command *one)
{
	json_t *list = json_array();

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!one || one == &commands[i])
			json_array_append_new(
			    list, json_pack("{s:s,s:s,s:s,s:b}", "name",
					    commands[i].name, "arguments",
					    commands[i].words, "summary",
					    commands[i].summary, "admin",
					    commands[i].admin));
	return json_pack("{s:o}", "commands", list);
}

static int command_help(const struct args *args, const struct out *out)
{
	const struct command *command =
	    args->count > 0 ? find(args->words[0]) : NULL;
	json_t *answer;

	if (args->count > 0 && !command)
		return say_unknown(args->words[0]);
	if (args->json != ARGS_JSON_OFF) {
		answer = help_json(command);
		out_json(out, answer);
		json_decref(answer);
		return CTL_OK;
	}
	if (command)
		return help_on(command, out);
	print_help(out);
	return CTL_OK;
}

static int command_complete(const struct args *args, const struct out *out)
{
	struct complete_command list[COMMAND_COUNT];

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		list[i] = (struct complete_command){
		    commands[i].name, commands[i].words, commands[i].summary};
	return complete_run(args, out, list, COMMAND_COUNT);
}

static int check_words(const struct command *command, const struct args *args)
{
	if (args->count >= command->words_least &&
	    args->count <= command->words_most)
		return 0;
	fprintf(stderr, "usage: traversalctl %s %s\n", command->name,
		command->words);
	return CTL_USAGE;
}

int commands_run(const struct args *args, const struct out *out)
{
	const struct command *command =
	    find(args->version ? "version" : args->command);
	int status;

	if (!command)
		return say_unknown(args->command);
	if (args->help && strcmp(command->name, "status") != 0)
		return help_on(command, out);
	if (args->help)
		return command_help(args, out);
	status = check_words(command, args);
	return status ? status : command->run(args, out);
}
