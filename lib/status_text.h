/*
 * status_text: the words of the verdict, the same for the daemon (status,
 * systemd's STATUS=) and for traversalctl (first line, exit status).
 *
 * Decides nothing: the verdict is judged elsewhere.
 */
#ifndef LIB_STATUS_TEXT_H
#define LIB_STATUS_TEXT_H

/* How sure it is that a service can be reached from outside. */
enum reachable {
	REACHABLE_YES,     /* proven by a packet from outside */
	REACHABLE_LIKELY,  /* granted by a router, not proven */
	REACHABLE_LIMITED, /* for some peers */
	REACHABLE_NO,
	REACHABLE_UNKNOWN,
	REACHABLE_COUNT,
};

/* "yes", "likely", "limited", "no", "unknown". */
const char *reachable_name(enum reachable reachable);

/* Parses such a word; anything else, and NULL, is REACHABLE_UNKNOWN. */
enum reachable reachable_parse(const char *text);

/* What the state of one service means: "reachable", "likely", "limited",
 * "unreachable", "trying". */
enum reachable reachable_from_state(const char *state);

/* The exit status of a command that asks: 0 yes, 1 likely or limited, 2 no,
 * 3 unknown. */
int reachable_exit_status(enum reachable reachable);

/* One sentence without a full stop. SUMMARY, the words of who judged, wins;
 * where it is NULL or empty a sentence that says no more than REACHABLE. */
const char *status_text_sentence(enum reachable reachable, const char *summary);

#endif
