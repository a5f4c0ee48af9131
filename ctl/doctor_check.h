/*
 * doctor_check: what a check of `doctor` is, and what it reports.
 *
 * A check looks at facts (doctor_facts.h) that were gathered before it runs,
 * and touches neither the system nor the screen: it can be tried with any
 * facts. Adding one is a function in one of the doctor_AREA.c files and a row
 * in the table there.
 */
#ifndef CTL_DOCTOR_CHECK_H
#define CTL_DOCTOR_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum doctor_result {
	DOCTOR_OK,
	DOCTOR_WARNING,
	DOCTOR_FAILURE,
	DOCTOR_SKIPPED,
	DOCTOR_RESULT_COUNT,
};

/* Where a check gets its facts from. */
enum doctor_place {
	DOCTOR_HERE,   /* this process; no privileges */
	DOCTOR_DAEMON, /* traversald's socket for reading */
	DOCTOR_PROBE,  /* the firewall probe, or root */
};

/* One thing that was seen. Texts are owned; NULL where there is none. */
struct doctor_item {
	enum doctor_result result;
	char *text;     /* what was seen, one line */
	char *effect;   /* what comes of it */
	char *fix;      /* what to do, in words */
	char *commands; /* what to do, as lines for a shell */
	char *keep;     /* what makes the fix last */
	char *avoid;    /* what is often advised and does harm */
	char *file;
	unsigned int line; /* 1-based, or 0 */
};

/* A growing list; {0} is an empty one. */
struct doctor_items {
	struct doctor_item *items; /* owned */
	size_t count, cap;
};

struct doctor_facts;

struct doctor_check {
	const char *id; /* "area.name", stable */
	enum doctor_place place;
	enum doctor_result worst; /* the worst that it reports */
	bool is_active;           /* makes the daemon send packets */
	const char *title;        /* what is looked at, one line */
	const char *cause;        /* why it goes wrong and what that means */
	const char *fix;          /* what to do, without this host's values */
	void (*run)(const struct doctor_check *check,
		    const struct doctor_facts *facts,
		    struct doctor_items *items);
};

/* A table of checks, one for each area. */
struct doctor_area {
	const struct doctor_check *checks;
	size_t count;
};

extern const struct doctor_area doctor_cfg;
extern const struct doctor_area doctor_host;
extern const struct doctor_area doctor_net;
extern const struct doctor_area doctor_nat;
extern const struct doctor_area doctor_router;
extern const struct doctor_area doctor_svc;
extern const struct doctor_area doctor_fw;
extern const struct doctor_area doctor_docker;

/* Adds what was seen, printed like printf(). Returns it for its other texts
 * (borrowed until the next is added). */
struct doctor_item *doctor_add(struct doctor_items *items,
			       enum doctor_result result, const char *format,
			       ...) __attribute__((format(printf, 3, 4)));

/* Frees every item and leaves an empty list. */
void doctor_items_clear(struct doctor_items *items);

/* "ok", "warning", "failure", "skipped". */
const char *doctor_result_name(enum doctor_result result);

#endif
