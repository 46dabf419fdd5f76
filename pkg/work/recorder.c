/*
 * Design: a bounded queue and one writer, because an Event must never slow down the work it tells about.
 * What has gathered while it wrote becomes one commit.
 * The spam filter keeps a token bucket per source and object (k8s: client-go/tools/record/events_cache.go):
 * a ReplicaSet that makes a thousand pods tells of the first 25.  Buckets are forgotten wholesale once there
 * are too many; that only lets a few more events through.
 */
#include "work/recorder.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/thread.h"

#include <stdio.h>
#include <stdlib.h>

#define QUEUE_MAX 1000
#define BUCKETS_MAX 4096
#define BURST 25
#define BATCH 64
#define REFILL_NS (300LL * 1000000000)

struct record {
	struct record *next;
	const char *source, *type, *reason;
	const struct kind *kind;
	const struct obj *about;
	char *text;
};

struct bucket {
	int tokens;
	int64_t since_ns;
};

struct recorder {
	struct api *api;
	struct lock lock;
	struct cond wake;
	struct record *first, **last;
	size_t queued;
	struct map *buckets;
	bool stop;
	struct thread *thread;
};

static void record_free(struct record *e)
{
	obj_unref(e->about);
	free(e->text);
	free(e);
}

/* Under the lock: may this source speak about this object again? */
static bool take_token(struct recorder *r, const char *source, const struct obj *o)
{
	char key[160];
	struct bucket *b;
	int64_t now = clock_mono_ns(), refill;

	snprintf(key, sizeof key, "%s %s", source, o->uid);
	if (map_count(r->buckets) >= BUCKETS_MAX) {
		map_free(&r->buckets, free);
		r->buckets = map_new();
	}
	b = map_get(r->buckets, key);
	if (!b) {
		b = malloc(sizeof *b);
		BUG_ON(!b);
		*b = (struct bucket){ BURST, now };
		map_set(r->buckets, key, b);
	}
	refill = (now - b->since_ns) / REFILL_NS;
	if (refill > 0) {
		b->since_ns += refill * REFILL_NS;
		b->tokens = b->tokens + refill > BURST ? BURST : (int)(b->tokens + refill);
	}
	return b->tokens > 0 && b->tokens--;
}

void recorder_add(struct recorder *r, const char *source, const struct kind *k,
		  const struct obj *about, const char *type, const char *reason, char *text)
{
	struct record *e = malloc(sizeof *e);

	BUG_ON(!e);
	*e = (struct record){ NULL, source, type, reason, k, obj_ref(about), text };
	lock_take(&r->lock);
	if (r->queued < QUEUE_MAX && take_token(r, source, about)) {
		*r->last = e;
		r->last = &e->next;
		r->queued++;
		e = NULL;
		cond_signal(&r->wake);
	}
	lock_drop(&r->lock);
	if (e)
		record_free(e);
}

/* Up to max records; 0 at the end. */
static size_t take(struct recorder *r, struct record **out, size_t max)
{
	size_t n = 0;

	lock_take(&r->lock);
	while (!r->first && !r->stop)
		cond_wait(&r->wake, &r->lock);
	while (r->first && n < max) {
		out[n++] = r->first;
		r->first = r->first->next;
	}
	if (!r->first)
		r->last = &r->first;
	r->queued -= n;
	lock_drop(&r->lock);
	return n;
}

static void run(void *arg)
{
	struct recorder *r = arg;
	struct arena *a = arena_new();
	struct record *e[BATCH];
	struct event_item items[BATCH];
	size_t n;

	while ((n = take(r, e, BATCH))) {
		struct call c;

		for (size_t i = 0; i < n; i++)
			items[i] = (struct event_item){ e[i]->kind, e[i]->about,  e[i]->source,
							e[i]->type, e[i]->reason, e[i]->text };
		call_init(&c, r->api, a, NULL);
		api_event_many(&c, items, n);
		for (size_t i = 0; i < n; i++)
			record_free(e[i]);
		arena_reset(a);
	}
	arena_free(&a);
}

struct recorder *recorder_start(struct api *api)
{
	struct recorder *r = calloc(1, sizeof *r);

	BUG_ON(!r);
	r->api = api;
	lock_init(&r->lock, "recorder", LOCK_WORK);
	cond_init(&r->wake);
	r->last = &r->first;
	r->buckets = map_new();
	r->thread = thread_start("recorder", run, r);
	return r;
}

void recorder_stop(struct recorder **rp)
{
	struct recorder *r = *rp;

	if (!r)
		return;
	lock_take(&r->lock);
	r->stop = true;
	cond_signal(&r->wake);
	lock_drop(&r->lock);
	thread_join(&r->thread);
	map_free(&r->buckets, free);
	cond_destroy(&r->wake);
	lock_destroy(&r->lock);
	free(r);
	*rp = NULL;
}
