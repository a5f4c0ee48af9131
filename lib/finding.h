/*
 * finding: what a person should know about the configuration, the host or the
 * line, with the way out. The status lists them; nothing here decides.
 */
#ifndef LIB_FINDING_H
#define LIB_FINDING_H

#include <stdbool.h>
#include <stddef.h>

enum finding_severity { FINDING_INFO, FINDING_WARNING, FINDING_FAILURE };

struct finding {
	char *id; /* "cfg.deprecated": stable, lower case, area first */
	enum finding_severity severity;
	char *title;       /* one line */
	char *detail;      /* what was seen; may be empty, never NULL */
	char *fix;         /* what to do; may be empty, never NULL */
	char *file;        /* where, or NULL */
	unsigned int line; /* 1-based, or 0 */
};

/* A growing list; {0} is an empty one. */
struct findings {
	struct finding *items; /* owned */
	size_t count;
	size_t cap;
};

/* Appends a finding; every text is copied; FILE may be NULL, LINE 0, DETAIL and
 * FIX may be NULL (kept as ""). Returns it (borrowed until the next add). */
struct finding *findings_add(struct findings *list, const char *id,
			     enum finding_severity severity, const char *file,
			     unsigned int line, const char *title,
			     const char *detail, const char *fix);

/* Does the list hold a finding with this id? */
bool findings_has(const struct findings *list, const char *id);

/* Takes out every finding with this id. */
void findings_drop(struct findings *list, const char *id);

/* Frees every item and leaves an empty list. */
void findings_clear(struct findings *list);

/* "info", "warning", "failure". */
const char *finding_severity_name(enum finding_severity severity);

#endif
