#include "finding.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct finding *findings_add(struct findings *list, const char *id,
			     enum finding_severity severity, const char *file,
			     unsigned int line, const char *title,
			     const char *detail, const char *fix)
{
	struct finding *f;

	if (list->count == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 8;
		list->items =
		    xreallocarray(list->items, list->cap, sizeof(*list->items));
	}
	f = &list->items[list->count++];
	*f = (struct finding){
	    .id = xstrdup(id),
	    .severity = severity,
	    .title = xstrdup(title),
	    .detail = xstrdup(detail ? detail : ""),
	    .fix = xstrdup(fix ? fix : ""),
	    .file = file ? xstrdup(file) : NULL,
	    .line = line,
	};
	return f;
}

bool findings_has(const struct findings *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].id, id) == 0)
			return true;
	return false;
}

static void fini(struct finding *f)
{
	free(f->id);
	free(f->title);
	free(f->detail);
	free(f->fix);
	free(f->file);
}

void findings_drop(struct findings *list, const char *id)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].id, id) == 0)
			fini(&list->items[i]);
		else
			list->items[kept++] = list->items[i];
	list->count = kept;
}

void findings_clear(struct findings *list)
{
	for (size_t i = 0; i < list->count; i++)
		fini(&list->items[i]);
	free(list->items);
	*list = (struct findings){0};
}

const char *finding_severity_name(enum finding_severity severity)
{
	static const char *const names[] = {
	    [FINDING_INFO] = "info",
	    [FINDING_WARNING] = "warning",
	    [FINDING_FAILURE] = "failure",
	};

	return names[severity];
}
