/*
 * complete: what may come next on the command line, for the shells.
 *
 * Options come from the table of args.h, arguments from the usage text of the
 * commands, services and ports from the daemon where one answers at once: no
 * list is kept twice. Nothing is offered that a shell would take for more than
 * a word.
 */
#ifndef CTL_COMPLETE_H
#define CTL_COMPLETE_H

#include "args.h"
#include "out.h"

struct complete_command {
	const char *name;
	const char *usage; /* as usage.h reads it */
	const char *summary;
};

/*
 * Prints the words that may stand in place of the last of ARGS->words, after
 * the others: WORD, a tab and what it is. A line ":file" or ":directory" says
 * that the shell should offer those instead. COMMANDS are COUNT. Returns an
 * exit status.
 */
int complete_run(const struct args *args, const struct out *out,
		 const struct complete_command *commands, size_t count);

#endif
