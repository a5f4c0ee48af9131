#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "node_flags.h"
#include "sanitize.h"
#include "text.h"

/* A longer distance makes every short word look like another. */
#define TYPO_DISTANCE       2
#define TYPO_SHORT_BYTES    4
#define TYPO_SHORT_DISTANCE 1

struct scanner {
	const struct option_scan *scan;
	struct option_uses *uses;
	const struct words *words;
	size_t at; /* the next word */
	bool takes_services;
};

/* A word that begins a flag, taken apart. */
struct flag {
	char *name;  /* owned, without dashes */
	char *value; /* owned; NULL without "=" */
	unsigned int line;
};

static const struct option *find_option(const struct option_scan *scan,
					const char *name)
{
	for (size_t i = 0; i < scan->table_count; i++)
		if (strcmp(scan->table[i].name, name) == 0)
			return &scan->table[i];
	return NULL;
}

static const char *find_near(const struct option_scan *scan, const char *name)
{
	const char *near = NULL;
	size_t best = TYPO_DISTANCE + 1;

	for (size_t i = 0; i < scan->table_count; i++) {
		const char *known = scan->table[i].name;
		size_t distance = text_edit_distance(name, known);

		if (strlen(known) <= TYPO_SHORT_BYTES &&
		    distance > TYPO_SHORT_DISTANCE)
			continue;
		if (distance < best) {
			best = distance;
			near = known;
		}
	}
	return near;
}

/* Takes TITLE and FIX; FIX may be NULL. */
static void report(const struct option_scan *scan, const char *id,
		   unsigned int line, char *title, char *fix)
{
	findings_add(scan->findings, id, FINDING_WARNING, scan->file, line,
		     title, NULL, fix);
	free(title);
	free(fix);
}

/* --- repairs that need the neighbouring words ------------------------------
 */

