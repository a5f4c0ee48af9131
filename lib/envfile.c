#include "envfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "envfile_lex.h"
#include "mem.h"
#include "text.h"

struct reading {
	struct envfile file;
	enum envfile_mode mode;
	envfile_note_fn note;
	void *note_arg;
	int error;
};

static bool is_name(const char *name)
{
	if (!envfile_is_name_byte(*name, true))
		return false;
	while (*++name)
		if (!envfile_is_name_byte(*name, false))
			return false;
	return true;
}

static void tell(const struct reading *r, enum envfile_note note,
		 unsigned int line, const char *name)
{
	if (r->note && r->mode == ENVFILE_TOLERANT)
		r->note(r->note_arg, note, line, name);
}

static bool is_utf8(const char *bytes, size_t len)
{
	uint32_t code;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = text_utf8_length(bytes + i, len - i, &code);
		if (n == 0)
			return false;
	}
	return true;
}

/* systemd keeps no variable whose value has other control characters than tab
 * and line feed. */
static bool has_control(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((uint8_t)bytes[i] < ' ' && bytes[i] != '\t' &&
		     bytes[i] != '\n') ||
		    bytes[i] == 0x7f)
			return true;
	return false;
}

static struct env_assignment *find(const struct envfile *file, const char *name)
{
	for (size_t i = file->count; i > 0; i--)
		if (strcmp(file->items[i - 1].name, name) == 0)
			return &file->items[i - 1];
	return NULL;
}

static struct env_assignment *add(struct envfile *file, const char *name,
				  unsigned int line)
{
	struct env_assignment *a;

	if (file->count == file->cap) {
		file->cap = file->cap ? 2 * file->cap : 8;
		file->items =
		    xreallocarray(file->items, file->cap, sizeof(*file->items));
	}
	a = &file->items[file->count++];
	*a = (struct env_assignment){
	    .name = xstrdup(name),
	    .value = xstrdup(""),
	    .line = line,
	};
	return a;
}

static void put(struct env_assignment *a, const char *bytes,
		const unsigned int *lines, size_t len)
{
	size_t at = strlen(a->value);

	a->value = xreallocarray(a->value, at + len + 1, 1);
	a->value_lines = xreallocarray(a->value_lines, at + len + 1,
				       sizeof(*a->value_lines));
	memcpy(a->value + at, bytes, len);
	memcpy(a->value_lines + at, lines, len * sizeof(*lines));
	a->value[at + len] = '\0';
	a->value_lines[at + len] = 0;
}

/* Flags that were appended as a word of their own stay one. */
static bool needs_blank(const char *old, const struct env_raw *raw)
{
	size_t len = strlen(old);

	return len > 0 && raw->value_len > 0 && raw->value[0] == '-' &&
	       !text_is_blank(old[len - 1]);
}

static void assign(struct reading *r, const char *name,
		   const struct env_raw *raw, bool is_append)
{
	struct env_assignment *a = is_append ? find(&r->file, name) : NULL;

	if (!a)
		a = add(&r->file, name, raw->line);
	else if (needs_blank(a->value, raw))
		put(a, " ", &raw->line, 1);
	put(a, raw->value, raw->value_lines, raw->value_len);
}

/* Returns the key without the "export" and the "+" that a shell allows. */
static char *shell_name(const struct reading *r, const struct env_raw *raw,
			bool *ret_is_append)
{
	char *name = raw->key;
	size_t len;

	if (strncmp(name, "export", 6) == 0 && text_is_blank(name[6])) {
		name = text_trim(name + 6);
		tell(r, ENVFILE_EXPORT, raw->line, name);
	}
	len = strlen(name);
	*ret_is_append = len > 1 && name[len - 1] == '+';
	if (*ret_is_append) {
		name[len - 1] = '\0';
		tell(r, ENVFILE_APPEND, raw->line, name);
	}
	return name;
}

static void take_tolerantly(struct reading *r, const struct env_raw *raw)
{
	bool is_append;
	char *name;

	/* Noted once for the whole file. */
	if (memchr(raw->key, '\0', raw->key_len) ||
	    memchr(raw->value, '\0', raw->value_len))
		return;
	if (!is_utf8(raw->key, raw->key_len)) {
		tell(r, ENVFILE_BAD_UTF8, raw->line, "");
		return;
	}
	name = shell_name(r, raw, &is_append);
	if (!is_name(name)) {
		tell(r, ENVFILE_BAD_NAME, raw->line, name);
		return;
	}
	if (!is_utf8(raw->value, raw->value_len)) {
		tell(r, ENVFILE_BAD_UTF8, raw->line, name);
		return;
	}
	if (has_control(raw->value, raw->value_len))
		tell(r, ENVFILE_CONTROL, raw->line, name);
	assign(r, name, raw, is_append);
}

static void on_assignment(void *arg, struct env_raw *raw)
{
	struct reading *r = arg;

	if (r->mode == ENVFILE_TOLERANT)
		take_tolerantly(r, raw);
	else if (!is_utf8(raw->key, raw->key_len) ||
		 !is_utf8(raw->value, raw->value_len))
		r->error = -EINVAL;
	else
		assign(r, raw->key, raw, false);
}

static void on_note(void *arg, enum envfile_note note, unsigned int line)
{
	tell(arg, note, line, "");
}

static unsigned int line_of(const char *text, const char *at)
{
	unsigned int line = 1;

	for (; text < at; text++)
		if (*text == '\n' || (*text == '\r' && text[1] != '\n'))
			line++;
	return line;
}

static void read_tolerantly(struct reading *r, const char *text, size_t len,
			    const struct envfile_lex_handler *handler)
{
	const char *nul = memchr(text, '\0', len);

	if (nul)
		tell(r, ENVFILE_NUL, line_of(text, nul), "");
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		tell(r, ENVFILE_BOM, 1, "");
		text += 3;
		len -= 3;
	}
	envfile_lex(text, len, true, handler);
}

int envfile_parse(const char *text, size_t len, enum envfile_mode mode,
		  envfile_note_fn note, void *arg, struct envfile *ret_file)
{
	struct reading r = {.mode = mode, .note = note, .note_arg = arg};
	const struct envfile_lex_handler handler = {
	    .assignment = on_assignment, .note = on_note, .arg = &r};

	if (len > ENVFILE_MAX_BYTES)
		return -EFBIG;
	if (mode == ENVFILE_EXACT && memchr(text, '\0', len))
		return -EBADMSG;
	if (mode == ENVFILE_TOLERANT)
		read_tolerantly(&r, text, len, &handler);
	else
		envfile_lex(text, len, false, &handler);
	if (r.error < 0) {
		envfile_fini(&r.file);
		return r.error;
	}
	*ret_file = r.file;
	return 0;
}

const struct env_assignment *envfile_find(const struct envfile *file,
					  const char *name)
{
	return find(file, name);
}

void envfile_fini(struct envfile *file)
{
	for (size_t i = 0; i < file->count; i++) {
		free(file->items[i].name);
		free(file->items[i].value);
		free(file->items[i].value_lines);
	}
	free(file->items);
	*file = (struct envfile){0};
}
