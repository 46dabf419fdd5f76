/* JSON patch, merge patch, strategic merge patch: results and errors of upstream. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/patch.h"

#include <string.h>

#define REJECTED "the server rejected our request due to an error in our request"

static struct arena *a;

static struct json *tree(const char *text)
{
	if (!a)
		a = arena_new();
	return json_parse_own(a, text, strlen(text));
}

static const char *shown(const struct json *j, const struct status *st)
{
	return j ? json_text(a, j) : arena_printf(a, "%d %s", st->code, st->message);
}

static const char *json6902(const char *doc, const char *ops)
{
	STATUS_AUTO struct status st = STATUS_INIT;

	return shown(patch_json(a, tree(doc), tree(ops), &st), &st);
}

UNIT_TEST(patch_json_operations)
{
	a = arena_new();
	CHECK_STR(json6902("{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":{\"c\":[]}},"
					"{\"op\":\"add\",\"path\":\"/b/c/-\",\"value\":1},"
					"{\"op\":\"add\",\"path\":\"/b/c/0\",\"value\":0},"
					"{\"op\":\"add\",\"path\":\"/b/c/-1\",\"value\":2},"
					"{\"op\":\"replace\",\"path\":\"/a\",\"value\":2}]"),
		  "{\"a\":2,\"b\":{\"c\":[0,1,2]}}");
	CHECK_STR(json6902("{\"a/b\":{\"m~n\":1},\"x\":[1,2,3]}",
			   "[{\"op\":\"test\",\"path\":\"/a~1b/m~0n\",\"value\":1.0},"
			   "{\"op\":\"remove\",\"path\":\"/a~1b/m~0n\"},"
			   "{\"op\":\"remove\",\"path\":\"/x/-1\"},"
			   "{\"op\":\"move\",\"from\":\"/x/0\",\"path\":\"/y\"},"
			   "{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/z\"}]"),
		  "{\"a/b\":{},\"x\":[2],\"y\":1,\"z\":[2]}");
	CHECK_STR(json6902("{}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"n\":1}}]"),
		  "{\"n\":1}");
	CHECK_STR(json6902("{\"a\":null}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":null},"
					   "{\"op\":\"test\",\"path\":\"/b\",\"value\":null},"
					   "{\"op\":\"replace\",\"path\":\"/b\",\"value\":1},"
					   "{\"op\":\"add\",\"path\":\"/c\"}]"),
		  "{\"a\":null,\"b\":1,\"c\":null}");
	CHECK_STR(json6902("{\"a\":1}", "[]"), "{\"a\":1}");
	arena_free(&a);
}

UNIT_TEST(patch_json_failures)
{
	static const char *const bad[] = {
		"[{\"op\":\"remove\",\"path\":\"/none\"}]",
		"[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]",
		"[{\"op\":\"test\",\"path\":\"/none\",\"value\":2}]",
		"[{\"op\":\"add\",\"path\":\"/none/x\",\"value\":2}]",
		"[{\"op\":\"add\",\"path\":\"\",\"value\":2}]",
		"[{\"op\":\"add\",\"path\":\"/l/5\",\"value\":2}]",
		"[{\"op\":\"add\",\"path\":\"/l/x\",\"value\":2}]",
		"[{\"op\":\"replace\",\"path\":\"/l/1\",\"value\":2}]",
		"[{\"op\":\"replace\",\"path\":\"\",\"value\":2}]",
		"[{\"op\":\"remove\",\"path\":\"/l/-2\"}]",
		"[{\"op\":\"move\",\"from\":\"/none\",\"path\":\"/x\"}]",
		"[{\"op\":\"move\",\"from\":\"/l\",\"path\":\"/l/0\"}]",
		"[{\"op\":\"copy\",\"from\":\"/l/9\",\"path\":\"/x\"}]",
		"[{\"op\":\"nope\",\"path\":\"/a\"}]",
		"[{\"op\":\"add\"}]",
		"[{\"op\":\"add\",\"path\":5}]",
		"[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]",
		"[{}]",
	};

	a = arena_new();
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK_STR(json6902("{\"a\":1,\"l\":[0]}", bad[i]), "422 " REJECTED);
	CHECK(strncmp(json6902("{}", "{}"),
		      "400 error decoding patch: json: cannot unmarshal object", 54) == 0);
	CHECK(strncmp(json6902("{}", "[1]"), "400 ", 4) == 0);
	arena_free(&a);
}

UNIT_TEST(patch_json_limits)
{
	BUF_AUTO struct buf b = BUF_INIT;

	a = arena_new();
	buf_adds(&b, "[{\"op\":\"add\",\"path\":\"/a\",\"value\":{\"s\":\"0123456789\"}}");
	for (int i = 0; i < 40; i++)
		buf_addf(&b, ",{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/x%d\"}", i);
	buf_addc(&b, ']');
	CHECK_STR(json6902("{}", b.p), "422 " REJECTED);
	buf_clear(&b);
	buf_adds(&b, "[");
	for (int i = 0; i < 60; i++)
		buf_addf(&b, "%s{\"op\":\"add\",\"path\":\"/a%d\",\"value\":{\"k\":\"%0999d\"}}",
			 i ? "," : "", i, i);
	for (int i = 0; i < 60; i++)
		buf_adds(&b, ",{\"op\":\"copy\",\"from\":\"\",\"path\":\"/x\"}");
	buf_addc(&b, ']');
	CHECK_STR(json6902("{}", b.p), "422 " REJECTED);
	buf_clear(&b);
	buf_adds(&b, "[");
	for (int i = 0; i < 10001; i++)
		buf_addf(&b, "%s{\"op\":\"add\",\"path\":\"/a\",\"value\":1}", i ? "," : "");
	buf_addc(&b, ']');
	CHECK_STR(json6902("{}", b.p),
		  "413 Request entity too large: The allowed maximum operations in "
		  "a JSON patch is 10000, got 10001");
	arena_free(&a);
}

static const char *merge(const char *doc, const char *patch)
{
	return json_text(a, patch_merge(a, tree(doc), tree(patch)));
}

UNIT_TEST(patch_merge_results)
{
	a = arena_new();
	CHECK_STR(merge("{\"a\":1,\"b\":{\"c\":1,\"d\":2}}",
			"{\"a\":null,\"b\":{\"c\":null,\"e\":3}}"),
		  "{\"b\":{\"d\":2,\"e\":3}}");
	CHECK_STR(merge("{\"a\":[1,2]}", "{\"a\":[3],\"b\":[null,{\"x\":null}]}"),
		  "{\"a\":[3],\"b\":[null,{}]}");
	CHECK_STR(merge("{\"a\":{\"x\":1}}", "{\"a\":[{\"y\":null}]}"), "{\"a\":[{\"y\":null}]}");
	CHECK_STR(merge("{\"a\":1}", "{\"a\":{\"x\":null,\"y\":2},\"b\":{\"z\":null}}"),
		  "{\"a\":{\"y\":2},\"b\":{}}");
	CHECK_STR(merge("{\"a\":null}", "{\"a\":{\"x\":null}}"), "{\"a\":{}}");
	CHECK_STR(merge("{\"a\":1}", "{\"none\":null}"), "{\"a\":1}");
	CHECK_STR(merge("{\"a\":1}", "[1]"), "[1]");
	CHECK_STR(merge("{}", "{}"), "{}");
	arena_free(&a);
}

UNIT_TEST(patch_merge_large)
{
	BUF_AUTO struct buf doc = BUF_INIT, patch = BUF_INIT;
	const struct json *j;

	a = arena_new();
	for (int i = 0; i < 1000; i++) {
		buf_addf(&doc, "%c\"k%d\":1", i ? ',' : '{', i);
		buf_addf(&patch, "%c\"k%d\":%s", i ? ',' : '{', i + 500, i % 2 ? "null" : "2");
	}
	buf_addc(&doc, '}');
	buf_addc(&patch, '}');
	j = patch_merge(a, tree(doc.p), tree(patch.p));
	CHECK_INT(json_count(j), 1000);
	CHECK_INT(json_path_int(j, "k499", 0), 1);
	CHECK_INT(json_path_int(j, "k500", 0), 2);
	CHECK(!json_get(j, "k501"));
	CHECK_INT(json_path_int(j, "k1498", 0), 2);
	arena_free(&a);
}

/* A schema like a pod's: containers by name with ports by containerPort, finalizers merged,
 * strategy with retainKeys, labels a map, args a plain list. */
