/* Conditions, results, atomic transactions, settings, subscriptions: in memory and on disk. */
#include "store_fixture.h"
#include "unit.h"

#include <stdatomic.h>

struct world {
	char *dir;
	struct store *s;
	struct table *t, *u;
	struct arena *a;
};

static void world_open(struct world *w, bool memory)
{
	w->dir = memory ? NULL : fixture_dir();
	w->s = fixture_open(memory ? ":memory:" : w->dir);
	w->t = store_table(w->s, "configmaps", NULL);
	w->u = store_table(w->s, "secrets", NULL);
	w->a = arena_new();
}

static void world_close(struct world *w)
{
	store_close(&w->s);
	arena_free(&w->a);
	if (w->dir)
		fixture_remove(w->dir);
}

static void world_end(struct world *w)
{
	if (w->a)
		world_close(w);
}

#define WORLD(w, memory)                                            \
	__attribute__((cleanup(world_end))) struct world w = { 0 }; \
	world_open(&w, memory)

UNIT_TEST(commit_conditions)
{
	for (int memory = 0; memory < 2; memory++) {
		WORLD(w, memory);
		int64_t r1, r2, r3;

		CHECK_INT(store_rev(w.s), 1);
		r1 = fixture_create(w.t, w.s, "a", "x", "1");
		CHECK_INT(r1, 2);
		CHECK_INT(fixture_create(w.t, w.s, "a", "x", "2"), -STORE_EXISTS);
		CHECK_INT(fixture_update(w.t, w.s, "a", "y", "2"), -STORE_MISSING);
		CHECK_INT(fixture_delete(w.t, w.s, "b", "x"), -STORE_MISSING);
		CHECK_INT(fixture_write(w.t, w.s, STORE_UPDATE, "a", "x", "2", r1 + 1),
			  -STORE_CONFLICT);
		CHECK_INT(store_rev(w.s), r1);
		r2 = fixture_write(w.t, w.s, STORE_UPDATE, "a", "x", "2", r1);
		CHECK_INT(r2, r1 + 1);
		CHECK_INT(fixture_write(w.t, w.s, STORE_DELETE, "a", "x", NULL, r1), -STORE_CONFLICT);
		r3 = fixture_write(w.t, w.s, STORE_DELETE, "a", "x", NULL, r2);
		CHECK_INT(r3, r2 + 1);
		CHECK(!store_get(w.t, "a", "x"));
		CHECK_INT(fixture_create(w.t, w.s, "a", "x", "3"), r3 + 1);
		CHECK_INT(table_count(w.t), 1);
		CHECK_INT(table_rev(w.t), r3 + 1);
		CHECK_INT(table_rev(w.u), 1);
	}
}

UNIT_TEST(commit_seals_results)
{
	WORLD(w, true);
	struct store_write x = { .table = w.t, .op = STORE_CREATE, .obj = fixture_obj("", "n", "v") };
	const struct obj *got;

	CHECK_INT(store_commit(w.s, &x, 1, NULL, NULL), STORE_OK);
	got = obj_give(w.a, store_get(w.t, "", "n"));
	obj_give(w.a, x.result);
	CHECK(got == x.result);
	CHECK(strstr(got->json, "\"resourceVersion\":\"2\""));
	x = (struct store_write){ .table = w.t, .op = STORE_DELETE, .ns = "", .name = "n" };
	CHECK_INT(store_commit(w.s, &x, 1, NULL, NULL), STORE_OK);
	obj_give(w.a, x.result);
	CHECK_INT(x.result->rev, 3);
	CHECK_INT(got->rev, 2);
	CHECK_STR(fixture_value(w.a, x.result), "v");
}

