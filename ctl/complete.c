#include "complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "exits.h"
#include "glossary.h"
#include "mem.h"
#include "pick.h"
#include "usage.h"

/* A shell waits for us at each press of the key. */
#define DAEMON_TIMEOUT_MS 500
#define BEFORE_MOST       16

struct completion {
	struct args args; /* as the command line wants them */
	const struct complete_command *commands;
	size_t command_count;
	const char *word;   /* what is typed already */
	const char *before; /* printed before each: "--json=" */
	const char *files;  /* "none", "file" or "directory" */
	/* The words before, without options; the first is the command. */
	const char *words[BEFORE_MOST];
	size_t word_count;
	json_t *candidates; /* owned */
};

/* --- candidates -------------------------------------------------------------
 */

/* Does a shell take TEXT for one word and nothing else? */
static bool is_plain(const char *text)
{
	return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
					  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "0123456789._:/=@%+,-")] == '\0';
}

static void offer(struct completion *c, const char *word, const char *summary)
{
	char *full;

	if (!is_plain(word) || strncmp(word, c->word, strlen(c->word)) != 0)
		return;
	full = xasprintf("%s%s", c->before, word);
	json_array_append_new(
	    c->candidates,
	    json_pack("{s:s,s:s?}", "word", full, "summary", summary));
	free(full);
}

/* Offers WORDS, which blanks keep apart. */
static void offer_words(struct completion *c, const char *words)
{
	char word[USAGE_ITEM_BYTES];
	size_t len;

	for (; *words; words += len + strspn(words + len, " ")) {
		len = strcspn(words, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		offer(c, word, NULL);
	}
}

/* Asks the daemon; NULL where it does not answer. */
static json_t *ask(const struct completion *c, const char *method,
		   const char *member)
{
	const struct call call = {.method = method};
	json_t *parameters, *value;

	if (call_once(&c->args, &call, &parameters) != 0)
		return NULL;
	value = json_incref(json_object_get(parameters, member));
	json_decref(parameters);
	return value;
}

static void offer_services(struct completion *c)
{
	json_t *status = ask(c, "GetStatus", "status");
	const json_t *service;
	size_t i;

	json_array_foreach (json_object_get(status, "services"), i, service)
		offer(c, pick_text(service, "name", ""),
		      pick_text(service, "state", NULL));
	json_decref(status);
}

static void offer_ports(struct completion *c)
{
	json_t *status = ask(c, "GetStatus", "status");
	const json_t *service;
	char port[32];
	int64_t number;
	size_t i;

	json_array_foreach (json_object_get(status, "services"), i, service) {
		if (!pick_int(json_object_get(service, "local"), "port",
			      &number))
			continue;
		snprintf(port, sizeof(port), "%lld", (long long)number);
		offer(c, port, pick_text(service, "name", NULL));
	}
	json_decref(status);
}

/* "51820/udp" of what is mapped. */
static void offer_mappings(struct completion *c)
{
	json_t *mappings = ask(c, "GetMappings", "mappings");
	const json_t *mapping;
	char spec[64];
	int64_t number;
	size_t i;

	json_array_foreach (mappings, i, mapping) {
		if (!pick_int(json_object_get(mapping, "internal"), "port",
			      &number))
			continue;
		snprintf(spec, sizeof(spec), "%lld/%s", (long long)number,
			 pick_text(mapping, "protocol", "udp"));
		offer(c, spec, pick_text(mapping, "name", NULL));
	}
	json_decref(mappings);
}

static void offer_options_set(struct completion *c)
{
	json_t *entries = ask(c, "GetConfig", "entries");
	const json_t *entry;
	size_t i;

	json_array_foreach (entries, i, entry)
		offer(c, pick_text(entry, "key", ""),
		      pick_text(entry, "value", NULL));
	json_decref(entries);
}

static void offer_commands(struct completion *c)
{
	for (size_t i = 0; i < c->command_count; i++)
		offer(c, c->commands[i].name, c->commands[i].summary);
}

static void offer_terms(struct completion *c)
{
	const struct glossary_entry *entry;
	char term[USAGE_ITEM_BYTES];

	for (size_t i = 0; (entry = glossary_at(i)); i++) {
		snprintf(term, sizeof(term), "%s", entry->term);
		for (char *blank = term; (blank = strchr(blank, ' '));)
			*blank = '-';
		offer(c, term, NULL);
	}
}

static void want_file(struct completion *c)
{
	c->files = "file";
}

static void want_directory(struct completion *c)
{
	c->files = "directory";
}

/* --- what may stand for a word in capitals ----------------------------------
 */

static void offer_item(struct completion *c, const char *item)
{
	static const struct {
		const char *name;
		void (*offer)(struct completion *c);
	} rows[] = {
	    {"SERVICE", offer_services},   {"PORT", offer_ports},
	    {"PORT/udp", offer_mappings},  {"FILE", want_file},
	    {"OPTION", offer_options_set}, {"COMMAND", offer_commands},
	    {"TERM", offer_terms},
	};

	if (*item >= 'a' && *item <= 'z')
		offer(c, item, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, item) == 0)
			rows[i].offer(c);
}

static const char *usage_of(const struct completion *c)
{
	for (size_t i = 0; i < c->command_count; i++)
		if (strcmp(c->commands[i].name, c->words[0]) == 0)
			return c->commands[i].usage;
	return "";
}

