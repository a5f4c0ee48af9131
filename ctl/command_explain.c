#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "exits.h"
#include "glossary.h"
#include "mem.h"

static json_t *list_json(const char *const *list)
{
	json_t *array = json_array();

	for (size_t i = 0; list[i]; i++)
		json_array_append_new(array, json_string(list[i]));
	return array;
}

static json_t *entry_json(const struct glossary_entry *entry)
{
	return json_pack("{s:s,s:o,s:s,s:o}", "term", entry->term, "also",
			 list_json(entry->also), "text", entry->text, "see",
			 list_json(entry->see));
}

static json_t *all_json(void)
{
	json_t *terms = json_array();
	const struct glossary_entry *entry;

	for (size_t i = 0; (entry = glossary_at(i)); i++)
		json_array_append_new(terms, entry_json(entry));
	return json_pack("{s:o}", "terms", terms);
}

/* The strings of LIST with commas between; owned. */
static char *join(const char *const *list)
{
	char *text = xstrdup("");

	for (size_t i = 0; list[i]; i++) {
		char *longer =
		    xasprintf("%s%s%s", text, i ? ", " : "", list[i]);

		free(text);
		text = longer;
	}
	return text;
}

static void show_entry(const struct out *out,
		       const struct glossary_entry *entry)
{
	char *also = join(entry->also), *see = join(entry->see);

	out_wrap(out, 0, 0, entry->term);
	if (*also)
		out_row(out, "also", "%s", also);
	fputs("  ", out->stream);
	out_wrap(out, 2, 2, entry->text);
	if (*see)
		out_row(out, "see", "%s", see);
	free(also);
	free(see);
}

static void show_all(const struct out *out)
{
	const struct glossary_entry *entry;

	for (size_t i = 0; (entry = glossary_at(i)); i++)
		out_wrap(out, 0, 0, entry->term);
}

/* The words of the command line as one term; owned. */
static char *asked(const struct args *args)
{
	char *term = xstrdup("");

	for (int i = 0; i < args->count; i++) {
		char *longer =
		    xasprintf("%s%s%s", term, i ? " " : "", args->words[i]);

		free(term);
		term = longer;
	}
	return term;
}

static int say_no_term(const char *term)
{
	const char *near = glossary_nearest(term);

	fprintf(stderr, "traversalctl: there is no word '%s' in the glossary. ",
		term);
	if (near)
		fprintf(stderr, "Did you mean '%s'?\n", near);
	else
		fputs("Its words: traversalctl explain. An option: "
		      "traversalctl config explain OPTION\n",
		      stderr);
	return CTL_USAGE;
}

static void show(const struct args *args, const struct out *out,
		 const struct glossary_entry *entry)
{
	json_t *answer;

	if (args->json != ARGS_JSON_OFF) {
		answer = entry ? entry_json(entry) : all_json();
		out_json(out, answer);
		json_decref(answer);
	} else if (entry) {
		show_entry(out, entry);
	} else {
		show_all(out);
	}
}

int command_explain(const struct args *args, const struct out *out)
{
	const struct glossary_entry *entry = NULL;
	char *term = asked(args);
	int status = CTL_OK;

	if (args->count > 0)
		entry = glossary_find(term);
	if (args->count > 0 && !entry)
		status = say_no_term(term);
	else
		show(args, out, entry);
	free(term);
	return status;
}
