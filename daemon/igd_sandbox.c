#include "igd_sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A request takes milliseconds; the daemon kills a worker after 10 s. */
#define CPU_S       20
#define DESCRIPTORS 16

/* Landlock's ruleset as of ABI 6; linux/landlock.h of a given distribution
 * may know less. The kernel takes as much of it as the ABI has. */
struct landlock_ruleset {
	uint64_t access_fs;
	uint64_t access_net;
	uint64_t scoped;
};

#define LANDLOCK_VERSION_FLAG 1u /* LANDLOCK_CREATE_RULESET_VERSION */
#define LANDLOCK_NET_BIND_TCP 1u
#define LANDLOCK_SCOPE_ALL    3u /* abstract Unix sockets, signals */

/* linux/landlock.h: struct landlock_net_port_attr, its rule type. */
struct landlock_net_port {
	uint64_t allowed_access;
	uint64_t port;
};

#define LANDLOCK_RULE_PORT 2

/* How many rights to files an ABI knows. */
static unsigned int fs_right_count(long abi)
{
	if (abi >= 5)
		return 16; /* + IOCTL_DEV */
	if (abi >= 3)
		return 15;         /* + TRUNCATE */
	return abi == 2 ? 14 : 13; /* + REFER */
}

static size_t ruleset_bytes(long abi)
{
	if (abi >= 6)
		return sizeof(struct landlock_ruleset);
	return abi >= 4 ? offsetof(struct landlock_ruleset, scoped)
			: offsetof(struct landlock_ruleset, access_net);
}

/* A request may leave from a chosen address, but from no chosen port. */
static int allow_any_port(int fd)
{
	const struct landlock_net_port rule = {.allowed_access =
						   LANDLOCK_NET_BIND_TCP};

	return (int)syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PORT,
			    &rule, 0u);
}

/* Every right to files is handled and none is granted: no path can be opened.
 */
static int enter_landlock(void)
{
	struct landlock_ruleset rules = {
	    .access_net = LANDLOCK_NET_BIND_TCP,
	    .scoped = LANDLOCK_SCOPE_ALL,
	};
	long abi, fd, failed;

	abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
		      LANDLOCK_VERSION_FLAG);
	if (abi < 1)
		return 0;
	rules.access_fs = (UINT64_C(1) << fs_right_count(abi)) - 1;
	fd = syscall(SYS_landlock_create_ruleset, &rules, ruleset_bytes(abi),
		     0u);
	if (fd < 0)
		return 0;
	failed = abi >= 4 && allow_any_port((int)fd) < 0;
	if (!failed)
		failed = syscall(SYS_landlock_restrict_self, (int)fd, 0u);
	close((int)fd);
	return failed ? 0 : (int)abi;
}

/* The sanitizers' shadow needs terabytes of address space. */
static bool memory_can_be_bounded(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return false;
#else
	return true;
#endif
#else
	return true;
#endif
}

static int enter_limits(void)
{
	const struct {
		int resource;
		rlim_t limit;
	} limits[] = {
	    {RLIMIT_AS, IGD_SANDBOX_MEMORY_BYTES},
	    {RLIMIT_CPU, CPU_S},
	    {RLIMIT_NOFILE, DESCRIPTORS},
	    {RLIMIT_FSIZE, 0},
	    {RLIMIT_CORE, 0},
	    {RLIMIT_NPROC, 0},
	};
	struct rlimit r;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].resource == RLIMIT_AS && !memory_can_be_bounded())
			continue;
		r.rlim_cur = r.rlim_max = limits[i].limit;
		if (setrlimit((__rlimit_resource_t)limits[i].resource, &r) < 0)
			return -errno;
	}
	return 0;
}

int igd_sandbox_enter(void)
{
	int err;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0)
		return -errno;
	err = enter_limits();
	if (err < 0)
		return err;
	return enter_landlock();
}
