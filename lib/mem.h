/*
 * mem: allocation that ends the program when memory is out.
 *
 * The one place where running out of memory is handled. Packet data never
 * chooses a size that is passed here.
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stddef.h>

/* Returns owned, zeroed memory for COUNT objects of SIZE bytes; aborts when
 * there is none or when the product overflows. */
void *xcalloc(size_t count, size_t size);

/* Grows P (owned, may be NULL) to COUNT objects of SIZE bytes; aborts when
 * there is no memory or the product overflows. New bytes are not zeroed. */
void *xreallocarray(void *p, size_t count, size_t size);

/* Returns an owned copy of S. */
char *xstrdup(const char *s);

/* Returns an owned copy of the first LEN bytes of S, NUL-terminated. */
char *xstrndup(const char *s, size_t len);

/* Returns an owned string printed like printf(). */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
