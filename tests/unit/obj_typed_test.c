/* Typed values: check, fields, compare, merge, remove, with the schemas of built-in kinds. */
#include "unit.h"

#include "base/arena.h"
#include "kind/schema.h"
#include "obj/fieldset.h"
#include "obj/json.h"
#include "obj/typed.h"

#include <string.h>

#define POD "io.k8s.api.core.v1.Pod"
#define SERVICE "io.k8s.api.core.v1.Service"
#define DEPLOYMENT "io.k8s.api.apps.v1.Deployment"
#define CONFIGMAP "io.k8s.api.core.v1.ConfigMap"

static struct arena *a;

static struct typed type(const char *name)
{
	if (!a)
		a = arena_new();
	return (struct typed){ a, &schema_typed, schema_root(schema_find(name)) };
}

static struct typed deduced(void)
{
	if (!a)
		a = arena_new();
	return (struct typed){ a, &schema_typed, { NULL, 0 } };
}

static struct json *tree(const char *text)
{
	return json_parse_own(a, text, strlen(text));
}

static const char *set_text(const struct fieldset *s)
{
	return json_text(a, fieldset_tree(a, s));
}

static const char *fields(struct typed t, const char *text)
{
	return set_text(typed_fields(&t, tree(text)));
}

static const char *merged(struct typed t, const char *live, const char *config)
{
	return json_text(a, typed_merge(&t, tree(live), tree(config)));
}

static const char *changes(struct typed t, const char *x, const char *y, bool zeros)
{
	struct typed_changes ch;

	typed_compare(&t, x ? tree(x) : NULL, tree(y), zeros, &ch);
	return arena_printf(a, "-%s ~%s +%s", set_text(ch.removed), set_text(ch.modified),
			    set_text(ch.added));
}

static const char *removed(struct typed t, const char *v, const char *set)
{
	const struct fieldset *s;

	CHECK(fieldset_parse(a, tree(set), &s));
	return json_text(a, typed_remove(&t, tree(v), s));
}

UNIT_TEST(typed_fields_of_shapes)
{
	CHECK_STR(fields(type(POD),
			 "{\"metadata\":{\"labels\":{\"a\":\"b\"},\"finalizers\":[\"x\",\"y\"]},"
			 "\"spec\":{\"nodeSelector\":{\"a\":\"b\"},\"tolerations\":[{\"key\":\"k\"}],"
			 "\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":80}],"
			 "\"resources\":{\"limits\":{\"cpu\":1}},\"securityContext\":{}}]}}"),
		  "{\"f:metadata\":{\"f:finalizers\":{\"v:\\\"x\\\"\":{},\"v:\\\"y\\\"\":{}},"
		  "\"f:labels\":{\"f:a\":{}}},\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"c\\\"}\":"
		  "{\".\":{},\"f:name\":{},\"f:ports\":{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":"
		  "{\".\":{},\"f:containerPort\":{}}},\"f:resources\":{\"f:limits\":{\"f:cpu\":{}}},"
		  "\"f:securityContext\":{}}},\"f:nodeSelector\":{},\"f:tolerations\":{}}}");
	/* no knowledge: maps granular, lists atomic */
	CHECK_STR(fields(deduced(), "{\"spec\":{\"a\":{\"b\":1},\"l\":[{\"name\":\"x\"}]}}"),
		  "{\"f:spec\":{\".\":{},\"f:a\":{\".\":{},\"f:b\":{}},\"f:l\":{}}}");
	arena_free(&a);
}