UNIT_TEST(commit_is_atomic)
{
	WORLD(w, false);
	struct store_write x[4] = {
		{ .table = w.t, .op = STORE_CREATE, .obj = fixture_obj("a", "one", "1") },
		{ .table = w.u, .op = STORE_CREATE, .obj = fixture_obj("a", "two", "2") },
		{ .table = w.t, .op = STORE_UPDATE, .obj = fixture_obj("a", "one", "3") },
		{ .table = w.t, .op = STORE_DELETE, .ns = "a", .name = "none" },
	};
	size_t failed = 9;

	CHECK_INT(store_commit(w.s, x, 4, &failed, NULL), STORE_MISSING);
	CHECK_INT(failed, 3);
	CHECK(!x[0].result && !x[1].result && !x[2].result && !x[3].result);
	CHECK_INT(table_count(w.t) + table_count(w.u), 0);
	CHECK_INT(store_rev(w.s), 1);
	x[0].obj = fixture_obj("a", "one", "1");
	x[1].obj = fixture_obj("a", "two", "2");
	x[2].obj = fixture_obj("a", "one", "3");
	CHECK_INT(store_commit(w.s, x, 3, &failed, NULL), STORE_OK);
	for (int i = 0; i < 3; i++)
		CHECK_INT(obj_give(w.a, x[i].result)->rev, 2 + i);
	CHECK_INT(store_rev(w.s), 4);
	CHECK_STR(fixture_value(w.a, obj_give(w.a, store_get(w.t, "a", "one"))), "3");
	CHECK_INT(store_commit(w.s, NULL, 0, NULL, NULL), STORE_OK);
}

UNIT_TEST(commit_larger_than_a_batch)
{
	WORLD(w, false);
	enum { N = 2000 };
	struct store_write *x = arena_zalloc(w.a, N * sizeof *x);
	char name[16];

	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof name, "n%d", i);
		x[i] = (struct store_write){ .table = w.t, .obj = fixture_obj("a", name, "v") };
	}
	CHECK_INT(store_commit(w.s, x, N, NULL, NULL), STORE_OK);
	for (int i = 0; i < N; i++)
		obj_unref(x[i].result);
	CHECK_INT(table_count(w.t), N);
}

UNIT_TEST(settings_last)
{
	WORLD(w, false);

	CHECK(!store_get_setting(w.s, w.a, "id"));
	CHECK(store_set_setting(w.s, "id", "one", NULL));
	CHECK(store_set_setting(w.s, "id", "two", NULL));
	CHECK(store_set_setting(w.s, "gone", "x", NULL));
	CHECK(store_set_setting(w.s, "gone", NULL, NULL));
	store_close(&w.s);
	w.s = fixture_open(w.dir);
	CHECK_STR(store_get_setting(w.s, w.a, "id"), "two");
	CHECK(!store_get_setting(w.s, w.a, "gone"));
	CHECK_INT(store_rev(w.s), 1);
}

static void count_call(void *arg, struct table *t)
{
	(void)t;
	atomic_fetch_add((_Atomic int *)arg, 1);
}

/* The writer calls after it has woken the committer; a second commit is a barrier for the first. */
UNIT_TEST(subscriptions_call)
{
	WORLD(w, true);
	_Atomic int one = 0, all = 0;
	struct subscription *x = store_subscribe(w.s, w.t, count_call, &one);
	struct subscription *y = store_subscribe(w.s, NULL, count_call, &all);

	fixture_create(w.t, w.s, "a", "x", "1");
	fixture_create(w.u, w.s, "a", "x", "1");
	fixture_create(w.u, w.s, "a", "x", "1");
	fixture_create(w.u, w.s, "a", "y", "1");
	store_set_setting(w.s, "barrier", "1", NULL);
	CHECK_INT(one, 1);
	CHECK(all >= 3);
	store_unsubscribe(w.s, &x);
	CHECK(!x);
	fixture_create(w.t, w.s, "a", "z", "1");
	store_set_setting(w.s, "barrier", "2", NULL);
	CHECK_INT(one, 1);
	store_unsubscribe(w.s, &y);
}
