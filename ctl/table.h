/*
 * table: rows and columns of short texts, as wide as they need.
 *
 * Where the terminal is too narrow, the last column is wrapped, the first one
 * cut to TABLE_NAME_MOST, and then the least important columns go. Where what
 * is left is too wide still, each row becomes a paragraph of all its cells.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include <stddef.h>

#include "out.h"

#define TABLE_COLUMNS_MOST  10
#define TABLE_NAME_MOST     24
#define TABLE_WRAPPED_LEAST 16 /* columns, to wrap the last column in */

struct table_column {
	const char *title; /* borrowed */
	int importance;    /* the lowest goes first; 0 = always stays */
};

struct table {
	const struct table_column *columns; /* borrowed */
	size_t column_count;
	char **cells; /* owned */
	size_t cell_count;
};

/* {COLUMNS, COUNT} starts an empty table. Adds the next cell, printed like
 * printf(), from left to right and top to bottom. */
void table_add(struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints the table, with the titles unless --no-legend, and empties it. */
void table_print(const struct out *out, struct table *table);

#endif
