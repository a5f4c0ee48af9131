#include "table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define GAP 2

void table_add(struct table *table, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	table->cells = xreallocarray(table->cells, table->cell_count + 1,
				     sizeof(*table->cells));
	table->cells[table->cell_count++] = text;
}

static void measure(const struct out *out, const struct table *table,
		    size_t *widths)
{
	size_t columns;

	assert(table->column_count > 0);
	for (size_t i = 0; i < table->column_count; i++)
		widths[i] = out->args->no_legend
				? 0
				: out_columns(table->columns[i].title);
	for (size_t i = 0; i < table->cell_count; i++) {
		columns = out_columns(table->cells[i]);
		if (columns > widths[i % table->column_count])
			widths[i % table->column_count] = columns;
	}
}

/* A width of 0 hides a column. Returns whether one could go. */
static bool hide_one(const struct table *table, size_t *widths)
{
	size_t worst = table->column_count;

	for (size_t i = 0; i < table->column_count; i++)
		if (widths[i] > 0 && table->columns[i].importance > 0 &&
		    (worst == table->column_count ||
		     table->columns[i].importance <
			 table->columns[worst].importance))
			worst = i;
	if (worst == table->column_count)
		return false;
	widths[worst] = 0;
	return true;
}

/* The last column that is shown. */
static size_t last_of(const struct table *table, const size_t *widths)
{
	size_t last = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (widths[i] > 0)
			last = i;
	return last;
}

/* Columns that are needed at least. */
static size_t needed(const struct table *table, const size_t *widths)
{
	size_t sum = 0, last = last_of(table, widths), width;

	for (size_t i = 0; i < table->column_count; i++) {
		if (widths[i] == 0)
			continue;
		width = widths[i];
		if (i == last && i > 0 && width > TABLE_WRAPPED_LEAST)
			width = TABLE_WRAPPED_LEAST;
		sum += (sum ? GAP : 0) + width;
	}
	return sum;
}

/* Makes the table as narrow as the output. Returns whether that could be. */
static bool fit(const struct out *out, const struct table *table,
		size_t *widths)
{
	if (out->width == 0)
		return true;
	if (needed(table, widths) > out->width && widths[0] > TABLE_NAME_MOST &&
	    table->column_count > 1)
		widths[0] = TABLE_NAME_MOST;
	while (needed(table, widths) > out->width && hide_one(table, widths))
		;
	return needed(table, widths) <= out->width;
}

static void print_row(const struct out *out, const struct table *table,
		      const size_t *widths, char *const *cells)
{
	size_t last = last_of(table, widths), at = 0, used;

	for (size_t i = 0; i < last; i++) {
		if (widths[i] == 0)
			continue;
		used = out_cut(out, cells ? cells[i] : table->columns[i].title,
			       widths[i]);
		fprintf(out->stream, "%*s", (int)(widths[i] - used + GAP), "");
		at += widths[i] + GAP;
	}
	out_wrap(out, at, at, cells ? cells[last] : table->columns[last].title);
}

/* A row as a paragraph: the first cell, then the others by their titles. */
static void print_paragraph(const struct out *out, const struct table *table,
			    char *const *cells)
{
	out_wrap(out, 0, 0, cells[0]);
	for (size_t i = 1; i < table->column_count; i++)
		out_row(out, table->columns[i].title, "%s", cells[i]);
}

void table_print(const struct out *out, struct table *table)
{
	size_t widths[TABLE_COLUMNS_MOST];
	bool fits;

	measure(out, table, widths);
	fits = fit(out, table, widths);
	if (fits && !out->args->no_legend)
		print_row(out, table, widths, NULL);
	for (size_t i = 0; i < table->cell_count; i += table->column_count)
		if (fits)
			print_row(out, table, widths, table->cells + i);
		else
			print_paragraph(out, table, table->cells + i);
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->cell_count = 0;
}
