/*
 * exits: the exit statuses of traversalctl, which scripts rely on.
 */
#ifndef CTL_EXITS_H
#define CTL_EXITS_H

enum ctl_exit {
	CTL_OK = 0,
	CTL_DEGRADED = 1, /* or likely */
	CTL_FAILED = 2,   /* or not reachable */
	CTL_UNKNOWN = 3,  /* or starting */
	/* sysexits.h */
	CTL_USAGE = 64,
	CTL_NO_DAEMON = 69,
	CTL_TIMEOUT = 75,
	CTL_NOT_PERMITTED = 77,
	CTL_BAD_CONFIG = 78,
};

#endif
