/* The JSON seam: strictness, fidelity of numbers, duplicates, editing, equality, printing. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "obj/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *a;

/* The text parsed and printed again, or the message of the error. */
static const char *again(const char *text, size_t n)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct json *j;

	if (!a)
		a = arena_new();
	j = json_parse(a, text, n, NULL, &st);
	return j ? json_text(a, j) : arena_strdup(a, st.message);
}

#define AGAIN(s) again((s), sizeof(s) - 1)
#define SAME(s) CHECK_STR(AGAIN(s), s)

static struct json *tree(const char *text)
{
	if (!a)
		a = arena_new();
	return json_parse_own(a, text, strlen(text));
}

UNIT_TEST(json_round_trips)
{
	SAME("{}");
	SAME("[]");
	SAME("[[],{}]");
	SAME("{\"a\":[{}],\"b\":null,\"c\":true,\"d\":false}");
	SAME("0");
	SAME("-7");
	SAME("\"x\"");
	SAME("\"ü€😀\x7f\"");
	CHECK_STR(AGAIN(" [ 1 , 2 ]\r\n\t"), "[1,2]");
	CHECK_STR(AGAIN("\"\\ud83d\\ude00\\u00fc\\/\""), "\"😀ü/\"");
	CHECK_STR(AGAIN("\"<>&\\u2028\\u2029\\b\\f\\n\\r\\t\\u0001\\u001f\\\"\\\\\""),
		  "\"\\u003c\\u003e\\u0026\\u2028\\u2029\\b\\f\\n\\r\\t\\u0001\\u001f\\\"\\\\\"");
	arena_free(&a);
}

UNIT_TEST(json_keeps_numbers)
{
	SAME("[9007199254740993,9223372036854775807,-9223372036854775808,18446744073709551615]");
	SAME("[1.0,1e3,0.30000000000000004,-0,1E400,1e-7,123456789012345678901234567890]");
	SAME("{\"a\":1.50,\"b\":[1,1234567890,{\"c\":2.0}],\"d\":3}");
	SAME("[0.1000000000000000000000000000000000000000000000000000000000000000000000000001,7]");
	SAME("-0.0");
	arena_free(&a);
}

UNIT_TEST(json_lone_surrogates)
{
	CHECK_STR(AGAIN("\"a\\ud800b\""), "\"a\xef\xbf\xbd"
					  "b\"");
	CHECK_STR(AGAIN("[\"\\udc00\\ud800\\ud800\\udc00\",1.0]"),
		  "[\"\xef\xbf\xbd\xef\xbf\xbd\xf0\x90\x80\x80\",1.0]");
	arena_free(&a);
}

UNIT_TEST(json_refuses_like_go)
{
	CHECK_STR(AGAIN(""), "unexpected end of JSON input");
	CHECK_STR(AGAIN("["), "unexpected end of JSON input");
	CHECK_STR(AGAIN("{\"a\""), "unexpected end of JSON input");
	CHECK_STR(AGAIN("\"abc"), "unexpected end of JSON input");
	CHECK_STR(AGAIN("-"), "unexpected end of JSON input");
	CHECK_STR(AGAIN("1."), "unexpected end of JSON input");
	CHECK_STR(AGAIN("1e"), "unexpected end of JSON input");
	CHECK_STR(AGAIN("nul"), "unexpected end of JSON input");
	CHECK_STR(AGAIN("01"), "invalid character '1' after top-level value");
	CHECK_STR(AGAIN("[1,]"), "invalid character ']' looking for beginning of value");
	CHECK_STR(AGAIN("{\"a\":1,}"),
		  "invalid character '}' looking for beginning of object key string");
	CHECK_STR(AGAIN("{} x"), "invalid character 'x' after top-level value");
	CHECK_STR(AGAIN("{\"a\"}"), "invalid character '}' after object key");
	CHECK_STR(AGAIN("{\"a\":1 \"b\"}"), "invalid character '\"' after object key:value pair");
	CHECK_STR(AGAIN("[1 2]"), "invalid character '2' after array element");
	CHECK_STR(AGAIN("[1}"), "invalid character '}' after array element");
	CHECK_STR(AGAIN("\"a\nb\""), "invalid character '\\n' in string literal");
	CHECK_STR(AGAIN("\"a\0b\""), "invalid character '\\x00' in string literal");
	CHECK_STR(AGAIN("\"\\x\""), "invalid character 'x' in string escape code");
	CHECK_STR(AGAIN("\"\\u12g4\""), "invalid character 'g' in \\u hexadecimal character escape");
	CHECK_STR(AGAIN("\"\\u12"), "unexpected end of JSON input");
	CHECK_STR(AGAIN("nuxx"), "invalid character 'x' in literal null (expecting 'l')");
	CHECK_STR(AGAIN("-a"), "invalid character 'a' in numeric literal");
	CHECK_STR(AGAIN("1.a"), "invalid character 'a' after decimal point in numeric literal");
	CHECK_STR(AGAIN("1e+a"), "invalid character 'a' in exponent of numeric literal");
	CHECK_STR(AGAIN("'a'"), "invalid character '\\'' looking for beginning of value");
	CHECK_STR(AGAIN("\xef\xbb\xbf{}"), "invalid character 'ï' looking for beginning of value");
	CHECK_STR(AGAIN("\0"), "invalid character '\\x00' looking for beginning of value");
	CHECK_STR(AGAIN("\"\xff\""), "invalid UTF-8 in string literal");
	CHECK(strstr(AGAIN("\"\\u0000\""), "must not contain NUL"));
	arena_free(&a);
}