static bool schema_field(const void *type, const char *name, struct patch_field *out)
{
	static const struct row {
		const char *type, *name;
		struct patch_field field;
	} rows[] = {
		{ "root", "spec", { .type = "spec" } },
		{ "root", "finalizers", { .merge = true } },
		{ "root", "labels", { .is_map = true } },
		{ "root", "objects", { .type = "container", .is_map = true } },
		{ "spec", "containers", { .type = "container", .merge = true, .merge_key = "name" } },
		{ "spec",
		  "volumes",
		  { .type = "volume", .merge = true, .merge_key = "name", .retain_keys = true } },
		{ "spec", "strategy", { .type = "strategy", .retain_keys = true } },
		{ "container",
		  "ports",
		  { .type = "port", .merge = true, .merge_key = "containerPort" } },
		{ "container", "args", { .type = NULL } },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].type, type) == 0 && strcmp(rows[i].name, name) == 0) {
			*out = rows[i].field;
			return true;
		}
	return false;
}

static const char *smp(const char *doc, const char *patch)
{
	static const struct patch_schema schema = { schema_field };
	STATUS_AUTO struct status st = STATUS_INIT;

	return shown(patch_strategic(a, tree(doc), tree(patch), &schema, "root", &st), &st);
}

UNIT_TEST(strategic_objects)
{
	a = arena_new();
	CHECK_STR(smp("{\"labels\":{\"a\":\"1\",\"b\":\"2\"}}",
		      "{\"labels\":{\"a\":null,\"c\":\"3\"},\"x\":{\"y\":null,\"z\":{\"$patch\":"
		      "\"delete\"}}}"),
		  "{\"labels\":{\"b\":\"2\",\"c\":\"3\"},\"x\":{}}");
	CHECK_STR(smp("{\"labels\":{\"a\":\"1\"}}",
		      "{\"labels\":{\"$patch\":\"replace\",\"c\":\"3\"}}"),
		  "{\"labels\":{\"c\":\"3\"}}");
	CHECK_STR(smp("{\"labels\":{\"a\":\"1\"}}", "{\"labels\":{\"$patch\":\"delete\"}}"),
		  "{\"labels\":{}}");
	CHECK_STR(smp("{\"labels\":{\"a\":\"1\"}}", "{\"labels\":{\"$patch\":\"bad\",\"z\":1}}"),
		  "500 unknown patch type: bad in map: map[$patch:bad z:1]");
	CHECK_STR(smp("{\"spec\":{\"args\":[1,2]}}", "{\"spec\":{\"args\":[3]}}"),
		  "{\"spec\":{\"args\":[3]}}");
	CHECK_STR(smp("{\"spec\":{\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"m\":1}}}}",
		      "{\"spec\":{\"strategy\":{\"$retainKeys\":[\"type\"],\"type\":\"Recreate\"}}}"),
		  "{\"spec\":{\"strategy\":{\"type\":\"Recreate\"}}}");
	CHECK_STR(smp("{\"spec\":{\"strategy\":{\"type\":\"x\"}}}",
		      "{\"spec\":{\"strategy\":{\"$retainKeys\":[\"a\"],\"type\":\"Recreate\"}}}"),
		  "400 invalid patch format of retainKeys");
	CHECK_STR(smp("{\"objects\":{\"k\":{\"ports\":[{\"containerPort\":1,\"a\":1}]}}}",
		      "{\"objects\":{\"k\":{\"ports\":[{\"containerPort\":1,\"b\":2}]}}}"),
		  "{\"objects\":{\"k\":{\"ports\":[{\"containerPort\":1,\"a\":1,\"b\":2}]}}}");
	arena_free(&a);
}

