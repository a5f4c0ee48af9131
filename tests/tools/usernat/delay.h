/*
 * delay: packets that leave later, or never.
 */
#ifndef USERNAT_DELAY_H
#define USERNAT_DELAY_H

#include <stddef.h>
#include <stdint.h>

struct delay;

struct delay_options {
	unsigned int delay_us;
	unsigned int jitter_us; /* more, at random: reorders */
	unsigned int loss_percent;
};

/* Sends the LEN bytes at BYTES now. */
typedef void (*delay_send_fn)(void *arg, const uint8_t *bytes, size_t len);

/* Returns an owned, empty queue that sends through SEND. */
struct delay *delay_new(const struct delay_options *options, delay_send_fn send,
			void *arg);
void delay_free(struct delay *delay);
/* Takes a packet (copied): loses it, sends it or queues it. */
void delay_put(struct delay *delay, uint64_t now_us, const uint8_t *bytes,
	       size_t len);
/* Sends what is due. Returns the microseconds until the next, or -1. */
int64_t delay_run(struct delay *delay, uint64_t now_us);
/* Packets lost so far. */
unsigned int delay_lost(const struct delay *delay);

#endif
