/*
 * pick: members of a JSON object, for showing. What is missing or of another
 * type is as if it were null: another version's daemon breaks no screen.
 */
#ifndef CTL_PICK_H
#define CTL_PICK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns the borrowed string, or OTHERWISE. */
const char *pick_text(const json_t *object, const char *key,
		      const char *otherwise);
/* Returns whether there is an integer, and it. */
bool pick_int(const json_t *object, const char *key, int64_t *ret_value);
/* Returns the integer, or OTHERWISE. */
int64_t pick_int_or(const json_t *object, const char *key, int64_t otherwise);
/* "ADDRESS:PORT", "[ADDRESS]:PORT" or "-" from an object with address and port,
 * to BUF of PICK_ENDPOINT_BYTES. */
#define PICK_ENDPOINT_BYTES 96
const char *pick_endpoint(const json_t *object, char *buf);

#endif
