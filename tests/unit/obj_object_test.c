/* Frozen objects, metadata helpers, Status bodies. */
#include "unit.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"
#include "obj/json.h"
#include "obj/meta.h"
#include "obj/obj.h"
#include "obj/status_json.h"

#include <string.h>

static const char pod[] =
	"{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]},"
	"\"metadata\":{\"zebra\":1,\"annotations\":{\"b\":\"2\",\"a\":\"1\"},\"resourceVersion\":\"99\","
	"\"labels\":{\"x\":\"1\",\"app\":\"web\"},\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
	"\"deletionTimestamp\":\"2026-01-02T03:04:06Z\",\"managedFields\":[],\"finalizers\":[\"f\"],"
	"\"namespace\":\"ns\",\"name\":\"p\",\"uid\":\"u-1\",\"generation\":3,\"ownerReferences\":"
	"[{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"x\",\"uid\":\"1\"},{\"apiVersion\":"
	"\"apps/v1\",\"kind\":\"RS\",\"name\":\"r\",\"uid\":\"2\",\"controller\":true,"
	"\"blockOwnerDeletion\":true}]},\"spec\":{\"nodeName\":\"n1\",\"replicas\":2,\"on\":true,"
	"\"share\":0.5},\"apiVersion\":\"v1\",\"other\":{},\"kind\":\"Pod\"}";

static const char *const paths[] = { "spec.nodeName",   "status.phase", "spec.replicas",
				     "spec.on",         "spec.absent",  "conditions:Ready",
				     "conditions:Nope", "spec.share",   NULL };
static const struct obj_fields fields = { paths };

static struct obj *make(void)
{
	return obj_from_bytes(pod, sizeof pod - 1, &fields);
}

#define FRONT                                                                                        \
	"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\"," \
	"\"uid\":\"u-1\",\"resourceVersion\":\""

UNIT_TEST(obj_orders_and_seals)
{
	struct obj *o = make();

	CHECK_INT(o->rev, 99);
	CHECK(strstr(o->json, FRONT "99\",\"generation\":3") == o->json);
	obj_seal(o, 1234567890123);
	CHECK(strstr(o->json, FRONT "1234567890123\",") == o->json);
	CHECK_INT(o->rev, 1234567890123);
	CHECK_INT(strlen(o->json), o->len);
	obj_seal(o, INT64_MAX);
	obj_seal(o, 7);
	CHECK_STR(o->json, FRONT
		  "7\",\"generation\":3,\"creationTimestamp\":\"2026-01-02T03:04:05Z\","
		  "\"deletionTimestamp\":\"2026-01-02T03:04:06Z\",\"labels\":{\"app\":\"web\","
		  "\"x\":\"1\"},\"annotations\":{\"a\":\"1\",\"b\":\"2\"},\"ownerReferences\":["
		  "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"name\":\"x\",\"uid\":\"1\"},{"
		  "\"apiVersion\":\"apps/v1\",\"kind\":\"RS\",\"name\":\"r\",\"uid\":\"2\","
		  "\"controller\":true,\"blockOwnerDeletion\":true}],\"finalizers\":[\"f\"],"
		  "\"zebra\":1,\"managedFields\":[]},\"spec\":{\"nodeName\":\"n1\",\"replicas\":2,"
		  "\"on\":true,\"share\":0.5},\"other\":{},\"status\":{\"phase\":\"Running\","
		  "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}");
	CHECK_INT(strlen(o->json), o->len);
	obj_unref(o);
	obj_unref(NULL);
}

/* Everything in the header that does not depend on the revision. */
static bool header_right(const struct obj *o)
{
	static const char *const want[] = { "n1", "Running", "2", "true", "", "True", "", "0.5" };
	const struct owner *c = obj_controller(o);

	for (size_t i = 0; i < 8; i++)
		if (strcmp(o->fields[i], want[i]) != 0)
			return false;
	return o->nfields == 8 && strcmp(o->ns, "ns") == 0 && strcmp(o->name, "p") == 0 &&
	       strcmp(o->uid, "u-1") == 0 && o->generation == 3 && o->created_s == 1767323045 &&
	       o->deleted_s == 1767323046 && o->nlabels == 2 &&
	       strcmp(obj_label(o, "app"), "web") == 0 && !obj_label(o, "nope") &&
	       o->nowners == 2 && c == &o->owners[1] && c->block &&
	       strcmp(c->api_version, "apps/v1") == 0 && strcmp(c->kind, "RS") == 0 &&
	       strcmp(c->name, "r") == 0 && strcmp(c->uid, "2") == 0 && o->finalizers;
}

UNIT_TEST(obj_header_and_reseal)
{
	struct obj *o = make(), *r = obj_reseal(o, 100000);
	struct arena *a = arena_new();

	CHECK(header_right(o));
	obj_hold(a, r);
	obj_unref(o);
	CHECK(header_right(r));
	CHECK_INT(r->rev, 100000);
	CHECK_STR(meta_rv(obj_tree(a, r)), "100000");
	CHECK(obj_size(r) > r->len);
	obj_give(a, r);
	arena_free(&a);
}

