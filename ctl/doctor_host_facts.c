#include "doctor_host_facts.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config_file.h"
#include "mem.h"

#define PATH_BYTES  512
#define DROPS_MOST  256
#define INODES_MOST 1024
#define ARGS_MOST   64

/* Where the files are; "" or a directory that a test has filled. */
struct root {
	const char *dir;
};

static const char *at(const struct root *root, const char *path, char *buf)
{
	snprintf(buf, PATH_BYTES, "%s%s", root->dir, path);
	return buf;
}

/* Returns the owned text of a file, or NULL. */
static char *read_text(const struct root *root, const char *path)
{
	char full[PATH_BYTES], *text;
	size_t len;

	return config_file_read(at(root, path, full), &text, &len) < 0 ? NULL
								       : text;
}

static bool exists(const struct root *root, const char *path)
{
	char full[PATH_BYTES];

	return access(at(root, path, full), F_OK) == 0;
}

static bool is_executable(const struct root *root, const char *path)
{
	char full[PATH_BYTES];

	return access(at(root, path, full), X_OK) == 0;
}

static int64_t read_number(const struct root *root, const char *path)
{
	char *text = read_text(root, path), *end;
	int64_t number = DOCTOR_UNKNOWN;

	if (text && isdigit((unsigned char)*text))
		number = strtoll(text, &end, 10);
	free(text);
	return number;
}

/* Copies the value of "NAME=value" lines, without quotes. Returns whether
 * there is one; the last counts. */
static bool find_value(const char *text, const char *name, char *buf,
		       size_t buf_bytes)
{
	size_t name_len = strlen(name), len;
	bool found = false;

	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');

		if (strncmp(line, name, name_len) == 0 &&
		    line[name_len] == '=') {
			const char *value = line + name_len + 1;

			value += *value == '"' || *value == '\'';
			len = strcspn(value, "\"'\n");
			snprintf(buf, buf_bytes, "%.*s", (int)len, value);
			found = true;
		}
		line = *end ? end + 1 : end;
	}
	return found;
}

static void read_distribution(const struct root *root,
			      struct doctor_host_facts *host)
{
	char *text = read_text(root, "/etc/os-release");

	if (text)
		find_value(text, "PRETTY_NAME", host->distribution,
			   sizeof(host->distribution));
	free(text);
}

static void read_switches(const struct root *root,
			  struct doctor_host_facts *host)
{
	char *range = read_text(root, "/proc/sys/net/ipv4/ip_local_port_range");
	char *reserved =
	    read_text(root, "/proc/sys/net/ipv4/ip_local_reserved_ports");

	host->ip_forward = read_number(root, "/proc/sys/net/ipv4/ip_forward");
	host->ephemeral_first = host->ephemeral_last = DOCTOR_UNKNOWN;
	if (!range ||
	    sscanf(range, "%" SCNd64 " %" SCNd64, &host->ephemeral_first,
		   &host->ephemeral_last) != 2)
		host->ephemeral_first = host->ephemeral_last = DOCTOR_UNKNOWN;
	if (reserved)
		snprintf(host->reserved_ports, sizeof(host->reserved_ports),
			 "%.*s", (int)strcspn(reserved, "\n"), reserved);
	free(range);
	free(reserved);
	host->conntrack_max =
	    read_number(root, "/proc/sys/net/netfilter/nf_conntrack_max");
	host->conntrack_count =
	    read_number(root, "/proc/sys/net/netfilter/nf_conntrack_count");
	host->conntrack_udp_s = read_number(
	    root, "/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream");
}

/* A unit is enabled for boot when a target wants it. */
static bool is_enabled(const struct root *root, const char *unit)
{
	static const char *const targets[] = {"multi-user", "sysinit",
					      "network-pre"};
	char path[PATH_BYTES];

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		snprintf(path, sizeof(path),
			 "/etc/systemd/system/%s.target.wants/%s.service",
			 targets[i], unit);
		if (exists(root, path))
			return true;
	}
	return false;
}

static void read_ufw(const struct root *root, struct doctor_host_facts *host)
{
	char *conf = read_text(root, "/etc/ufw/ufw.conf");
	char *defaults = read_text(root, "/etc/default/ufw");
	char value[16];

	host->is_ufw = conf && find_value(conf, "ENABLED", value, 16) &&
		       strcasecmp(value, "yes") == 0;
	host->ufw_drops_forward =
	    host->is_ufw && defaults &&
	    find_value(defaults, "DEFAULT_FORWARD_POLICY", value, 16) &&
	    strcasecmp(value, "DROP") == 0;
	free(conf);
	free(defaults);
}

