/* Lists, pages, old lists and cursors: from the ring, from the log, after a restart, compacted. */
#include "store_fixture.h"
#include "store/store_priv.h"
#include "unit.h"

#include <unistd.h>

struct world {
	char *dir;
	struct store *s;
	struct table *t, *u;
	struct arena *a;
	struct status st;
};

static void world_reopen(struct world *w)
{
	store_close(&w->s);
	w->s = fixture_open(w->dir ? w->dir : ":memory:");
	w->t = store_table(w->s, "configmaps", NULL);
	w->u = store_table(w->s, "secrets", NULL);
}

static void world_end(struct world *w)
{
	store_close(&w->s);
	arena_free(&w->a);
	status_clear(&w->st);
	if (w->dir)
		fixture_remove(w->dir);
}

static struct world world_make(bool memory)
{
	struct world w = { .dir = memory ? NULL : fixture_dir(), .a = arena_new() };

	world_reopen(&w);
	return w;
}

#define WORLD(w, memory) __attribute__((cleanup(world_end))) struct world w = world_make(memory)

/* "a/x=1 b/y=2" of a list, which is freed. */
static const char *list_text(struct world *w, struct store_list *l)
{
	char *text = arena_strdup(w->a, "");

	for (size_t i = 0; i < l->n; i++)
		text = arena_printf(w->a, "%s%s%s/%s=%s", text, i ? " " : "", l->items[i]->ns,
				    l->items[i]->name, fixture_value(w->a, l->items[i]));
	store_list_free(l);
	return text;
}

static const char *list_at(struct world *w, int64_t rev)
{
	struct store_list l;

	if (!store_list_at(w->t, rev, "", NULL, NULL, 0, NULL, NULL, &l, &w->st))
		return w->st.reason;
	return list_text(w, &l);
}

/* "+a/x=1@2 ~a/x=2@3(1) -a/x=2@4(2)": all events behind *rev, read in portions of max. */
static const char *follow(struct world *w, int64_t *rev, size_t max)
{
	struct cursor c = { w->t, *rev };
	struct event e[64];
	char *text = arena_strdup(w->a, "");
	size_t n;

	do {
		if (!cursor_next(&c, e, max, &n, &w->st))
			return w->st.message;
		for (size_t i = 0; i < n; i++) {
			text = arena_printf(w->a, "%s%s%c%s/%s=%s@%lld", text, *text ? " " : "",
					    "+~-"[e[i].type], e[i].obj->ns, e[i].obj->name,
					    fixture_value(w->a, e[i].obj), (long long)e[i].rev);
			if (e[i].prev)
				text = arena_printf(w->a, "%s(%s)", text,
						    fixture_value(w->a, e[i].prev));
			if (e[i].obj->rev != e[i].rev)
				text = arena_printf(w->a, "%s!", text);
			event_clear(&e[i]);
		}
	} while (n);
	*rev = c.rev;
	return text;
}

static bool odd(const struct obj *o, void *arg)
{
	(void)arg;
	return o->name[0] % 2;
}

UNIT_TEST(list_orders_and_pages)
{
	WORLD(w, true);
	const char *keys[][2] = { { "b", "a" }, { "a", "c" }, { "c", "a" },  { "a", "a" },
				  { "b", "b" }, { "a", "b" }, { "a-b", "a" } };
	struct store_list l;

	for (int i = 0; i < 7; i++)
		fixture_create(w.t, w.s, keys[i][0], keys[i][1], "1");
	store_list(w.t, "", NULL, NULL, 0, NULL, NULL, &l);
	CHECK_INT(l.rev, 8);
	CHECK(!l.more);
	CHECK_STR(list_text(&w, &l), "a/a=1 a/b=1 a/c=1 a-b/a=1 b/a=1 b/b=1 c/a=1");
	store_list(w.t, "", NULL, NULL, 3, NULL, NULL, &l);
	CHECK(l.more);
	CHECK_INT(l.remaining, 4);
	CHECK_STR(list_text(&w, &l), "a/a=1 a/b=1 a/c=1");
	store_list(w.t, "", "a", "c", 4, NULL, NULL, &l);
	CHECK(!l.more && !l.remaining);
	CHECK_STR(list_text(&w, &l), "a-b/a=1 b/a=1 b/b=1 c/a=1");
	store_list(w.t, "a", "a", "a", 1, NULL, NULL, &l);
	CHECK(l.more);
	CHECK_INT(l.remaining, 1);
	CHECK_STR(list_text(&w, &l), "a/b=1");
	store_list(w.t, "b", "a", "z", 0, NULL, NULL, &l);
	CHECK_STR(list_text(&w, &l), "b/a=1 b/b=1");
	store_list(w.t, "nowhere", NULL, NULL, 0, NULL, NULL, &l);
	CHECK_INT(l.n, 0);
	store_list(w.t, "", NULL, NULL, 2, odd, NULL, &l);
	CHECK(l.more);
	CHECK_STR(list_text(&w, &l), "a/a=1 a/c=1");
	store_list(w.t, "", "b", "a", 2, odd, NULL, &l);
	CHECK(!l.more);
	CHECK_STR(list_text(&w, &l), "c/a=1");
}

