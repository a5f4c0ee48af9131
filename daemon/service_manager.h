/*
 * service_manager: what systemd, or whoever started the daemon, is told.
 *
 * The only file that sees libsystemd. Without NOTIFY_SOCKET every call is
 * silent, so callers need not ask. It decides nothing: the state machine says
 * what to tell, and its progress feeds the watchdog. A message waits for the
 * service manager when its queue is full: tell it transitions only.
 */
#ifndef DAEMON_SERVICE_MANAGER_H
#define DAEMON_SERVICE_MANAGER_H

#include <stdbool.h>

#include "log.h"
#include "loop.h"

/* With a watchdog of W, progress must come at least every W / 2. This suits
 * the 60 s of the unit. */
#define SERVICE_MANAGER_PROGRESS_MS 10000

struct service_manager;

/* Is standard error read by journald (JOURNAL_STREAM, systemd.exec(5))? */
bool service_manager_has_journal(void);

/* Returns an owned service manager; borrows LOOP and LOG. Where journald reads
 * our standard error, the lines "event=..." of the log reach it with their
 * pairs as fields TRAVERSALD_... and with a MESSAGE_ID, for which
 * systemd/traversald.catalog has an explanation. When WATCHDOG_USEC is
 * set (sd_watchdog_enabled(3)), it looks for progress four times in that span
 * and sends WATCHDOG=1 only if there was some since it last looked. */
struct service_manager *service_manager_new(struct loop *loop, struct log *log);
/* Stops the watchdog and closes the sockets that nobody took; NULL is allowed.
 */
void service_manager_free(struct service_manager *manager);

/* READY=1: the sockets listen. Also ends service_manager_reloading(). */
void service_manager_ready(struct service_manager *manager);
/* STATUS=TEXT, one line for `systemctl status`; control characters become
 * blanks. An unchanged text is not sent again. */
void service_manager_status(struct service_manager *manager, const char *text);
/* The state machine has taken a step: the loop turns and is no idle spin. */
void service_manager_progress(struct service_manager *manager);
/* RELOADING=1 with the monotonic time (sd_notify(3)); service_manager_ready()
 * ends it. */
void service_manager_reloading(struct service_manager *manager);
/* STOPPING=1: mappings are being released. The watchdog is fed no more by
 * itself; EXTEND_MS more is asked for, 0 for none. */
void service_manager_stopping(struct service_manager *manager,
			      unsigned int extend_ms);

/* Takes the listening Unix stream socket that systemd passed under NAME
 * (FileDescriptorName=, systemd.socket(5)): the caller owns the descriptor,
 * close-on-exec and non-blocking. Returns -ENOENT when there is none and
 * -EINVAL when what came under that name is something else. */
int service_manager_take_socket(struct service_manager *manager,
				const char *name);

#endif
