/*
 * conf_ini: reads [section] and key = value lines by way of inih, without its
 * surprises, and with the line of everything.
 *
 * An indented line is a line like any other and continues none; a line that is
 * too long, no UTF-8, or neither section, pair nor comment is a problem and is
 * left out. One pair of quotes around a value is removed. Knows no section and
 * no key.
 */
#ifndef LIB_CONF_INI_H
#define LIB_CONF_INI_H

#include <stdbool.h>
#include <stddef.h>

struct conf_ini_handler {
	/* A new section begins at LINE; NAME is what stands in the brackets,
	 * or NULL where they are broken (the problem follows). */
	void (*section)(void *arg, const char *name, unsigned int line);
	/* A pair of the section that began last. */
	void (*pair)(void *arg, const char *key, const char *value,
		     unsigned int line);
	/* What is wrong with LINE, as a sentence without its end. */
	void (*problem)(void *arg, const char *what, unsigned int line);
	void *arg;
};

/* Reads LEN bytes of TEXT and calls HANDLER in the order of the lines. */
void conf_ini_read(const char *text, size_t len,
		   const struct conf_ini_handler *handler);

#endif
