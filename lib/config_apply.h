/*
 * config_apply: one function for each flag: its value into the configuration,
 * and the effective value back to text.
 *
 * Private to the table in config_options.c, which explains the signatures
 * (struct option). Those that fail have reported why, and changed nothing.
 */
#ifndef LIB_CONFIG_APPLY_H
#define LIB_CONFIG_APPLY_H

#include "config_draft.h"

int apply_traversal(struct config_draft *d, const struct option_use *use);
int apply_udp_ports(struct config_draft *d, const struct option_use *use);
int apply_map(struct config_draft *d, const struct option_use *use);
int apply_stun_servers(struct config_draft *d, const struct option_use *use);
int apply_port_check(struct config_draft *d, const struct option_use *use);
int apply_broker(struct config_draft *d, const struct option_use *use);
int apply_openvpn_port(struct config_draft *d, const struct option_use *use);
int apply_openvpn_proto(struct config_draft *d, const struct option_use *use);
int apply_bind_address(struct config_draft *d, const struct option_use *use);
int apply_gateway(struct config_draft *d, const struct option_use *use);
int apply_lease(struct config_draft *d, const struct option_use *use);
int apply_forward(struct config_draft *d, const struct option_use *use);
int apply_runtime_dir(struct config_draft *d, const struct option_use *use);
int apply_data_dir(struct config_draft *d, const struct option_use *use);
int apply_log_level(struct config_draft *d, const struct option_use *use);
int apply_old_ports(struct config_draft *d, const struct option_use *use);
int apply_old_mapping(struct config_draft *d, const struct option_use *use);
int apply_old_punching(struct config_draft *d, const struct option_use *use);

char *format_traversal(const struct config_draft *d);
char *format_udp_ports(const struct config_draft *d);
char *format_stun_servers(const struct config_draft *d);
char *format_port_check(const struct config_draft *d);
char *format_broker(const struct config_draft *d);
char *format_openvpn_port(const struct config_draft *d);
char *format_openvpn_proto(const struct config_draft *d);
char *format_bind_address(const struct config_draft *d);
char *format_gateway(const struct config_draft *d);
char *format_lease(const struct config_draft *d);
char *format_runtime_dir(const struct config_draft *d);
char *format_data_dir(const struct config_draft *d);
char *format_log_level(const struct config_draft *d);

#endif
