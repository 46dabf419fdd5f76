/*
 * timers: lazy binary heap.
 *
 * Streams push their deadline back with each event; a heap that moved them each time would cost more
 * than the event.  So a slot keeps the key with which it was placed, and a timer found at the top with
 * a later due time is placed anew.
 */
#include "net/timers.h"

#include "base/vec.h"

static void put(struct timers *h, size_t i, struct timers_slot s)
{
	h->heap[i] = s;
	s.t->place = i + 1;
}

static void sift_up(struct timers *h, size_t i)
{
	struct timers_slot s = h->heap[i];

	while (i && h->heap[(i - 1) / 2].key_ns > s.key_ns) {
		put(h, i, h->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(h, i, s);
}

static void sift_down(struct timers *h, size_t i)
{
	struct timers_slot s = h->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->n && h->heap[child + 1].key_ns < h->heap[child].key_ns)
			child++;
		if (child >= h->n || h->heap[child].key_ns >= s.key_ns)
			break;
		put(h, i, h->heap[child]);
		i = child;
	}
	put(h, i, s);
}

void timers_drop(struct timers *h, struct timer *t)
{
	size_t i = t->place - 1;

	if (!t->place)
		return;
	t->place = 0;
	h->n--;
	if (i == h->n)
		return;
	put(h, i, h->heap[h->n]);
	sift_up(h, i);
	sift_down(h, h->heap[i].t->place - 1);
}

void timers_set(struct timers *h, struct timer *t, int64_t due_ns)
{
	t->due_ns = due_ns;
	if (due_ns == INT64_MAX) {
		timers_drop(h, t);
		return;
	}
	if (t->place) {
		struct timers_slot *s = &h->heap[t->place - 1];

		if (due_ns < s->key_ns) {
			s->key_ns = due_ns;
			sift_up(h, t->place - 1);
		}
		return;
	}
	if (h->n == h->cap)
		h->heap = vec_grow(h->heap, h->n, &h->cap, sizeof(*h->heap));
	h->heap[h->n] = (struct timers_slot){ due_ns, t };
	h->n++;
	sift_up(h, h->n - 1);
}

struct timer *timers_due(struct timers *h, int64_t now_ns)
{
	while (h->n && h->heap[0].key_ns <= now_ns) {
		struct timer *t = h->heap[0].t;

		if (t->due_ns <= now_ns) {
			timers_drop(h, t);
			return t;
		}
		h->heap[0].key_ns = t->due_ns;
		sift_down(h, 0);
	}
	return NULL;
}

int64_t timers_next(const struct timers *h)
{
	return h->n ? h->heap[0].key_ns : INT64_MAX;
}

void timers_free(struct timers *h)
{
	vec_release(h->heap);
	*h = (struct timers){ 0 };
}
