/* The B+tree against a plain array: random edits, pinned snapshots, ranks. */
#include "store_fixture.h"
#include "store/index.h"
#include "unit.h"

#define KEYS 3000

static struct obj *key_obj(int k, int version)
{
	char ns[16], name[16], value[16];

	snprintf(ns, sizeof ns, "ns%d", k % 7);
	snprintf(name, sizeof name, "n%05d", k);
	snprintf(value, sizeof value, "%d", version);
	return fixture_obj(ns, name, value);
}

static int order(const void *a, const void *b)
{
	const struct obj *x = *(const struct obj *const *)a, *y = *(const struct obj *const *)b;
	int c = strcmp(x->ns, y->ns);

	return c ? c : strcmp(x->name, y->name);
}

/* Does the snapshot hold exactly the n sorted objects? */
static bool same(const struct snap *s, const struct obj **want, size_t n)
{
	struct snap_iter it;

	if (snap_count(s) != n)
		return false;
	snap_seek(s, (struct bound){ NULL, NULL, false }, &it);
	for (size_t i = 0; i < n; i++) {
		struct bound at = { want[i]->ns, want[i]->name, false };

		if (snap_next(&it) != want[i] || snap_rank(s, at) != i ||
		    snap_get(s, at.ns, at.name) != want[i])
			return false;
	}
	return !snap_next(&it);
}

static size_t model_sorted(struct obj **model, const struct obj **out)
{
	size_t n = 0;

	for (int k = 0; k < KEYS; k++)
		if (model[k])
			out[n++] = model[k];
	qsort(out, n, sizeof *out, order);
	return n;
}

static void edit(struct index *x, struct obj **model, int grow)
{
	for (int i = 0; i < 2000; i++) {
		int k = rand() % KEYS;

		if (rand() % 10 < grow) {
			model[k] = key_obj(k, i);
			index_put(x, model[k]);
		} else if (model[k]) {
			index_del(x, model[k]->ns, model[k]->name);
			model[k] = NULL;
		} else if (index_del(x, "ns0", "absent")) {
			abort();
		}
	}
}

UNIT_TEST(index_random_edits)
{
	static struct obj *model[KEYS];
	static const struct obj *now[KEYS], *then[KEYS];
	struct index *x = index_new();
	struct snap *pinned;
	size_t nthen, n;
	bool ok = true;

	srand(7);
	for (int round = 0; round < 30 && ok; round++) {
		pinned = index_pin(x);
		nthen = model_sorted(model, then);
		edit(x, model, round < 12 ? 8 : round % 2 ? 2 : 5);
		n = model_sorted(model, now);
		ok = same(pinned, then, nthen);
		index_publish(x);
		index_reclaim(x);
		ok = ok && same(pinned, then, nthen);
		snap_unpin(pinned);
		pinned = index_pin(x);
		ok = ok && same(pinned, now, n);
		snap_unpin(pinned);
		index_reclaim(x);
	}
	for (int k = 0; k < KEYS; k++)
		if (model[k])
			index_del(x, model[k]->ns, model[k]->name);
	index_publish(x);
	pinned = index_pin(x);
	ok = ok && snap_count(pinned) == 0 && same(pinned, NULL, 0);
	snap_unpin(pinned);
	index_free(&x);
	CHECK(ok);
}

UNIT_TEST(index_bounds)
{
	const char *names[][2] = { { "a", "x" }, { "b", "x" }, { "b", "y" }, { "c", "x" } };
	struct index *x = index_new();
	struct snap *s;
	size_t all, before_b, behind_b, behind_x, between;

	for (int i = 0; i < 4; i++)
		index_put(x, fixture_obj(names[i][0], names[i][1], ""));
	index_publish(x);
	s = index_pin(x);
	all = snap_rank(s, (struct bound){ NULL, NULL, true });
	before_b = snap_rank(s, (struct bound){ "b", NULL, false });
	behind_b = snap_rank(s, (struct bound){ "b", NULL, true });
	behind_x = snap_rank(s, (struct bound){ "b", "x", true });
	between = snap_rank(s, (struct bound){ "b", "xx", false });
	snap_unpin(s);
	index_free(&x);
	CHECK_INT(all, 4);
	CHECK_INT(before_b, 1);
	CHECK_INT(behind_b, 3);
	CHECK_INT(behind_x, 2);
	CHECK_INT(between, 2);
}