/* Revisions 2 to 10 of table t, with some of u between. */
static void history(struct world *w)
{
	fixture_create(w->t, w->s, "a", "x", "1");
	fixture_create(w->t, w->s, "a", "y", "1");
	fixture_create(w->u, w->s, "a", "x", "u");
	fixture_update(w->t, w->s, "a", "x", "2");
	fixture_delete(w->t, w->s, "a", "y");
	fixture_create(w->t, w->s, "a", "y", "3");
	fixture_update(w->t, w->s, "a", "x", "4");
	fixture_delete(w->t, w->s, "a", "x");
	fixture_update(w->u, w->s, "a", "x", "v");
}

static const char *const states[] = {
	[1] = "",
	[2] = "a/x=1",
	[3] = "a/x=1 a/y=1",
	[4] = "a/x=1 a/y=1",
	[5] = "a/x=2 a/y=1",
	[6] = "a/x=2",
	[7] = "a/x=2 a/y=3",
	[8] = "a/x=4 a/y=3",
	[9] = "a/y=3",
	[10] = "a/y=3",
};

static const char all_events[] = "+a/x=1@2 +a/y=1@3 ~a/x=2@5(1) -a/y=1@6(1) +a/y=3@7 ~a/x=4@8(2) "
				 "-a/x=4@9(4)";

UNIT_TEST(list_at_every_revision)
{
	WORLD(w, false);
	struct store_list l;

	history(&w);
	for (int again = 0; again < 2; again++) {
		for (int rev = 1; rev <= 10; rev++)
			CHECK_STR(list_at(&w, rev), states[rev]);
		CHECK_STR(list_at(&w, 11), "Timeout");
		status_clear(&w.st);
		CHECK(store_list_at(w.t, 5, "a", NULL, NULL, 1, NULL, NULL, &l, NULL));
		CHECK(l.more);
		CHECK_INT(l.remaining, 1);
		CHECK_INT(l.rev, 5);
		CHECK_STR(list_text(&w, &l), "a/x=2");
		CHECK(store_list_at(w.t, 5, "a", "a", "x", 1, NULL, NULL, &l, NULL));
		CHECK(!l.more);
		CHECK_STR(list_text(&w, &l), "a/y=1");
		world_reopen(&w); /* now from the log */
	}
}

UNIT_TEST(cursor_from_ring_and_log)
{
	for (int memory = 0; memory < 2; memory++) {
		WORLD(w, memory);
		int64_t rev = 1;

		history(&w);
		CHECK_STR(follow(&w, &rev, 2), all_events);
		CHECK_INT(rev, 10);
		CHECK_STR(follow(&w, &rev, 2), "");
		if (!memory)
			world_reopen(&w);
		else
			w.t->ring.base = INT64_MAX;
		for (size_t max = 1; max < 9; max++) {
			rev = 1;
			CHECK_STR(follow(&w, &rev, max), all_events);
			CHECK_INT(rev, 10);
		}
		rev = 6;
		CHECK_STR(follow(&w, &rev, 64), "+a/y=3@7 ~a/x=4@8(2) -a/x=4@9(4)");
	}
}

UNIT_TEST(restart_resumes)
{
	WORLD(w, false);
	int64_t rev = 8;

	history(&w);
	world_reopen(&w);
	CHECK_INT(store_rev(w.s), 10);
	CHECK_INT(table_rev(w.t), 9);
	CHECK_INT(table_count(w.t), 1);
	CHECK_INT(fixture_create(w.t, w.s, "b", "z", "5"), 11);
	CHECK_STR(follow(&w, &rev, 1), "-a/x=4@9(4) +b/z=5@11");
	CHECK_INT(fixture_create(store_table(w.s, "pods", NULL), w.s, "b", "z", "5"), 12);
	world_reopen(&w);
	CHECK_INT(table_count(store_table(w.s, "pods", NULL)), 1);
	CHECK(store_table(w.s, "pods", NULL) == store_table(w.s, "pods", NULL));
	CHECK_INT(table_count(w.u), 1);
}

/* Compact all but the last keep revisions, by writing until the writer has done so. */
static void compact(struct world *w, int64_t keep)
{
	w->s->compaction.keep_revs = keep;
	store_set_setting(w->s, "barrier", "1", NULL);
	while (store_floor(w->s) < store_rev(w->s) - keep)
		store_set_setting(w->s, "barrier", "2", NULL);
	w->s->compaction.keep_revs = 1000;
}

