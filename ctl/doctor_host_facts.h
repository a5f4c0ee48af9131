/*
 * doctor_host_facts: what files in /proc and /etc tell any user about a host.
 */
#ifndef CTL_DOCTOR_HOST_FACTS_H
#define CTL_DOCTOR_HOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DOCTOR_UNKNOWN (-1)

enum doctor_container {
	DOCTOR_NO_CONTAINER,
	DOCTOR_IN_DOCKER,
	DOCTOR_IN_OTHER, /* podman, LXC, systemd-nspawn, ... */
};

/* Who manages the firewall rules, as far as files tell. */
enum doctor_frontend {
	DOCTOR_FW_NFT, /* plain nftables, and what is not known */
	DOCTOR_FW_UFW,
	DOCTOR_FW_FIREWALLD,
	DOCTOR_FW_IPTABLES,
};

/* Datagrams that a socket had no room for. */
struct doctor_drops {
	uint16_t port;
	uint64_t count;
};

/* Numbers are DOCTOR_UNKNOWN where nothing told them. */
struct doctor_host_facts {
	char distribution[64];   /* "Debian GNU/Linux 12 (bookworm)" or "" */
	int64_t ip_forward;      /* 0 or 1 */
	int64_t ephemeral_first; /* net.ipv4.ip_local_port_range */
	int64_t ephemeral_last;
	char reserved_ports[256]; /* net.ipv4.ip_local_reserved_ports */
	int64_t conntrack_max, conntrack_count, conntrack_udp_s;
	int64_t suspended_s; /* so long the host slept since it booted */
	bool is_ufw, is_firewalld, is_nftables, is_persistent, is_docker;
	bool ufw_drops_forward;
	bool docker_leaves_iptables; /* "iptables": false */
	bool has_rc_local;           /* /etc/rc.local runs at boot */
	bool has_nft, has_iptables;  /* the programs */
	bool has_legacy_rules;       /* iptables-legacy's; only root can tell */
	enum doctor_container container;
	bool is_desktop;            /* a kernel of Docker Desktop or WSL */
	bool can_admin_net;         /* this process has CAP_NET_ADMIN */
	bool has_tun;               /* /dev/net/tun */
	struct doctor_drops *drops; /* owned */
	size_t drop_count;
	/* of the daemon and of its defaults file; for cfg.pending_restart */
	uid_t daemon_uid;
	uint32_t *daemon_inodes; /* owned: its sockets, where readable */
	size_t daemon_inode_count;
	int64_t node_started_s, node_file_changed_s; /* Unix time */
};

/* Reads the files below ROOT ("" = the host's own). PID: of the daemon, or 0.
 */
void doctor_host_read(const char *root, int64_t pid,
		      struct doctor_host_facts *ret_host);
void doctor_host_fini(struct doctor_host_facts *host);

/* Who should be asked to open a port? */
enum doctor_frontend doctor_frontend(const struct doctor_host_facts *host);

/* Copies the MAC address of an interface; "" where there is none. */
void doctor_host_mac(const char *root, const char *ifname, char *buf,
		     size_t buf_bytes);

/* Splits the arguments of a process (/proc/PID/cmdline) below ROOT. Returns an
 * owned list, NULL where unreadable, and their number. The first is the
 * program; free list[0] and the list. */
char **doctor_command_line(const char *root, int64_t pid, int *ret_count);

#endif
