#include "tally.h"

#include <stdio.h>
#include <string.h>

static struct tally_row *find(struct tally *tally, const char *name,
			      const char *via)
{
	for (size_t i = 0; i < tally->count; i++)
		if (strcmp(tally->rows[i].name, name) == 0 &&
		    strcmp(tally->rows[i].via, via) == 0)
			return &tally->rows[i];
	return NULL;
}

void tally_add(struct tally *tally, const char *name, const char *via)
{
	struct tally_row *row;
	char cut[sizeof(row->via)];

	snprintf(cut, sizeof(cut), "%s", via ? via : "");
	row = find(tally, name, cut);
	if (!row && tally->count < TALLY_ROWS) {
		row = &tally->rows[tally->count++];
		row->name = name;
		strcpy(row->via, cut);
	}
	if (row)
		row->count++;
}
