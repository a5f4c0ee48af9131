/*
 * glossary: what the words mean that the other screens use.
 */
#ifndef CTL_GLOSSARY_H
#define CTL_GLOSSARY_H

#include <stdbool.h>
#include <stddef.h>

#define GLOSSARY_ALSO_MOST 8
#define GLOSSARY_SEE_MOST  6

struct glossary_entry {
	const char *term;
	const char *also[GLOSSARY_ALSO_MOST]; /* other names; ends with NULL */
	const char *text;                     /* paragraphs, "\n" apart */
	const char *see[GLOSSARY_SEE_MOST];   /* terms; ends with NULL */
};

/* The entry INDEX, in the order of the alphabet; NULL when there are no more.
 */
const struct glossary_entry *glossary_at(size_t index);

/* Finds TERM by any of its names, whatever its case, blanks or dashes. NULL:
 * there is none. */
const struct glossary_entry *glossary_find(const char *term);

/* The term whose name is nearest to a mistyped one, or NULL. */
const char *glossary_nearest(const char *term);

#endif
