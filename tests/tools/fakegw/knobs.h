/*
 * knobs: how the fake gateway behaves, changed by words while it runs.
 */
#ifndef FAKEGW_KNOBS_H
#define FAKEGW_KNOBS_H

#include <stdbool.h>
#include <stdint.h>

#define KNOB_BYTES   64
#define ENTRIES_MOST 64

struct entry {
	char protocol[4]; /* "UDP", "TCP" */
	unsigned int external, internal;
	unsigned int lease_s;
	char client[16];
	char description[80];
};

/* Texts say "ok" or the name of a misbehaviour; see quirks.txt for what each
 * one stands for. */
struct knobs {
	char pcp[KNOB_BYTES], natpmp[KNOB_BYTES], ssdp[KNOB_BYTES];
	char desc[KNOB_BYTES], lease[KNOB_BYTES], external[KNOB_BYTES];
	/* By SOAP action. */
	char soap[KNOB_BYTES], add[KNOB_BYTES], any[KNOB_BYTES];
	char get[KNOB_BYTES], del[KNOB_BYTES], status[KNOB_BYTES];
	char http[KNOB_BYTES];
	unsigned int delay_ms, copies, shift, lease_max, limit, taken;
	unsigned int bootid, version, wrong_port;
	unsigned int low;       /* outer ports below are refused */
	unsigned int words_max; /* the longest description, 0: any */
	unsigned int resets;    /* so many connections first */
	unsigned int slow_ms;   /* before each reply by HTTP */
	unsigned int epoch;     /* at EPOCH_AT_MS */
	uint64_t epoch_at_ms;
	/* What has been mapped. */
	struct entry entries[ENTRIES_MOST];
	unsigned int entry_count;
	unsigned int maps, soaps, searches, asks;
};

void knobs_init(struct knobs *knobs);
/* Sets NAME=VALUE. Returns 0 or -EINVAL. */
int knobs_set(struct knobs *knobs, const char *word);
/* Milliseconds of the monotonic clock, and the epoch of now. */
uint64_t now_ms(void);
uint32_t epoch_now(const struct knobs *knobs);

/* The entry of an outer port, or NULL. */
struct entry *knobs_find(struct knobs *knobs, const char *protocol,
			 unsigned int external);
/* Adds or replaces; NULL when the table is full. */
struct entry *knobs_add(struct knobs *knobs, const struct entry *entry);
void knobs_drop(struct knobs *knobs, struct entry *entry);

#endif
