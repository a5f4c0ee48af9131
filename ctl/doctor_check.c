#include "doctor_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

struct doctor_item *doctor_add(struct doctor_items *items,
			       enum doctor_result result, const char *format,
			       ...)
{
	struct doctor_item *item;
	va_list args;

	if (items->count == items->cap) {
		items->cap = items->cap ? items->cap * 2 : 8;
		items->items = xreallocarray(items->items, items->cap,
					     sizeof(*items->items));
	}
	item = &items->items[items->count++];
	*item = (struct doctor_item){.result = result};
	va_start(args, format);
	if (vasprintf(&item->text, format, args) < 0)
		abort();
	va_end(args);
	return item;
}

void doctor_items_clear(struct doctor_items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		struct doctor_item *item = &items->items[i];

		free(item->text);
		free(item->effect);
		free(item->fix);
		free(item->commands);
		free(item->keep);
		free(item->avoid);
		free(item->file);
	}
	free(items->items);
	*items = (struct doctor_items){0};
}

const char *doctor_result_name(enum doctor_result result)
{
	static const char *const names[DOCTOR_RESULT_COUNT] = {
	    [DOCTOR_OK] = "ok",
	    [DOCTOR_WARNING] = "warning",
	    [DOCTOR_FAILURE] = "failure",
	    [DOCTOR_SKIPPED] = "skipped",
	};

	return names[result];
}
