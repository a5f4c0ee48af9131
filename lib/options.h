/*
 * options: finds flags in a list of words and repairs how they were written.
 *
 * Knows the flags of the Mysterium node, so that a shared file raises no alarm,
 * and the form of a flag. What a flag means is told by the table that the
 * caller passes; values are not judged here.
 */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include "config.h"
#include "words.h"

enum option_shape {
	OPTION_VALUE, /* --flag=value, --flag value */
	OPTION_LIST,  /* the same, a comma separated list */
	OPTION_PATH,  /* the same, blanks may stand inside */
	OPTION_BOOL,  /* --flag, --flag=false */
};

/* What several uses of a flag make. */
enum option_merge {
	OPTION_LAST,  /* the last one counts, the command line's before a file's
		       */
	OPTION_ADDED, /* those of the source that counts, one after the other */
	OPTION_EACH,  /* every use of every source */
	OPTION_LATE,  /* the same, once all services are known */
};

struct option_origin {
	enum origin_kind kind;
	const char *file;  /* borrowed; NULL unless ORIGIN_FILE */
	unsigned int line; /* 1-based, or 0 */
};

struct option_use;
struct config_draft;

struct option {
	const char *name;
	enum option_shape shape;
	enum option_merge merge;
	bool is_minor; /* says nothing about what should be reachable */
	/* Takes over the value of USE. Returns 0, or -EINVAL after reporting
	 * why the default stands. NULL: somebody else's business. */
	int (*apply)(struct config_draft *draft, const struct option_use *use);
	/* Returns the effective value as owned text. NULL: as it was used. */
	char *(*format)(const struct config_draft *draft);
};

enum use_kind {
	USE_OURS,
	USE_FOREIGN, /* a flag that is not in the table */
	USE_SERVICE, /* a word like "wireguard", in value */
};

struct option_use {
	enum use_kind kind;
	const struct option *option; /* with USE_OURS; borrowed */
	char *name;                  /* owned, without dashes */
	char *value;                 /* owned; a bare switch has "true" */
	struct option_origin origin;
};

/* A growing list; {0} is an empty one. */
struct option_uses {
	struct option_use *items; /* owned */
	size_t count;
	size_t cap;
};

/* What to read words with; everything is borrowed. */
struct option_scan {
	const struct option *table;
	size_t table_count;
	enum origin_kind origin;
	const char *file;          /* with ORIGIN_FILE */
	bool takes_services;       /* words without dashes are services */
	struct findings *findings; /* where repairs and typing errors go */
};

/* Appends what WORDS hold to USES, in order. */
void options_scan(const struct option_scan *scan, const struct words *words,
		  struct option_uses *uses);

/* Frees every use and leaves an empty list. */
void option_uses_clear(struct option_uses *uses);

/* Should the value of the flag NAME stay out of what people copy and send? */
bool option_is_secret(const char *name);

#endif
