#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "igd_sandbox.h"

/* The walls are for good: each look at them is taken in a process of its own,
 * which ends with what CHECK returns, or with 99 when there are no walls. */
static int within(int (*check)(int abi))
{
	int status, abi;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		abi = igd_sandbox_enter();
		_exit(abi < 0 ? 99 : check(abi));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int check_files(int abi)
{
	/* Without Landlock the file system stays open: not this code's fault.
	 */
	if (abi == 0)
		return 0;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 1;
	if (open("/tmp", O_RDONLY | O_DIRECTORY) >= 0)
		return 2;
	if (open("/tmp/traversald-test", O_WRONLY | O_CREAT, 0600) >= 0)
		return 3;
	execl("/bin/true", "true", (char *)NULL);
	return errno == EACCES ? 0 : 4;
}

static int check_bounds(int abi)
{
	struct rlimit limit;

	(void)abi;
	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max != 0)
		return 1;
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_max != 0)
		return 2;
	if (getrlimit(RLIMIT_CPU, &limit) < 0 ||
	    limit.rlim_max == RLIM_INFINITY)
		return 3;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 4;
}

/* The sanitizers need the address space: then there is no such bound. */
static int check_memory(int abi)
{
	struct rlimit limit;
	void *p;

	(void)abi;
	if (getrlimit(RLIMIT_AS, &limit) < 0)
		return 1;
	if (limit.rlim_max == RLIM_INFINITY)
		return 0;
	if (limit.rlim_max != IGD_SANDBOX_MEMORY_BYTES)
		return 2;
	p = mmap(NULL, IGD_SANDBOX_MEMORY_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? 0 : 3;
}

static int check_network(int abi)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)abi;
	return fd >= 0 ? 0 : 1;
}

static void igd_sandbox_enter_when_inside_then_no_file(void **state)
{
	(void)state;
	assert_int_equal(within(check_files), 0);
}

static void igd_sandbox_enter_when_inside_then_bounds(void **state)
{
	(void)state;
	assert_int_equal(within(check_bounds), 0);
	assert_int_equal(within(check_memory), 0);
}

static void igd_sandbox_enter_when_inside_then_sockets_still_open(void **state)
{
	(void)state;
	assert_int_equal(within(check_network), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(igd_sandbox_enter_when_inside_then_no_file),
	    cmocka_unit_test(igd_sandbox_enter_when_inside_then_bounds),
	    cmocka_unit_test(
		igd_sandbox_enter_when_inside_then_sockets_still_open),
	};

	return cmocka_run_group_tests_name("igd_sandbox", tests, NULL, NULL);
}
