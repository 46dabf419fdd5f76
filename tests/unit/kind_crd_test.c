/* Schemas of custom resources: compiled once per distinct part; pruning, defaulting, validation; versions' order; names
 * and conditions of definitions. */
#include "tests/lib/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "kind/crd.h"
#include "kind/custom.h"
#include "kind/kind.h"
#include "kind/schema.h"
#include "kind/structural.h"
#include "obj/json.h"
#include "obj/obj.h"

#include <string.h>

/* Single quotes stand for double quotes. */
static struct json *tree(struct arena *a, const char *text)
{
	char *t = arena_strdup(a, text);

	for (char *p = t; *p; p++)
		if (*p == '\'')
			*p = '"';
	return json_parse(a, t, strlen(t), NULL, NULL);
}

static const struct structural *schema(struct arena *a, const char *text)
{
	return structural_compile(a, tree(a, text));
}

UNIT_TEST(structural_shares_equal_parts)
{
	struct arena *a = arena_new();
	const struct structural *s = schema(
		a,
		"{'type':'object','properties':{'a':{'type':'object','description':'x','properties':"
		"{'n':{'type':'integer'}}},'b':{'type':'object','properties':{'n':{'type':'integer',"
		"'description':'y'}}},'c':{'type':'integer','maximum':3}}}");

	CHECK(structural_property(s, "a") == structural_property(s, "b"));
	CHECK(structural_property(s, "c") != structural_property(structural_property(s, "a"), "n"));
	CHECK_INT(s->id, 3);
	CHECK(!structural_property(s, "none"));
	CHECK(!structural_compile(a, NULL));
	arena_free(&a);
}

UNIT_TEST(structural_prunes_and_defaults)
{
	static const char text[] =
		"{'type':'object','properties':{'spec':{'type':'object','default':{},'properties':{"
		"'n':{'type':'integer','default':3},'s':{'type':'string'},'z':{'type':'string','nullable':true},"
		"'m':{'type':'object','additionalProperties':{'type':'object','properties':{'d':{'type':'integer',"
		"'default':7}}}},'free':{'type':'object','x-kubernetes-preserve-unknown-fields':true}}}}}";
	static const char *const cases[][2] = {
		{ "{'kind':'K','x':1}", "{\"kind\":\"K\",\"spec\":{\"n\":3}}" },
		{ "{'spec':{'s':null,'n':null,'z':null}}", "{\"spec\":{\"n\":3,\"z\":null}}" },
		{ "{'spec':{'n':1,'u':{'v':1}}}", "{\"spec\":{\"n\":1}}" },
		{ "{'spec':{'n':1,'m':{'k':{'x':1}}}}",
		  "{\"spec\":{\"n\":1,\"m\":{\"k\":{\"d\":7}}}}" },
		{ "{'spec':{'n':1,'free':{'a':{'b':null}}}}",
		  "{\"spec\":{\"n\":1,\"free\":{\"a\":{\"b\":null}}}}" },
	};
	struct arena *a = arena_new();
	const struct structural *s = schema(a, text);
	struct schema_warnings w = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json *o = tree(a, cases[i][0]);

		structural_prune(a, s, o, true, &w);
		structural_default(a, s, o);
		CHECK_STR(json_text(a, o), cases[i][1]);
	}
	CHECK_INT(w.n, 3);
	CHECK_STR(w.texts[1], "unknown field \"spec.u\"");
	arena_free(&a);
}

/* The faults of a value: "field: detail" each, joined by "; ". */
static const char *faults(struct arena *a, const struct structural *s, const char *value,
			  const char *old)
{
	struct field_errors e = FIELD_ERRORS_INIT;
	struct hook h = { .a = a, .errors = &e };
	const char *text = "";

	structural_validate(&h, s, tree(a, value), old ? tree(a, old) : NULL, "");
	structural_validate_lists(&h, s, tree(a, value));
	for (size_t i = 0; i < e.n; i++)
		text = arena_printf(a, "%s%s%s: %s", text, i ? "; " : "", e.items[i].field,
				    e.items[i].detail ? e.items[i].detail : "");
	field_errors_clear(&e);
	return text;
}

