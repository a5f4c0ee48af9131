/*
 * config_values: the values that flags and sections hold, from and to text.
 *
 * Says whether a value is good, not what to do about a bad one.
 */
#ifndef LIB_CONFIG_VALUES_H
#define LIB_CONFIG_VALUES_H

#include "config.h"

/* Is TEXT the name of a service or peer: 1 to 31 of A-Z a-z 0-9 _ . - ? */
bool value_is_name(const char *text);

/* Is TEXT base64 of 32 bytes, as WireGuard writes keys? */
bool value_is_public_key(const char *text);

/* Parses "A:B" or "A-B", both ends included. Returns 0, -EINVAL for anything
 * else, -ERANGE outside 1 to 65535, reversed or with fewer than two ports. */
int value_parse_range(const char *text, struct port_range *ret_range);

/* Parses "51820/udp", "443/tcp" or "51820" (udp). Returns 0 or -EINVAL. */
int value_parse_port(const char *text, enum transport *ret_transport,
		     uint16_t *ret_port);

/* Parses [NAME=]PORT/udp[:EXTERNAL] (or /tcp). The name defaults to "udp-PORT".
 * Returns 0, or -EINVAL with what is wrong in *RET_WHY (static). */
int value_parse_map(const char *text, struct service_config *ret_service,
		    const char **ret_why);

/* Parses [NAME=]ADDRESS:PORT; no name leaves RET_NAME (CONFIG_NAME_BYTES)
 * empty. Returns 0 or -EINVAL. */
int value_parse_forward(const char *text, char *ret_name,
			struct endpoint *ret_endpoint);

/* Parses "host", "host:port", "192.0.2.1:80", "[2001:db8::1]:80" or
 * "2001:db8::1". Returns 0 or -EINVAL. */
int value_parse_server(const char *text, uint16_t default_port,
		       struct host_port *ret_server);

/* Parses err, warn, info, debug, and the node's error, warning, trace, fatal
 * and panic. Returns 0 or -EINVAL. */
int value_parse_log_level(const char *text, enum config_log_level *ret_level);

/* "err", "warn", "info", "debug". */
const char *value_log_level_name(enum config_log_level level);

/* Returns owned text: "NAME=PORT/udp", with ":EXTERNAL" where one is wished. */
char *value_format_service(const struct service_config *service);

/* Returns owned text: "a:1,[::1]:2", or "none". */
char *value_format_servers(const struct host_list *list);

#endif
