/*
 * config_file: a small text file as a whole.
 */
#ifndef LIB_CONFIG_FILE_H
#define LIB_CONFIG_FILE_H

#include <stddef.h>

/* No configuration file is larger. */
#define CONFIG_FILE_MAX_BYTES 65536

/*
 * Reads the file PATH into owned memory, NUL-terminated beyond its *RET_LEN
 * bytes. Never waits, as it would for the writer of a FIFO. Returns 0, -EFBIG
 * above CONFIG_FILE_MAX_BYTES, or the error of open() or read().
 */
int config_file_read(const char *path, char **ret_text, size_t *ret_len);

#endif
