/* Arenas, buffers, vectors and maps: growth, alignment, order of release. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

UNIT_TEST(arena_aligns_and_keeps)
{
	struct arena *a = arena_new();
	char *kept[2000];

	for (size_t i = 0; i < 2000; i++) {
		kept[i] = arena_alloc(a, i % 97);
		CHECK_INT((uintptr_t)kept[i] % 16, 0);
		memset(kept[i], (int)(i & 0x7f), i % 97);
	}
	for (size_t i = 0; i < 2000; i++)
		for (size_t k = 0; k < i % 97; k++)
			CHECK_INT(kept[i][k], i & 0x7f);
	arena_free(&a);
	CHECK(!a);
}

UNIT_TEST(arena_large_pieces)
{
	struct arena *a = arena_new();
	char *big = arena_zalloc(a, 3 << 20), *small = arena_strdup(a, "after");

	CHECK_INT(big[(3 << 20) - 1], 0);
	CHECK_STR(small, "after");
	for (int round = 0; round < 3; round++) {
		arena_reset(a);
		CHECK_INT(arena_used(a), 0);
		for (int i = 0; i < 50; i++)
			memset(arena_alloc(a, (size_t)i * 5000), 1, (size_t)i * 5000);
	}
	CHECK_INT(arena_used(a), 5000 * 49 * 50 / 2);
	arena_free(&a);
}

static char order[8];

static void note(void *what)
{
	strcat(order, what);
}

UNIT_TEST(arena_defers_newest_first)
{
	struct arena *a = arena_new();
	char one[] = "1", two[] = "2", three[] = "3";

	order[0] = '\0';
	arena_defer(a, note, one);
	arena_defer(a, note, two);
	arena_reset(a);
	CHECK_STR(order, "21");
	arena_defer(a, note, three);
	arena_free(&a);
	CHECK_STR(order, "213");
	arena_free(&a);
}

UNIT_TEST(arena_prints)
{
	struct arena *a = arena_new();
	char *s;

	CHECK_STR(arena_printf(a, "%s-%d", "x", 7), "x-7");
	s = arena_printf(a, "%0500d", 1);
	CHECK_INT(strlen(s), 500);
	CHECK_STR(s + 499, "1");
	s = arena_printf(a, "%0255d", 1);
	CHECK_INT(strlen(s), 255);
	s = arena_printf(a, "%0256d", 1);
	CHECK_INT(strlen(s), 256);
	CHECK_STR(arena_dup(a, NULL, 0), "");
	arena_free(&a);
}

UNIT_TEST(buf_grows)
{
	BUF_AUTO struct buf b = BUF_INIT;

	buf_free(&b);
	buf_clear(&b);
	buf_drop(&b, 5);
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%d,", i);
	CHECK_INT(strlen(b.p), b.len);
	CHECK(strncmp(b.p, "0,1,2,", 6) == 0);
	buf_drop(&b, 4);
	CHECK(strncmp(b.p, "2,3,", 4) == 0);
	buf_addf(&b, "%0500d", 1);
	CHECK_INT(strlen(b.p), b.len);
	buf_drop(&b, b.len + 1);
	CHECK_INT(b.len, 0);
	CHECK_STR(b.p, "");
}

UNIT_TEST(buf_detaches)
{
	struct buf b = BUF_INIT;
	char *p = buf_detach(&b);

	CHECK_STR(p, "");
	free(p);
	buf_add(&b, "a\0b", 3);
	p = buf_detach(&b);
	CHECK_MEM(p, 4, "a\0b\0", 4);
	free(p);
	CHECK(!b.p && !b.len && !b.cap);
}

UNIT_TEST(vec_pushes)
{
	VEC(int) v = { 0 };

	for (int i = 0; i < 1000; i++)
		vec_push(&v, i);
	CHECK_INT(v.n, 1000);
	CHECK_INT(v.p[999], 999);
	vec_free(&v);
	CHECK(!v.p && !v.n && !v.cap);
}

static int dropped;

static void drop(void *value)
{
	dropped += value != NULL;
}

UNIT_TEST(map_sets_gets_deletes)
{
	struct map *m = map_new();
	static int values[5000];
	char key[16];

	CHECK(!map_get(m, "0"));
	CHECK(!map_del(m, "0"));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5000; i++) {
			snprintf(key, sizeof key, "%d", i);
			CHECK(!map_set(m, key, &values[i]));
		}
		CHECK_INT(map_count(m), 5000);
		for (int i = 0; i < 5000; i++) {
			snprintf(key, sizeof key, "%d", i);
			CHECK(map_get(m, key) == &values[i]);
			CHECK(map_set(m, key, &values[0]) == &values[i]);
			CHECK(map_del(m, key) == &values[0]);
			CHECK(!map_get(m, key));
		}
		CHECK_INT(map_count(m), 0);
	}
	map_set(m, "", &values[1]);
	CHECK(map_get(m, "") == &values[1]);
	dropped = 0;
	map_free(&m, drop);
	CHECK_INT(dropped, 1);
	map_free(&m, drop);
}

UNIT_TEST(map_iterates_while_deleting)
{
	struct map *m = map_new();
	const char *k;
	char key[16];
	size_t it = 0, n = 0;
	void *v;

	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "k%d", i);
		map_set(m, key, key);
	}
	while (map_next(m, &it, &k, &v)) {
		n++;
		if (n % 2)
			map_del(m, k);
	}
	CHECK_INT(n, 100);
	CHECK_INT(map_count(m), 50);
	for (it = n = 0; map_next(m, &it, NULL, NULL);)
		n++;
	CHECK_INT(n, 50);
	map_free(&m, NULL);
}