UNIT_TEST(structural_validates)
{
	static const char text[] =
		"{'type':'object','required':['r'],'properties':{'r':{'type':'string'},'i':{'type':'integer',"
		"'maximum':10,'exclusiveMaximum':true,'multipleOf':2},'e':{'type':'string','enum':['a']},"
		"'p':{'type':'string','pattern':'^a','minLength':2},'o':{'type':'object','anyOf':[{'required':['x']},"
		"{'required':['y']}]},'l':{'type':'array','maxItems':1,'items':{'type':'string','format':'ipv4'}},"
		"'s':{'type':'array','x-kubernetes-list-type':'set','items':{'type':'integer'}}}}";
	static const char *const cases[][2] = {
		{ "{'r':'x','i':8}", "" },
		{ "{}", "r: " },
		{ "{'r':1}", "r: r in body must be of type string: \"integer\"" },
		{ "{'r':'x','i':10}", "i: i in body should be less than 10" },
		{ "{'r':'x','i':3}", "i: i in body should be a multiple of 2" },
		{ "{'r':'x','e':'b'}", "e: supported values: \"a\"" },
		{ "{'r':'x','p':'a'}", "p: p in body should be at least 2 chars long" },
		{ "{'r':'x','p':'ba'}", "p: p in body should match '^a'" },
		{ "{'r':'x','l':['1.2.3.4','x']}",
		  "l[1]: l[1] in body must be of type ipv4: \"x\"; l: must have at most 1 item" },
		{ "{'r':'x','o':{}}",
		  "<nil>: \"o\" must validate at least one schema (anyOf); o.x: " },
		{ "{'r':'x','s':[1,2,1]}", "s[2]: " },
	};
	struct arena *a = arena_new();
	const struct structural *s = schema(a, text);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		CHECK_STR(faults(a, s, cases[i][0], NULL), cases[i][1]);
	CHECK_STR(faults(a, s, "{'r':'x','i':11,'e':'b'}", "{'r':'x','i':11,'e':'c'}"),
		  "e: supported values: \"a\"");
	CHECK_STR(faults(a, s, "{'i':11}", "{'i':11}"), "");
	arena_free(&a);
}

UNIT_TEST(structural_prints_numbers_as_go)
{
	struct arena *a = arena_new();

	CHECK_STR(structural_number(a, 0.1), "0.1");
	CHECK_STR(structural_number(a, 10), "10");
	CHECK_STR(structural_number(a, 1e21), "1e+21");
	CHECK_STR(structural_number(a, 1e-7), "1e-07");
	CHECK_STR(structural_number(a, -2.5), "-2.5");
	CHECK_STR(structural_number(a, 123456789012345680.0), "123456789012345680");
	arena_free(&a);
}

UNIT_TEST(versions_have_an_order)
{
	static const char *const order[] = { "v10",      "v2",      "v1",        "v11beta2",
					     "v10beta3", "v3beta1", "v12alpha1", "v11alpha2",
					     "foo1",     "foo10" };

	for (size_t i = 0; i + 1 < sizeof order / sizeof *order; i++) {
		CHECK(kind_version_compare(order[i], order[i + 1]) < 0);
		CHECK(kind_version_compare(order[i + 1], order[i]) > 0);
		CHECK(kind_version_compare(order[i], order[i]) == 0);
	}
}

static const char definition[] =
	"{'metadata':{'name':'ws.ex.io','uid':'u','generation':1},'spec':{'group':'ex.io','scope':'Namespaced',"
	"'names':{'plural':'ws','singular':'w','kind':'W','listKind':'WList','shortNames':['x']},'versions':["
	"{'name':'v1beta1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'object'}}},"
	"{'name':'v1','served':true,'storage':false,'schema':{'openAPIV3Schema':{'type':'object'}}},"
	"{'name':'v0','served':false,'storage':false}]}}";

UNIT_TEST(definitions_settle)
{
	struct arena *a = arena_new();
	struct json *o = tree(a, definition), *other = tree(a, definition);
	struct crd_names none = { 0 }, taken = { 0 };
	const struct crd *d;

	CHECK(crd_settle(a, o, &none));
	CHECK(!crd_settle(a, o, &none));
	CHECK(crd_is(o, "NamesAccepted") && crd_is(o, "Established"));
	d = crd_new(o, 1);
	CHECK(crd_same_status(d, o));
	CHECK_STR(d->storage->name, "v1beta1");
	crd_names_add(a, &taken, d);
	CHECK(crd_settle(a, other, &taken));
	CHECK(!crd_is(other, "NamesAccepted") && !crd_is(other, "Established"));
	CHECK(!crd_same_status(d, other));
	crd_unref(d);
	arena_free(&a);
}

UNIT_TEST(rows_are_kept_when_they_say_the_same)
{
	struct arena *a = arena_new();
	struct custom *c = custom_new(NULL);
	struct crd_names none = { 0 };
	struct json *o = tree(a, definition);
	const struct kind **rows, *first;
	uint64_t serial;
	size_t n;

	crd_settle(a, o, &none);
	const struct crd *d = crd_new(o, 1);
	rows = custom_rows(c, a, d, &n);
	CHECK_INT(n, 2);
	CHECK_STR(rows[0]->version, "v1");
	CHECK(rows[1]->storage == rows[0] && !rows[0]->storage);
	first = rows[0];
	custom_set(c, d, NULL);
	serial = custom_serial(c);
	CHECK(custom_version(a, first) == crd_version(d, "v1"));
	json_set_int(a, json_get(o, "metadata"), "generation", 2);
	d = crd_new(o, 2);
	CHECK(custom_rows(c, a, d, &n)[0] == first);
	custom_set(c, d, NULL);
	CHECK(custom_serial(c) != serial);
	custom_set(c, NULL, NULL);
	CHECK(!custom_definition(a, first));
	arena_free(&a);
	custom_free(&c);
}