UNIT_TEST(compaction_forgets_the_past_only)
{
	for (int keep = 0; keep < 9; keep++) {
		WORLD(w, false);
		int64_t floor, rev;

		history(&w);
		compact(&w, keep);
		floor = store_floor(w.s);
		CHECK_INT(floor, 10 - keep);
		for (rev = floor - 1; rev > 0; rev--)
			CHECK_STR(list_at(&w, rev), states[rev]); /* the ring still knows */
		world_reopen(&w);
		CHECK_INT(store_floor(w.s), floor);
		CHECK_INT(store_rev(w.s), 10);
		for (rev = floor; rev <= 10; rev++)
			CHECK_STR(list_at(&w, rev), states[rev]);
		rev = floor;
		CHECK_STR(follow(&w, &rev, 3),
			  floor == 10 ? "" :
					strstr(all_events, floor == 1 ? "+a/x" :
							   floor == 2 ? "+a/y=1" :
							   floor <= 4 ? "~a/x=2" :
							   floor == 5 ? "-a/y" :
							   floor == 6 ? "+a/y=3" :
							   floor == 7 ? "~a/x=4" :
							   floor == 8 ? "-a/x" :
									"") +
						(floor == 9 ? strlen(all_events) : 0));
		rev = floor - 1;
		CHECK_STR(follow(&w, &rev, 3), arena_printf(w.a, "too old resource version: %d (%d)",
							    (int)floor - 1, (int)floor));
		CHECK_STR(list_at(&w, floor - 1), "Expired");
		CHECK_INT(fixture_create(w.t, w.s, "c", "c", "c"), 11);
	}
}

/* A revision compacted away at the very end of the log must not come again. */
UNIT_TEST(revision_survives_total_compaction)
{
	WORLD(w, false);

	fixture_create(w.t, w.s, "a", "x", "1");
	fixture_delete(w.t, w.s, "a", "x");
	compact(&w, 0);
	world_reopen(&w);
	CHECK_INT(store_rev(w.s), 3);
	CHECK_INT(fixture_create(w.t, w.s, "a", "x", "1"), 4);
}

UNIT_TEST(ring_bounds_hold)
{
	WORLD(w, true);
	int64_t first = fixture_create(w.t, w.s, "a", "x", "0"), rev = first;

	for (int i = 0; i < 6000; i++)
		fixture_update(w.t, w.s, "a", "x", "1");
	CHECK(w.t->ring.n <= 4096);
	CHECK(w.t->ring.base > first);
	for (size_t n = 0; rev < store_rev(w.s); rev += (int64_t)n) {
		struct cursor c = { w.t, rev };
		struct event e[64];

		CHECK(cursor_next(&c, e, 64, &n, NULL));
		CHECK(n > 0);
		CHECK_INT(e[0].rev, rev + 1);
		CHECK_INT(e[0].prev->rev, rev);
		for (size_t i = 0; i < n; i++)
			event_clear(&e[i]);
	}
}

UNIT_TEST(age_compacts_when_idle)
{
	WORLD(w, false);

	w.s->compaction.keep_ns = 20 * 1000000;
	history(&w);
	for (int i = 0; i < 500 && store_floor(w.s) < 10; i++)
		usleep(10000);
	CHECK_INT(store_floor(w.s), 10);
}

/* More than the loader parses at once, half of it superseded or gone. */
UNIT_TEST(restart_loads_many)
{
	WORLD(w, false);
	enum { N = 12000 };
	struct store_write *x = arena_zalloc(w.a, N * sizeof *x);
	struct store_list l;
	char name[16];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < N; i++) {
			snprintf(name, sizeof name, "n%d", i % (N / 2));
			x[i] = (struct store_write){
				.table = w.t,
				.op = i < N / 2 ? (round ? STORE_UPDATE : STORE_CREATE) :
				      i % 3     ? STORE_UPDATE :
						  STORE_DELETE,
				.ns = "a",
				.name = arena_strdup(w.a, name),
			};
			if (x[i].op == STORE_UPDATE && round && i % 3 == 0 && i < N / 2)
				x[i].op = STORE_CREATE;
			if (x[i].op != STORE_DELETE)
				x[i].obj = fixture_obj("a", name, round == 2 ? "last" : "old");
		}
		CHECK_INT(store_commit(w.s, x, N, NULL, NULL), STORE_OK);
		for (int i = 0; i < N; i++)
			obj_unref(x[i].result);
	}
	world_reopen(&w);
	CHECK_INT(table_count(w.t), N / 3);
	store_list(w.t, "", NULL, NULL, 0, NULL, NULL, &l);
	for (size_t i = 0; i < l.n; i++)
		if (strcmp(fixture_value(w.a, l.items[i]), "last") || l.items[i]->rev < 1 + 2 * N)
			l.more = true;
	store_list_free(&l);
	CHECK(!l.more);
}
