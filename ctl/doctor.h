/*
 * doctor: every check, which of them are chosen, and what they reported.
 *
 * Knows the areas and nothing of what a check looks at.
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include "args.h"
#include "doctor_check.h"
#include "doctor_facts.h"

/* How many checks there are, and the one at a place; NULL behind the last. */
size_t doctor_count(void);
const struct doctor_check *doctor_at(size_t i);
/* Returns the check of that id, or NULL. */
const struct doctor_check *doctor_find(const char *id);

/*
 * Does ID match a list of ids and areas, "fw,cfg.syntax"? An area matches all
 * of its checks. NULL matches none.
 */
bool doctor_matches(const char *id, const char *list);
/* Returns the first word of such a list that matches no check, owned, or
 * NULL. */
char *doctor_unknown_word(const char *list);

/* What ARGS choose: the words and --only, less --skip. With --offline, checks
 * that make the daemon send packets are run without their facts. */
bool doctor_is_chosen(const struct args *args,
		      const struct doctor_check *check);
/* What the chosen checks need to know. */
struct doctor_wants doctor_wants(const struct args *args);

struct doctor_report {
	const struct doctor_check *check;
	struct doctor_items items;
};

/* What all checks said, in their order; {0} is an empty list. */
struct doctor_reports {
	struct doctor_report *items; /* owned */
	size_t count;
	size_t totals[DOCTOR_RESULT_COUNT]; /* items by result */
};

/* Runs CHECK on FACTS into *ITEMS, which has one item or more afterwards. */
void doctor_run_check(const struct doctor_check *check,
		      const struct doctor_facts *facts,
		      struct doctor_items *items);
/* Runs what ARGS choose. */
void doctor_run(const struct args *args, const struct doctor_facts *facts,
		struct doctor_reports *ret_reports);
void doctor_reports_fini(struct doctor_reports *reports);

/* The worst that was said: ok, warning or failure. */
enum doctor_result doctor_worst(const struct doctor_reports *reports);

#endif
