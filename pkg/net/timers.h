/*
 * timers: a binary heap of due times; private to net.
 *
 * The caller embeds a struct timer, zeroed before first use.  Due times are clock_mono_ns() values,
 * INT64_MAX = never.  Moving a timer later is free: the heap keeps the old place and timers_due()
 * sorts it in again when that comes up.  Not thread-safe.
 */
#ifndef NUTSHELL_NET_TIMERS_H
#define NUTSHELL_NET_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t due_ns;
	size_t place; /* index in the heap + 1; 0 = not in it */
};

struct timers {
	struct timers_slot {
		int64_t key_ns; /* <= the timer's due_ns */
		struct timer *t;
	} * heap;
	size_t n, cap;
};

void timers_set(struct timers *h, struct timer *t, int64_t due_ns);
void timers_drop(struct timers *h, struct timer *t);
/* A timer that is due, taken out of the heap; NULL when there is none. */
struct timer *timers_due(struct timers *h, int64_t now_ns);
/* No timer is due before this; INT64_MAX = none at all. */
int64_t timers_next(const struct timers *h);
void timers_free(struct timers *h);

#endif
