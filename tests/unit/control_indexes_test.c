/* Sets of completion indexes. */
#include "base/arena.h"
#include "control/indexes.h"
#include "unit.h"

#include <string.h>

UNIT_TEST(text_round_trip)
{
	static const char *const texts[] = { "", "0", "0,1", "0-2", "0,2-5,7", "1,3,5-9,11,12" };
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct indexes x = indexes_parse(a, texts[i], 100);

		CHECK_STR(indexes_text(a, &x), texts[i]);
	}
	arena_free(&a);
}

UNIT_TEST(bad_text)
{
	struct arena *a = arena_new();
	struct indexes x = indexes_parse(a, "a,1-,-3,4x,2-1,6,,8-", 100);

	CHECK_STR(indexes_text(a, &x), "6");
	x = indexes_parse(a, "0-1000000000000", 10);
	CHECK(indexes_total(&x) == 10);
	x = indexes_parse(a, "5,12,13", 10);
	CHECK_STR(indexes_text(a, &x), "5");
	arena_free(&a);
}

UNIT_TEST(sets)
{
	struct arena *a = arena_new();
	int64_t v[] = { 7, 3, 3, 4, 0 }, out[4];
	struct indexes x = indexes_of(a, v, 5), y = indexes_parse(a, "1-2,9", 100), z;

	CHECK_STR(indexes_text(a, &x), "0,3,4,7");
	z = indexes_union(a, &x, &y);
	CHECK_STR(indexes_text(a, &z), "0-4,7,9");
	CHECK(indexes_has(&z, 4) && indexes_has(&z, 9) && !indexes_has(&z, 5) && !indexes_has(&z, 10));
	CHECK(indexes_common(&z, &y) == 3 && indexes_common(&x, &y) == 0);
	CHECK(indexes_missing(&z, 12, 4, out) == 4);
	CHECK(out[0] == 5 && out[1] == 6 && out[2] == 8 && out[3] == 10);
	CHECK(indexes_missing(&z, 6, 4, out) == 1);
	arena_free(&a);
}
