/*
 * reload: a new configuration, compared and brought into force.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "app.h"

/*
 * Reads the configuration anew and brings it into force; what it does not
 * concern is not disturbed. Returns 0; -EINVAL when it is broken: the old one
 * stays and RET_WHY (borrowed until the next reload) is the finding that says
 * why.
 */
int reload_config(struct app *app, const struct finding **ret_why);

/* Logs the findings of the configuration in force, but for mere information. */
void reload_log_findings(struct app *app);

#endif
