/*
 * Design: every known name is one struct entry, found through a map.  An entry is in exactly one place:
 * the ready list (due now), the heap (due later), or with a worker.  While with a worker, additions are only
 * noted (again_ns) and take effect in queue_done().  Entries that are nowhere are freed at once, so an idle
 * queue holds no memory.  One sleeping worker minds the clock for all; when it leaves with an entry, it wakes
 * another to take its place, else what is due next would wait until somebody is done.  Workers are started
 * when something waits and nobody sleeps: most controllers of most clusters never have anything to do, and
 * a thread that was never started costs nothing.
 */
#include "work/queue.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/thread.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 1200 /* a namespace and whatever controllers put into a name */
#define NEVER INT64_MAX
#define NOT_IN_HEAP SIZE_MAX

struct entry {
	struct queue_item item; /* first: queue_done() gets it back */
	char *key;
	struct entry *next; /* ready list */
	int64_t due_ns;     /* heap */
	int64_t again_ns;   /* added while running: due then; NEVER = not added */
	int64_t taken_ns;   /* when the work on it began */
	size_t slot;        /* heap index */
	bool running, ready;
};

struct queue {
	struct lock lock;
	struct cond wake;
	struct map *entries;
	struct entry *first, **last;
	VEC(struct entry *) heap;
	size_t running;
	int64_t alarm_ns; /* a sleeping worker wakes then; NEVER = none does by itself */
	bool stopped;
	size_t sleeping;
	struct thread **workers;
	size_t nworkers, max;
	const char *name;
	void (*work)(void *arg);
	void *arg;
};

struct queue *queue_new(const char *name)
{
	struct queue *q = calloc(1, sizeof *q);

	BUG_ON(!q);
	lock_init(&q->lock, name, LOCK_WORK);
	cond_init(&q->wake);
	q->entries = map_new();
	q->last = &q->first;
	q->alarm_ns = NEVER;
	q->name = name;
	return q;
}

static void entry_free(void *p)
{
	struct entry *e = p;

	free(e->item.ns);
	free(e->item.name);
	free(e->key);
	free(e);
}

void queue_free(struct queue **q)
{
	if (!*q)
		return;
	free((*q)->workers);
	map_free(&(*q)->entries, entry_free);
	vec_free(&(*q)->heap);
	cond_destroy(&(*q)->wake);
	lock_destroy(&(*q)->lock);
	free(*q);
	*q = NULL;
}

/* ---- the heap of later entries, smallest due time first ---- */

static void heap_put(struct queue *q, size_t i, struct entry *e)
{
	q->heap.p[i] = e;
	e->slot = i;
}

static void heap_up(struct queue *q, size_t i)
{
	struct entry *e = q->heap.p[i];

	for (; i > 0 && q->heap.p[(i - 1) / 2]->due_ns > e->due_ns; i = (i - 1) / 2)
		heap_put(q, i, q->heap.p[(i - 1) / 2]);
	heap_put(q, i, e);
}

static void heap_down(struct queue *q, size_t i)
{
	struct entry *e = q->heap.p[i];
	size_t n = q->heap.n;

	for (size_t c = 2 * i + 1; c < n; c = 2 * i + 1) {
		if (c + 1 < n && q->heap.p[c + 1]->due_ns < q->heap.p[c]->due_ns)
			c++;
		if (q->heap.p[c]->due_ns >= e->due_ns)
			break;
		heap_put(q, i, q->heap.p[c]);
		i = c;
	}
	heap_put(q, i, e);
}

static void heap_remove(struct queue *q, struct entry *e)
{
	size_t i = e->slot;
	struct entry *tail = q->heap.p[--q->heap.n];

	e->slot = NOT_IN_HEAP;
	if (tail == e)
		return;
	heap_put(q, i, tail);
	heap_up(q, i);
	heap_down(q, tail->slot);
}

/* ---- entries ---- */

static struct entry *entry_find(struct queue *q, const char *ns, const char *name)
{
	char key[KEY_MAX];
	struct entry *e;

	snprintf(key, sizeof key, "%s/%s", ns, name);
	e = map_get(q->entries, key);
	if (e)
		return e;
	e = calloc(1, sizeof *e);
	BUG_ON(!e);
	e->item.ns = strdup(ns);
	e->item.name = strdup(name);
	e->key = strdup(key);
	BUG_ON(!e->item.ns || !e->item.name || !e->key);
	e->slot = NOT_IN_HEAP;
	e->again_ns = NEVER;
	map_set(q->entries, key, e);
	return e;
}

static void make_ready(struct queue *q, struct entry *e)
{
	e->ready = true;
	e->next = NULL;
	*q->last = e;
	q->last = &e->next;
}

