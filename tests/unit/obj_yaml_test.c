/* YAML in and out: go-yaml's resolution, anchors, limits; regular expressions in Go's dialect. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/regex.h"
#include "obj/yaml.h"

#include <string.h>

static struct arena *a;

static const char *read_yaml(const char *text)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct json *j;

	if (!a)
		a = arena_new();
	j = yaml_parse(a, text, strlen(text), NULL, &st);
	return j ? json_text(a, j) : arena_strdup(a, st.message);
}

UNIT_TEST(yaml_structures)
{
	CHECK_STR(read_yaml("a:\n- b: 1\n  c: x\n- [1, {d: e}]\n"),
		  "{\"a\":[{\"b\":1,\"c\":\"x\"},[1,{\"d\":\"e\"}]]}");
	CHECK_STR(read_yaml("a: |\n  x\n  y\nb: >-\n  p\n  q\n"),
		  "{\"a\":\"x\\ny\\n\",\"b\":\"p q\"}");
	CHECK_STR(read_yaml(""), "null");
	CHECK_STR(read_yaml("# only a comment\n"), "null");
	CHECK_STR(read_yaml("---\n...\n"), "null");
	CHECK_STR(read_yaml("{\"a\": [1, \"\\u00fc\"]}"), "{\"a\":[1,\"ü\"]}");
	CHECK_STR(read_yaml("a: 1\n---\nb: 2\n"), "{\"a\":1}");
	CHECK_STR(read_yaml("1: x\ntrue: why\n1.5: z\n"),
		  "{\"1\":\"x\",\"true\":\"why\",\"1.5\":\"z\"}");
	arena_free(&a);
}

UNIT_TEST(yaml_scalars)
{
	CHECK_STR(read_yaml("[yes, No, on, OFF, y, n, true, False]"),
		  "[true,false,true,false,true,false,true,false]");
	CHECK_STR(read_yaml("['yes', \"no\", \"1\", '~']"), "[\"yes\",\"no\",\"1\",\"~\"]");
	CHECK_STR(read_yaml("[~, null, NULL, ]"), "[null,null,null]");
	CHECK_STR(read_yaml("[1, -2, +3, 0x1F, 0o17, 010, 0b101, 1_000, -0x10, 0]"),
		  "[1,-2,3,31,15,8,5,1000,-16,0]");
	CHECK_STR(read_yaml("[9223372036854775807, 18446744073709551615, -9223372036854775808]"),
		  "[9223372036854775807,18446744073709551615,-9223372036854775808]");
	CHECK_STR(read_yaml("[1.5, 1.0, 1e3, .5, 5., -1.25e-9, 1e21, 08, 99999999999999999999]"),
		  "[1.5,1,1000,0.5,5,-1.25e-9,1e+21,8,100000000000000000000]");
	CHECK_STR(read_yaml("[0.1, 123456.789, 1e20, 0.000001, 1e-7]"),
		  "[0.1,123456.789,100000000000000000000,0.000001,1e-7]");
	CHECK_STR(read_yaml("[2020-01-02, 2020-01-02T03:04:05Z, 12:30:45, 1.2.3, 0x, 1e, -, 0xg]"),
		  "[\"2020-01-02\",\"2020-01-02T03:04:05Z\",\"12:30:45\",\"1.2.3\",\"0x\",\"1e\",\"-\","
		  "\"0xg\"]");
	CHECK_STR(read_yaml("[!!str 5, !!int 5, !custom x, !!binary aGk=, ! 7]"),
		  "[\"5\",5,\"x\",\"hi\",\"7\"]");
	CHECK_STR(read_yaml("a: !!int x"), "yaml: line 1: cannot decode `x` as a !!int");
	CHECK(strstr(read_yaml("a: .nan"), "unsupported value"));
	arena_free(&a);
}

UNIT_TEST(yaml_anchors)
{
	CHECK_STR(read_yaml("a: &x {p: 1}\nb: *x\nc: &s text\nd: *s\n"),
		  "{\"a\":{\"p\":1},\"b\":{\"p\":1},\"c\":\"text\",\"d\":\"text\"}");
	CHECK_STR(read_yaml("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n"),
		  "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"q\":3,\"p\":1}}");
	CHECK_STR(read_yaml("x: &x {p: 1}\nw: &y {p: 2, q: 2}\nb: {<<: [*x, *y]}\n"),
		  "{\"x\":{\"p\":1},\"w\":{\"p\":2,\"q\":2},\"b\":{\"p\":1,\"q\":2}}");
	CHECK_STR(read_yaml("a: *x"), "yaml: unknown anchor 'x' referenced");
	CHECK_STR(read_yaml("a: &x [*x]"), "yaml: anchor 'x' value contains itself");
	CHECK_STR(read_yaml("b: {<<: 1}"),
		  "yaml: map merge requires map or sequence of maps as the value");
	arena_free(&a);
}

UNIT_TEST(yaml_limits)
{
	BUF_AUTO struct buf b = BUF_INIT;

	buf_adds(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++) {
		buf_addf(&b, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			buf_addf(&b, "*a%d%s", i - 1, k < 9 ? ", " : "]\n");
	}
	CHECK_STR(read_yaml(b.p), "yaml: document contains excessive aliasing");
	buf_clear(&b);
	for (int i = 0; i < 20000; i++)
		buf_addc(&b, '[');
	CHECK(strstr(read_yaml(b.p), "yaml: "));
	arena_free(&a);
}

UNIT_TEST(yaml_errors)
{
	CHECK_STR(read_yaml("a: b: c"), "yaml: mapping values are not allowed in this context");
	CHECK_STR(read_yaml("x: 1\na: b: c\n"),
		  "yaml: line 2: mapping values are not allowed in this context");
	CHECK(strstr(read_yaml("a: [1"), "yaml: "));
	CHECK(strstr(read_yaml("a: \"\\0\""), "yaml: "));
	CHECK(strstr(read_yaml("? [a]\n: b"), "unsupported map key"));
	CHECK(strstr(read_yaml("~: b"), "unsupported map key"));
	CHECK(strstr(read_yaml("\xff\xfe"), "yaml: ") || strcmp(read_yaml("\xff\xfe"), "null") == 0);
	arena_free(&a);
}

UNIT_TEST(yaml_duplicates)
{
	static const char text[] = "a: 1\nb:\n- c: 1\n  c: 2\na: 3\n";
	struct json_dups dups;
	const struct json *j;

	a = arena_new();
	j = yaml_parse(a, text, sizeof text - 1, &dups, NULL);
	CHECK_STR(json_text(a, j), "{\"b\":[{\"c\":2}],\"a\":3}");
	CHECK_INT(dups.n, 2);
	CHECK_STR(dups.paths[0], "b[0].c");
	CHECK_STR(dups.paths[1], "a");
	arena_free(&a);
}

UNIT_TEST(yaml_streams)
{
	static const char text[] = "a: 1\n---\n# nothing\n---\n- 2\n...\n---\nc\n";

	a = arena_new();
	CHECK_STR(json_text(a, yaml_parse_all(a, text, sizeof text - 1, NULL)),
		  "[{\"a\":1},[2],\"c\"]");
	CHECK_INT(json_count(yaml_parse_all(a, "", 0, NULL)), 0);
	CHECK(!yaml_parse_all(a, "a: [", 4, NULL));
	arena_free(&a);
}

UNIT_TEST(yaml_prints)
{
	static const char doc[] =
		"{\"a\":{\"b\":[1,{\"c\":\"x\",\"d\":[]},[2,[3]],\"- y\"]},\"e\":{},\"f\":null,\"g\":"
		"\"yes\",\"h\":\"line\\nline two\\n\",\"i\":\"a: b\",\"j\":\"\",\"k\":\"ü\",\"on\":true,"
		"\"l\":\" s\",\"m\":\"1.5\",\"n\":1.50,\"o\":\"http://x/y:1\",\"p\":\"\\ttab\",\"q\":"
		"\"x\\n\\n\",\"r\":\"2020-01-01\",\"s\":\"a #b\",\"t\":\"trailing:\",\"u\":\"\\n x\"}";
	BUF_AUTO struct buf b = BUF_INIT;
	struct json *j;

	a = arena_new();
	j = json_parse_own(a, doc, sizeof doc - 1);
	yaml_print(&b, j);
	CHECK(strncmp(b.p,
		      "a:\n  b:\n  - 1\n  - c: x\n    d: []\n  -\n    - 2\n    -\n      - 3\n  - \"- "
		      "y\"\ne: {}\nf: null\ng: \"yes\"\nh: |\n  line\n  line two\n",
		      108) == 0);
	CHECK(json_equal(yaml_parse(a, b.p, b.len, NULL, NULL), j));
	arena_free(&a);
}

UNIT_TEST(yaml_prints_odd_runes)
{
	static const char *const odd[] = { "\xc2\x85",     "\x7f", "\xef\xbb\xbf", "\xef\xbf\xbf",
					   "\xe2\x80\xa8", "a\rb", "\xc2\xa0" };

	a = arena_new();
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		BUF_AUTO struct buf b = BUF_INIT;

		yaml_print(&b, json_string(a, odd[i]));
		CHECK_STR(json_str(yaml_parse(a, b.p, b.len, NULL, NULL)), odd[i]);
	}
	arena_free(&a);
}

static bool re(const char *pattern, const char *s)
{
	struct regex *r = regex_new(pattern, NULL);
	bool found = r && regex_matches(r, s, strlen(s));

	regex_free(&r);
	return found;
}

UNIT_TEST(regex_matching)
{
	CHECK(re("^[a-z]+$", "abc") && !re("^[a-z]+$", "abc\n") && re("b", "abc"));
	CHECK(re("^\\d{2,3}$", "12") && !re("^\\d{2,3}$", "1234"));
	CHECK(re("^.$", "ü") && !re("^\\w$", "ü") && re("(?i)ABC", "xabcx"));
	CHECK(re("^(?P<y>a|b)(?:c)?$", "bc") && re("^(?<y>a)$", "a"));
	CHECK(re("^a\\v$", "a\v") && !re("^a\\v$", "a\n"));
	CHECK(re("^x{,3}$", "x{,3}") && re("^[[:alpha:]-]+$", "a-b") && re("\\Qa.b\\E", "a.b"));
	CHECK(!re("\\Qa.b\\E", "axb") && re("^[\\]x]$", "]") && re("^[]x]$", "]"));
	CHECK(re("^\\x{1F600}\\pL$", "😀é") && re("", "") && re("a|", "b") && re("^[[.]$", "["));
	CHECK(!re("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
}

UNIT_TEST(regex_refuses)
{
	static const char *const bad[] = {
		"(",     "[a",        "a**",    "a*+",   "(?=a)",   "(?!a)",   "(?<=a)",  "(?>a)",
		"\\1",   "(a)\\k<x>", "\\h",    "\\",    "(*UCP)a", "a{2}{3}", "a{1001}", "*a",
		"[b-a]", "(?x)a",     "(?P=n)", "(?#c)", "\\R",     "x{2,1}",  "(?|a)",
	};
	char *err;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct regex *r = regex_new(bad[i], &err);

		CHECK(!r && err);
		CHECK(strncmp(err, "error parsing regexp: ", 22) == 0);
		regex_free_error(err);
	}
	regex_free(&(struct regex *){ NULL });
}
