/*
 * Everything at once: writers on shared keys, followers that rebuild the table from events, lists
 * now and in the past, subscriptions that come and go, compaction behind everybody.  Meant for the
 * thread sanitizer as much as for its own checks.
 */
#include "store_fixture.h"
#include "base/clock.h"
#include "base/map.h"
#include "store/store_priv.h"
#include "unit.h"

#include <stdatomic.h>
#include <unistd.h>

#define WRITERS 4
#define KEYS 60
#define SECONDS 2

struct stress {
	struct store *s;
	struct table *t[2];
	_Atomic bool stop, writers_done;
	_Atomic int faults, calls, expired;
	_Atomic unsigned seeds;
};

static void fault(struct stress *x, const char *what, int64_t rev)
{
	if (!atomic_fetch_add(&x->faults, 1))
		fprintf(stderr, "# %s at %lld\n", what, (long long)rev);
}

static void writer(void *arg)
{
	struct stress *x = arg;
	unsigned seed = atomic_fetch_add(&x->seeds, 1);
	char name[16];

	while (!x->stop) {
		struct table *t = x->t[rand_r(&seed) % 2];
		int64_t expect = rand_r(&seed) % 8 ? 0 : store_rev(x->s) - rand_r(&seed) % 40;

		snprintf(name, sizeof name, "n%d", (int)(rand_r(&seed) % KEYS));
		fixture_write(t, x->s, (enum store_op)(rand_r(&seed) % 3), "a", name, "v", expect);
	}
}

static void drop(void *o)
{
	obj_unref(o);
}

static void apply(struct stress *x, struct map *m, const struct event *e)
{
	const struct obj *before;

	if (e->type == EVENT_DELETED)
		before = map_del(m, e->obj->name);
	else
		before = map_set(m, e->obj->name, (void *)(uintptr_t)obj_ref(e->obj));
	if ((before ? before->rev : 0) != (e->prev ? e->prev->rev : 0))
		fault(x, "the event's past is not ours", e->rev);
	obj_unref(before);
}

static bool same(struct map *m, const struct store_list *l)
{
	if (map_count(m) != l->n)
		return false;
	for (size_t i = 0; i < l->n; i++) {
		const struct obj *o = map_get(m, l->items[i]->name);

		if (!o || o->rev != l->items[i]->rev)
			return false;
	}
	return true;
}

/* Too late: begin anew from a list. */
static void relist(struct stress *x, struct map **m, struct cursor *c)
{
	struct store_list l;

	atomic_fetch_add(&x->expired, 1);
	map_free(m, drop);
	*m = map_new();
	store_list(c->table, "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		map_set(*m, l.items[i]->name, (void *)(uintptr_t)obj_ref(l.items[i]));
	c->rev = l.rev;
	store_list_free(&l);
}

static size_t catch_up(struct stress *x, struct map **m, struct cursor *c, size_t max)
{
	struct event e[16];
	size_t n;

	if (!cursor_next(c, e, max, &n, NULL)) {
		if (c->rev >= store_floor(x->s))
			fault(x, "expired for no reason", c->rev);
		relist(x, m, c);
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		apply(x, *m, &e[i]);
		event_clear(&e[i]);
	}
	return n;
}

/* Follow, with naps that make it fall behind the ring and sometimes behind the log; whenever
 * nothing is new, compare with a list of that revision. */
static void follower(void *arg)
{
	struct stress *x = arg;
	unsigned seed = atomic_fetch_add(&x->seeds, 1);
	struct map *m = map_new();
	struct cursor c = { .table = x->t[seed % 2], .rev = 1 };
	struct store_list l;
	bool last = false;

	while (!last) {
		last = x->writers_done;
		while (catch_up(x, &m, &c, 1 + rand_r(&seed) % 16))
			;
		if (store_list_at(c.table, c.rev, "", NULL, NULL, 0, NULL, NULL, &l, NULL)) {
			if (!same(m, &l))
				fault(x, "list and events differ", c.rev);
			store_list_free(&l);
		}
		usleep(rand_r(&seed) % 4 ? 100 : rand_r(&seed) % 400000);
	}
	map_free(&m, drop);
}

static void called(void *arg, struct table *t)
{
	struct stress *x = arg;

	(void)t;
	atomic_fetch_add(&x->calls, 1);
}

static void reader(void *arg)
{
	struct stress *x = arg;
	unsigned seed = atomic_fetch_add(&x->seeds, 1);

	while (!x->stop) {
		struct table *t = x->t[rand_r(&seed) % 2];
		struct subscription *sub = store_subscribe(x->s, t, called, x);
		struct store_stats stats;
		struct store_list l;

		store_list(t, "a", NULL, NULL, 7, NULL, NULL, &l);
		if (l.n && l.more && !l.remaining)
			fault(x, "nothing remains", l.rev);
		for (size_t i = 0; i < l.n; i++)
			if (l.items[i]->rev > l.rev)
				fault(x, "newer than its list", l.rev);
		store_list_free(&l);
		obj_unref(store_get(t, "a", "n1"));
		store_stats(x->s, &stats);
		usleep(50);
		store_unsubscribe(x->s, &sub);
	}
}

static void run(const char *dir)
{
	void (*const fn[])(void *) = { writer, writer, writer, writer, reader, follower, follower };
	struct stress x = { .s = fixture_open(dir) };
	struct thread *thread[7];
	int64_t end = clock_mono_ns() + SECONDS * 1000000000LL;

	x.s->compaction.keep_revs = 12000;
	x.t[0] = store_table(x.s, "zero", NULL);
	x.t[1] = store_table(x.s, "one", NULL);
	for (int i = 0; i < 7; i++)
		thread[i] = thread_start("stress", fn[i], &x);
	while (clock_mono_ns() < end)
		store_set_setting(x.s, "tick", "tock", NULL);
	x.stop = true;
	for (int i = 0; i < 5; i++)
		thread_join(&thread[i]);
	x.writers_done = true;
	for (int i = 5; i < 7; i++)
		thread_join(&thread[i]);
	fprintf(stderr, "# revision %lld, floor %lld, %d times expired\n",
		(long long)store_rev(x.s), (long long)store_floor(x.s), x.expired);
	store_close(&x.s);
	CHECK_INT(x.faults, 0);
	CHECK(x.calls > 0);
}

UNIT_TEST(stress_memory)
{
	run(":memory:");
}

UNIT_TEST(stress_disk)
{
	char *dir = fixture_dir();

	run(dir);
	fixture_remove(dir);
}