/* Place an idle or later entry so that it is due at due_ns, or earlier if it was. */
static void schedule(struct queue *q, struct entry *e, int64_t due_ns, int64_t now_ns)
{
	if (e->ready)
		return;
	if (e->slot != NOT_IN_HEAP) {
		if (e->due_ns <= due_ns)
			return;
		heap_remove(q, e);
	}
	if (due_ns <= now_ns) {
		make_ready(q, e);
		return;
	}
	e->due_ns = due_ns;
	vec_push(&q->heap, e);
	heap_up(q, q->heap.n - 1);
}

static bool needs_another(const struct queue *q)
{
	return q->first || (q->heap.n && q->heap.p[0]->due_ns < q->alarm_ns);
}

static void wake_another(struct queue *q)
{
	if (q->sleeping) {
		cond_signal(&q->wake);
	} else if (q->nworkers < q->max && !q->stopped && needs_another(q)) {
		q->workers[q->nworkers] = thread_start(q->name, q->work, q->arg);
		q->nworkers++;
	}
}

void queue_add(struct queue *q, const char *ns, const char *name, int64_t after_ms)
{
	int64_t now = clock_mono_ns(), due = now + after_ms * 1000000;
	struct entry *e;

	lock_take(&q->lock);
	e = entry_find(q, ns, name);
	if (!e->running)
		schedule(q, e, due, now);
	else if (due < e->again_ns)
		e->again_ns = due;
	wake_another(q);
	lock_drop(&q->lock);
}

static void promote_due(struct queue *q)
{
	int64_t now = clock_mono_ns();

	while (q->heap.n && q->heap.p[0]->due_ns <= now) {
		struct entry *e = q->heap.p[0];

		heap_remove(q, e);
		make_ready(q, e);
	}
}

static struct entry *pop_ready(struct queue *q)
{
	struct entry *e = q->first;

	if (!e)
		return NULL;
	q->first = e->next;
	if (!q->first)
		q->last = &q->first;
	e->ready = false;
	e->running = true;
	e->again_ns = NEVER;
	e->taken_ns = clock_mono_ns();
	q->running++;
	return e;
}

/* Until woken, or until the first later entry is due if nobody else will wake by then. */
static void sleep_until_due(struct queue *q)
{
	int64_t due = q->heap.n ? q->heap.p[0]->due_ns : NEVER;

	q->sleeping++;
	if (due >= q->alarm_ns) {
		cond_wait(&q->wake, &q->lock);
	} else {
		q->alarm_ns = due;
		cond_wait_until(&q->wake, &q->lock, due);
		if (q->alarm_ns == due)
			q->alarm_ns = NEVER;
	}
	q->sleeping--;
}

struct queue_item *queue_take(struct queue *q)
{
	struct entry *e = NULL;

	lock_take(&q->lock);
	while (!q->stopped) {
		promote_due(q);
		e = pop_ready(q);
		if (e)
			break;
		sleep_until_due(q);
	}
	if (e && needs_another(q))
		wake_another(q);
	lock_drop(&q->lock);
	return e ? &e->item : NULL;
}

void queue_done(struct queue *q, struct queue_item *item, bool failed, int64_t again_ms, bool rest)
{
	struct entry *e = (struct entry *)item;
	int64_t now = clock_mono_ns(), due = again_ms < 0 ? NEVER : now + again_ms * 1000000;

	lock_take(&q->lock);
	e->running = false;
	q->running--;
	item->failures = failed ? item->failures + 1 : 0;
	if (e->again_ns < due)
		due = e->again_ns;
	if (rest && due < now + (now - e->taken_ns))
		due = now + (now - e->taken_ns);
	e->again_ns = NEVER;
	if (due != NEVER) {
		schedule(q, e, due, now);
	} else {
		map_del(q->entries, e->key);
		entry_free(e);
	}
	cond_signal(&q->wake);
	lock_drop(&q->lock);
}

void queue_stop(struct queue *q)
{
	lock_take(&q->lock);
	q->stopped = true;
	cond_broadcast(&q->wake);
	lock_drop(&q->lock);
}

void queue_staff(struct queue *q, size_t max, void (*work)(void *arg), void *arg)
{
	lock_take(&q->lock);
	q->workers = calloc(max, sizeof(*q->workers));
	BUG_ON(!q->workers);
	q->max = max;
	q->work = work;
	q->arg = arg;
	wake_another(q);
	lock_drop(&q->lock);
}

void queue_join(struct queue *q)
{
	for (size_t i = 0; i < q->nworkers; i++)
		thread_join(&q->workers[i]);
}

bool queue_idle(struct queue *q)
{
	bool idle;

	lock_take(&q->lock);
	promote_due(q);
	idle = !q->first && !q->running;
	lock_drop(&q->lock);
	return idle;
}
