#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "text.h"

void words_add(struct words *list, const char *text, size_t len,
	       unsigned int line)
{
	if (list->count == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 8;
		list->items =
		    xreallocarray(list->items, list->cap, sizeof(*list->items));
	}
	list->items[list->count++] =
	    (struct word){.text = xstrndup(text, len), .line = line};
}

void words_clear(struct words *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].text);
	free(list->items);
	*list = (struct words){0};
}

/* Copies the word at P without its quotes to OUT; returns where it ends. */
static const char *take_word(const char *p, char *out, size_t *ret_len,
			     bool *ret_is_closed)
{
	char quote = '\0';
	size_t len = 0;

	for (; *p && (quote || !text_is_blank(*p)); p++) {
		if (*p == '\\') {
			if (p[1] == '\0')
				continue;
			out[len++] = *++p;
		} else if (quote && *p == quote) {
			quote = '\0';
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p;
		} else {
			out[len++] = *p;
		}
	}
	*ret_len = len;
	*ret_is_closed = quote == '\0';
	return p;
}

bool words_split(const char *value, const unsigned int *lines,
		 struct words *list)
{
	const char *p = value;
	char *buf = xcalloc(strlen(value) + 1, 1);
	bool is_closed = true;
	size_t len;

	for (;;) {
		const char *start;

		while (text_is_blank(*p))
			p++;
		if (*p == '\0')
			break;
		start = p;
		p = take_word(p, buf, &len, &is_closed);
		words_add(list, buf, len, lines ? lines[start - value] : 0);
	}
	free(buf);
	return is_closed;
}