UNIT_TEST(typed_check_words)
{
	struct typed t = type(DEPLOYMENT);

	CHECK_STR(typed_check(&t, tree("{\"spec\":{\"replicas\":\"x\"}}"), false),
		  ".spec.replicas: expected numeric (int or float), got string");
	CHECK_STR(typed_check(&t, tree("{\"spec\":{\"foo\":1}}"), false),
		  ".spec.foo: field not declared in schema");
	CHECK_STR(
		typed_check(
			&t,
			tree("{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":1}]}}}}"),
			false),
		".spec.template.spec.containers[name=\"a\"].image: expected string, got &value.valueUnstructured{Value:1}");
	CHECK_STR(typed_check(
			  &t,
			  tree("{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"a\"}]}}}}"),
			  false),
		  ".spec.template.spec.containers: duplicate entries for key [name=\"a\"]");
	CHECK_STR(typed_check(
			  &t,
			  tree("{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"a\"}]}}}}"),
			  true),
		  NULL);
	CHECK_STR(
		typed_check(&t, tree("{\"spec\":{\"template\":{\"spec\":{\"containers\":[null]}}}}"),
			    false),
		".spec.template.spec.containers: element 0: associative list with keys may not have a null element");
	CHECK_STR(typed_check(&t, tree("{\"spec\":[1]}"), false), ".spec: expected map, got &{[1]}");
	CHECK_STR(typed_check(&t, tree("{\"spec\":{\"paused\":\"x\",\"replicas\":true}}"), false),
		  "errors:\n  .spec.paused: expected boolean, got &{x}\n  .spec.replicas: expected numeric (int or float), got bool");
	CHECK_STR(typed_check(&t, tree("{\"spec\":{\"replicas\":null,\"template\":null}}"), false),
		  NULL);
	arena_free(&a);
}

UNIT_TEST(typed_compare_created)
{
	/* what a Go struct always has is not added: spec, containers; what it may lack is */
	CHECK_STR(changes(type(DEPLOYMENT), NULL,
			  "{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"replicas\":1,\"selector\":{\"matchLabels\":{\"a\":\"b\"}},"
			  "\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\"}]}}}}",
			  true),
		  "-{} ~{\"f:spec\":{\"f:selector\":{}}} +{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:a\":{}}},"
		  "\"f:spec\":{\"f:replicas\":{},\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"c\\\"}\":"
		  "{\".\":{},\"f:name\":{},\"f:resources\":{}}}}}}}");
	CHECK_STR(changes(deduced(), NULL, "{\"spec\":{\"a\":1}}", false),
		  "-{} ~{} +{\"f:spec\":{\".\":{},\"f:a\":{}}}");
	arena_free(&a);
}

UNIT_TEST(typed_compare_changes)
{
	CHECK_STR(changes(type(CONFIGMAP), "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}",
			  "{\"data\":{\"b\":\"3\",\"c\":\"4\"}}", true),
		  "-{\"f:data\":{\"f:a\":{}}} ~{\"f:data\":{\"f:b\":{}}} +{\"f:data\":{\"f:c\":{}}}");
	CHECK_STR(changes(type(CONFIGMAP), "{\"data\":{\"a\":\"1\"}}", "{}", true),
		  "-{\"f:data\":{\".\":{},\"f:a\":{}}} ~{} +{}");
	CHECK_STR(changes(type(POD),
			  "{\"spec\":{\"tolerations\":[{\"key\":\"a\"}],\"nodeSelector\":{\"a\":\"b\"}}}",
			  "{\"spec\":{\"tolerations\":[{\"key\":\"b\"}],\"nodeSelector\":{\"a\":\"c\"}}}",
			  true),
		  "-{} ~{\"f:spec\":{\"f:nodeSelector\":{},\"f:tolerations\":{}}} +{}");
	/* items that share a key are one leaf */
	CHECK_STR(changes(type(POD),
			  "{\"spec\":{\"imagePullSecrets\":[{\"name\":\"a\"},{\"name\":\"a\"}]}}",
			  "{\"spec\":{\"imagePullSecrets\":[{\"name\":\"a\"}]}}", true),
		  "-{\"f:spec\":{\"f:imagePullSecrets\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{}}}} ~{} "
		  "+{\"f:spec\":{\"f:imagePullSecrets\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{}}}}");
	CHECK_STR(changes(type(SERVICE), "{\"spec\":{\"ports\":[{\"port\":1,\"targetPort\":1}]}}",
			  "{\"spec\":{\"ports\":[{\"port\":1,\"targetPort\":\"a\"}]}}", true),
		  "-{} ~{\"f:spec\":{\"f:ports\":{\"k:{\\\"port\\\":1,\\\"protocol\\\":\\\"TCP\\\"}\":{\"f:targetPort\":{}}}}} +{}");
	arena_free(&a);
}