static bool is_flag(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* The name in "--name=value" or "-name", as owned text. */
static char *flag_name(const char *word)
{
	word += strncmp(word, "--", 2) == 0 ? 2 : 1;
	return xstrndup(word, strcspn(word, "="));
}

static const struct option *option_of(const struct option_scan *scan,
				      const char *word)
{
	const struct option *option;
	char *name;

	if (!is_flag(word))
		return NULL;
	name = flag_name(word);
	option = find_option(scan, name);
	free(name);
	return option;
}

/* Is the last of WORDS the value of a list, with or without its flag? */
static bool ends_in_list(const struct option_scan *scan,
			 const struct words *words)
{
	const char *last = words->items[words->count - 1].text;
	const struct option *option = option_of(scan, last);

	if (option)
		return option->shape == OPTION_LIST && strchr(last, '=');
	if (is_flag(last) || words->count < 2)
		return false;
	last = words->items[words->count - 2].text;
	option = option_of(scan, last);
	return option && option->shape == OPTION_LIST && !strchr(last, '=');
}

/* "manual, upnp" without quotes around it is two words that mean one. */
static bool continues_list(const struct option_scan *scan,
			   const struct words *words, const char *word)
{
	const char *last;
	size_t len;

	if (words->count == 0 || is_flag(word) || word[0] == '\0' ||
	    !ends_in_list(scan, words))
		return false;
	last = words->items[words->count - 1].text;
	len = strlen(last);
	return word[0] == ',' || (len > 0 && last[len - 1] == ',');
}

static bool is_list_blank(const char *word, size_t at)
{
	size_t before = at, after = at;

	while (before > 0 && text_is_blank(word[before - 1]))
		before--;
	while (text_is_blank(word[after]))
		after++;
	return before == 0 || word[before - 1] == ',' ||
	       word[before - 1] == '=' || word[after] == ',' ||
	       word[after] == '\0';
}

/*
 * Returns where WORD holds a blank that a shell would have split at, or 0.
 * systemd joins words when a quote inside a quoted value was not escaped.
 */
static size_t find_cut(const struct option_scan *scan, const char *word)
{
	const struct option *option = option_of(scan, word);

	for (size_t i = 0; word[i]; i++) {
		if (i == 0 || !text_is_blank(word[i]))
			continue;
		if (strncmp(word + i + 1, "--", 2) == 0)
			return i;
		if (option && option->shape != OPTION_PATH &&
		    !is_list_blank(word, i))
			return i;
	}
	return 0;
}

static void add_cut(const struct option_scan *scan, const struct word *word,
		    struct words *mended)
{
	const char *text = word->text;
	size_t cut = find_cut(scan, text);

	if (cut == 0) {
		words_add(mended, text, strlen(text), word->line);
		return;
	}
	report(scan, "cfg.syntax", word->line,
	       xstrdup("inner quotes join several words into one; they were "
		       "separated again"),
	       xstrdup("remove the inner quotes, or write \\\" for each"));
	for (; cut > 0; cut = find_cut(scan, text)) {
		words_add(mended, text, cut, word->line);
		for (text += cut; text_is_blank(*text);)
			text++;
	}
	if (*text)
		words_add(mended, text, strlen(text), word->line);
}

static void mend(const struct option_scan *scan, const struct words *words,
		 struct words *mended)
{
	for (size_t i = 0; i < words->count; i++) {
		const struct word *word = &words->items[i];
		struct word *last;
		char *joined;

		if (!continues_list(scan, mended, word->text)) {
			add_cut(scan, word, mended);
			continue;
		}
		last = &mended->items[mended->count - 1];
		joined = xasprintf("%s%s", last->text, word->text);
		free(last->text);
		last->text = joined;
		report(scan, "cfg.syntax", word->line,
		       xstrdup("a blank inside a list ends it for the node; "
			       "the list was joined again"),
		       xstrdup("remove the blanks after the commas"));
	}
}

/* --- the uses ---------------------------------------------------------------
 */

/* Takes NAME and VALUE. */
static void add_use(struct scanner *s, enum use_kind kind,
		    const struct option *option, char *name, char *value,
		    unsigned int line)
{
	struct option_uses *uses = s->uses;

	if (uses->count == uses->cap) {
		uses->cap = uses->cap ? 2 * uses->cap : 8;
		uses->items =
		    xreallocarray(uses->items, uses->cap, sizeof(*uses->items));
	}
	uses->items[uses->count++] = (struct option_use){
	    .kind = kind,
	    .option = option,
	    .name = name,
	    .value = value,
	    .origin = {.kind = s->scan->origin,
		       .file = s->scan->file,
		       .line = line},
	};
}

void option_uses_clear(struct option_uses *uses)
{
	for (size_t i = 0; i < uses->count; i++) {
		free(uses->items[i].name);
		free(uses->items[i].value);
	}
	free(uses->items);
	*uses = (struct option_uses){0};
}

static void report_stray(const struct scanner *s, const char *text,
			 unsigned int line)
{
	char shown[SANITIZE_BYTES];
	bool value;
	char *dashed, *fix;

	sanitize(text, strlen(text), shown, sizeof(shown));
	dashed = xasprintf("--%s", text);
	if (option_of(s->scan, dashed))
		fix = xasprintf("write --%s", shown);
	else if (text_parse_bool(text, &value) == 0)
		fix = xasprintf("a switch takes its value with '=': "
				"--flag=%s",
				shown);
	else if (text[0] == '#')
		fix = xstrdup("put the comment on a line of its own");
	else
		fix = xstrdup("remove it, or write it as --flag=value");
	free(dashed);
	report(s->scan, "cfg.stray_word", line,
	       xasprintf("'%s' belongs to no flag", shown), fix);
}

static void report_unknown_service(const struct scanner *s, const char *text,
				   unsigned int line)
{
	char shown[SANITIZE_BYTES];

	report(s->scan, "cfg.service", line,
	       xasprintf("'%s' is not a service of the node",
			 sanitize(text, strlen(text), shown, sizeof(shown))),
	       xstrdup("use wireguard, openvpn, dvpn, scraping, data_transfer, "
		       "monitoring, noop or quic_scraping; for a port of "
		       "another program use --map NAME=PORT/udp"));
}

static void take_service(struct scanner *s, const char *text, unsigned int line)
{
	char *list = xstrdup(text), *cursor = list, *element;

	while ((element = text_next_element(&cursor))) {
		text_strip_quotes(element);
		if (*element == '\0')
			continue;
		if (node_has_service(element))
			add_use(s, USE_SERVICE, NULL, xstrdup("service"),
				xstrdup(element), line);
		else if (strchr(element, '='))
			report_stray(s, element, line);
		else
			report_unknown_service(s, element, line);
	}
	free(list);
}

static void take_word(struct scanner *s, const struct word *word)
{
	if (word->text[0] == '\0')
		return;
	if (s->takes_services)
		take_service(s, word->text, word->line);
	else if (strcmp(word->text, "service") == 0)
		s->takes_services = true;
	else
		report_stray(s, word->text, word->line);
}

/* May the next word be the value of the flag before it? */
static const struct word *next_value(const struct scanner *s)
{
	const struct word *next;

	if (s->at >= s->words->count)
		return NULL;
	next = &s->words->items[s->at];
	return is_flag(next->text) ? NULL : next;
}

static void report_no_value(const struct scanner *s, const struct flag *flag)
{
	report(s->scan, "cfg.syntax", flag->line,
	       xasprintf("--%s has no value", flag->name),
	       xasprintf("write --%s=VALUE", flag->name));
}

static void report_quotes(const struct scanner *s, const struct flag *flag)
{
	report(s->scan, "cfg.syntax", flag->line,
	       xasprintf("--%s has quotes in its value; they were removed",
			 flag->name),
	       xstrdup("remove the inner quotes: the value needs none"));
}

/* Quotes that are left belong to a file that another shell was to read. */
static void strip_value(const struct scanner *s, const struct flag *flag,
			const struct option *option)
{
	char *list, *cursor, *element, *joined;
	bool stripped = text_strip_quotes(flag->value);

	if (option->shape == OPTION_LIST) {
		list = xstrdup(flag->value);
		cursor = list;
		joined = flag->value;
		*joined = '\0';
		while ((element = text_next_element(&cursor))) {
			stripped |= text_strip_quotes(element);
			joined = stpcpy(joined, text_trim(element));
			if (cursor)
				joined = stpcpy(joined, ",");
		}
		free(list);
	}
	if (stripped)
		report_quotes(s, flag);
}

static void take_ours(struct scanner *s, const struct flag *flag,
		      const struct option *option)
{
	const struct word *next = next_value(s);

	if (option->shape == OPTION_BOOL) {
		if (!flag->value)
			add_use(s, USE_OURS, option, xstrdup(flag->name),
				xstrdup("true"), flag->line);
	} else if (!flag->value && !next) {
		report_no_value(s, flag);
	} else if (!flag->value) {
		struct flag with = *flag;

		with.value = xstrdup(next->text);
		s->at++;
		strip_value(s, &with, option);
		add_use(s, USE_OURS, option, xstrdup(flag->name), with.value,
			flag->line);
	}
	if (!flag->value)
		return;
	strip_value(s, flag, option);
	add_use(s, USE_OURS, option, xstrdup(flag->name), xstrdup(flag->value),
		flag->line);
}

static void report_typo(const struct scanner *s, const struct flag *flag,
			const char *near)
{
	char shown[SANITIZE_BYTES];

	report(s->scan, "cfg.unknown_flag", flag->line,
	       xasprintf("--%s is not known and has no effect",
			 sanitize(flag->name, strlen(flag->name), shown,
				  sizeof(shown))),
	       xasprintf("did you mean --%s?", near));
}

/* Is WORD a list of services, judged by its first element? */
static bool is_services(const char *word)
{
	char *first = xstrndup(word, strcspn(word, ","));
	bool is_service = node_has_service(first);

	free(first);
	return is_service;
}

static void take_foreign(struct scanner *s, const struct flag *flag)
{
	enum node_flag known = node_flag_find(flag->name);
	const char *near =
	    known == NODE_FLAG_UNKNOWN ? find_near(s->scan, flag->name) : NULL;
	const struct word *next = next_value(s);
	const char *value = flag->value;

	/* The value of a flag that nobody knows is not told from a service. */
	if (known == NODE_FLAG_BOOL ||
	    (known == NODE_FLAG_UNKNOWN && next && is_services(next->text)))
		next = NULL;
	if (!value && next) {
		value = next->text;
		s->at++;
	}
	if (near)
		report_typo(s, flag, near);
	add_use(s, USE_FOREIGN, NULL, xstrdup(flag->name),
		xstrdup(value ? value : "true"), flag->line);
}

static void take_flag(struct scanner *s, const struct word *word)
{
	const char *equals = strchr(word->text, '=');
	struct flag flag = {
	    .name = flag_name(word->text),
	    .value = equals ? xstrdup(equals + 1) : NULL,
	    .line = word->line,
	};
	const struct option *option = find_option(s->scan, flag.name);

	if (option)
		take_ours(s, &flag, option);
	else if (flag.name[0] != '\0')
		take_foreign(s, &flag);
	free(flag.name);
	free(flag.value);
}

void options_scan(const struct option_scan *scan, const struct words *words,
		  struct option_uses *uses)
{
	struct words mended = {0};
	struct scanner s = {
	    .scan = scan,
	    .uses = uses,
	    .words = &mended,
	    .takes_services = scan->takes_services,
	};

	mend(scan, words, &mended);
	while (s.at < mended.count) {
		const struct word *word = &mended.items[s.at++];

		if (is_flag(word->text))
			take_flag(&s, word);
		else
			take_word(&s, word);
	}
	words_clear(&mended);
}

bool option_is_secret(const char *name)
{
	static const char *const parts[] = {"pass", "secret", "token",
					    "private"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcasestr(name, parts[i]))
			return true;
	return false;
}
