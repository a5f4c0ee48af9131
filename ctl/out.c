#include "out.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

#define WIDTH_LEAST 20
#define WIDTH_MOST  100 /* longer lines are hard to read */
#define NARROW      44  /* below this the text stands under its label */
#define ASIDE_AT    76

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value;
}

/* no-color.org: set and not empty. CLICOLOR_FORCE: anything but 0. */
static bool wants_color(const struct args *args)
{
	const char *term = getenv("TERM");
	const char *forced = getenv("CLICOLOR_FORCE");

	if (args->color != ARGS_COLOR_AUTO)
		return args->color == ARGS_COLOR_ALWAYS;
	if (is_set("NO_COLOR"))
		return false;
	if ((forced && *forced && strcmp(forced, "0") != 0) ||
	    is_set("FORCE_COLOR"))
		return true;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static size_t find_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint32_t width;

	if (!columns || text_parse_uint(columns, 10000, &width) < 0 ||
	    width == 0) {
		if (!isatty(STDOUT_FILENO))
			return 0;
		width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
				size.ws_col > 0
			    ? size.ws_col
			    : 80;
	}
	if (width < WIDTH_LEAST)
		return WIDTH_LEAST;
	return width > WIDTH_MOST ? WIDTH_MOST : width;
}

/* A locale that names another character set gets none of ours; "C" says nothing
 * about the terminal. */
