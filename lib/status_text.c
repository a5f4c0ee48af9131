#include "status_text.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	const char *state;
	const char *sentence;
	int exit_status;
} rows[REACHABLE_COUNT] = {
    [REACHABLE_YES] = {"yes", "reachable", "Reachable from the internet", 0},
    [REACHABLE_LIKELY] = {"likely", "likely",
			  "Probably reachable: the router granted it, nothing "
			  "outside confirmed it",
			  1},
    [REACHABLE_LIMITED] = {"limited", "limited",
			   "Reachable for some peers, by hole punching", 1},
    [REACHABLE_NO] = {"no", "unreachable", "NOT reachable from the internet",
		      2},
    [REACHABLE_UNKNOWN] = {"unknown", "trying",
			   "Not known yet whether it is reachable", 3},
};

const char *reachable_name(enum reachable reachable)
{
	return rows[reachable].name;
}

enum reachable reachable_parse(const char *text)
{
	for (int i = 0; text && i < REACHABLE_COUNT; i++)
		if (strcmp(rows[i].name, text) == 0)
			return (enum reachable)i;
	return REACHABLE_UNKNOWN;
}

enum reachable reachable_from_state(const char *state)
{
	for (int i = 0; state && i < REACHABLE_COUNT; i++)
		if (strcmp(rows[i].state, state) == 0)
			return (enum reachable)i;
	return REACHABLE_UNKNOWN;
}

int reachable_exit_status(enum reachable reachable)
{
	return rows[reachable].exit_status;
}

const char *status_text_sentence(enum reachable reachable, const char *summary)
{
	return summary && *summary ? summary : rows[reachable].sentence;
}
