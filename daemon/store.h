/*
 * store: the leases on disk, so that the next start knows them.
 *
 * Keeps one record a lease and brings the file in line soon after a change. A
 * thread of its own writes aside, syncs and renames: the loop never waits for a
 * disk, and whatever happens at whatever moment leaves the old file or the new
 * one. It decides nothing about the records.
 */
#ifndef DAEMON_STORE_H
#define DAEMON_STORE_H

#include "log.h"
#include "loop.h"
#include "state_file.h"

struct store;

/* A record: the lease and what is known of it. */
struct store_record {
	struct state_lease lease;
	bool is_old;       /* of an earlier run, and not taken over */
	const void *owner; /* whoever keeps it, for the caller alone */
};

struct store_options {
	struct loop *loop;    /* borrowed */
	struct log *log;      /* borrowed */
	const char *data_dir; /* copied */
	/* The file holds what has been kept, or cannot: see
	 * store_write_error(). From the loop. May be NULL. */
	void (*saved)(void *arg);
	/* The last chance to bring a record up to date. May be NULL. */
	void (*refresh)(void *arg, struct state_lease *lease);
	void *arg;
};

/* Reads DATA_DIR/state and returns an owned store; each record is old. Blocks
 * for the reading: meant for the start. */
struct store *store_new(const struct store_options *options);
/* Waits for the thread, up to STORE_LAST_MS, and writes what is not yet
 * written. NULL is allowed. */
#define STORE_LAST_MS 500
void store_free(struct store *store);

/* What came of the reading: 0, or -EBADMSG and others of state_file_decode(),
 * or another -errno but -ENOENT. A bad file is kept as "state.bad". */
int store_read_error(const struct store *store);
/* What came of the last writing: 0 or -errno. */
int store_write_error(const struct store *store);

/* The records, for looking at and for walking; the pointers are good until the
 * next call that changes the store. */
size_t store_count(const struct store *store);
struct store_record *store_at(struct store *store, size_t index);
/* The record of this port on this gateway, or NULL. */
struct store_record *store_find(struct store *store, const struct addr *gateway,
				enum transport transport, uint16_t port);

/* Keeps LEASE (copied) in place of the record with its gateway, transport and
 * inner port. Returns whether it is on disk already; if not ->saved follows.
 * More than STATE_LEASES_MOST are not kept. */
bool store_keep(struct store *store, const struct state_lease *lease);
/* Forgets the record with this gateway, transport and inner port, if any. */
void store_forget(struct store *store, const struct addr *gateway,
		  enum transport transport, uint16_t port);
/* The records have changed otherwise: writes them. */
void store_touch(struct store *store);
/* Is what was kept on disk, as far as it ever will be? */
bool store_is_saved(const struct store *store);

/* Replaces DIR/state by LEN bytes of TEXT: written aside, synced, renamed, the
 * directory synced. Blocks. Returns 0 or -errno. */
int store_write_file(const char *dir, const char *text, size_t len);

#endif
