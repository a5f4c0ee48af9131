/*
 * node_flags: the words of the Mysterium node that are not ours.
 *
 * A file shared with the node holds them; knowing them keeps their values from
 * being taken for stray words and themselves for typing errors.
 */
#ifndef LIB_NODE_FLAGS_H
#define LIB_NODE_FLAGS_H

#include <stdbool.h>

enum node_flag {
	NODE_FLAG_UNKNOWN,
	NODE_FLAG_BOOL,  /* takes a value only with "=" */
	NODE_FLAG_VALUE, /* takes the next word */
};

/* Returns what is known of the flag NAME (without dashes). */
enum node_flag node_flag_find(const char *name);

/* Is NAME a service that the node can run: "wireguard", "openvpn", ...? */
bool node_has_service(const char *name);

#endif
