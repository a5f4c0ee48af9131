#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "envfile.h"

#define MOST 4

struct row {
	const char *text;
	const char *pairs[MOST]; /* "NAME=value" in order */
};

static void expect_pairs(const struct envfile *file, const struct row *row)
{
	size_t n = 0;

	while (n < MOST && row->pairs[n])
		n++;
	if (file->count != n)
		fail_msg("'%s' gave %zu variables", row->text, file->count);
	for (size_t i = 0; i < n; i++) {
		const struct env_assignment *a = &file->items[i];
		const char *equals = strstr(row->pairs[i], "=");

		assert_int_equal(strlen(a->name), equals - row->pairs[i]);
		assert_memory_equal(a->name, row->pairs[i], strlen(a->name));
		if (strcmp(a->value, equals + 1) != 0)
			fail_msg("'%s' gave '%s'", row->text, a->value);
	}
}

/* What the lexer of systemd 252 makes of each text. */
static void envfile_parse_when_exact_then_as_systemd(void **state)
{
	static const struct row rows[] = {
	    {"", {NULL}},
	    {"; semi\n# hash\n", {NULL}},
	    {"DQ=\"--t=\\\"a,b\\\" --x\"\n", {"DQ=--t=\"a,b\" --x"}},
	    {"SQ='single $HOME \\n'\n", {"SQ=single $HOME \\n"}},
	    {"ESC=back\\ slash\\\\n\n", {"ESC=back slash\\n"}},
	    {"CONT=\"line one \\\nline two\"\n", {"CONT=line one line two"}},
	    {"INLINE=value # not a comment\n",
	     {"INLINE=value # not a comment"}},
	    {"DOLLAR=\"$P and ${P}\"\n", {"DOLLAR=$P and ${P}"}},
	    {"export EXP=1\n", {"export EXP=1"}},
	    {" SPACED = x\n", {"SPACED=x"}},
	    {"DUP=1\nDUP=2\n", {"DUP=1", "DUP=2"}},
	    {"A=\"open\nB=1\n", {"A=open\nB=1\n"}},
	    {"A='open\nB=1\n", {"A=open\nB=1\n"}},
	    {"A=1\r\nB=\"2\"\r\n", {"A=1", "B=2"}},
	    {"A=1\rB=2\r", {"A=1", "B=2"}},
	    {"1X=3\nBAD-NAME=2\n", {"1X=3", "BAD-NAME=2"}},
	    {"A='--a' \"--b\"\n", {"A=--a--b"}},
	    {"A=\"--one\"  \"--two\"\n", {"A=--one--two"}},
	    {"MULTI=a\\\nb\n", {"MULTI=ab"}},
	    {"# comment \\\nA=1\nB=2\n", {"B=2"}},
	    {"no equals\nA=1\n", {"A=1"}},
	    {"FOO BAR=1\n", {"FOO BAR=1"}},
	    {"DAEMON_OPTS+=x\n", {"DAEMON_OPTS+=x"}},
	    {"A=\"\\\\ \\` \\$ \\\" \\n\"", {"A=\\ ` $ \" \\n"}},
	    {"A='it\\'s'\n", {"A=it\\s'"}},
	    {"X=\"x\" # c\n", {"X=x# c"}},
	    {"A=  lead trail  \n", {"A=lead trail"}},
	    {"A=trail\\  \n", {"A=trail "}},
	    {"A=x\"y\"'z'\n", {"A=x\"y\"'z'"}},
	    {"A=no newline", {"A=no newline"}},
	    {"A=\n", {"A="}},
	    {"A=", {"A="}},
	    {"A=\"two\nlines\"\n", {"A=two\nlines"}},
	    {"\xef\xbb\xbf"
	     "A=1\nB=2\n",
	     {"\xef\xbb\xbf"
	      "A=1",
	      "B=2"}},
	    {"# bad \xff is fine here\nA=1\n", {"A=1"}},
	    {"D='--traversal=\"a,b\" --udp.ports=\"1:2\"'\n",
	     {"D=--traversal=\"a,b\" --udp.ports=\"1:2\""}},
	    {"D=--traversal=manual,upnp --keystore.lightweight\n",
	     {"D=--traversal=manual,upnp --keystore.lightweight"}},
	    {"D=\"--udp.ports=\"30000:60000\" --x\"\n",
	     {"D=--udp.ports=30000:60000\" --x\""}},
	    {"D=\"--a=\\\\\"b\\\\\"\"\n", {"D=--a=\\b\\\"\""}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct envfile file;

		assert_int_equal(
		    envfile_parse(rows[i].text, strlen(rows[i].text),
				  ENVFILE_EXACT, NULL, NULL, &file),
		    0);
		expect_pairs(&file, &rows[i]);
		envfile_fini(&file);
	}
}

static void envfile_parse_when_exact_and_bad_bytes_then_whole_file_fails(
    void **state)
{
	static const char bad_value[] = "A=1\nB=x\xffy\n";
	static const char bad_key[] = "A=1\nB\xff=x\n";
	static const char nul[] = "A=1\n#\0\n";
	struct envfile file;

	(void)state;
	assert_int_equal(envfile_parse(bad_value, sizeof(bad_value) - 1,
				       ENVFILE_EXACT, NULL, NULL, &file),
			 -EINVAL);
	assert_int_equal(envfile_parse(bad_key, sizeof(bad_key) - 1,
				       ENVFILE_EXACT, NULL, NULL, &file),
			 -EINVAL);
	assert_int_equal(envfile_parse(nul, sizeof(nul) - 1, ENVFILE_EXACT,
				       NULL, NULL, &file),
			 -EBADMSG);
}

struct notes {
	enum envfile_note note[MOST];
	unsigned int line[MOST];
	size_t count;
};

static void remember(void *arg, enum envfile_note note, unsigned int line,
		     const char *name)
{
	struct notes *notes = arg;

	(void)name;
	assert_true(notes->count < MOST);
	notes->note[notes->count] = note;
	notes->line[notes->count++] = line;
}

/* Each row: a text, what is kept, and the first note with its line. */
static void envfile_parse_when_tolerant_then_repaired_and_noted(void **state)
{
	static const struct {
		struct row row;
		enum envfile_note note;
		unsigned int line;
	} rows[] = {
	    {{"#\nexport A=1\n", {"A=1"}}, ENVFILE_EXPORT, 2},
	    {{"A=1\nexport\tA=2\n", {"A=1", "A=2"}}, ENVFILE_EXPORT, 2},
	    {{"A=\"--x\"\nA+=\" --y\"\n", {"A=--x --y"}}, ENVFILE_APPEND, 2},
	    {{"A=\"--x\"\nA+=--y\n", {"A=--x --y"}}, ENVFILE_APPEND, 2},
	    {{"A=--t=upnp\nA+=,manual\n", {"A=--t=upnp,manual"}},
	     ENVFILE_APPEND,
	     2},
	    {{"A+=--y\n", {"A=--y"}}, ENVFILE_APPEND, 1},
	    {{"X=\"x\" # c\n", {"X=x"}}, ENVFILE_COMMENT_CUT, 1},
	    {{"\nX='x'\t# c \\\nY=1\n", {"X=x", "Y=1"}},
	     ENVFILE_COMMENT_CUT,
	     2},
	    {{"X=\"x\" # c", {"X=x"}}, ENVFILE_COMMENT_CUT, 1},
	    {{"\xef\xbb\xbf"
	      "A=1\n",
	      {"A=1"}},
	     ENVFILE_BOM,
	     1},
	    {{"A=1\nB=\xff\nC=3\n", {"A=1", "C=3"}}, ENVFILE_BAD_UTF8, 2},
	    {{"A=1\nB\xc3=2\nC=3\n", {"A=1", "C=3"}}, ENVFILE_BAD_UTF8, 2},
	    {{"A=x\033y\n", {"A=x\033y"}}, ENVFILE_CONTROL, 1},
	    {{"A=\"x\r\ny\"\r\n", {"A=x\r\ny"}}, ENVFILE_CONTROL, 1},
	    {{"A=1\n1X=3\n", {"A=1"}}, ENVFILE_BAD_NAME, 2},
	    {{"BAD-NAME=2\n", {NULL}}, ENVFILE_BAD_NAME, 1},
	    {{"FOO BAR=2\n", {NULL}}, ENVFILE_BAD_NAME, 1},
	    {{"A=1\n\nnothing\nB=2\n", {"A=1", "B=2"}}, ENVFILE_NO_EQUALS, 3},
	    {{"A=1\nnothing", {"A=1"}}, ENVFILE_NO_EQUALS, 2},
	    {{"A='--a' \"--b\"\n", {"A=--a--b"}}, ENVFILE_JOINED, 1},
	    {{"\nA=\"--a\n--b", {"A=--a\n--b"}}, ENVFILE_UNTERMINATED, 2},
	    {{"A='", {"A="}}, ENVFILE_UNTERMINATED, 1},
	    {{"A=\"--a\nSERVICE_OPTS=\"x\"\n", {"A=--a\nSERVICE_OPTS=x\""}},
	     ENVFILE_SWALLOWED,
	     1},
	    {{"A=\"--a\r\n SERVICE_OPTS=\"\r\n", {"A=--a\r\n SERVICE_OPTS="}},
	     ENVFILE_SWALLOWED,
	     1},
	    {{"\n# c \\\nA=1\nB=2\n", {"B=2"}}, ENVFILE_COMMENT_CONTINUED, 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *row = &rows[i].row;
		struct notes notes = {.count = 0};
		struct envfile file;

		assert_int_equal(envfile_parse(row->text, strlen(row->text),
					       ENVFILE_TOLERANT, remember,
					       &notes, &file),
				 0);
		expect_pairs(&file, row);
		if (notes.count == 0 || notes.note[0] != rows[i].note ||
		    notes.line[0] != rows[i].line)
			fail_msg("'%s': %zu notes, first %d at %u", row->text,
				 notes.count, (int)notes.note[0],
				 notes.line[0]);
		envfile_fini(&file);
	}
}

static void envfile_parse_when_tolerant_and_harmless_then_no_note(void **state)
{
	static const struct row rows[] = {
	    {"INLINE=value # not\n", {"INLINE=value # not"}},
	    {"A=\"x\"# y\n", {"A=x# y"}},
	    {"A=\"x\" y\n", {"A=xy"}},
	    {"A= # c\n", {"A=# c"}},
	    {"A=1\r\n\r\n# c \\\r\nB=2\r\n", {"A=1", "B=2"}},
	    {"# c \\\n# d\nB=2\n", {"B=2"}},
	    {"A=\"--a\n  --b\"\n", {"A=--a\n  --b"}},
	    {"A=\"--a \\\n  --b\"\n", {"A=--a   --b"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct notes notes = {.count = 0};
		struct envfile file;

		assert_int_equal(
		    envfile_parse(rows[i].text, strlen(rows[i].text),
				  ENVFILE_TOLERANT, remember, &notes, &file),
		    0);
		expect_pairs(&file, &rows[i]);
		if (notes.count > 0)
			fail_msg("'%s': note %d", rows[i].text,
				 (int)notes.note[0]);
		envfile_fini(&file);
	}
}

static void envfile_parse_when_nul_then_noted_once_and_dropped(void **state)
{
	static const char text[] = "A=1\nB=x\0y\nC\0=2\n\0\0\nD=4\n";
	struct notes notes = {.count = 0};
	struct envfile file;

	(void)state;
	assert_int_equal(envfile_parse(text, sizeof(text) - 1, ENVFILE_TOLERANT,
				       remember, &notes, &file),
			 0);
	assert_int_equal(notes.note[0], ENVFILE_NUL);
	assert_int_equal(notes.line[0], 2);
	assert_int_equal(file.count, 2);
	assert_string_equal(file.items[0].name, "A");
	assert_string_equal(file.items[1].name, "D");
	envfile_fini(&file);
}

static void envfile_parse_when_value_spans_lines_then_each_byte_has_its_line(
    void **state)
{
	static const char text[] = "#\nA=\"a\nb\\\nc\"\nA+=\" d\"\n";
	static const unsigned int lines[] = {2, 2, 3, 4, 5, 5};
	const struct env_assignment *a;
	struct envfile file;

	(void)state;
	assert_int_equal(envfile_parse(text, sizeof(text) - 1, ENVFILE_TOLERANT,
				       NULL, NULL, &file),
			 0);
	a = envfile_find(&file, "A");
	assert_non_null(a);
	assert_int_equal(a->line, 2);
	assert_string_equal(a->value, "a\nbc d");
	assert_memory_equal(a->value_lines, lines, sizeof(lines));
	assert_null(envfile_find(&file, "B"));
	envfile_fini(&file);
}

static void envfile_parse_when_over_64_kib_then_efbig(void **state)
{
	char *text = malloc(ENVFILE_MAX_BYTES + 1);
	struct envfile file;

	(void)state;
	assert_non_null(text);
	memset(text, 'A', ENVFILE_MAX_BYTES + 1);
	text[1] = '=';
	assert_int_equal(envfile_parse(text, ENVFILE_MAX_BYTES + 1,
				       ENVFILE_TOLERANT, NULL, NULL, &file),
			 -EFBIG);
	assert_int_equal(envfile_parse(text, ENVFILE_MAX_BYTES,
				       ENVFILE_TOLERANT, NULL, NULL, &file),
			 0);
	assert_int_equal(strlen(file.items[0].value), ENVFILE_MAX_BYTES - 2);
	envfile_fini(&file);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(envfile_parse_when_exact_then_as_systemd),
	    cmocka_unit_test(
		envfile_parse_when_exact_and_bad_bytes_then_whole_file_fails),
	    cmocka_unit_test(
		envfile_parse_when_tolerant_then_repaired_and_noted),
	    cmocka_unit_test(
		envfile_parse_when_tolerant_and_harmless_then_no_note),
	    cmocka_unit_test(
		envfile_parse_when_nul_then_noted_once_and_dropped),
	    cmocka_unit_test(
		envfile_parse_when_value_spans_lines_then_each_byte_has_its_line),
	    cmocka_unit_test(envfile_parse_when_over_64_kib_then_efbig),
	};

	return cmocka_run_group_tests_name("envfile", tests, NULL, NULL);
}
