/* Field sets: FieldsV1 both ways, order, algebra. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/fieldset.h"
#include "obj/json.h"

#include <string.h>

static struct arena *a;

static const struct fieldset *set(const char *text)
{
	const struct fieldset *s = NULL;

	CHECK(fieldset_parse(a, json_parse_own(a, text, strlen(text)), &s));
	return s;
}

static const char *text(const struct fieldset *s)
{
	return json_text(a, fieldset_tree(a, s));
}

static bool valid(const char *fields)
{
	const struct fieldset *s;

	return fieldset_parse(a, json_parse_own(a, fields, strlen(fields)), &s);
}

UNIT_TEST(fieldset_round_trip)
{
	static const char *const texts[] = {
		"{}",
		"{\"f:a\":{}}",
		"{\"f:a\":{\".\":{},\"f:b\":{}}}",
		"{\"f:l\":{\"k:{\\\"name\\\":\\\"x\\\"}\":{\".\":{},\"f:image\":{}},\"k:{\\\"name\\\":\\\"y\\\"}\":{}}}",
		"{\"f:s\":{\"v:1\":{},\"v:\\\"a\\\"\":{},\"v:true\":{}},\"i:0\":{},\"i:10\":{}}",
	};

	a = arena_new();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		CHECK_STR(text(set(texts[i])), texts[i]);
	arena_free(&a);
}

UNIT_TEST(fieldset_order)
{
	a = arena_new();
	/* fields, keys, values, indexes; keys by value, not by text */
	CHECK_STR(
		text(set("{\"i:2\":{},\"v:\\\"b\\\"\":{},\"k:{\\\"p\\\":443}\":{},\"k:{\\\"p\\\":80}\":{},\"f:b\":{},\"f:a\":{}}")),
		"{\"f:a\":{},\"f:b\":{},\"k:{\\\"p\\\":80}\":{},\"k:{\\\"p\\\":443}\":{},\"v:\\\"b\\\"\":{},\"i:2\":{}}");
	CHECK_STR(text(set("{\"k:{\\\"protocol\\\":\\\"TCP\\\",\\\"port\\\":80}\":{}}")),
		  "{\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{}}");
	/* what a later version may know is dropped */
	CHECK_STR(text(set("{\"f:a\":{},\"z:q\":{\"f:b\":{}}}")), "{\"f:a\":{}}");
	arena_free(&a);
}

UNIT_TEST(fieldset_refuses)
{
	a = arena_new();
	CHECK(!valid("{\"a\":{}}"));
	CHECK(!valid("{\"\":{}}"));
	CHECK(!valid("{\"k:[1]\":{}}"));
	CHECK(!valid("{\"k:{\":{}}"));
	CHECK(!valid("{\"v:\":{}}"));
	CHECK(!valid("{\"i:x\":{}}"));
	CHECK(!valid("{\"i:99999999999\":{}}"));
	CHECK(!valid("{\"f:a\":[]}"));
	CHECK(!valid("[]"));
	CHECK(valid("{\"f:a\":null}"));
	arena_free(&a);
}

UNIT_TEST(fieldset_algebra)
{
	const struct fieldset *x, *y;

	a = arena_new();
	x = set("{\"f:a\":{\".\":{},\"f:b\":{},\"f:c\":{}},\"f:d\":{}}");
	y = set("{\"f:a\":{\"f:b\":{}},\"f:d\":{\"f:e\":{}},\"f:z\":{}}");
	CHECK_STR(text(fieldset_union(a, x, y)),
		  "{\"f:a\":{\".\":{},\"f:b\":{},\"f:c\":{}},\"f:d\":{\".\":{},\"f:e\":{}},\"f:z\":{}}");
	CHECK_STR(text(fieldset_intersection(a, x, y)), "{\"f:a\":{\"f:b\":{}}}");
	CHECK_STR(text(fieldset_difference(a, x, y)), "{\"f:a\":{\".\":{},\"f:c\":{}},\"f:d\":{}}");
	/* parent - child = parent, child - parent = child; pruning takes the child, too */
	CHECK_STR(text(fieldset_difference(a, y, x)), "{\"f:d\":{\"f:e\":{}},\"f:z\":{}}");
	CHECK_STR(text(fieldset_prune(a, y, x)), "{\"f:z\":{}}");
	CHECK(fieldset_empty(fieldset_difference(a, x, x)));
	CHECK(fieldset_equal(fieldset_union(a, x, NULL), x));
	CHECK(!fieldset_equal(x, y));
	CHECK(fieldset_has(x, "a.b") && fieldset_has(x, "a") && !fieldset_has(y, "a"));
	CHECK_STR(text(fieldset_path(a, "spec.replicas")), "{\"f:spec\":{\"f:replicas\":{}}}");
	arena_free(&a);
}

UNIT_TEST(fieldset_selects)
{
	const struct fieldset *x, *any;

	a = arena_new();
	x = set("{\"f:spec\":{\"f:cs\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:image\":{},\"f:resources\":{\"f:cpu\":{}}}},"
		"\"f:other\":{}},\"f:x\":{}}");
	any = fieldset_path(a, "spec.cs.*.resources");
	CHECK_STR(text(fieldset_select(a, x, any)),
		  "{\"f:spec\":{\"f:cs\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},\"f:resources\":{\"f:cpu\":{}}}}}}");
	arena_free(&a);
}

static void collect(void *arg, const char *path)
{
	buf_addf(arg, "%s\n", path);
}

UNIT_TEST(fieldset_paths)
{
	BUF_AUTO struct buf b = BUF_INIT;

	a = arena_new();
	fieldset_each(
		set("{\"f:l\":{\"k:{\\\"n\\\":\\\"a\\\",\\\"p\\\":80}\":{\".\":{},\"f:i\":{}}},"
		    "\"f:s\":{\"v:\\\"x\\\\\\\"y\\\"\":{},\"v:1.5\":{},\"v:true\":{}},\"f:z\":{},\"i:3\":{}}"),
		collect, &b);
	CHECK_STR(b.p, ".z\n[3]\n.l[n=\"a\",p=80]\n.l[n=\"a\",p=80].i\n.s[=1.5]\n.s[=\"x\\\"y\"]\n"
		       ".s[=true]\n");
	arena_free(&a);
}
