/* Times, ages and durations in Go's text forms. */
#include "unit.h"

#include "base/clock.h"

#include <string.h>

static const char *at(int64_t s)
{
	static char out[TIME_LEN];

	time_format(s, out);
	return out;
}

static const char *age(int64_t s)
{
	static char out[AGE_LEN];

	age_format(s, out);
	return out;
}

UNIT_TEST(clock_formats)
{
	char out[TIME_LEN];

	CHECK_STR(at(0), "1970-01-01T00:00:00Z");
	CHECK_STR(at(951782400), "2000-02-29T00:00:00Z");
	CHECK_STR(at(1767323045), "2026-01-02T03:04:05Z");
	CHECK_STR(at(-1), "1969-12-31T23:59:59Z");
	CHECK_STR(at(-62135596800), "0001-01-01T00:00:00Z");
	CHECK_STR(at(INT64_MAX / 2), "9999-12-31T23:59:59Z");
	CHECK_STR(at(INT64_MIN / 2), "0000-01-01T00:00:00Z");
	time_format_us(1767323045000007, out);
	CHECK_STR(out, "2026-01-02T03:04:05.000007Z");
	time_format_us(-1, out);
	CHECK_STR(out, "1969-12-31T23:59:59.999999Z");
}

UNIT_TEST(clock_parses)
{
	int64_t us;

	CHECK(time_parse("2026-01-02T03:04:05Z", &us));
	CHECK_INT(us, 1767323045000000);
	CHECK(time_parse("2026-01-02T03:04:05.1234567+02:30", &us));
	CHECK_INT(us, 1767323045123456 - 9000 * INT64_C(1000000));
	CHECK(time_parse("2024-02-29T00:00:00-00:00", &us));
	CHECK(!time_parse("2023-02-29T00:00:00Z", &us));
	CHECK(!time_parse("2026-01-02T03:04:05", &us));
	CHECK(!time_parse("2026-01-02 03:04:05Z", &us));
	CHECK(!time_parse("2026-01-02T03:04:60Z", &us));
	CHECK(!time_parse("2026-13-02T03:04:05Z", &us));
	CHECK(!time_parse("2026-01-02T03:04:05.Z", &us));
	CHECK(!time_parse("2026-01-02T03:04:05Zx", &us));
	CHECK(!time_parse("", &us));
	for (int64_t s = -70000000000; s < 250000000000; s += 86399 * 1013) {
		if (s < -62167219200)
			continue;
		CHECK(time_parse(at(s), &us));
		CHECK_INT(us, s * 1000000);
	}
}

UNIT_TEST(clock_freezes)
{
	clock_set(5000000);
	CHECK_INT(clock_now_us(), 5000000);
	CHECK_INT(clock_now_s(), 5);
	clock_set(-1);
	CHECK(clock_now_s() > 1700000000);
	CHECK(clock_mono_ns() > 0);
}

UNIT_TEST(clock_ages)
{
	CHECK_STR(age(-2), "<invalid>");
	CHECK_STR(age(-1), "0s");
	CHECK_STR(age(0), "0s");
	CHECK_STR(age(119), "119s");
	CHECK_STR(age(120), "2m");
	CHECK_STR(age(190), "3m10s");
	CHECK_STR(age(600), "10m");
	CHECK_STR(age(179 * 60 + 59), "179m");
	CHECK_STR(age(3 * 3600), "3h");
	CHECK_STR(age(7500), "125m");
	CHECK_STR(age(4 * 3600 + 300), "4h5m");
	CHECK_STR(age(8 * 3600), "8h");
	CHECK_STR(age(47 * 3600), "47h");
	CHECK_STR(age(76 * 3600), "3d4h");
	CHECK_STR(age(8 * 86400), "8d");
	CHECK_STR(age(729 * 86400), "729d");
	CHECK_STR(age(740 * INT64_C(86400)), "2y10d");
	CHECK_STR(age(9 * 365 * INT64_C(86400)), "9y");
}

UNIT_TEST(clock_durations)
{
	int64_t ns;

	CHECK(duration_parse("1h2m3.5s", &ns));
	CHECK_INT(ns, 3723500000000);
	CHECK(duration_parse("-1.5h", &ns));
	CHECK_INT(ns, -5400000000000);
	CHECK(duration_parse("0", &ns));
	CHECK_INT(ns, 0);
	CHECK(duration_parse("+5us", &ns));
	CHECK_INT(ns, 5000);
	CHECK(duration_parse("5µs", &ns));
	CHECK_INT(ns, 5000);
	CHECK(duration_parse(".5ms", &ns));
	CHECK_INT(ns, 500000);
	CHECK(duration_parse("2562047h47m16.854775807s", &ns));
	CHECK_INT(ns, INT64_MAX);
	CHECK(!duration_parse("2562047h47m16.854775808s", &ns));
	CHECK(!duration_parse("", &ns));
	CHECK(!duration_parse("5", &ns));
	CHECK(!duration_parse("5x", &ns));
	CHECK(!duration_parse(".s", &ns));
	CHECK(!duration_parse("1h 2m", &ns));
	CHECK(!duration_parse("99999999999999999999h", &ns));
}
