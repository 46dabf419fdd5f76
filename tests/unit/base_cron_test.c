/* Cron schedules: what parses, what is said of what does not, and when is next. */
#include "base/arena.h"
#include "base/cron.h"
#include "base/zone.h"
#include "unit.h"

#include <string.h>

static int64_t at(int year, int month, int day, int hour, int minute)
{
	struct civil c = { .year = year, .month = month, .day = day, .hour = hour, .minute = minute };

	return civil_to_s(&c);
}

static int64_t next(const char *text, const char *zone, int64_t t)
{
	struct arena *a = arena_new();
	struct cron c;
	const char *why;
	int64_t s = cron_parse(a, text, &c, &why) ? cron_next(&c, zone_find(a, zone), t) : -1;

	arena_free(&a);
	return s;
}

UNIT_TEST(next_moments)
{
	int64_t t = at(2024, 2, 28, 23, 59);

	CHECK(next("* * * * *", "", t) == t + 60);
	CHECK(next("* * * * *", "", t + 1) == t + 60);
	CHECK(next("0 0 29 2 *", "", t) == at(2024, 2, 29, 0, 0));
	CHECK(next("0 0 29 2 *", "", at(2024, 3, 1, 0, 0)) == at(2028, 2, 29, 0, 0));
	CHECK(next("*/15 9-17 * * mon-fri", "", t) == at(2024, 2, 29, 9, 0));
	CHECK(next("*/15 9-17 * * mon-fri", "", at(2024, 3, 1, 17, 45)) == at(2024, 3, 4, 9, 0));
	CHECK(next("0 12 1,15 * 3", "", at(2024, 3, 1, 13, 0)) == at(2024, 3, 6, 12, 0)); /* either day */
	CHECK(next("@hourly", "", t) == at(2024, 2, 29, 0, 0));
	CHECK(next("@weekly", "", t) == at(2024, 3, 3, 0, 0));
	CHECK(next("@yearly", "", t) == at(2025, 1, 1, 0, 0));
	CHECK(next("@every 90s", "", t) == t + 90);
	CHECK(next("30/10 * * * *", "", t) == at(2024, 2, 29, 0, 30));
	CHECK(next("0 0 31 2 *", "", t) == 0);
}

UNIT_TEST(zones)
{
	/* 09:00 in New York, before and after clocks change. */
	CHECK(next("0 9 * * *", "America/New_York", at(2024, 3, 8, 20, 0)) == at(2024, 3, 9, 14, 0));
	CHECK(next("0 9 * * *", "America/New_York", at(2024, 3, 9, 20, 0)) == at(2024, 3, 10, 13, 0));
	/* 02:30 is skipped that night. */
	CHECK(next("30 2 * * *", "America/New_York", at(2024, 3, 10, 5, 0)) == at(2024, 3, 11, 6, 30));
	CHECK(next("0 0 * * *", "Asia/Kathmandu", at(2024, 1, 1, 0, 0)) == at(2024, 1, 1, 18, 15));
}

static const char *complaint(struct arena *a, const char *text)
{
	struct cron c;
	const char *why = "none";

	CHECK(!cron_parse(a, text, &c, &why));
	return why;
}

UNIT_TEST(errors)
{
	struct arena *a = arena_new();

	CHECK_STR(complaint(a, ""), "empty spec string");
	CHECK_STR(complaint(a, "* * *"), "expected exactly 5 fields, found 3: [* * *]");
	CHECK_STR(complaint(a, "60 * * * *"), "end of range (60) above maximum (59): 60");
	CHECK_STR(complaint(a, "* * 0 * *"), "beginning of range (0) below minimum (1): 0");
	CHECK_STR(complaint(a, "9-3 * * * *"), "beginning of range (9) beyond end of range (3): 9-3");
	CHECK_STR(complaint(a, "*/0 * * * *"), "step of range should be a positive number: */0");
	CHECK_STR(complaint(a, "1-2-3 * * * *"), "too many hyphens: 1-2-3");
	CHECK_STR(complaint(a, "1/2/3 * * * *"), "too many slashes: 1/2/3");
	CHECK_STR(complaint(a, "x * * * *"),
		  "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax");
	CHECK_STR(complaint(a, "@never"), "unrecognized descriptor: @never");
	CHECK_STR(complaint(a, "@every x"),
		  "failed to parse duration @every x: time: invalid duration \"x\"");
	arena_free(&a);
}