UNIT_TEST(json_depth)
{
	static char deep[20001];

	memset(deep, '[', 10000);
	memset(deep + 10000, ']', 10000);
	CHECK_STR(again(deep, 20000), "exceeded max depth");
	CHECK_STR(again(deep + 10000 - 513, 1026), "exceeded max depth");
	CHECK_INT(strlen(again(deep + 10000 - 512, 1024)), 1024);
	arena_free(&a);
}

UNIT_TEST(json_duplicates)
{
	static const char text[] =
		"{\"a\":1,\"s\":{\"x\":1,\"x\":2,\"x\":3.0},\"l\":[{},{\"y\":1,\"y\":"
		"{\"z\":1,\"z\":2}}],\"a\":4.5}";
	STATUS_AUTO struct status st = STATUS_INIT;
	struct json_dups dups;
	const struct json *j;

	a = arena_new();
	j = json_parse(a, text, sizeof text - 1, &dups, &st);
	CHECK_STR(json_text(a, j), "{\"s\":{\"x\":3.0},\"l\":[{},{\"y\":{\"z\":2}}],\"a\":4.5}");
	CHECK_INT(dups.n, 4);
	CHECK_STR(dups.paths[0], "s.x");
	CHECK_STR(dups.paths[1], "l[1].y.z");
	CHECK_STR(dups.paths[2], "l[1].y");
	CHECK_STR(dups.paths[3], "a");
	arena_free(&a);
}

UNIT_TEST(json_many_duplicates)
{
	BUF_AUTO struct buf b = BUF_INIT;
	struct json_dups dups;
	const struct json *j;

	a = arena_new();
	buf_adds(&b, "{\"first\":0");
	for (int i = 0; i < 20000; i++)
		buf_addf(&b, ",\"k%d\":%d", i % 10000, i);
	buf_addc(&b, '}');
	j = json_parse(a, b.p, b.len, &dups, NULL);
	CHECK_INT(json_count(j), 10001);
	CHECK_INT(dups.n, 100);
	CHECK_INT(json_path_int(j, "k0", 0), 10000);
	CHECK_INT(json_path_int(j, "k9999", 0), 19999);
	CHECK_STR(json_name(json_at(j, 1)), "k0");
	arena_free(&a);
}

UNIT_TEST(json_reads)
{
	const struct json *j = tree("{\"a\":{\"b\":[1,{\"c\":\"x\"}]},\"n\":9223372036854775807,"
				    "\"f\":1.5,\"one\":1.0,\"t\":true,\"z\":null,\"A\":2,\"big\":"
				    "9223372036854775808}");
	int64_t v;

	CHECK_STR(json_path_str(j, "a.b.1.c"), "x");
	CHECK_STR(json_path_str(j, "a.b.7.c"), "");
	CHECK_STR(json_path_str(j, "a.b.x"), "");
	CHECK_STR(json_path_str(j, "a..b"), "");
	CHECK_INT(json_path_int(j, "a.b.0", 0), 1);
	CHECK_INT(json_path_int(j, "n", 0), INT64_MAX);
	CHECK_INT(json_path_int(j, "A", 0), 2);
	CHECK_INT(json_path_int(j, "t", -1), -1);
	CHECK(!json_int(json_get(j, "f"), &v));
	CHECK(!json_int(json_get(j, "one"), &v));
	CHECK(!json_int(json_get(j, "big"), &v));
	CHECK(json_double(json_get(j, "f")) == 1.5);
	CHECK_STR(json_number_text(a, json_get(j, "one")), "1.0");
	CHECK_STR(json_number_text(a, json_get(j, "A")), "2");
	CHECK(json_path_bool(j, "t", false));
	CHECK(json_is_null(json_get(j, "z")) && json_is_null(NULL) && json_get(j, "z"));
	CHECK(!json_get(j, "T") && !json_get(NULL, "x") && !json_first(NULL));
	CHECK_INT(json_type(NULL), JSON_NULL);
	CHECK_INT(json_count(json_path(j, "a.b")), 2);
	CHECK_STR(json_name(json_first(j)), "a");
	CHECK(!json_name(json_first(json_path(j, "a.b"))));
	arena_free(&a);
}

