/*
 * config: what the administrator asked for, as one value.
 *
 * Built from the defaults file, the files in /etc/traversald and the command
 * line by config_load(). It is data that calls nobody: a reload builds a new
 * one, compares and swaps.
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "finding.h"
#include "method_id.h"
#include "transport.h"

#define CONFIG_NAME_BYTES 32 /* a service's or peer's name with its NUL */

/* An inclusive range of ports, 1 to 65535, FIRST < LAST. */
struct port_range {
	uint16_t first;
	uint16_t last;
};

/* A server by name or by address. */
struct host_port {
	char host[256];
	uint16_t port;
};

struct host_list {
	struct host_port *items; /* owned */
	size_t count;
};

/* A fixed port to keep reachable: --map, openvpn, or [service NAME]. */
struct service_config {
	char name[CONFIG_NAME_BYTES];
	enum transport transport;
	uint16_t port;
	uint16_t external; /* wished outer port; 0 = the same as port */
	bool has_forward;
	struct endpoint forward; /* where punched traffic goes */
};

/* A peer that may be punched with: [peer NAME]. */
struct peer_config {
	char name[CONFIG_NAME_BYTES];
	char *public_key; /* owned: base64 of 32 bytes, as written */
	char **allow;     /* owned: names of services; none = every service */
	size_t allow_count;
};

enum config_log_level { LEVEL_ERR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };

/* Where an effective value came from. */
enum origin_kind { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_COMMAND_LINE };

/* One line of `config show`: an option, its effective value, its origin. */
struct config_entry {
	char *key;   /* "traversal", "udp.ports", "map", ... */
	char *value; /* as effective */
	enum origin_kind origin;
	char *file;        /* with ORIGIN_FILE, else NULL */
	unsigned int line; /* with ORIGIN_FILE, else 0 */
	bool ours;         /* false: a flag of the node that is not ours */
};

struct config {
	enum method_id chain[METHOD_COUNT]; /* no repeats, in order */
	size_t chain_count;
	struct port_range udp_ports;
	struct service_config *services; /* owned; sorted by name, unique */
	size_t service_count;
	bool has_pool;                     /* keep dynamic ports prepared */
	char pool_name[CONFIG_NAME_BYTES]; /* "wireguard", ... */
	bool pool_has_forward;
	struct endpoint pool_forward; /* --forward of the pool's service */
	struct peer_config *peers;    /* owned; sorted by name, unique */
	size_t peer_count;
	struct host_list stun_servers;
	struct host_list port_check_servers;
	char **brokers; /* owned NATS URLs */
	size_t broker_count;
	struct addr bind_address; /* unset: found by route */
	struct addr gateway;      /* unset: found by route */
	uint32_t lease_s;
	char *runtime_dir; /* owned */
	char *data_dir;    /* owned */
	enum config_log_level log_level;
	char *defaults_file; /* owned: the file that was read, or NULL */
	struct config_entry *entries; /* owned: for `config show` */
	size_t entry_count;
	struct findings findings;
};

/* What config_load() reads. NULL members mean the usual places. */
struct config_sources {
	const char *defaults_file; /* NULL: /etc/default/traversald, else (also
				      where it sets none of our variables)
				      /etc/default/mysterium-node */
	const char *conf_dir;      /* NULL: /etc/traversald */
	int argc;                  /* the daemon's arguments after its name */
	char *const *argv;
};

/*
 * Reads every source and builds an owned configuration in *ret_config. Bad
 * values become findings and the default stands. Returns 0; -EINVAL when
 * nothing usable is left (exit status 78): the findings say why, and then
 * *ret_config holds only its findings; -ENOENT when a defaults file that was
 * named by the caller does not exist. In each case *ret_config is owned by the
 * caller.
 */
int config_load(const struct config_sources *sources,
		struct config **ret_config);

/* Do two lists name the same servers in the same order? */
bool config_hosts_equal(const struct host_list *a, const struct host_list *b);

/* Frees CONFIG; NULL is allowed. */
void config_free(struct config *config);

/*
 * Did the administrator's files break, so that a reload should keep the old
 * configuration? True for each failure of syntax: an unreadable or too large
 * file, a NUL byte, a quote that never closes, a bad [service] or [peer]
 * section. False for a value that is wrong alone: its default stands. The
 * findings "cfg.syntax" and "cfg.unreadable" of severity FINDING_FAILURE name
 * file, line and reason.
 */
bool config_is_broken(const struct config *config);

/* Do A and B ask for the same, so that a reload may leave the service alone? */
bool config_service_equal(const struct service_config *a,
			  const struct service_config *b);

#endif
