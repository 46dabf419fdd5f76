/* Quantities: canonical forms, rounding and limits as upstream's tests and observations have them. */
#include "unit.h"

#include "base/arena.h"
#include "obj/quantity.h"

static struct arena *a;

static const char *canonical(const char *s)
{
	if (!a)
		a = arena_new();
	return quantity_canonical(a, s);
}

UNIT_TEST(quantity_forms)
{
	static const char *const pairs[][2] = {
		{ "0", "0" },
		{ "0Ki", "0" },
		{ "00", "0" },
		{ "1000m", "1" },
		{ "0.5", "500m" },
		{ "0.25", "250m" },
		{ "1024Mi", "1Gi" },
		{ "1e3", "1e3" },
		{ "1E3", "1E3" },
		{ "12e6", "12e6" },
		{ "1e4", "10e3" },
		{ "1.5Gi", "1536Mi" },
		{ "100m", "100m" },
		{ "1", "1" },
		{ "1000", "1k" },
		{ "1500", "1500" },
		{ "1000k", "1M" },
		{ "1.500", "1.500" },
		{ "0.100", "100m" },
		{ "123456789", "123456789" },
		{ "0.0000000001", "1n" },
		{ "1.0000000001", "1000000001n" },
		{ "5Ki", "5Ki" },
		{ "1Ki", "1Ki" },
		{ "1024", "1024" },
		{ "0.5Ki", "512" },
		{ "0.0001Ki", "102400u" },
		{ "1.1Ki", "1126400m" },
		{ "9Ei", "9223372036854775807" },
		{ "8Ei", "9223372036854775807" },
		{ "7Ei", "7Ei" },
		{ "-1000m", "-1" },
		{ "-0.5Gi", "-512Mi" },
		{ "+5", "+5" },
		{ ".5", "500m" },
		{ "5.", "5." },
		{ "1E", "1E" },
		{ "1000P", "1E" },
		{ "128Mi", "128Mi" },
		{ "131072Ki", "128Mi" },
		{ "1e-3", "1e-3" },
		{ "1e-1", "100e-3" },
		{ "3.14e2", "3.14e2" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		CHECK_STR(canonical(pairs[i][0]), pairs[i][1]);
	arena_free(&a);
}

UNIT_TEST(quantity_refuses)
{
	static const char *const bad[] = {
		"",    "x",     "1x",   "1kk", "1 ",   " 1",
		"1KI", "1ki",   "1e",   "1e+", "--1",  "1,5",
		"0x1", "1.2.3", "1e3m", "1mi", "1e99", "99999999999999999999999999999999999"
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(!canonical(bad[i]));
	arena_free(&a);
}

static struct quantity q(const char *s)
{
	struct quantity v = { 0 };

	quantity_parse(s, &v);
	return v;
}

UNIT_TEST(quantity_arithmetic)
{
	struct quantity x = q("1Gi"), y = q("512Mi"), z = q("0");

	a = arena_new();
	quantity_add(&x, &y);
	CHECK_STR(quantity_text(a, &x), "1536Mi");
	quantity_sub(&x, &y);
	quantity_sub(&x, &y);
	CHECK_STR(quantity_text(a, &x), "512Mi");
	CHECK_INT(quantity_cmp(&x, &y), 0);
	quantity_add(&z, &y);
	CHECK_STR(quantity_text(a, &z), "512Mi");
	x = q("1500m");
	CHECK_INT(quantity_value(&x), 2);
	CHECK_INT(quantity_milli(&x), 1500);
	x = q("1n");
	CHECK_INT(quantity_milli(&x), 1);
	CHECK_INT(quantity_value(&x), 1);
	x = q("-1500m");
	CHECK_INT(quantity_value(&x), -2);
	x = q("100e18");
	CHECK_INT(quantity_value(&x), INT64_MAX);
	y = q("1e3");
	x = q("1k");
	CHECK_INT(quantity_cmp(&x, &y), 0);
	x = q("1m");
	CHECK(quantity_cmp(&x, &y) < 0 && quantity_cmp(&y, &x) > 0);
	x.nano = ((__int128)1 << 126) - 1;
	for (int i = 0; i < 4; i++)
		quantity_add(&x, &x);
	CHECK(x.nano > 0);
	arena_free(&a);
}

UNIT_TEST(quantity_in_thousandths)
{
	struct arena *text = arena_new();
	struct quantity q;

	CHECK(quantity_parse("100u", &q) && quantity_round_milli(&q));
	CHECK_STR(quantity_text(text, &q), "1m");
	CHECK(quantity_parse("-1.0005", &q) && quantity_round_milli(&q));
	CHECK_STR(quantity_text(text, &q), "-1001m");
	CHECK(quantity_parse("1500m", &q) && !quantity_round_milli(&q));
	arena_free(&text);
}