UNIT_TEST(json_edits)
{
	struct json *j = tree("{\"a\":1,\"b\":2,\"c\":3}"), *l;

	json_set_str(a, j, "b", "two");
	json_set_int(a, j, "d", INT64_MIN);
	json_set_bool(a, j, "a", false);
	json_del(j, "c");
	json_del(j, "absent");
	CHECK_STR(json_text(a, j), "{\"a\":false,\"b\":\"two\",\"d\":-9223372036854775808}");
	json_set_int(a, json_make_path(a, j, "x.y"), "z", 1);
	json_ensure_object(a, j, "a");
	l = json_ensure_array(a, j, "l");
	CHECK(json_ensure_array(a, j, "l") == l);
	for (int i = 0; i < 3; i++)
		json_append(l, json_integer(a, i));
	json_insert(l, json_first(l), json_string(a, "first"));
	json_insert(l, json_at(l, 3), json_null(a));
	json_insert(l, NULL, json_number(a, "1.0"));
	CHECK_STR(json_text(a, j), "{\"a\":{},\"b\":\"two\",\"d\":-9223372036854775808,\"x\":{\"y\":"
				   "{\"z\":1}},\"l\":[\"first\",0,1,null,2,1.0]}");
	json_detach(l, json_at(l, 5));
	json_detach(l, json_at(l, 0));
	json_replace(a, l, json_at(l, 0), json_boolean(a, true));
	CHECK_STR(json_text(a, l), "[true,1,null,2]");
	while (json_first(l))
		json_detach(l, json_at(l, json_count(l) - 1));
	json_append(l, json_stringn(a, "abc", 2));
	CHECK_STR(json_text(a, json_copy(a, l)), "[\"ab\"]");
	arena_free(&a);
}

UNIT_TEST(json_equality)
{
	static const char *const equal[][2] = {
		{ "1", "1.0" },
		{ "100", "1e2" },
		{ "0.001", "1e-3" },
		{ "-0", "0.0" },
		{ "12.50", "0.125e2" },
		{ "{\"a\":1,\"b\":[2,{}]}", "{\"b\":[2.0,{}],\"a\":1}" },
		{ "9007199254740993", "9007199254740993.0" },
		{ "1e99999999999999999999", "1e99999999999999999999" },
	};
	static const char *const different[][2] = {
		{ "1", "-1" },
		{ "10", "1" },
		{ "9007199254740993", "9007199254740992" },
		{ "9007199254740993", "9007199254740992.0" },
		{ "1", "true" },
		{ "null", "{}" },
		{ "[1,2]", "[2,1]" },
		{ "[1]", "[1,2]" },
		{ "{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}" },
		{ "{\"a\":null}", "{}" },
		{ "\"a\"", "\"A\"" },
		{ "0.1", "0.11" },
	};

	for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++)
		CHECK(json_equal(tree(equal[i][0]), tree(equal[i][1])));
	for (size_t i = 0; i < sizeof different / sizeof different[0]; i++)
		CHECK(!json_equal(tree(different[i][0]), tree(different[i][1])));
	CHECK(json_equal(NULL, NULL) && json_equal(NULL, tree("null")));
	arena_free(&a);
}

UNIT_TEST(json_builds)
{
	const struct json *j;

	a = arena_new();
	j = json_build(a,
		       "{kind:%s, \"n\": %d, big:%l, t:%b, sub:{x:%j,gone:%j,also:%s}, l:[%s,%j,1.5,-2,"
		       "null,\"a\\\"b\"], e:{}, f:[]}",
		       "Pod", -3, INT64_MAX, true, json_object(a), NULL, NULL, "s", NULL);
	CHECK_STR(json_text(a, j),
		  "{\"kind\":\"Pod\",\"n\":-3,\"big\":9223372036854775807,\"t\":true,\"sub\":{\"x\":{}},"
		  "\"l\":[\"s\",1.5,-2,null,\"a\\\"b\"],\"e\":{},\"f\":[]}");
	CHECK_STR(json_text(a, json_build(a, "[%d]", 5)), "[5]");
	arena_free(&a);
}

UNIT_TEST(json_pretty)
{
	BUF_AUTO struct buf b = BUF_INIT;

	json_print_pretty(&b, tree("{\"a\":[1,{\"b\":{}}],\"c\":[]}"));
	CHECK_STR(b.p, "{\n  \"a\": [\n    1,\n    {\n      \"b\": {}\n    }\n  ],\n  \"c\": []\n}");
	arena_free(&a);
}

UNIT_TEST(json_prints_broken_utf8)
{
	a = arena_new();
	CHECK_STR(json_text(a, json_string(a, "a\xff\xe2\x80")), "\"a\\ufffd\\ufffd\\ufffd\"");
	arena_free(&a);
}
