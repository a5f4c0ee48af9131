#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"

static int read_secret(const char *path, uint8_t *ret_secret)
{
	uint8_t bytes[SECRET_BYTES + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, bytes, sizeof(bytes));
	close(fd);
	if (len == SECRET_BYTES)
		for (size_t i = 0; i < SECRET_BYTES; i++)
			ret_secret[i] = bytes[i];
	sodium_memzero(bytes, sizeof(bytes));
	return len == SECRET_BYTES ? 0 : -EINVAL;
}

static int write_secret(const char *path, const char *aside,
			const uint8_t *secret)
{
	int fd, error = 0;

	/* Whatever stands there was left by a start that was cut off. */
	unlink(aside);
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, secret, SECRET_BYTES) != SECRET_BYTES || fsync(fd) < 0)
		error = errno ? -errno : -EIO;
	close(fd);
	if (!error && rename(aside, path) < 0)
		error = -errno;
	if (error)
		unlink(aside);
	return error;
}

int secret_load(const char *data_dir, uint8_t ret_secret[SECRET_BYTES])
{
	char *path = xasprintf("%s/secret", data_dir);
	char *aside = xasprintf("%s/secret.new", data_dir);
	int error = read_secret(path, ret_secret);

	if (error)
		randombytes_buf(ret_secret, SECRET_BYTES);
	/* One that is there but cannot be read is not ours to replace. */
	if (error == -ENOENT || error == -EINVAL) {
		mkdir(data_dir, 0700);
		error = write_secret(path, aside, ret_secret);
	}
	free(path);
	free(aside);
	return error;
}