UNIT_TEST(obj_minimal)
{
	struct arena *a = arena_new();
	struct obj *o = obj_new(json_build(a, "{metadata:{}}"), NULL);

	CHECK_STR(o->json, "{\"metadata\":{\"resourceVersion\":\"\"}}");
	CHECK_INT(o->rev, 0);
	CHECK_STR(o->ns, "");
	CHECK(!o->nlabels && !o->nowners && !o->nfields && !obj_controller(o) && !o->finalizers);
	obj_seal(o, 1);
	CHECK_STR(o->json, "{\"metadata\":{\"resourceVersion\":\"1\"}}");
	obj_unref(o);
	arena_free(&a);
}

UNIT_TEST(meta_reads_and_changes)
{
	struct arena *a = arena_new();
	struct json *o = json_parse_own(a, pod, sizeof pod - 1), *empty = json_object(a);
	struct obj *owner = make();

	CHECK_STR(meta_name(o), "p");
	CHECK_STR(meta_rv(o), "99");
	CHECK_STR(meta_label(o, "app"), "web");
	CHECK(!meta_label(o, "none") && !meta_annotation(empty, "x") && !meta_deleting(empty));
	CHECK(meta_deleting(o) && meta_has_finalizer(o, "f") && !meta_has_finalizer(o, "g"));
	meta_add_finalizer(a, empty, "g");
	meta_add_finalizer(a, empty, "g");
	meta_set_annotation(a, empty, "k", "v");
	meta_set_label(a, empty, "l", "w");
	meta_add_controller_ref(a, empty, "apps/v1", "ReplicaSet", owner);
	CHECK_STR(json_text(a, empty),
		  "{\"metadata\":{\"finalizers\":[\"g\"],\"annotations\":{\"k\":\"v\"},\"labels\":{"
		  "\"l\":\"w\"},\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":"
		  "\"ReplicaSet\",\"name\":\"p\",\"uid\":\"u-1\",\"controller\":true,"
		  "\"blockOwnerDeletion\":true}]}}");
	meta_del_finalizer(a, empty, "g");
	meta_del_finalizer(a, empty, "g");
	meta_del_annotation(empty, "k");
	meta_del_annotation(empty, "k");
	CHECK(!json_path(empty, "metadata.finalizers") && !json_path(empty, "metadata.annotations"));
	obj_unref(owner);
	arena_free(&a);
}

UNIT_TEST(meta_conditions)
{
	struct arena *a = arena_new();
	struct json *o = json_object(a);

	clock_set(1000000);
	CHECK(meta_set_condition(a, o, "Ready", "False", "Why", NULL, false));
	CHECK(!meta_set_condition(a, o, "Ready", "False", "Why", NULL, false));
	clock_set(2000000);
	CHECK(meta_set_condition(a, o, "Ready", "False", "Other", "text", false));
	CHECK_STR(json_text(a, meta_condition(o, "Ready")),
		  "{\"type\":\"Ready\",\"status\":\"False\",\"lastTransitionTime\":"
		  "\"1970-01-01T00:00:01Z\",\"reason\":\"Other\",\"message\":\"text\"}");
	clock_set(3000000);
	CHECK(meta_set_condition(a, o, "Ready", "True", NULL, NULL, true));
	CHECK_STR(json_text(a, meta_condition(o, "Ready")),
		  "{\"type\":\"Ready\",\"status\":\"True\",\"lastTransitionTime\":"
		  "\"1970-01-01T00:00:03Z\",\"lastUpdateTime\":\"1970-01-01T00:00:03Z\"}");
	CHECK(!meta_condition(o, "Nope"));
	clock_set(-1);
	arena_free(&a);
}

UNIT_TEST(status_bodies)
{
	static const struct subject deployments = { "apps", "deployments", "Deployment" };
	STATUS_AUTO struct status st = STATUS_INIT, back = STATUS_INIT;
	struct arena *a = arena_new();
	struct json *j;

	status_not_found(&st, &deployments, "web");
	CHECK_STR(json_text(a, status_tree(a, &st)),
		  "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
		  "\"message\":\"deployments.apps \\\"web\\\" not found\",\"reason\":\"NotFound\","
		  "\"details\":{\"name\":\"web\",\"group\":\"apps\",\"kind\":\"deployments\"},"
		  "\"code\":404}");
	status_unauthorized(&st);
	CHECK_STR(json_text(a, status_tree(a, &st)),
		  "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
		  "\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}");
	status_no_route(&st);
	CHECK(strstr(json_text(a, status_tree(a, &st)), "\"details\":{},\"code\":404}"));
	status_plain_error(&st, "x");
	CHECK(!strstr(json_text(a, status_tree(a, &st)), "reason"));
	status_timeout(&st, 1, "Too large resource version: 5, current: 1");
	status_add_cause(&st, "ResourceVersionTooLarge", "Too large resource version", NULL);
	j = status_tree(a, &st);
	CHECK_STR(json_text(a, json_get(j, "details")),
		  "{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\",\"message\":\"Too large "
		  "resource version\"}],\"retryAfterSeconds\":1}");
	CHECK(status_from_tree(&back, j));
	CHECK(json_equal(status_tree(a, &back), j));
	CHECK(!status_from_tree(&back, json_build(a, "{kind:\"Pod\"}")));
	CHECK(!status_from_tree(&back, NULL));
	CHECK(status_is(&back, "Timeout"));
	arena_free(&a);
}
