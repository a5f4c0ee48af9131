/* fuzz_envfile: a defaults file in both modes, and its values as words. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "envfile.h"
#include "words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_note(void *arg, enum envfile_note note, unsigned int line,
		    const char *name)
{
	const unsigned int *last_line = arg;

	if (line == 0 || line > *last_line || !name ||
	    note > ENVFILE_COMMENT_CONTINUED)
		abort();
}

static void check(const struct env_assignment *a, unsigned int last_line)
{
	struct words words = {0};

	for (size_t i = 0; a->value[i]; i++)
		if (a->value_lines[i] == 0 || a->value_lines[i] > last_line)
			abort();
	words_split(a->value, a->value_lines, &words);
	for (size_t i = 0; i < words.count; i++)
		if (words.items[i].line == 0 ||
		    strlen(words.items[i].text) > strlen(a->value))
			abort();
	words_clear(&words);
}

static void parse(const uint8_t *data, size_t size, enum envfile_mode mode)
{
	unsigned int last_line = (unsigned int)size + 1;
	struct envfile file;

	if (envfile_parse((const char *)data, size, mode, on_note, &last_line,
			  &file) < 0)
		return;
	for (size_t i = 0; i < file.count; i++) {
		check(&file.items[i], last_line);
		if (!envfile_find(&file, file.items[i].name))
			abort();
	}
	envfile_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse(data, size, ENVFILE_EXACT);
	parse(data, size, ENVFILE_TOLERANT);
	return 0;
}