static void offer_arguments(struct completion *c)
{
	char items[USAGE_ITEM_BYTES];
	const char *usage = usage_of(c);
	char *item, *rest;

	for (size_t way = 0; usage_next(usage, way, c->words + 1,
					c->word_count - 1, items) == 0;
	     way++)
		for (item = strtok_r(items, "|", &rest); item;
		     item = strtok_r(NULL, "|", &rest))
			offer_item(c, item);
}

/* --- options ----------------------------------------------------------------
 */

/* The option NAME, of LEN bytes or one letter. */
static bool find_option(const char *word, struct args_option *ret_option)
{
	size_t len = strcspn(word + 2, "=");

	for (size_t i = 0; args_option(i, ret_option); i++)
		if (word[1] == '-'
			? strlen(ret_option->name) == len &&
			      memcmp(ret_option->name, word + 2, len) == 0
			: ret_option->letter && !word[2] &&
			      ret_option->letter == word[1])
			return true;
	return false;
}

static void offer_value(struct completion *c, const char *option)
{
	static const struct {
		const char *option, *words;
		void (*want)(struct completion *c);
	} rows[] = {
	    {"json", "pretty short off", NULL},
	    {"color", "auto always never", NULL},
	    {"for", "reachable likely limited unreachable known", NULL},
	    {"role", "provider consumer", NULL},
	    {"socket", "", want_file},
	    {"admin-socket", "", want_file},
	    {"exec", "", want_file},
	    {"textfile", "", want_directory},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].option, option) != 0)
			continue;
		offer_words(c, rows[i].words);
		if (rows[i].want)
			rows[i].want(c);
	}
}

static void offer_options(struct completion *c)
{
	struct args_option option;
	char name[USAGE_ITEM_BYTES];

	for (size_t i = 0; args_option(i, &option); i++) {
		if (option.command &&
		    (c->word_count == 0 ||
		     strcmp(option.command, c->words[0]) != 0))
			continue;
		if (option.value != ARGS_VALUE) {
			snprintf(name, sizeof(name), "--%s", option.name);
			offer(c, name, NULL);
		}
		if (option.value != ARGS_NO_VALUE) {
			snprintf(name, sizeof(name), "--%s=", option.name);
			offer(c, name, NULL);
		}
	}
}

/* --- the words before -------------------------------------------------------
 */

/* Takes in the words before the last; returns the option, without dashes, whose
 * value the last one is, or NULL. */
static const char *read_before(struct completion *c, const struct args *args)
{
	static const char socket_is[] = "--socket=";
	struct args_option option;
	const char *word;

	for (int i = 0; i + 1 < args->count; i++) {
		word = args->words[i];
		if (strncmp(word, socket_is, sizeof(socket_is) - 1) == 0)
			c->args.socket = word + sizeof(socket_is) - 1;
		if (word[0] != '-' || !word[1]) {
			if (c->word_count < BEFORE_MOST)
				c->words[c->word_count++] = word;
			continue;
		}
		if (strchr(word, '=') || !find_option(word, &option) ||
		    option.value != ARGS_VALUE)
			continue;
		if (++i + 1 >= args->count)
			return option.name;
		if (strcmp(option.name, "socket") == 0)
			c->args.socket = args->words[i];
	}
	return NULL;
}

/* "--json=p": the value is what is completed. */
static void complete_equals(struct completion *c)
{
	size_t len = strcspn(c->word, "=") + 1;
	char *before = xstrndup(c->word, len);
	struct args_option option;

	c->before = before;
	c->word += len;
	if (find_option(before, &option))
		offer_value(c, option.name);
	c->before = "";
	free(before);
}

static void complete(struct completion *c, const struct args *args)
{
	const char *option = read_before(c, args);

	if (option)
		offer_value(c, option);
	else if (c->word[0] == '-' && strchr(c->word, '='))
		complete_equals(c);
	else if (c->word[0] == '-')
		offer_options(c);
	else if (c->word_count == 0)
		offer_commands(c);
	else
		offer_arguments(c);
}

static void print_lines(const struct out *out, const struct completion *c)
{
	const json_t *candidate;
	const char *word, *summary;
	size_t i;

	json_array_foreach (c->candidates, i, candidate) {
		word = pick_text(candidate, "word", "");
		summary = pick_text(candidate, "summary", "");
		out_text(out, word, strlen(word));
		if (*summary)
			fputc('\t', out->stream);
		out_text(out, summary, strlen(summary));
		out_end(out);
	}
	if (strcmp(c->files, "none") != 0)
		fprintf(out->stream, ":%s\n", c->files);
}

int complete_run(const struct args *args, const struct out *out,
		 const struct complete_command *commands, size_t count)
{
	struct completion c = {
	    .args = *args,
	    .commands = commands,
	    .command_count = count,
	    .word = args->count > 0 ? args->words[args->count - 1] : "",
	    .before = "",
	    .files = "none",
	    .candidates = json_array(),
	};
	json_t *answer;

	c.args.quiet = true;
	if (!c.args.timeout_ms)
		c.args.timeout_ms = DAEMON_TIMEOUT_MS;
	complete(&c, args);
	if (args->json == ARGS_JSON_OFF) {
		print_lines(out, &c);
	} else {
		answer = json_pack("{s:O,s:s}", "candidates", c.candidates,
				   "files", c.files);
		out_json(out, answer);
		json_decref(answer);
	}
	json_decref(c.candidates);
	return CTL_OK;
}
