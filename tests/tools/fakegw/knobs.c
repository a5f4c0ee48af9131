#include "knobs.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT(member)                                                           \
	{                                                                      \
#member, offsetof(struct knobs, member), true                  \
	}
#define NUMBER(name, member)                                                   \
	{                                                                      \
		name, offsetof(struct knobs, member), false                    \
	}

static const struct {
	const char *name;
	size_t offset;
	bool is_text;
} table[] = {
    TEXT(pcp),
    TEXT(natpmp),
    TEXT(ssdp),
    TEXT(desc),
    TEXT(lease),
    TEXT(external),
    TEXT(soap),
    TEXT(add),
    TEXT(any),
    TEXT(get),
    TEXT(del),
    TEXT(status),
    TEXT(http),
    NUMBER("delay", delay_ms),
    NUMBER("copies", copies),
    NUMBER("shift", shift),
    NUMBER("lease-max", lease_max),
    NUMBER("limit", limit),
    NUMBER("taken", taken),
    NUMBER("bootid", bootid),
    NUMBER("version", version),
    NUMBER("wrong-port", wrong_port),
    NUMBER("low", low),
    NUMBER("words-max", words_max),
    NUMBER("resets", resets),
    NUMBER("slow", slow_ms),
    NUMBER("epoch", epoch),
};

void knobs_init(struct knobs *knobs)
{
	*knobs = (struct knobs){.copies = 1,
				.limit = ENTRIES_MOST,
				.bootid = 1,
				.version = 2,
				.epoch = 1000};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].is_text)
			strcpy((char *)knobs + table[i].offset, "ok");
	strcpy(knobs->external, "11.22.33.2");
	knobs->epoch_at_ms = now_ms();
}

int knobs_set(struct knobs *knobs, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *at = (char *)knobs + table[i].offset;

		if (strlen(table[i].name) != len ||
		    strncmp(table[i].name, word, len) != 0)
			continue;
		if (table[i].is_text)
			snprintf(at, KNOB_BYTES, "%s", equals + 1);
		else
			*(unsigned int *)(void *)at =
			    (unsigned int)strtoul(equals + 1, NULL, 10);
		knobs->epoch_at_ms = strncmp(word, "epoch=", 6) == 0
					 ? now_ms()
					 : knobs->epoch_at_ms;
		return 0;
	}
	return -EINVAL;
}

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint32_t epoch_now(const struct knobs *knobs)
{
	return knobs->epoch +
	       (uint32_t)((now_ms() - knobs->epoch_at_ms) / 1000);
}

struct entry *knobs_find(struct knobs *knobs, const char *protocol,
			 unsigned int external)
{
	for (unsigned int i = 0; i < knobs->entry_count; i++)
		if (knobs->entries[i].external == external &&
		    strcmp(knobs->entries[i].protocol, protocol) == 0)
			return &knobs->entries[i];
	return NULL;
}

struct entry *knobs_add(struct knobs *knobs, const struct entry *entry)
{
	struct entry *at = knobs_find(knobs, entry->protocol, entry->external);

	if (!at && knobs->entry_count == knobs->limit)
		return NULL;
	if (!at)
		at = &knobs->entries[knobs->entry_count++];
	*at = *entry;
	return at;
}

void knobs_drop(struct knobs *knobs, struct entry *entry)
{
	*entry = knobs->entries[--knobs->entry_count];
}
