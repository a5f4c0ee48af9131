/*
 * command: what each command of traversalctl does. The table is in commands.c.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "args.h"
#include "out.h"

/* Runs with the words after the command; returns the exit status, after an
 * explanation on standard error where it is not the answer itself. */
typedef int (*command_fn)(const struct args *args, const struct out *out);

/* asking: command_ask.c */
int command_status(const struct args *args, const struct out *out);
int command_nat(const struct args *args, const struct out *out);
int command_mappings(const struct args *args, const struct out *out);
int command_check(const struct args *args, const struct out *out);
int command_version(const struct args *args, const struct out *out);

/* changing: command_change.c */
int command_map(const struct args *args, const struct out *out);
int command_unmap(const struct args *args, const struct out *out);
int command_acquire(const struct args *args, const struct out *out);
int command_release(const struct args *args, const struct out *out);
int command_renew(const struct args *args, const struct out *out);
int command_probe(const struct args *args, const struct out *out);
int command_reload(const struct args *args, const struct out *out);

/* punching: command_punch.c */
int command_punch(const struct args *args, const struct out *out);

/* following: command_follow.c */
int command_events(const struct args *args, const struct out *out);
int command_wait(const struct args *args, const struct out *out);

/* a view that goes on: command_watch.c */
int command_watch(const struct args *args, const struct out *out);

/* monitoring: command_metrics.c */
int command_metrics(const struct args *args, const struct out *out);

/* the glossary: command_explain.c */
int command_explain(const struct args *args, const struct out *out);

/* what is wrong here, and what to do: command_doctor.c */
int command_doctor(const struct args *args, const struct out *out);

/* the configuration: command_config.c */
int command_config(const struct args *args, const struct out *out);

#endif
