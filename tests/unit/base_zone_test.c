/* Civil time and zones, by the machine's files and by the linked-in rules. */
#include "base/arena.h"
#include "base/zone.h"
#include "base/zone_rules.h"
#include "unit.h"

#include <string.h>

UNIT_TEST(civil_round_trip)
{
	static const int64_t times[] = { 0,          -1,         951782399,   951782400,
					 1709251199, 4102444799, -2208988800, -86400 * 400000LL };

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		struct civil c;

		civil_from_s(times[i], &c);
		CHECK(civil_to_s(&c) == times[i]);
	}
}

UNIT_TEST(civil_fields)
{
	struct civil c;

	civil_from_s(1709210096, &c); /* 2024-02-29T12:34:56Z, a Thursday */
	CHECK(c.year == 2024 && c.month == 2 && c.day == 29);
	CHECK(c.hour == 12 && c.minute == 34 && c.second == 56);
	CHECK(c.weekday == 4 && c.yearday == 59);
	c.month = 14;
	c.day = 0; /* carried: 31 January 2025 */
	CHECK(civil_to_s(&c) == 1738326896);
}

UNIT_TEST(offsets)
{
	struct arena *a = arena_new();
	const struct zone *ny = zone_find(a, "America/New_York"), *utc = zone_find(a, "");

	CHECK(ny && utc);
	CHECK(zone_offset(utc, 0) == 0);
	CHECK(zone_offset(ny, 1704067200) == -5 * 3600); /* January 2024 */
	CHECK(zone_offset(ny, 1720000000) == -4 * 3600); /* July 2024 */
	CHECK(zone_offset(ny, 4118000000) == -4 * 3600); /* June 2100: by rule */
	CHECK(zone_offset(zone_find(a, "Australia/Sydney"), 1704067200) == 11 * 3600);
	CHECK(zone_offset(zone_find(a, "Asia/Kathmandu"), 1704067200) == 5 * 3600 + 45 * 60);
	CHECK(!zone_find(a, "Nowhere/Land") && !zone_find(a, "../etc/passwd") && !zone_find(a, "/x"));
	arena_free(&a);
}

UNIT_TEST(gaps_and_overlaps)
{
	struct arena *a = arena_new();
	const struct zone *ny = zone_find(a, "America/New_York");
	struct civil skipped = { .year = 2024, .month = 3, .day = 10, .hour = 2, .minute = 30 };
	struct civil twice = { .year = 2024, .month = 11, .day = 3, .hour = 1, .minute = 30 };
	struct civil plain = { .year = 2024, .month = 6, .day = 1, .hour = 12 };

	CHECK(zone_moment(ny, &plain) == 1717257600);
	/* As Go's time.Date: 01:30 EST, and the first 01:30. */
	CHECK(zone_moment(ny, &skipped) == 1710052200);
	CHECK(zone_moment(ny, &twice) == 1730611800);
	arena_free(&a);
}

UNIT_TEST(linked_in_rules)
{
	CHECK_STR(zone_rule("Europe/Berlin"), "CET-1CEST,M3.5.0,M10.5.0/3");
	CHECK_STR(zone_rule("Zulu"), "UTC0");
	CHECK_STR(zone_rule("Africa/Abidjan"), "GMT0");
	CHECK(!zone_rule("Nowhere"));
}
