/* Label and field selectors: matching, canonical text, upstream's error texts. */
#include "unit.h"

#include "base/arena.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/selector.h"

#include <string.h>

static struct arena *a;

static const char *parsed(const char *text)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct selector *s;

	if (!a)
		a = arena_new();
	s = selector_parse(a, text, &st);
	return s ? selector_text(a, s) : arena_strdup(a, st.message);
}

static bool matches(const char *text, const char *labels)
{
	const struct selector *s;

	if (!a)
		a = arena_new();
	s = selector_parse(a, text, NULL);
	return s && selector_matches(s, json_parse_own(a, labels, strlen(labels)));
}

UNIT_TEST(selector_texts)
{
	CHECK_STR(parsed(""), "");
	CHECK_STR(parsed("  "), "");
	CHECK_STR(parsed("b=2 , a==1"), "a==1,b=2");
	CHECK_STR(parsed("a!=1"), "a!=1");
	CHECK_STR(parsed("x in (b,a,b)"), "x in (a,b)");
	CHECK_STR(parsed("x notin (a)"), "x notin (a)");
	CHECK_STR(parsed("!x"), "!x");
	CHECK_STR(parsed("x"), "x");
	CHECK_STR(parsed("x>5,y<7"), "x>5,y<7");
	CHECK_STR(parsed("in in (in,notin)"), "in in (in,notin)");
	CHECK_STR(parsed("x in ()"), "x in ()");
	CHECK_STR(parsed("x in (,a)"), "x in (,a)");
	CHECK_STR(parsed("x in (a,)"), "x in (,a)");
	CHECK_STR(parsed("x="), "x=");
	CHECK_STR(parsed("x=,y"), "x=,y");
	CHECK_STR(parsed("a.b/c=d"), "a.b/c=d");
	arena_free(&a);
}

UNIT_TEST(selector_errors)
{
	CHECK_STR(parsed("x,"), "found '', expected: identifier after ','");
	CHECK_STR(parsed(",x"), "found ',', expected: !, identifier, or 'end of string'");
	CHECK_STR(parsed("x,,y"), "found ',', expected: identifier after ','");
	CHECK_STR(parsed("x y"),
		  "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt");
	CHECK_STR(parsed("x=a b"), "found 'b', expected: ',' or 'end of string'");
	CHECK_STR(parsed("x==="), "unable to parse requirement: found '=', expected: identifier");
	CHECK_STR(parsed("x in a"), "unable to parse requirement: found 'a' expected: '('");
	CHECK_STR(parsed("x in (a"), "unable to parse requirement: found '', expected: ',' or ')'");
	CHECK_STR(parsed("!"), "unable to parse requirement: found '', expected: identifier");
	CHECK_STR(parsed("x>a"), "unable to parse requirement: values[0]: Invalid value: \"a\": for "
				 "'Gt', 'Lt' operators, the value must be an integer");
	CHECK_STR(parsed("-x=1"),
		  "unable to parse requirement: <nil>: Invalid value: \"-x\": name part must consist "
		  "of alphanumeric characters, '-', '_' or '.', and must start and end with an "
		  "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used "
		  "for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
	CHECK(strstr(parsed("a=@"), "values[0][a]: Invalid value: \"@\": a valid label must be"));
	CHECK(strstr(parsed("a/b/c"), "a valid label key must consist of"));
	CHECK(strstr(parsed("A/b"), "prefix part a lowercase RFC 1123 subdomain"));
	arena_free(&a);
}

UNIT_TEST(selector_matching)
{
	static const char labels[] = "{\"app\":\"web\",\"n\":\"10\",\"e\":\"\"}";

	CHECK(matches("", labels));
	CHECK(matches("app=web", labels) && !matches("app=x", labels));
	CHECK(matches("app!=x", labels) && matches("none!=x", labels));
	CHECK(matches("app in (x,web)", labels) && !matches("none in (x)", labels));
	CHECK(matches("none notin (x)", labels) && !matches("app notin (web)", labels));
	CHECK(matches("app", labels) && !matches("!app", labels) && matches("!none", labels));
	CHECK(matches("n>9", labels) && !matches("n>10", labels) && matches("n<11", labels));
	CHECK(!matches("app>1", labels) && !matches("none<5", labels));
	CHECK(matches("e=", labels) && !matches("none=", labels));
	CHECK(matches("app=web,n=10", labels) && !matches("app=web,n=11", labels));
	CHECK(selector_everything(selector_parse(a, "", NULL)));
	arena_free(&a);
}

static struct selector *from(const char *text, struct status *st)
{
	return selector_from_label_selector(a, json_parse_own(a, text, strlen(text)), st);
}

UNIT_TEST(selector_of_labels)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct selector *s;

	a = arena_new();
	s = from("{\"matchLabels\":{\"b\":\"1\",\"a\":\"2\"},\"matchExpressions\":[{\"key\":\"c\","
		 "\"operator\":\"NotIn\",\"values\":[\"y\",\"x\"]},{\"key\":\"d\",\"operator\":"
		 "\"Exists\"}]}",
		 &st);
	CHECK_STR(selector_text(a, s), "a=2,b=1,c notin (x,y),d");
	s = selector_from_label_selector(a, NULL, &st);
	CHECK(!selector_matches(s, NULL) && !selector_everything(s));
	s = from("{}", &st);
	CHECK(selector_matches(s, NULL) && selector_everything(s));
	CHECK(!from("{\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"in\"}]}", &st));
	CHECK_STR(st.message, "\"in\" is not a valid label selector operator");
	CHECK(!from("{\"matchExpressions\":[{\"key\":\"c\",\"operator\":\"In\"}]}", &st));
	CHECK_STR(st.message, "values: Invalid value: null: for 'in', 'notin' operators, values set "
			      "can't be empty");
	s = selector_from_map(a, json_build(a, "{x:\"1\"}"));
	CHECK(selector_matches(s, json_build(a, "{x:\"1\",y:\"2\"}")) && !selector_matches(s, NULL));
	CHECK(!selector_matches(selector_from_map(a, NULL), json_object(a)));
	arena_free(&a);
}

UNIT_TEST(field_selectors)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	const struct field_selector *f;

	a = arena_new();
	f = field_selector_parse(a, "b!=x\\,\\=\\\\y,a==1,c=,", &st);
	CHECK_INT(f->n, 3);
	CHECK_STR(f->terms[0].key, "a");
	CHECK_STR(f->terms[0].value, "1");
	CHECK_STR(f->terms[1].value, "x,=\\y");
	CHECK(f->terms[1].negate && !f->terms[0].negate);
	CHECK_STR(f->terms[2].value, "");
	CHECK_INT(field_selector_parse(a, "", &st)->n, 0);
	CHECK(!field_selector_parse(a, "a=1,foo", &st));
	CHECK_STR(st.message, "invalid selector: 'a=1,foo'; can't understand 'foo'");
	CHECK(!field_selector_parse(a, "a=b=c", &st));
	CHECK_STR(st.message, "invalid field selector: unescaped character in value: 61");
	CHECK(!field_selector_parse(a, "a=\\x", &st));
	CHECK_STR(st.message, "invalid field selector: invalid escape sequence: \\x");
	CHECK(!field_selector_parse(a, "a=x\\", &st));
	CHECK_STR(st.message, "invalid field selector: invalid escape sequence: \\");
	arena_free(&a);
}
