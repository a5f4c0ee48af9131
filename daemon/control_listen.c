#include "control_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "mem.h"

#define BACKLOG 64

static int fill_address(const char *path, struct sockaddr_un *ret_sun)
{
	*ret_sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(ret_sun->sun_path))
		return -ENAMETOOLONG;
	strcpy(ret_sun->sun_path, path);
	return 0;
}

static int unix_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

/* Does somebody listen there? A full backlog (EAGAIN) is a yes. Returns 1 or 0
 * or -E... . */
static int is_alive(const struct sockaddr_un *sun)
{
	int fd = unix_socket();
	int error = 0;

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0)
		error = errno;
	close(fd);
	if (error == 0 || error == EAGAIN)
		return 1;
	return error == ECONNREFUSED || error == ENOENT ? 0 : -error;
}

/* Makes room for our socket. Only a socket that refuses connections is what a
 * dead daemon left. */
static int remove_stale(const struct sockaddr_un *sun)
{
	struct stat st;
	int alive;

	if (lstat(sun->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	alive = is_alive(sun);
	if (alive != 0)
		return alive > 0 ? -EADDRINUSE : alive;
	return unlink(sun->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* From the file, not through NSS: its modules cost more time than all the rest
 * of the start, and the group is a local one. Returns (gid_t)-1 for none. */
static gid_t find_group(const char *name)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *entry;
	gid_t gid = (gid_t)-1;

	if (!file)
		return gid;
	while (gid == (gid_t)-1 && (entry = fgetgrent(file)))
		if (strcmp(entry->gr_name, name) == 0)
			gid = entry->gr_gid;
	fclose(file);
	return gid;
}

static int give_to_group(struct log *log, const char *path, const char *group)
{
	gid_t gid = group ? find_group(group) : (gid_t)-1;

	if (gid == (gid_t)-1 || chown(path, (uid_t)-1, gid) == 0)
		return 0;
	/* Without the right to do so the mode alone guards it: tighter. */
	log_warn(log, "control: socket=%s group=%s not set: %s", path, group,
		 strerror(errno));
	return 0;
}

static int bind_at(struct control_listen *l, struct log *log,
		   const struct sockaddr_un *sun, mode_t mode,
		   const char *group)
{
	struct stat st;

	/* The mode of the unbound socket becomes that of the file: there is no
	 * moment in which it is open to more than MODE. */
	if (fchmod(l->fd, mode) < 0 ||
	    bind(l->fd, (const struct sockaddr *)sun, sizeof(*sun)) < 0)
		return -errno;
	l->path = xstrdup(sun->sun_path);
	if (lstat(l->path, &st) < 0)
		return -errno;
	l->dev = st.st_dev;
	l->inode = st.st_ino;
	give_to_group(log, l->path, group);
	/* What the umask took away. */
	if (chmod(l->path, mode) < 0 || listen(l->fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

static int open_at(struct control_listen *l, struct log *log, const char *dir,
		   const char *path, mode_t mode, const char *group)
{
	struct sockaddr_un sun;
	int error = fill_address(path, &sun);

	if (error)
		return error;
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	error = remove_stale(&sun);
	if (error)
		return error;
	l->fd = unix_socket();
	return l->fd < 0 ? l->fd : bind_at(l, log, &sun, mode, group);
}

int control_listen_bind(struct control_listen *listen, struct log *log,
			const char *dir, const char *name, mode_t mode,
			const char *group)
{
	char *path = xasprintf("%s/%s", dir, name);
	int error;

	*listen = (struct control_listen){.fd = -1};
	error = open_at(listen, log, dir, path, mode, group);
	if (error == -EADDRINUSE)
		log_err(log, "control: socket=%s another traversald is running",
			path);
	else if (error)
		log_err(log, "control: socket=%s cannot listen: %s", path,
			strerror(-error));
	if (error)
		control_listen_close(listen);
	free(path);
	return error;
}

int control_listen_adopt(struct control_listen *listen, struct log *log, int fd)
{
	struct sockaddr_un sun;
	socklen_t sun_len = sizeof(sun), len = sizeof(int);
	int listens = 0, flags;

	*listen = (struct control_listen){.fd = -1};
	if (getsockname(fd, (struct sockaddr *)&sun, &sun_len) < 0 ||
	    sun.sun_family != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 ||
	    !listens) {
		log_err(log, "control: fd=%d is no listening Unix socket", fd);
		return -ENOTSOCK;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	listen->fd = fd;
	return 0;
}

void control_listen_close(struct control_listen *listen)
{
	struct stat st;

	if (listen->path && lstat(listen->path, &st) == 0 &&
	    st.st_dev == listen->dev && st.st_ino == listen->inode)
		unlink(listen->path);
	if (listen->fd >= 0)
		close(listen->fd);
	free(listen->path);
	*listen = (struct control_listen){.fd = -1};
}
