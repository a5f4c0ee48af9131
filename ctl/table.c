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

static size_t total(const struct table *table, const size_t *widths)
{
	size_t sum = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (widths[i] > 0)
			sum += (sum ? GAP : 0) + widths[i];
	return sum;
}

static void print_cell(const struct out *out, const char *text, size_t width,
		       bool is_first, bool is_last)
{
	size_t columns = out_columns(text);

	if (!is_first)
		printf("%*s", GAP, "");
	out_text(out, text, strlen(text));
	if (!is_last && columns < width)
		printf("%*s", (int)(width - columns), "");
}

static void print_row(const struct out *out, const struct table *table,
		      const size_t *widths, char *const *cells)
{
	size_t last = 0;
	bool is_first = true;

	for (size_t i = 0; i < table->column_count; i++)
		if (widths[i] > 0)
			last = i;
	for (size_t i = 0; i < table->column_count; i++) {
		if (widths[i] == 0)
			continue;
		print_cell(out, cells ? cells[i] : table->columns[i].title,
			   widths[i], is_first, i == last);
		is_first = false;
	}
	putchar('\n');
}

void table_print(const struct out *out, struct table *table)
{
	size_t widths[TABLE_COLUMNS_MOST];

	measure(out, table, widths);
	while (out->width > 0 && total(table, widths) > out->width &&
	       hide_one(table, widths))
		;
	if (!out->args->no_legend)
		print_row(out, table, widths, NULL);
	for (size_t i = 0; i < table->cell_count; i += table->column_count)
		print_row(out, table, widths, table->cells + i);
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->cell_count = 0;
}
