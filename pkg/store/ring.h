/*
 * ring: the latest events of one table, for watchers that keep up.
 *
 * Holds every event behind `base`; older ones must be read from the log.  Bounded by number, bytes
 * and age, the last so that a quiet table gives its memory back with the next event.  Private to
 * the store package; locking is the caller's (the view).
 */
#ifndef NUTSHELL_STORE_RING_H
#define NUTSHELL_STORE_RING_H

#include "base/vec.h"
#include "store/store.h"

struct ring_slot {
	struct event e;
	int64_t at_ns; /* clock_mono_ns() */
};

struct ring {
	struct ring_slot *slot;
	size_t cap, head, n; /* cap is a power of two */
	size_t bytes;
	int64_t base;
};

struct ring_limits {
	size_t events, bytes;
	int64_t age_ns;
};

/* Events pushed out, to be cleared by the caller once no lock is held. */
struct ring_waste {
	VEC(struct event) events;
};

/* Append; takes over the event's references. */
void ring_add(struct ring *r, const struct event *e, int64_t now_ns);
void ring_trim(struct ring *r, const struct ring_limits *max, int64_t now_ns, struct ring_waste *out);
/* Position of the first event behind rev (r->n: none).  rev >= r->base. */
size_t ring_find(const struct ring *r, int64_t rev);
const struct event *ring_at(const struct ring *r, size_t i);
/* Copy with references of its own. */
void event_copy(struct event *dst, const struct event *src);
void ring_clear(struct ring *r);

#endif
