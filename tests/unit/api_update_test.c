/* update, api_change, patch: revisions, no-op writes, what cannot change, status isolation. */
#include "api_fixture.h"

#include "base/thread.h"

#include <stdio.h>

static const char map_a[] =
	"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"y\"}},"
	"\"data\":{\"k\":\"v\",\"l\":\"w\"}}";

static const char deployment[] =
	"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},"
	"\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"metadata\":"
	"{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}";

/* The stored object as text with one literal replaced. */
static const struct obj *put_back(struct fixture *f, const struct obj *o, const char *from,
				  const char *to, const char *sub)
{
	const char *at = strstr(o->json, from);

	if (!at)
		bug("no %s in %s", from, o->json);
	return fixture_update(f, sub, o->ns,
			      arena_printf(f->a, "%.*s%s%s", (int)(at - o->json), o->json, to,
					   at + strlen(from)));
}

UNIT_TEST(update_with_the_revision_goes_through_once)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(&f, "default", map_a);
	const struct obj *p = put_back(&f, o, "\"v\"", "\"v2\"", NULL);

	CHECK_STR(f.st.message, NULL);
	CHECK(p && p->rev > o->rev);
	CHECK_STR(p->uid, o->uid);
	CHECK_STR(fixture_text(&f, p, "data.k"), "v2");
	CHECK(!put_back(&f, o, "\"v\"", "\"v3\"", NULL));
	CHECK_INT(f.st.code, 409);
	CHECK_STR(f.st.reason, "Conflict");
	CHECK_STR(f.st.message,
		  "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again");
}

UNIT_TEST(update_that_changes_nothing_writes_nothing)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(&f, "default", map_a), *p;

	p = put_back(&f, o, "\"v\"", "\"v\"", NULL);
	CHECK(p);
	CHECK_INT(p->rev, o->rev);
	/* another order of members, no revision, explicit nulls */
	p = fixture_update(&f, NULL, "default",
			   "{\"data\":{\"l\":\"w\",\"k\":\"v\"},\"metadata\":{\"labels\":{\"x\":\"y\"},"
			   "\"annotations\":null,\"name\":\"a\"},\"kind\":\"ConfigMap\"}");
	CHECK(p);
	CHECK_INT(p->rev, o->rev);
	CHECK_INT(store_rev(f.store), o->rev);
}

UNIT_TEST(update_without_a_revision_wins_unless_the_kind_forbids)
{
	FIXTURE(f);

	CHECK(fixture_create(&f, "default", map_a));
	CHECK(fixture_update(
		&f, NULL, "default",
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"z\":\"1\"}}"));
	CHECK(fixture_create(&f, "default",
			     "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
			     "\"metadata\":{\"name\":\"l\"},\"spec\":{\"holderIdentity\":\"x\"}}"));
	CHECK(!fixture_update(&f, NULL, "default",
			      "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
			      "\"metadata\":{\"name\":\"l\"},\"spec\":{\"holderIdentity\":\"y\"}}"));
	CHECK_INT(f.st.code, 422);
	CHECK_STR(f.st.message,
		  "leases.coordination.k8s.io \"l\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update");
	CHECK_STR(f.st.kind, "leases");
}

UNIT_TEST(update_creates_where_the_kind_allows)
{
	FIXTURE(f);
	static const char role[] =
		"{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\","
		"\"metadata\":{\"name\":\"r\",\"resourceVersion\":\"77\"},\"rules\":[]}";
	struct json *o = fixture_json(&f, role);
	bool created = false;

	CHECK(api_update(&f.c, fixture_kind_of(&f, o), NULL, "default", "r", o, &created, &f.st));
	CHECK(created);
	CHECK(!fixture_update(&f, NULL, "default", map_a));
	CHECK_INT(f.st.code, 404);
	CHECK_STR(f.st.message, "configmaps \"a\" not found");
	CHECK(!fixture_update(&f, NULL, "default",
			      "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\","
			      "\"metadata\":{\"name\":\"q\",\"uid\":\"X\"},\"rules\":[]}"));
	CHECK_INT(f.st.code, 409);
	CHECK_STR(f.st.message,
		  "Operation cannot be fulfilled on roles.rbac.authorization.k8s.io \"q\": Precondition failed: UID in precondition: X, UID in object meta: ");
}

UNIT_TEST(update_checks_name_and_uid)
{
	FIXTURE(f);
	struct json *o = fixture_json(&f, map_a);
	const struct obj *made = fixture_create(&f, "default", map_a);

	CHECK(!api_update(&f.c, fixture_kind(&f, "v1", "ConfigMap"), NULL, "default", "b", o, NULL,
			  &f.st));
	CHECK_STR(f.st.message, "the name of the object (a) does not match the name on the URL (b)");
	CHECK(!put_back(&f, made, made->uid, "other-uid", NULL));
	CHECK_INT(f.st.code, 409);
	CHECK(strstr(f.st.message, "Precondition failed: UID in precondition: other-uid"));
}

