#include "usage.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Length of the item at TEXT: up to a blank outside of brackets. */
static size_t item_length(const char *text)
{
	size_t i;
	int depth = 0;

	for (i = 0; text[i] && (depth > 0 || text[i] != ' '); i++)
		depth += text[i] == '[' ? 1 : text[i] == ']' ? -1 : 0;
	return i;
}

/* The item without brackets around all of it, and without the dots of one that
 * may come again, which *ret_again tells. */
static void copy_item(const char *item, size_t len, char *buf, bool *ret_again)
{
	if (len >= 2 && item[0] == '[' &&
	    memchr(item, ']', len) == item + len - 1) {
		item++;
		len -= 2;
	}
	*ret_again = len > 3 && memcmp(item + len - 3, "...", 3) == 0;
	if (*ret_again)
		len -= 3;
	if (len >= USAGE_ITEM_BYTES)
		len = 0;
	memcpy(buf, item, len);
	buf[len] = '\0';
}

static bool is_option(const char *item)
{
	return item[0] == '-' || (item[0] == '[' && item[1] == '-');
}

/* Can WORD stand where the item says? */
static bool suits(const char *item, const char *word)
{
	return !islower((unsigned char)*item) || strcmp(item, word) == 0;
}

static const char *skip_to_way(const char *usage, size_t way)
{
	const char *at = usage;
	size_t len;

	while (way > 0) {
		at += strspn(at, " ");
		len = item_length(at);
		if (len == 0)
			return NULL;
		way -= len == 1 && *at == '|';
		at += len;
	}
	return at;
}

int usage_next(const char *usage, size_t way, const char *const *before,
	       size_t count, char *buf)
{
	const char *at = skip_to_way(usage, way);
	size_t len, position = 0;
	bool again = false;

	if (!at)
		return -ENOENT;
	*buf = '\0';
	for (;; at += len) {
		at += strspn(at, " ");
		len = item_length(at);
		if (len == 0 || (len == 1 && *at == '|'))
			break;
		if (is_option(at))
			continue;
		copy_item(at, len, buf, &again);
		if (position >= count)
			return 0;
		if (!suits(buf, before[position++])) {
			*buf = '\0';
			return 0;
		}
	}
	/* All are behind us: the last one may come once more. */
	if (!again)
		*buf = '\0';
	return 0;
}
