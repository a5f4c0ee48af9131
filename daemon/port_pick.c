#include "port_pick.h"

#include <errno.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"

/* Draws before giving up; after that the range is as good as full. */
#define MOST_DRAWS 256

static int bind_family(sa_family_t family, uint16_t port)
{
	struct endpoint any = {.addr.family = family, .port = port};
	struct sockaddr_storage sa;
	socklen_t sa_len = endpoint_to_sockaddr(&any, &sa);
	const int off = 0;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&sa, sa_len) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int port_pick_udp_at(uint16_t port)
{
	int fd = bind_family(AF_INET6, port);

	if (fd < 0 && fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
		return fd;
	/* Free in both families; held in the one that is punched and mapped. */
	if (fd >= 0)
		close(fd);
	return bind_family(AF_INET, port);
}

int port_pick_udp(const struct port_range *range, uint16_t *ret_port)
{
	uint32_t count = (uint32_t)range->last - range->first + 1;
	uint16_t port;
	int fd = -EADDRINUSE;

	for (int draw = 0; draw < MOST_DRAWS; draw++) {
		port = (uint16_t)(range->first + randombytes_uniform(count));
		fd = port_pick_udp_at(port);
		if (fd >= 0) {
			*ret_port = port;
			return fd;
		}
		if (fd != -EADDRINUSE && fd != -EACCES)
			return fd;
	}
	return fd;
}