UNIT_TEST(typed_merge_lists)
{
#define PULL(...) "{\"spec\":{\"imagePullSecrets\":[" __VA_ARGS__ "]}}"
#define N(x) "{\"name\":\"" x "\"}"
	CHECK_STR(merged(type(POD), PULL(N("a") "," N("b") "," N("c")),
			 PULL(N("c") "," N("d") "," N("a"))),
		  PULL(N("b") "," N("c") "," N("d") "," N("a")));
	CHECK_STR(merged(type(POD), PULL(N("a") "," N("b")), PULL(N("b"))), PULL(N("a") "," N("b")));
	CHECK_STR(merged(type(POD), PULL(N("a")), PULL(N("z") "," N("a"))), PULL(N("z") "," N("a")));
	CHECK_STR(merged(type(POD), PULL(N("a") "," N("a")), PULL(N("a"))), PULL(N("a")));
	CHECK_STR(merged(type(POD), "{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}",
			 "{\"metadata\":{\"finalizers\":[\"c\",\"a\"]}}"),
		  "{\"metadata\":{\"finalizers\":[\"c\",\"a\",\"b\"]}}");
	CHECK_STR(merged(type(CONFIGMAP), "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}",
			 "{\"data\":{\"b\":\"3\"}}"),
		  "{\"data\":{\"a\":\"1\",\"b\":\"3\"}}");
	CHECK_STR(merged(type(POD), "{\"spec\":{\"nodeSelector\":{\"a\":\"b\"}}}",
			 "{\"spec\":{\"nodeSelector\":{\"c\":\"d\"}}}"),
		  "{\"spec\":{\"nodeSelector\":{\"c\":\"d\"}}}");
	CHECK_STR(merged(deduced(), "{\"a\":{\"b\":[1],\"c\":1}}", "{\"a\":{\"b\":[2]}}"),
		  "{\"a\":{\"b\":[2],\"c\":1}}");
	arena_free(&a);
}

UNIT_TEST(typed_remove_parts)
{
	CHECK_STR(removed(type(CONFIGMAP), "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}",
			  "{\"f:data\":{\"f:a\":{}}}"),
		  "{\"data\":{\"b\":\"2\"}}");
	CHECK_STR(removed(type(CONFIGMAP), "{\"data\":{\"a\":\"1\"}}", "{\"f:data\":{\"f:a\":{}}}"),
		  "{\"data\":{}}");
	CHECK_STR(removed(type(CONFIGMAP), "{\"data\":{\"a\":\"1\"}}", "{\"f:data\":{}}"), "{}");
	CHECK_STR(removed(type(POD), PULL(N("a") "," N("b")),
			  "{\"f:spec\":{\"f:imagePullSecrets\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{}}}}"),
		  PULL(N("b")));
	arena_free(&a);
}

UNIT_TEST(typed_sets_follow_schemas)
{
	struct typed t = type(DEPLOYMENT);
	const struct fieldset *s;

	CHECK(fieldset_parse(
		a,
		tree("{\"f:spec\":{\"f:selector\":{\"f:matchLabels\":{\"f:a\":{}}},\"f:replicas\":{}}}"),
		&s));
	CHECK_STR(set_text(typed_reconcile(&t, s)),
		  "{\"f:spec\":{\"f:replicas\":{},\"f:selector\":{}}}");
	CHECK_STR(set_text(typed_named(&t, s)),
		  "{\"f:spec\":{\".\":{},\"f:replicas\":{},\"f:selector\":{\".\":{},\"f:matchLabels\":{\".\":{},\"f:a\":{}}}}}");
	arena_free(&a);
}