#define C(list) "{\"spec\":{\"containers\":" list "}}"

UNIT_TEST(strategic_lists)
{
	a = arena_new();
	CHECK_STR(smp(C("[{\"name\":\"a\",\"image\":\"1\"}]"), C("[{\"name\":\"b\"}]")),
		  C("[{\"name\":\"b\"},{\"name\":\"a\",\"image\":\"1\"}]"));
	CHECK_STR(smp(C("[{\"name\":\"a\",\"image\":\"1\",\"ports\":[{\"containerPort\":80}]},{\"name\":"
			"\"b\"}]"),
		      C("[{\"name\":\"a\",\"image\":\"2\",\"ports\":[{\"containerPort\":81}]}]")),
		  C("[{\"name\":\"a\",\"image\":\"2\",\"ports\":[{\"containerPort\":81},{"
		    "\"containerPort\":80}]},{\"name\":\"b\"}]"));
	CHECK_STR(smp(C("[{\"name\":\"a\"},{\"name\":\"b\"}]"),
		      C("[{\"name\":\"a\",\"$patch\":\"delete\"}]")),
		  C("[{\"name\":\"b\"}]"));
	CHECK_STR(smp(C("[{\"name\":\"a\"},{\"name\":\"b\"}]"),
		      C("[{\"name\":\"c\"},{\"$patch\":\"replace\"}]")),
		  C("[{\"name\":\"c\"}]"));
	CHECK_STR(smp(C("[{\"name\":\"a\"}]"), C("[{\"image\":\"zz\"}]")),
		  "500 map: map[image:zz] does not contain declared merge key: name");
	CHECK_STR(smp(C("[{\"name\":\"a\"}]"), C("[{\"name\":\"b\"},1]")),
		  "500 list element types are not identical: [[map[name:a]] [map[name:b] 1]]");
	CHECK_STR(smp(C("[{\"name\":\"a\"}]"), C("[[]]")),
		  "500 list element types are not identical: [[map[name:a]] [[]]]");
	CHECK_STR(smp(C("[[]]"), C("[[]]")), "422 " REJECTED);
	CHECK_STR(smp(C("[]"), C("[]")), C("[]"));
	CHECK_STR(smp(C("[{\"name\":\"a\"}]"), C("null")), "{\"spec\":{}}");
	CHECK_STR(smp("{}", C("[{\"name\":\"a\",\"x\":null},{\"name\":\"b\",\"$patch\":\"delete\"}]")),
		  C("[{\"name\":\"a\"}]"));
	arena_free(&a);
}

