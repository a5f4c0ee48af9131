#include "echo_port.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_bound(const struct endpoint *local)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(local, &sa);
	const int off = 0;
	int fd, error;

	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sa.ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
				 sizeof(off));
	if (bind(fd, (const struct sockaddr *)&sa, sa_len) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

int echo_port_open(const struct addr *bind_address, uint16_t port)
{
	struct endpoint local = {.addr = *bind_address, .port = port};
	int fd;

	if (addr_is_set(bind_address))
		return open_bound(&local);
	local.addr.family = AF_INET6;
	fd = open_bound(&local);
	if (fd >= 0 || fd == -EADDRINUSE || fd == -EACCES)
		return fd;
	local.addr.family = AF_INET;
	return open_bound(&local);
}

sa_family_t echo_port_family(int fd)
{
	struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
	socklen_t sa_len = sizeof(sa), value_len = sizeof(int);
	int v6only = 0;

	(void)getsockname(fd, (struct sockaddr *)&sa, &sa_len);
	if (sa.ss_family != AF_INET6)
		return sa.ss_family;
	(void)getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &value_len);
	if (v6only ||
	    !IN6_IS_ADDR_UNSPECIFIED(
		&((const struct sockaddr_in6 *)(const void *)&sa)->sin6_addr))
		return AF_INET6;
	return AF_UNSPEC;
}
