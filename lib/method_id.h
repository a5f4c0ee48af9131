/*
 * method_id: the traversal methods by number and by name.
 */
#ifndef LIB_METHOD_ID_H
#define LIB_METHOD_ID_H

enum method_id {
	METHOD_MANUAL,
	METHOD_UPNP,
	METHOD_HOLEPUNCHING,
	METHOD_COUNT,
};

/* "manual", "upnp", "holepunching". */
const char *method_name(enum method_id id);

/* Parses a method's name. Returns 0 or -EINVAL. */
int method_parse(const char *text, enum method_id *ret_id);

#endif