UNIT_TEST(strategic_scalars)
{
	a = arena_new();
	CHECK_STR(smp("{\"finalizers\":[\"a\",\"b\"]}", "{\"finalizers\":[\"c\",\"a\"]}"),
		  "{\"finalizers\":[\"c\",\"a\",\"b\"]}");
	CHECK_STR(smp("{\"finalizers\":[\"a\",\"b\",\"c\"]}",
		      "{\"$deleteFromPrimitiveList/finalizers\":[\"b\",\"z\"]}"),
		  "{\"finalizers\":[\"a\",\"c\"]}");
	CHECK_STR(smp("{\"finalizers\":[\"a\",\"b\",\"c\"]}",
		      "{\"$setElementOrder/finalizers\":[\"d\",\"c\",\"b\"],\"finalizers\":[\"d\"],"
		      "\"$deleteFromPrimitiveList/finalizers\":[\"a\"]}"),
		  "{\"finalizers\":[\"d\",\"c\",\"b\"]}");
	CHECK_STR(smp("{}", "{\"$deleteFromPrimitiveList/finalizers\":[\"a\"]}"), "{}");
	CHECK_STR(smp("{}", "{\"$deleteFromPrimitiveList\":[\"a\"]}"),
		  "400 invalid patch format of primitive list");
	arena_free(&a);
}

UNIT_TEST(strategic_order)
{
	a = arena_new();
	CHECK_STR(smp(C("[{\"name\":\"a\"},{\"name\":\"s\"},{\"name\":\"b\"}]"),
		      "{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"b\"},{\"name\":\"a\"}]}}"),
		  C("[{\"name\":\"s\"},{\"name\":\"b\"},{\"name\":\"a\"}]"));
	CHECK_STR(smp(C("[{\"name\":\"a\",\"x\":1}]"),
		      "{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"a\"},{\"name\":\"b\"}],"
		      "\"containers\":[{\"name\":\"b\"}]}}"),
		  C("[{\"name\":\"a\",\"x\":1},{\"name\":\"b\"}]"));
	CHECK_STR(smp("{\"spec\":{}}", "{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"b\"}],"
				       "\"containers\":[{\"name\":\"b\"}]}}"),
		  C("[{\"name\":\"b\"}]"));
	CHECK_STR(smp("{\"spec\":{}}",
		      "{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"b\"}]}}"),
		  "{\"spec\":{}}");
	CHECK_STR(smp(C("[{\"name\":\"a\"},{\"name\":\"b\"}]"),
		      "{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"b\"}],\"containers\":[{"
		      "\"name\":\"a\",\"$patch\":\"delete\"},{\"name\":\"b\",\"x\":1}]}}"),
		  C("[{\"name\":\"b\",\"x\":1}]"));
	CHECK_STR(smp(C("[{\"name\":\"a\"}]"),
		      "{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"a\"}],\"containers\":[{"
		      "\"name\":\"b\"}]}}"),
		  "500 The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder "
		  "list:\n[map[name:a]]\n");
	CHECK_STR(smp("{\"spec\":{\"containers\":1}}",
		      "{\"spec\":{\"$setElementOrder/containers\":[]}}"),
		  "500 expected a []interface {}, but received a int64");
	CHECK_STR(smp("{}", "{\"$setElementOrder\":[]}"),
		  "400 invalid patch format of setElementOrder list");
	arena_free(&a);
}

UNIT_TEST(strategic_untyped)
{
	STATUS_AUTO struct status st = STATUS_INIT;
	static const struct patch_schema schema = { schema_field };

	a = arena_new();
	CHECK_STR(shown(patch_strategic(a, tree("{\"a\":{\"l\":[1],\"m\":{\"x\":1}}}"),
					tree("{\"a\":{\"l\":[2],\"m\":{\"y\":2}}}"), &schema, NULL,
					&st),
			&st),
		  "{\"a\":{\"l\":[2],\"m\":{\"x\":1,\"y\":2}}}");
	CHECK(!patch_strategic(a, tree("{}"), tree("[]"), &schema, NULL, &st));
	CHECK_STR(st.message,
		  "json: cannot unmarshal array into Go value of type map[string]interface {}");
	arena_free(&a);
}
