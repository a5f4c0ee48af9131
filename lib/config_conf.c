#include "config_conf.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_ini.h"
#include "config_file.h"
#include "config_values.h"
#include "mem.h"
#include "sanitize.h"
#include "text.h"

enum section_kind { SECTION_NONE, SECTION_SERVICE, SECTION_PEER };

/* The section at hand, and what its lines have said so far. */
struct section {
	struct config_draft *draft;
	const char *file;
	enum section_kind kind;
	unsigned int line;
	bool is_bad;       /* reported already */
	unsigned int seen; /* a bit for each key of the table */
	struct service_config service;
	struct peer_config peer;
};

struct key {
	enum section_kind kind;
	const char *name;
	bool (*set)(struct section *s, const char *value);
	const char *form; /* what a value looks like */
};

static bool set_port(struct section *s, const char *value)
{
	return value_parse_port(value, &s->service.transport,
				&s->service.port) == 0;
}

static bool set_external(struct section *s, const char *value)
{
	return text_parse_port(value, &s->service.external) == 0;
}

static bool set_forward(struct section *s, const char *value)
{
	s->service.has_forward =
	    endpoint_parse(value, &s->service.forward) == 0;
	return s->service.has_forward;
}

static bool set_public_key(struct section *s, const char *value)
{
	if (!value_is_public_key(value))
		return false;
	s->peer.public_key = xstrdup(value);
	return true;
}

static bool set_allow(struct section *s, const char *value)
{
	char *copy = xstrdup(value), *cursor = copy, *element;
	bool is_good = true;

	while (is_good && (element = text_next_element(&cursor))) {
		is_good = value_is_name(element);
		if (!is_good)
			break;
		s->peer.allow =
		    xreallocarray(s->peer.allow, s->peer.allow_count + 1,
				  sizeof(*s->peer.allow));
		s->peer.allow[s->peer.allow_count++] = xstrdup(element);
	}
	free(copy);
	return is_good;
}

static const struct key keys[] = {
    {SECTION_SERVICE, "port", set_port, "51820/udp or 443/tcp"},
    {SECTION_SERVICE, "external", set_external, "a port, 1 to 65535"},
    {SECTION_SERVICE, "forward", set_forward, "ADDRESS:PORT"},
    {SECTION_PEER, "public-key", set_public_key, "base64 of 32 bytes"},
    {SECTION_PEER, "allow", set_allow, "NAME, NAME of services"},
};

/* Takes TITLE and FIX; FIX may be NULL. */
static void report(const struct section *s, enum finding_severity severity,
		   unsigned int line, char *title, char *fix)
{
	const struct option_origin origin = {
	    .kind = ORIGIN_FILE, .file = s->file, .line = line};

	draft_report(s->draft, "cfg.syntax", severity, &origin, title, fix);
}

static void break_section(struct section *s, unsigned int line, char *title,
			  char *fix)
{
	s->is_bad = true;
	report(s, FINDING_FAILURE, line, title, fix);
}

/* --- the end of a section ----------------------------------------------------
 */

static void clear_peer(struct peer_config *peer)
{
	free(peer->public_key);
	for (size_t i = 0; i < peer->allow_count; i++)
		free(peer->allow[i]);
	free(peer->allow);
	*peer = (struct peer_config){.allow_count = 0};
}

static void end_service(struct section *s, const struct option_origin *origin)
{
	if (s->service.port == 0) {
		break_section(
		    s, s->line,
		    xasprintf("[service %s] has no port", s->service.name),
		    xstrdup("add a line: port = 51820/udp"));
		return;
	}
	if (!draft_add_service(s->draft, &s->service, origin))
		return;
	draft_add_entry(s->draft, "service", value_format_service(&s->service),
			origin, true);
	s->draft->usable_count++;
}

static bool has_peer(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->peer_count; i++)
		if (strcmp(c->peers[i].name, name) == 0)
			return true;
	return false;
}

static void end_peer(struct section *s, const struct option_origin *origin)
{
	struct config *c = s->draft->config;

	if (!s->peer.public_key) {
		break_section(
		    s, s->line,
		    xasprintf("[peer %s] has no public-key", s->peer.name),
		    xstrdup("add a line: public-key = ..."));
		return;
	}
	c->peers =
	    xreallocarray(c->peers, c->peer_count + 1, sizeof(*c->peers));
	c->peers[c->peer_count++] = s->peer;
	draft_add_entry(s->draft, "peer", xstrdup(s->peer.name), origin, true);
	s->peer = (struct peer_config){.allow_count = 0};
	s->draft->usable_count++;
}

static void end_section(struct section *s)
{
	const struct option_origin origin = {
	    .kind = ORIGIN_FILE, .file = s->file, .line = s->line};

	if (s->kind == SECTION_SERVICE && !s->is_bad)
		end_service(s, &origin);
	else if (s->kind == SECTION_PEER && !s->is_bad)
		end_peer(s, &origin);
	clear_peer(&s->peer);
	s->service = (struct service_config){.port = 0};
	s->kind = SECTION_NONE;
}