static void read_firewalls(const struct root *root,
			   struct doctor_host_facts *host)
{
	char *docker = read_text(root, "/etc/docker/daemon.json");
	const char *key = docker ? strstr(docker, "\"iptables\"") : NULL;
	char *legacy;

	read_ufw(root, host);
	host->is_firewalld =
	    is_enabled(root, "firewalld") || exists(root, "/run/firewalld");
	host->is_nftables = is_enabled(root, "nftables");
	host->is_persistent = is_enabled(root, "netfilter-persistent") ||
			      is_enabled(root, "iptables");
	host->is_docker = is_enabled(root, "docker") ||
			  exists(root, "/run/docker.sock") || docker;
	if (key) {
		key += strlen("\"iptables\"");
		key += strspn(key, " \t\n:");
		host->docker_leaves_iptables = strncmp(key, "false", 5) == 0;
	}
	free(docker);
	legacy = read_text(root, "/proc/net/ip_tables_names");
	host->has_legacy_rules = legacy && *legacy;
	free(legacy);
	host->has_rc_local = is_executable(root, "/etc/rc.local");
	host->has_nft = exists(root, "/usr/sbin/nft");
	host->has_iptables = exists(root, "/usr/sbin/iptables");
}

static void read_container(const struct root *root,
			   struct doctor_host_facts *host)
{
	char *kernel = read_text(root, "/proc/sys/kernel/osrelease");

	host->container = exists(root, "/.dockerenv") ? DOCTOR_IN_DOCKER
			  : exists(root, "/run/.containerenv") ||
				  exists(root, "/run/systemd/container")
			      ? DOCTOR_IN_OTHER
			      : DOCTOR_NO_CONTAINER;
	host->is_desktop = kernel && (strstr(kernel, "linuxkit") ||
				      strstr(kernel, "icrosoft"));
	free(kernel);
	host->has_tun = exists(root, "/dev/net/tun");
}

static void read_capabilities(const struct root *root,
			      struct doctor_host_facts *host)
{
	char *text = read_text(root, "/proc/self/status");
	const char *line = text ? strstr(text, "\nCapEff:") : NULL;

	if (line)
		host->can_admin_net =
		    (strtoull(line + strlen("\nCapEff:"), NULL, 16) >>
		     CAP_NET_ADMIN) &
		    1;
	free(text);
}

/* /proc/self/net/udp: the port is in the second column, the drops are the
 * thirteenth. */
static void read_drops(const struct root *root, const char *path,
		       struct doctor_host_facts *host)
{
	char *text = read_text(root, path), *rest = text, *line;
	unsigned int port;
	uint64_t drops;

	while (text && (line = strsep(&rest, "\n"))) {
		if (host->drop_count >= DROPS_MOST ||
		    sscanf(line,
			   "%*s %*[0-9A-Fa-f]:%x %*s %*s %*s %*s %*s %*s %*s "
			   "%*s %*s %*s %" SCNu64,
			   &port, &drops) != 2 ||
		    drops == 0 || port > UINT16_MAX)
			continue;
		host->drops = xreallocarray(host->drops, host->drop_count + 1,
					    sizeof(*host->drops));
		host->drops[host->drop_count++] =
		    (struct doctor_drops){(uint16_t)port, drops};
	}
	free(text);
}

/* The sockets of the daemon, to know them from those of a service. */
static void read_daemon(const struct root *root, int64_t pid,
			struct doctor_host_facts *host)
{
	char path[PATH_BYTES], full[PATH_BYTES], link[64];
	const struct dirent *entry;
	uint32_t inode;
	struct stat st;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/fd", pid);
	if (stat(at(root, path, full), &st) == 0)
		host->daemon_uid = st.st_uid;
	dir = opendir(full);
	while (dir && (entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, link,
				 sizeof(link) - 1);
		if (len <= 0 || host->daemon_inode_count >= INODES_MOST)
			continue;
		link[len] = '\0';
		if (sscanf(link, "socket:[%" SCNu32 "]", &inode) != 1)
			continue;
		host->daemon_inodes = xreallocarray(
		    host->daemon_inodes, host->daemon_inode_count + 1,
		    sizeof(*host->daemon_inodes));
		host->daemon_inodes[host->daemon_inode_count++] = inode;
	}
	if (dir)
		closedir(dir);
}

