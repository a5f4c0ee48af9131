/*
 * say: what traversalctl tells on standard error, and what it exits with.
 */
#ifndef CTL_SAY_H
#define CTL_SAY_H

#include "args.h"
#include "varlink.h"

/* Prints "traversalctl: ..." unless --quiet. */
void say(const struct args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Explains an error of client_connect() to PATH; returns the exit status. */
int say_no_connection(const struct args *args, const char *path, int error);

/* Explains an error of client_send() or client_receive(). */
int say_lost(const struct args *args, const char *path, int error);

/* Explains a reply that holds an error. */
int say_error(const struct args *args, const char *method,
	      const struct varlink_reply *reply);

#endif
