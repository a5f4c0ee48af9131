/*
 * log: one line a message, key=value, with a level.
 *
 * err = the operator must act; warn = degraded, retrying; info = transitions
 * only; debug = packets. Nothing that a peer sent is printed unescaped: pass it
 * through sanitize() first. Equal messages of one site are folded
 * ("repeated 214 times").
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdbool.h>

#include "config.h"

struct log;

/* Returns an owned log to standard error; with JOURNAL each line starts with
 * "<N>" for journald (sd-daemon(3)). */
struct log *log_new(enum config_log_level level, bool journal);
void log_free(struct log *log);

/* Is given each line that begins with "event=", and its syslog(3) priority;
 * returns whether it has written it. */
typedef bool (*log_event_fn)(void *arg, int priority, const char *line);

/* Lets FN write the lines of events; NULL: nobody. */
void log_on_event(struct log *log, log_event_fn fn, void *arg);

void log_set_level(struct log *log, enum config_log_level level);
bool log_is_on(const struct log *log, enum config_log_level level);

void log_err(struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_warn(struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_info(struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_debug(struct log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
