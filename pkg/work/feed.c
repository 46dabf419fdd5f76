/*
 * Design: one cursor per table, however many controllers watch it.  The store wakes the feed after each
 * publish; the feed then drains every table whose revision moved.  Existing objects are delivered as ADDED
 * before anything live, from a snapshot whose revision starts the cursor, so nothing is missed or doubled.
 * Tables are drained one after the other, so changes of two tables may arrive out of order; feed_rev() tells
 * up to where all of them are complete.
 * Should a cursor ever fall behind compaction (a controller stuck for longer than the log is kept), the
 * table is delivered anew: level-triggered controllers only need to be told to look.
 */
#include "work/feed.h"

#include "base/log.h"
#include "base/thread.h"
#include "base/vec.h"

#include <stdatomic.h>
#include <stdlib.h>

#define BATCH 256

struct listener {
	const struct controller_watch *watch; /* NULL: every kind */
	const struct kind *kind;
	feed_fn fn;
	void *arg;
};

struct source {
	struct table *table;
	struct cursor cursor;
	VEC(struct listener) listeners;
};

struct feed {
	struct api *api;
	struct lock lock; /* guards dirty, stop */
	struct cond wake;
	bool dirty, stop;
	atomic_llong seen; /* all tables have been delivered up to this revision */
	VEC(struct source *) sources;
	VEC(struct listener) all; /* of feed_add_all(): kind is NULL */
	uint64_t serial;          /* of the registry when kinds were looked at last */
	struct subscription *subscription;
	struct thread *thread;
	void (*synced)(void *arg);
	void *synced_arg;
};

struct feed *feed_new(struct api *api)
{
	struct feed *f = calloc(1, sizeof *f);

	BUG_ON(!f);
	f->api = api;
	lock_init(&f->lock, "feed", LOCK_WORK);
	cond_init(&f->wake);
	return f;
}

static struct source *source_of(struct feed *f, struct table *t)
{
	struct source *s;

	for (size_t i = 0; i < f->sources.n; i++)
		if (f->sources.p[i]->table == t)
			return f->sources.p[i];
	s = calloc(1, sizeof *s);
	BUG_ON(!s);
	s->table = t;
	vec_push(&f->sources, s);
	return s;
}

bool feed_add(struct feed *f, const struct controller_watch *w, feed_fn fn, void *arg,
	      struct status *st)
{
	const struct kind *k = kinds_by_api_version(api_kinds(f->api), w->api_version, w->kind);
	struct listener l = { w, k, fn, arg };

	if (!k)
		return status_internal(st, "a controller watches %s %s, which is not served",
				       w->api_version, w->kind);
	vec_push(&source_of(f, api_table(f->api, k))->listeners, l);
	return true;
}

void feed_add_all(struct feed *f, feed_fn fn, void *arg)
{
	struct listener l = { NULL, NULL, fn, arg };

	vec_push(&f->all, l);
}

static bool wanted(const struct kind *k)
{
	return !k->storage && !k->virtual_only && (k->verbs & VERB_DELETE);
}

/* Let those who want every kind hear of this one.  A kind that is there under another row (another version of a
 * custom resource is preferred now) is from now on told by the new one.  True when it is new to them. */
static bool source_join(struct feed *f, struct source *s, const struct kind *k)
{
	bool known = false;

	for (size_t i = 0; i < s->listeners.n; i++) {
		if (s->listeners.p[i].watch)
			continue;
		s->listeners.p[i].kind = k;
		known = true;
	}
	for (size_t i = 0; i < f->all.n && !known; i++) {
		struct listener l = f->all.p[i];

		l.kind = k;
		vec_push(&s->listeners, l);
	}
	return !known;
}

static void deliver(struct source *s, const struct event *ev)
{
	for (size_t i = 0; i < s->listeners.n; i++)
		s->listeners.p[i].fn(s->listeners.p[i].arg, s->listeners.p[i].watch,
				     s->listeners.p[i].kind, ev);
}

static void deliver_existing(struct source *s)
{
	struct store_list l;

	store_list(s->table, "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++) {
		struct event ev = { l.items[i]->rev, EVENT_ADDED, l.items[i], NULL };

		deliver(s, &ev);
	}
	s->cursor = (struct cursor){ s->table, l.rev };
	store_list_free(&l);
}

/* Kinds that have come since. */
static void look_for_kinds(struct feed *f, bool running)
{
	struct kinds *ks = api_kinds(f->api);
	uint64_t serial = kinds_serial(ks);
	const struct kind *k;
	size_t it = 0;

	if (!f->all.n || serial == f->serial)
		return;
	f->serial = serial;
	while ((k = kinds_next(ks, &it)))
		if (wanted(k)) {
			struct source *s = source_of(f, api_table(f->api, k));

			if (source_join(f, s, k) && running)
				deliver_existing(s);
		}
}

static void drain(struct source *s)
{
	struct event ev[BATCH];
	STATUS_AUTO struct status st = STATUS_INIT;
	size_t n;

	do {
		if (!cursor_next(&s->cursor, ev, BATCH, &n, &st)) {
			log_warn("work", "%s: fell behind the log, reading all objects again",
				 table_resource(s->table));
			deliver_existing(s);
			return;
		}
		for (size_t i = 0; i < n; i++) {
			deliver(s, &ev[i]);
			event_clear(&ev[i]);
		}
	} while (n == BATCH);
}

static void on_publish(void *arg, struct table *t)
{
	struct feed *f = arg;

	(void)t;
	lock_take(&f->lock);
	f->dirty = true;
	cond_signal(&f->wake);
	lock_drop(&f->lock);
}

/* Wait for something to do; false when stopping. */
static bool wait_dirty(struct feed *f)
{
	bool go;

	lock_take(&f->lock);
	while (!f->dirty && !f->stop)
		cond_wait(&f->wake, &f->lock);
	f->dirty = false;
	go = !f->stop;
	lock_drop(&f->lock);
	return go;
}

static void run(void *arg)
{
	struct feed *f = arg;

	look_for_kinds(f, false);
	for (size_t i = 0; i < f->sources.n; i++)
		deliver_existing(f->sources.p[i]);
	f->synced(f->synced_arg);
	do {
		int64_t target = store_rev(api_store(f->api));

		look_for_kinds(f, true);
		for (size_t i = 0; i < f->sources.n; i++) {
			struct source *s = f->sources.p[i];

			if (table_rev(s->table) > s->cursor.rev)
				drain(s);
		}
		atomic_store(&f->seen, target);
	} while (wait_dirty(f));
}

void feed_start(struct feed *f, void (*synced)(void *arg), void *arg)
{
	f->synced = synced;
	f->synced_arg = arg;
	f->subscription = store_subscribe(api_store(f->api), NULL, on_publish, f);
	f->thread = thread_start("feed", run, f);
}

void feed_stop(struct feed **fp)
{
	struct feed *f = *fp;

	if (!f)
		return;
	if (f->thread) {
		lock_take(&f->lock);
		f->stop = true;
		cond_signal(&f->wake);
		lock_drop(&f->lock);
		thread_join(&f->thread);
		store_unsubscribe(api_store(f->api), &f->subscription);
	}
	for (size_t i = 0; i < f->sources.n; i++) {
		vec_free(&f->sources.p[i]->listeners);
		free(f->sources.p[i]);
	}
	vec_free(&f->sources);
	vec_free(&f->all);
	cond_destroy(&f->wake);
	lock_destroy(&f->lock);
	free(f);
	*fp = NULL;
}

int64_t feed_rev(struct feed *f)
{
	return atomic_load(&f->seen);
}