static bool wants_ascii(const struct args *args)
{
	const char *locale = setlocale(LC_CTYPE, "");

	if (args->ascii)
		return true;
	if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
		return false;
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

struct out out_init(const struct args *args)
{
	return (struct out){
	    .args = args,
	    .stream = stdout,
	    .width = find_width(),
	    .ascii = wants_ascii(args),
	    .color = wants_color(args),
	};
}

const char *out_glyph(const struct out *out, enum out_glyph glyph)
{
	static const char *const glyphs[OUT_GLYPH_COUNT][2] = {
	    [OUT_FROM] = {"←", "<-"},  [OUT_NONE] = {"–", "-"},
	    [OUT_LINK] = {"──", "--"}, [OUT_BROKEN] = {"──✖──", "--x--"},
	    [OUT_CUT] = {"…", "~"},
	};

	return glyphs[glyph][out->ascii];
}

/* --- text -------------------------------------------------------------------
 */

/* Characters that a terminal acts upon, or that turn the text around. */
static bool is_harmful(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

void out_text(const struct out *out, const char *text, size_t len)
{
	uint32_t code;
	size_t step;

	for (size_t i = 0; i < len; i += step ? step : 1) {
		step = text_utf8_length(text + i, len - i, &code);
		if (step == 0 || is_harmful(code) || (step > 1 && out->ascii))
			fputc('?', out->stream);
		else
			fwrite(text + i, 1, step, out->stream);
	}
}

/* Columns of the first LEN bytes: no wide characters are expected. */
static size_t columns_of(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

size_t out_columns(const char *text)
{
	return columns_of(text, strlen(text));
}

void out_end(const struct out *out)
{
	fputc('\n', out->stream);
}

static void put_spaces(const struct out *out, size_t count)
{
	while (count-- > 0)
		fputc(' ', out->stream);
}

/* Bytes of the first COLUMNS columns of TEXT. */
static size_t bytes_of(const char *text, size_t columns)
{
	size_t i = 0;

	for (; text[i]; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80 && columns-- == 0)
			break;
	return i;
}

size_t out_cut(const struct out *out, const char *text, size_t columns)
{
	size_t used = out_columns(text);

	if (used <= columns) {
		out_text(out, text, strlen(text));
		return used;
	}
	if (columns == 0)
		return 0;
	out_text(out, text, bytes_of(text, columns - 1));
	fputs(out_glyph(out, OUT_CUT), out->stream);
	return columns;
}

/* Where a line is, and how it goes on. */
struct cursor {
	size_t at, indent;
};

static void new_line(const struct out *out, struct cursor *cursor)
{
	out_end(out);
	put_spaces(out, cursor->indent);
	cursor->at = cursor->indent;
}

/* Prints a word; one that is longer than a line is cut where the line ends. */
static void put_word(const struct out *out, struct cursor *cursor,
		     const char *word, size_t len)
{
	uint32_t code;
	size_t step;

	for (size_t i = 0; i < len; i += step) {
		step = text_utf8_length(word + i, len - i, &code);
		step = step ? step : 1;
		if (out->width > 0 && cursor->at >= out->width &&
		    cursor->indent < out->width)
			new_line(out, cursor);
		out_text(out, word + i, step);
		cursor->at++;
	}
}

void out_wrap(const struct out *out, size_t at, size_t indent, const char *text)
{
	struct cursor cursor = {at, indent};
	size_t len, blanks;
	bool at_start = true;

	while (*text) {
		if (*text == '\n') {
			text++;
			if (*text)
				new_line(out, &cursor);
			at_start = true;
			continue;
		}
		blanks = strspn(text, " ");
		len = strcspn(text + blanks, " \n");
		if (out->width > 0 && !at_start &&
		    cursor.at + blanks + columns_of(text + blanks, len) >
			out->width) {
			new_line(out, &cursor);
		} else {
			put_spaces(out, blanks);
			cursor.at += blanks;
		}
		put_word(out, &cursor, text + blanks, len);
		at_start = false;
		text += blanks + len;
	}
	out_end(out);
}

void out_row(const struct out *out, const char *label, const char *format, ...)
{
	bool is_narrow = out->width > 0 && out->width < NARROW;
	size_t indent = is_narrow ? 4 : OUT_INDENT, at = 0;
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	if (*label) {
		put_spaces(out, 2);
		at = 2 + out_columns(label);
		if (at >= indent) {
			out_wrap(out, 2, 2, label);
			at = 0;
		} else {
			out_text(out, label, strlen(label));
		}
	}
	put_spaces(out, indent - at);
	out_wrap(out, indent, indent, text);
	free(text);
}

static void put_mark(const struct out *out, enum reachable reachable)
{
	static const struct {
		const char *glyphs[2];
		const char *color;
	} marks[REACHABLE_COUNT] = {
	    [REACHABLE_YES] = {{"●", "*"}, "32"},
	    [REACHABLE_LIKELY] = {{"◐", "~"}, "33"},
	    [REACHABLE_LIMITED] = {{"◐", "~"}, "33"},
	    [REACHABLE_NO] = {{"✖", "x"}, "31"},
	    [REACHABLE_UNKNOWN] = {{"○", "?"}, "36"},
	};
	const char *glyph = marks[reachable].glyphs[out->ascii];

	if (out->color)
		fprintf(out->stream, "\033[1;%sm%s\033[0m ",
			marks[reachable].color, glyph);
	else
		fprintf(out->stream, "%s ", glyph);
}

void out_headline(const struct out *out, enum reachable reachable,
		  const char *sentence, const char *aside)
{
	size_t limit =
	    out->width && out->width < ASIDE_AT ? out->width : ASIDE_AT;
	size_t used = 2 + out_columns(sentence);
	size_t aside_columns = out_columns(aside);

	put_mark(out, reachable);
	if (used + 2 + aside_columns > limit) {
		out_wrap(out, 2, 2, sentence);
		if (*aside) {
			put_spaces(out, 2);
			out_wrap(out, 2, 2, aside);
		}
		return;
	}
	out_text(out, sentence, strlen(sentence));
	if (*aside) {
		put_spaces(out, limit - used - aside_columns);
		out_text(out, aside, strlen(aside));
	}
	out_end(out);
}

/* --- values -----------------------------------------------------------------
 */

const char *out_duration(int64_t s, char *buf)
{
	long long minutes = s / 60, hours = s / 3600, days = s / 86400;

	if (s < 0)
		s = 0;
	if (s < 120)
		snprintf(buf, OUT_BYTES, "%lld s", (long long)s);
	else if (minutes < 60)
		snprintf(buf, OUT_BYTES, "%lld min", minutes);
	else if (hours < 48)
		snprintf(buf, OUT_BYTES, "%lld h %lld min", hours,
			 minutes % 60);
	else
		snprintf(buf, OUT_BYTES, "%lld d %lld h", days, hours % 24);
	return buf;
}

static void break_down(const struct out *out, int64_t unix_s, struct tm *ret_tm)
{
	time_t t = (time_t)unix_s;

	*ret_tm = (struct tm){0};
	if (out->args->utc)
		gmtime_r(&t, ret_tm);
	else
		localtime_r(&t, ret_tm);
}

const char *out_clock(const struct out *out, int64_t unix_s, int64_t now_s,
		      char *buf)
{
	struct tm then, now;
	size_t len;

	break_down(out, unix_s, &then);
	break_down(out, now_s, &now);
	len =
	    strftime(buf, OUT_BYTES,
		     then.tm_year == now.tm_year && then.tm_yday == now.tm_yday
			 ? "%H:%M"
			 : "%Y-%m-%d %H:%M",
		     &then);
	if (out->args->utc)
		snprintf(buf + len, OUT_BYTES - len, " UTC");
	return buf;
}

void out_json(const struct out *out, const json_t *value)
{
	size_t flags =
	    out->args->json == ARGS_JSON_PRETTY ? JSON_INDENT(2) : JSON_COMPACT;

	json_dumpf(value, out->stream,
		   flags | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	out_end(out);
}