UNIT_TEST(update_keeps_what_is_the_servers)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(&f, "default", map_a), *p;

	p = fixture_update(&f, NULL, "default",
			   "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"creationTimestamp\":"
			   "\"2001-01-01T00:00:00Z\",\"deletionTimestamp\":\"2001-01-01T00:00:00Z\","
			   "\"generation\":9},\"data\":{}}");
	CHECK(p);
	CHECK_INT(p->created_s, o->created_s);
	CHECK_INT(p->deleted_s, 0);
	CHECK_INT(p->generation, 0);
	CHECK_STR(p->uid, o->uid);
}

UNIT_TEST(patch_cannot_change_the_uid)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");

	CHECK(fixture_create(&f, "default", map_a));
	CHECK(!fixture_patch(&f, k, NULL, "default", "a", PATCH_MERGE,
			     "{\"metadata\":{\"uid\":\"zzz\"}}"));
	CHECK_INT(f.st.code, 422);
	CHECK_STR(f.st.message,
		  "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"zzz\": field is immutable");
}

UNIT_TEST(status_and_spec_are_written_apart)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "apps/v1", "Deployment");
	const struct obj *o = fixture_create(&f, "default", deployment), *p;

	CHECK(o);
	p = fixture_patch(&f, k, NULL, "default", "d", PATCH_MERGE,
			  "{\"status\":{\"replicas\":5},\"metadata\":{\"labels\":{\"l\":\"1\"}}}");
	CHECK(p);
	CHECK_INT(json_path_int(obj_tree(f.a, p), "status.replicas", 0), 0);
	CHECK_INT(p->generation, 1);
	p = fixture_patch(&f, k, "status", "default", "d", PATCH_MERGE,
			  "{\"status\":{\"replicas\":5},\"spec\":{\"replicas\":9}}");
	CHECK(p);
	CHECK_INT(json_path_int(obj_tree(f.a, p), "status.replicas", 0), 5);
	CHECK_INT(json_path_int(obj_tree(f.a, p), "spec.replicas", 0), 1);
	CHECK_INT(p->generation, 1);
	p = fixture_patch(&f, k, NULL, "default", "d", PATCH_MERGE, "{\"spec\":{\"replicas\":2}}");
	CHECK_INT(p->generation, 2);
	CHECK_INT(json_path_int(obj_tree(f.a, p), "status.replicas", 0), 5);
	p = fixture_patch(&f, k, NULL, "default", "d", PATCH_MERGE,
			  "{\"metadata\":{\"annotations\":{\"n\":\"1\"}}}");
	CHECK_INT(p->generation, 3);
}

UNIT_TEST(patch_kinds)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "apps/v1", "Deployment");
	const struct kind *cm = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *p;

	CHECK(fixture_create(&f, "default", deployment));
	CHECK(fixture_create(&f, "default", map_a));
	p = fixture_patch(
		&f, k, NULL, "default", "d", PATCH_STRATEGIC,
		"{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"e\",\"image\":\"j\"}]}}}}");
	CHECK_STR(f.st.message, NULL);
	CHECK_INT(json_count(json_path(obj_tree(f.a, p), "spec.template.spec.containers")), 2);
	p = fixture_patch(&f, cm, NULL, "default", "a", PATCH_JSON,
			  "[{\"op\":\"test\",\"path\":\"/data/k\",\"value\":\"v\"},"
			  "{\"op\":\"replace\",\"path\":\"/data/k\",\"value\":\"u\"}]");
	CHECK_STR(fixture_text(&f, p, "data.k"), "u");
	CHECK(!fixture_patch(&f, cm, NULL, "default", "a", PATCH_JSON,
			     "[{\"op\":\"test\",\"path\":\"/data/k\",\"value\":\"v\"}]"));
	CHECK_INT(f.st.code, 422);
	CHECK(!fixture_patch(&f, cm, NULL, "default", "a", PATCH_JSON, "{}"));
	CHECK_INT(f.st.code, 400);
	CHECK(!fixture_patch(&f, cm, NULL, "default", "a", PATCH_APPLY, "{}"));
	CHECK_STR(f.st.message, "invalid object type: /, Kind=");
	CHECK(!fixture_patch(&f, cm, NULL, "default", "zz", PATCH_MERGE, "{}"));
	CHECK_INT(f.st.code, 404);
	CHECK(!fixture_patch(&f, cm, NULL, "default", "a", PATCH_MERGE, "{\"data\":{\"k\":{}}}"));
	CHECK_INT(f.st.code, 422);
	CHECK(strstr(f.st.message, " \"\" is invalid: patch: Invalid value: "));
}

UNIT_TEST(patch_judges_unknown_fields)
{
	FIXTURE(f);
	const struct kind *cm = fixture_kind(&f, "v1", "ConfigMap");

	CHECK(fixture_create(&f, "default", map_a));
	f.c.validation = VALIDATION_STRICT;
	CHECK(!fixture_patch(&f, cm, NULL, "default", "a", PATCH_MERGE, "{\"spec\":{\"foo\":1}}"));
	CHECK_INT(f.st.code, 422);
	CHECK(strstr(f.st.message, "strict decoding error: unknown field \"spec\""));
	CHECK_INT(f.st.ncauses, 1);
}

