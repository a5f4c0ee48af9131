#include "config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"

static int read_all(int fd, char *buf, size_t buf_bytes, size_t *ret_len)
{
	size_t len = 0;

	while (len < buf_bytes) {
		ssize_t n = read(fd, buf + len, buf_bytes - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return 0;
}

int config_file_read(const char *path, char **ret_text, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text;
	size_t len = 0;
	int r;

	if (fd < 0)
		return -errno;
	text = xcalloc(CONFIG_FILE_MAX_BYTES + 2, 1);
	r = read_all(fd, text, CONFIG_FILE_MAX_BYTES + 1, &len);
	close(fd);
	if (r == 0 && len > CONFIG_FILE_MAX_BYTES)
		r = -EFBIG;
	if (r < 0) {
		free(text);
		return r;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}
