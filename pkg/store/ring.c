/*
 * A circular buffer that doubles while its limits allow.  Bytes count an event's own object; the
 * state before it is nearly always the object of an earlier event or about to fall out with it,
 * except for deletions, whose last state is counted too.
 */
#include "store/ring.h"

#include "base/log.h"
#include "obj/obj.h"

#include <stdlib.h>
#include <string.h>

#define RING_MIN 64

static size_t event_bytes(const struct event *e)
{
	return obj_size(e->obj) + (e->type == EVENT_DELETED ? obj_size(e->prev) : 0);
}

static void ring_grow(struct ring *r)
{
	size_t cap = r->cap ? r->cap * 2 : RING_MIN;
	struct ring_slot *slot = malloc(cap * sizeof *slot);

	if (!slot)
		bug("out of memory");
	for (size_t i = 0; i < r->n; i++)
		slot[i] = r->slot[(r->head + i) & (r->cap - 1)];
	free(r->slot);
	r->slot = slot;
	r->cap = cap;
	r->head = 0;
}

void ring_add(struct ring *r, const struct event *e, int64_t now_ns)
{
	struct ring_slot *s;

	if (r->n == r->cap)
		ring_grow(r);
	s = &r->slot[(r->head + r->n) & (r->cap - 1)];
	s->e = *e;
	s->at_ns = now_ns;
	r->n++;
	r->bytes += event_bytes(e);
}

void ring_trim(struct ring *r, const struct ring_limits *max, int64_t now_ns, struct ring_waste *out)
{
	while (r->n) {
		struct ring_slot *s = &r->slot[r->head];

		if (r->n <= max->events && r->bytes <= max->bytes && now_ns - s->at_ns <= max->age_ns)
			return;
		r->base = s->e.rev;
		r->bytes -= event_bytes(&s->e);
		vec_push(&out->events, s->e);
		r->head = (r->head + 1) & (r->cap - 1);
		r->n--;
	}
}

const struct event *ring_at(const struct ring *r, size_t i)
{
	return &r->slot[(r->head + i) & (r->cap - 1)].e;
}

size_t ring_find(const struct ring *r, int64_t rev)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (ring_at(r, mid)->rev <= rev)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void event_copy(struct event *dst, const struct event *src)
{
	*dst = *src;
	obj_ref(dst->obj);
	if (dst->prev)
		obj_ref(dst->prev);
}

void event_clear(struct event *e)
{
	obj_unref(e->obj);
	obj_unref(e->prev);
	memset(e, 0, sizeof *e);
}

void ring_clear(struct ring *r)
{
	for (size_t i = 0; i < r->n; i++)
		event_clear(&r->slot[(r->head + i) & (r->cap - 1)].e);
	free(r->slot);
	memset(r, 0, sizeof *r);
}
