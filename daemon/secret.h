/*
 * secret: 32 random bytes of this host, kept over restarts.
 *
 * Nonces and names of mappings are derived from it, so that the next start is
 * recognised as the owner of what the last one mapped.
 */
#ifndef DAEMON_SECRET_H
#define DAEMON_SECRET_H

#include <stdint.h>

#define SECRET_BYTES 32

/*
 * Reads DATA_DIR/secret; makes it (0600; written aside, synced, renamed) when
 * there is none or one of the wrong size.
 * Returns 0. Returns -E... when it can neither be read nor kept: then
 * RET_SECRET is random and holds for this run only.
 */
int secret_load(const char *data_dir, uint8_t ret_secret[SECRET_BYTES]);

#endif
