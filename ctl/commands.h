/*
 * commands: the table of commands, its help, and what to say to a word that is
 * none.
 */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "args.h"
#include "out.h"

/* Runs the command that ARGS name; returns the exit status. */
int commands_run(const struct args *args, const struct out *out);

#endif