/* When the process PID began, Unix time; DOCTOR_UNKNOWN if it does not tell. */
static int64_t started_s(const struct root *root, const char *pid)
{
	char path[PATH_BYTES], *stat_text, *boot_text;
	const char *name_end, *boot;
	uint64_t ticks = 0;
	int64_t result = DOCTOR_UNKNOWN;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	stat_text = read_text(root, path);
	boot_text = read_text(root, "/proc/stat");
	name_end = stat_text ? strrchr(stat_text, ')') : NULL;
	boot = boot_text ? strstr(boot_text, "\nbtime ") : NULL;
	/* Field 22 of proc(5); the 20th behind the name. */
	if (name_end && boot &&
	    sscanf(name_end + 1,
		   " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %*s %*s %" SCNu64,
		   &ticks) == 1)
		result = strtoll(boot + strlen("\nbtime "), NULL, 10) +
			 (int64_t)(ticks / (uint64_t)sysconf(_SC_CLK_TCK));
	free(stat_text);
	free(boot_text);
	return result;
}

static bool is_node(const struct root *root, const char *pid)
{
	char path[PATH_BYTES], *name;
	bool is;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	name = read_text(root, path);
	is = name && strcmp(name, "myst\n") == 0;
	free(name);
	return is;
}

static void read_node(const struct root *root, struct doctor_host_facts *host)
{
	char full[PATH_BYTES];
	const struct dirent *entry;
	struct stat st;
	DIR *dir = opendir(at(root, "/proc", full));

	host->node_started_s = host->node_file_changed_s = DOCTOR_UNKNOWN;
	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    is_node(root, entry->d_name)) {
			host->node_started_s = started_s(root, entry->d_name);
			break;
		}
	if (dir)
		closedir(dir);
	if (stat(at(root, "/etc/default/mysterium-node", full), &st) == 0)
		host->node_file_changed_s = st.st_mtime;
}

/* CLOCK_BOOTTIME goes on while the host sleeps. */
static int64_t suspended_s(void)
{
	struct timespec boot, awake;

	if (clock_gettime(CLOCK_BOOTTIME, &boot) < 0 ||
	    clock_gettime(CLOCK_MONOTONIC, &awake) < 0)
		return DOCTOR_UNKNOWN;
	return boot.tv_sec - awake.tv_sec;
}

void doctor_host_read(const char *root, int64_t pid,
		      struct doctor_host_facts *ret_host)
{
	const struct root r = {root};

	*ret_host = (struct doctor_host_facts){.daemon_uid = (uid_t)-1};
	ret_host->suspended_s = suspended_s();
	read_distribution(&r, ret_host);
	read_switches(&r, ret_host);
	read_firewalls(&r, ret_host);
	read_container(&r, ret_host);
	read_capabilities(&r, ret_host);
	read_drops(&r, "/proc/self/net/udp", ret_host);
	read_drops(&r, "/proc/self/net/udp6", ret_host);
	read_node(&r, ret_host);
	if (pid > 0)
		read_daemon(&r, pid, ret_host);
}

void doctor_host_fini(struct doctor_host_facts *host)
{
	free(host->drops);
	free(host->daemon_inodes);
	*host = (struct doctor_host_facts){0};
}

enum doctor_frontend doctor_frontend(const struct doctor_host_facts *host)
{
	if (host->is_ufw)
		return DOCTOR_FW_UFW;
	if (host->is_firewalld)
		return DOCTOR_FW_FIREWALLD;
	if (host->has_iptables && !host->is_nftables && !host->has_nft)
		return DOCTOR_FW_IPTABLES;
	return DOCTOR_FW_NFT;
}

void doctor_host_mac(const char *root, const char *ifname, char *buf,
		     size_t buf_bytes)
{
	const struct root r = {root};
	char path[PATH_BYTES], *text;

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", ifname);
	text = read_text(&r, path);
	snprintf(buf, buf_bytes, "%.*s", text ? (int)strcspn(text, "\n") : 0,
		 text ? text : "");
	free(text);
}

char **doctor_command_line(const char *root, int64_t pid, int *ret_count)
{
	char path[PATH_BYTES], *text, **list;
	size_t len;
	int count = 0;

	snprintf(path, sizeof(path), "%s/proc/%" PRId64 "/cmdline", root, pid);
	if (config_file_read(path, &text, &len) < 0)
		return NULL;
	if (len == 0) {
		free(text);
		return NULL;
	}
	list = xcalloc(ARGS_MOST, sizeof(*list));
	for (char *p = text; p < text + len && count < ARGS_MOST;
	     p += strlen(p) + 1)
		list[count++] = p;
	*ret_count = count;
	return list;
}