/* --- its beginning and its lines ---------------------------------------------
 */

/* Splits "service NAME"; returns NAME, trimmed and unquoted, or NULL. */
static char *name_after(char *header, const char *word)
{
	size_t len = strlen(word);
	char *name;

	if (strncmp(header, word, len) != 0 ||
	    (header[len] != '\0' && !text_is_blank(header[len])))
		return NULL;
	name = text_trim(header + len);
	text_strip_quotes(name);
	return name;
}

static void begin_named(struct section *s, const char *name, char *ret_name)
{
	char shown[SANITIZE_BYTES];

	if (!value_is_name(name)) {
		break_section(s, s->line,
			      xasprintf("'%s' cannot be a name",
					sanitize(name, strlen(name), shown,
						 sizeof(shown))),
			      xstrdup("use 1 to 31 letters, digits, _ . -"));
		return;
	}
	snprintf(ret_name, CONFIG_NAME_BYTES, "%.*s", CONFIG_NAME_BYTES - 1,
		 name);
	/* A service is compared with all others once its port is known. */
	if (s->kind == SECTION_PEER && has_peer(s->draft->config, name))
		break_section(s, s->line,
			      xasprintf("[peer %s] stands twice", name),
			      xstrdup("remove one of them"));
}

static void on_section(void *arg, const char *text, unsigned int line)
{
	struct section *s = arg;
	char *header, *name;
	char shown[SANITIZE_BYTES];

	end_section(s);
	s->line = line;
	s->seen = 0;
	s->is_bad = false;
	if (!text)
		return;
	header = xstrdup(text);
	if ((name = name_after(header, "service"))) {
		s->kind = SECTION_SERVICE;
		begin_named(s, name, s->service.name);
	} else if ((name = name_after(header, "peer"))) {
		s->kind = SECTION_PEER;
		begin_named(s, name, s->peer.name);
	} else {
		report(s, FINDING_WARNING, line,
		       xasprintf(
			   "[%s] is no section",
			   sanitize(text, strlen(text), shown, sizeof(shown))),
		       xstrdup("write [service NAME] or [peer NAME]"));
	}
	free(header);
}

static const struct key *find_key(const struct section *s, const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].kind == s->kind && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void on_pair(void *arg, const char *name, const char *value,
		    unsigned int line)
{
	struct section *s = arg;
	const struct key *key = find_key(s, name);
	char shown[SANITIZE_BYTES];
	unsigned int bit;

	if (s->kind == SECTION_NONE)
		return;
	if (!key) {
		report(s, FINDING_WARNING, line,
		       xasprintf(
			   "'%s' is no key of this section",
			   sanitize(name, strlen(name), shown, sizeof(shown))),
		       NULL);
		return;
	}
	bit = 1u << (key - keys);
	if (s->seen & bit) {
		break_section(s, line, xasprintf("%s stands twice", name),
			      xstrdup("remove one of the lines"));
		return;
	}
	s->seen |= bit;
	if (!key->set(s, value))
		break_section(s, line,
			      xasprintf("%s = %s is not right", name,
					sanitize(value, strlen(value), shown,
						 sizeof(shown))),
			      xasprintf("write %s", key->form));
}

static void on_problem(void *arg, const char *what, unsigned int line)
{
	struct section *s = arg;

	break_section(s, line, xstrdup(what), NULL);
}

void config_conf_read(struct config_draft *draft, const char *file,
		      const char *text, size_t len)
{
	struct section s = {.draft = draft, .file = file};
	const struct conf_ini_handler handler = {.section = on_section,
						 .pair = on_pair,
						 .problem = on_problem,
						 .arg = &s};

	conf_ini_read(text, len, &handler);
	end_section(&s);
}

/* --- the directory
 * ------------------------------------------------------------ */

static int is_conf(const struct dirent *entry)
{
	return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

/* The same order everywhere, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_path(struct config_draft *draft, const char *path)
{
	char *text;
	size_t len;
	int r = config_file_read(path, &text, &len);

	if (r < 0) {
		draft_report_unreadable(draft, path, -r);
		return;
	}
	config_conf_read(draft, path, text, len);
	free(text);
}

static void report_missing(struct config_draft *draft, const char *dir)
{
	const struct option_origin origin = {.kind = ORIGIN_FILE, .file = dir};

	draft_report(draft, "cfg.unreadable", FINDING_WARNING, &origin,
		     xasprintf("there is no directory %s", dir),
		     xasprintf("mkdir %s, or leave out --conf-dir", dir));
}

void config_conf_read_dir(struct config_draft *draft, const char *dir,
			  bool is_named)
{
	struct dirent **names;
	int count = scandir(dir, &names, is_conf, by_name);

	if (count < 0 && errno == ENOENT) {
		if (is_named)
			report_missing(draft, dir);
		return;
	}
	if (count < 0) {
		draft_report_unreadable(draft, dir, errno);
		return;
	}
	for (int i = 0; i < count; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]->d_name);

		read_path(draft, path);
		free(path);
		free(names[i]);
	}
	free(names);
}
