#include "config_defaults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "config_options.h"
#include "envfile.h"
#include "mem.h"
#include "text.h"
#include "words.h"

static const struct {
	enum finding_severity severity;
	const char *title;
	const char *fix;
} notes[] = {
    [ENVFILE_EXPORT] = {FINDING_WARNING,
			"systemd ignores a line with export; it was read",
			"write NAME=\"...\" without export"},
    [ENVFILE_APPEND] = {FINDING_WARNING,
			"systemd ignores a line with +=; it was appended",
			"write everything into one NAME=\"...\""},
    [ENVFILE_COMMENT_CUT] =
	{FINDING_WARNING,
	 "systemd takes a comment after a value for a part of it; it was cut",
	 "put the comment on a line of its own"},
    [ENVFILE_BOM] = {FINDING_WARNING,
		     "the file begins with a byte order mark, which hides the "
		     "first line from systemd",
		     "save the file as UTF-8 without BOM"},
    [ENVFILE_BAD_UTF8] =
	{FINDING_WARNING,
	 "the line is not UTF-8 and is skipped; systemd ignores the whole file",
	 "save the file as UTF-8"},
    [ENVFILE_CONTROL] = {FINDING_WARNING,
			 "the value has a control character; systemd ignores "
			 "the variable",
			 "remove the control character"},
    [ENVFILE_NUL] = {FINDING_FAILURE,
		     "the file has a NUL byte; systemd ignores the whole file",
		     "restore the file, or write it anew"},
    [ENVFILE_BAD_NAME] = {FINDING_INFO,
			  "the line has no name that a variable can have", ""},
    [ENVFILE_NO_EQUALS] = {FINDING_WARNING,
			   "the line assigns nothing and is ignored",
			   "write NAME=\"...\", or put # before it"},
    [ENVFILE_JOINED] = {FINDING_WARNING,
			"quoted pieces are joined without the blanks between "
			"them",
			"put one pair of quotes around the whole value"},
    [ENVFILE_UNTERMINATED] = {FINDING_FAILURE,
			      "the quote that opens here never closes",
			      "add the closing quote"},
    [ENVFILE_SWALLOWED] = {FINDING_FAILURE,
			   "the quote that opens here swallows the variables "
			   "on the next lines",
			   "add the closing quote at the end of the line"},
    [ENVFILE_COMMENT_CONTINUED] =
	{FINDING_WARNING,
	 "the comment ends in a backslash and hides the line after it",
	 "remove the backslash"},
};

struct note_context {
	struct config_draft *draft;
	const char *file;
};

static void on_note(void *arg, enum envfile_note note, unsigned int line,
		    const char *name)
{
	const struct note_context *context = arg;
	const struct option_origin origin = {
	    .kind = ORIGIN_FILE, .file = context->file, .line = line};

	(void)name;
	if (note == ENVFILE_NUL)
		context->draft->is_file_broken = true;
	draft_report(context->draft, "cfg.syntax", notes[note].severity,
		     &origin, xstrdup(notes[note].title),
		     xstrdup(notes[note].fix));
}

/* systemd reads on to the end of the value, and so do we. */
static void report_unclosed(struct config_draft *draft, const char *name,
			    unsigned int line)
{
	const struct option_origin origin = {.kind = ORIGIN_FILE,
					     .file =
						 draft->config->defaults_file,
					     .line = line};

	draft_report(draft, "cfg.syntax", FINDING_FAILURE, &origin,
		     xasprintf("a quote inside %s never closes", name),
		     xstrdup("add the closing quote, or remove both"));
}

static void scan_variable(struct config_draft *draft,
			  const struct envfile *file, const char *name,
			  bool takes_services)
{
	const struct env_assignment *a = envfile_find(file, name);
	struct option_scan scan = {
	    .origin = ORIGIN_FILE,
	    .file = draft->config->defaults_file,
	    .takes_services = takes_services,
	    .findings = &draft->config->findings,
	};
	struct words words = {0};

	if (!a)
		return;
	scan.table = config_options(&scan.table_count);
	if (!words_split(a->value, a->value_lines, &words))
		report_unclosed(draft, name, words.items[words.count - 1].line);
	options_scan(&scan, &words, &draft->uses);
	words_clear(&words);
}

/* DEAMON_OPTS has no effect, for the node neither. */
static void report_typos(struct config_draft *draft, const struct envfile *file)
{
	static const char *const ours[] = {"DAEMON_OPTS", "SERVICE_OPTS"};

	for (size_t i = 0; i < file->count; i++) {
		const char *name = file->items[i].name;
		const struct option_origin origin = {
		    .kind = ORIGIN_FILE,
		    .file = draft->config->defaults_file,
		    .line = file->items[i].line};

		for (size_t j = 0; j < 2; j++) {
			size_t distance = text_edit_distance(name, ours[j]);

			if (strcmp(name, ours[j]) != 0 && distance <= 2)
				draft_report(
				    draft, "cfg.unknown_variable",
				    FINDING_WARNING, &origin,
				    xasprintf("%s has no effect", name),
				    xasprintf("did you mean %s?", ours[j]));
		}
	}
}

static void take_defaults(struct config_draft *draft, const char *text,
			  size_t len)
{
	struct note_context context = {.draft = draft,
				       .file = draft->config->defaults_file};
	struct envfile file;

	/* config_file_read() has the same limit. */
	if (envfile_parse(text, len, ENVFILE_TOLERANT, on_note, &context,
			  &file) < 0)
		return;
	draft->usable_count += file.count;
	draft->is_file_silent = !draft->is_file_broken &&
				!envfile_find(&file, "DAEMON_OPTS") &&
				!envfile_find(&file, "SERVICE_OPTS");
	report_typos(draft, &file);
	scan_variable(draft, &file, "DAEMON_OPTS", false);
	scan_variable(draft, &file, "SERVICE_OPTS", true);
	envfile_fini(&file);
}

int config_defaults_read(struct config_draft *draft, const char *path)
{
	char *text;
	size_t len;
	int r = config_file_read(path, &text, &len);

	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	if (r < 0) {
		draft->is_file_broken = true;
		draft_report_unreadable(draft, path, -r);
		return 0;
	}
	/* Nothing borrows the name of a file that was silent. */
	free(draft->config->defaults_file);
	draft->config->defaults_file = xstrdup(path);
	take_defaults(draft, text, len);
	free(text);
	return 0;
}

void config_defaults_read_first(struct config_draft *draft,
				const char *const *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (config_defaults_read(draft, paths[i]) == 0 &&
		    !draft->is_file_silent)
			break;
}