UNIT_TEST(patch_with_a_stale_revision_conflicts)
{
	FIXTURE(f);
	const struct kind *cm = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *o = fixture_create(&f, "default", map_a);

	CHECK(fixture_patch(&f, cm, NULL, "default", "a", PATCH_MERGE, "{\"data\":{\"k\":\"2\"}}"));
	CHECK(!fixture_patch(
		&f, cm, NULL, "default", "a", PATCH_MERGE,
		arena_printf(f.a,
			     "{\"metadata\":{\"resourceVersion\":\"%lld\"},\"data\":{\"k\":\"3\"}}",
			     (long long)o->rev)));
	CHECK_INT(f.st.code, 409);
}

UNIT_TEST(update_dry_run_stores_nothing)
{
	FIXTURE(f);
	const struct kind *cm = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *o = fixture_create(&f, "default", map_a), *p;

	f.c.dry_run = true;
	p = fixture_patch(&f, cm, NULL, "default", "a", PATCH_MERGE, "{\"data\":{\"k\":\"2\"}}");
	CHECK_STR(fixture_text(&f, p, "data.k"), "2");
	CHECK_INT(store_rev(f.store), o->rev);
	CHECK_STR(fixture_text(&f, fixture_get(&f, cm, "default", "a"), "data.k"), "v");
}

static bool change_stop(struct call *c, struct json *o, void *arg, struct status *st)
{
	(void)c;
	(void)o;
	return *(int *)arg ? status_bad_request(st, "no") : false;
}

UNIT_TEST(change_can_stop_or_refuse)
{
	FIXTURE(f);
	const struct kind *cm = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *o = fixture_create(&f, "default", map_a);
	int refuse = 0;

	CHECK(api_change(&f.c, cm, NULL, "default", "a", change_stop, &refuse, NULL) == o);
	refuse = 1;
	CHECK(!api_change(&f.c, cm, NULL, "default", "a", change_stop, &refuse, &f.st));
	CHECK_STR(f.st.message, "no");
}

UNIT_TEST(clearing_the_last_finalizer_removes)
{
	FIXTURE(f);
	const struct kind *cm = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *p;
	bool gone = true;

	CHECK(fixture_create(
		&f, "default",
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"finalizers\":[\"x.io/f\"]}}"));
	p = api_delete(&f.c, cm, "default", "a", NULL, &gone, &f.st);
	CHECK(p && !gone && p->deleted_s);
	CHECK_INT(json_path_int(obj_tree(f.a, p), "metadata.deletionGracePeriodSeconds", -1), 0);
	CHECK(!fixture_patch(&f, cm, NULL, "default", "a", PATCH_MERGE,
			     "{\"metadata\":{\"finalizers\":[\"x.io/f\",\"y.io/g\"]}}"));
	CHECK_INT(f.st.code, 422);
	p = fixture_patch(&f, cm, NULL, "default", "a", PATCH_MERGE,
			  "{\"metadata\":{\"finalizers\":null}}");
	CHECK(p && p->deleted_s && !p->finalizers);
	CHECK(!fixture_get(&f, cm, "default", "a"));
}

#define WRITERS 8
#define ROUNDS 6

struct writer {
	struct fixture *f;
	int id;
	bool ok;
};

static void writer_run(void *arg)
{
	struct writer *w = arg;
	const struct kind *k = fixture_kind(w->f, "v1", "ConfigMap");
	struct arena *a = arena_new();
	struct call c;

	call_init(&c, w->f->api, a, "writer");
	w->ok = true;
	for (int i = 0; i < ROUNDS; i++) {
		char *text = arena_printf(a, "{\"data\":{\"w%d-%d\":\"1\"}}", w->id, i);
		struct json *patch = json_parse_own(a, text, strlen(text));

		w->ok &= !!api_patch(&c, k, NULL, "default", "a", PATCH_MERGE, patch, false, NULL,
				     NULL);
	}
	arena_free(&a);
}

UNIT_TEST(parallel_patches_all_arrive)
{
	FIXTURE(f);
	struct thread *t[WRITERS];
	struct writer w[WRITERS];
	bool ok = true;

	CHECK(fixture_create(&f, "default", map_a));
	for (int i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){ &f, i, false };
		t[i] = thread_start("writer", writer_run, &w[i]);
	}
	for (int i = 0; i < WRITERS; i++) {
		thread_join(&t[i]);
		ok &= w[i].ok;
	}
	CHECK(ok);
	CHECK_INT(json_count(json_get(obj_tree(f.a, fixture_get(&f, fixture_kind(&f, "v1", "ConfigMap"),
								"default", "a")),
				      "data")),
		  2 + WRITERS * ROUNDS);
}
