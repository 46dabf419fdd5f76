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

#define WRITERS 4
#define KEYS 60
#define SECONDS 1

struct stress {
	struct store *s;
	struct table *t[2];
	_Atomic bool stop, writers_done;
	_Atomic int faults, calls;
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

/* List, then follow; whenever nothing is new, compare with a list of that revision. */
static void follower(void *arg)
{
	struct stress *x = arg;
	unsigned seed = atomic_fetch_add(&x->seeds, 1);
	struct map *m = map_new();
	struct cursor c = { .table = x->t[seed % 2], .rev = 1 };
	struct store_list l;
	struct event e[16];
	bool last = false;
	size_t n;

	while (!last) {
		last = x->writers_done;
		do {
			if (!cursor_next(&c, e, 1 + rand_r(&seed) % 16, &n, NULL)) {
				fault(x, "expired", c.rev);
				n = 0;
			}
			for (size_t i = 0; i < n; i++) {
				apply(x, m, &e[i]);
				event_clear(&e[i]);
			}
		} while (n);
		if (store_list_at(c.table, c.rev, "", NULL, NULL, 0, NULL, NULL, &l, NULL)) {
			if (!same(m, &l))
				fault(x, "list and events differ", c.rev);
			store_list_free(&l);
		}
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
		store_unsubscribe(x->s, &sub);
	}
}

static void run(const char *dir)
{
	void (*const fn[])(void *) = { writer, writer, writer, writer, reader, follower, follower };
	struct stress x = { .s = fixture_open(dir) };
	struct thread *thread[7];
	int64_t end = clock_mono_ns() + SECONDS * 1000000000LL;

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
