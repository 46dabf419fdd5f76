/* delete and deletecollection: grace, finalizers, propagation, preconditions, namespaces. */
#include "api_fixture.h"

static const char map_a[] = "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}";

static const struct obj *del(struct fixture *f, const struct kind *k, const char *ns,
			     const char *name, const char *options, bool *gone)
{
	struct delete_options o;

	status_clear(&f->st);
	if (!delete_options_from(&o, fixture_json(f, options), &f->st))
		return NULL;
	return api_delete(&f->c, k, ns, name, &o, gone, &f->st);
}

UNIT_TEST(delete_removes_at_once)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *o = fixture_create(&f, "default", map_a), *p;
	bool gone = false;

	p = del(&f, k, "default", "a", "{}", &gone);
	CHECK(p && gone);
	CHECK_STR(p->uid, o->uid);
	CHECK(p->rev > o->rev);
	CHECK(!del(&f, k, "default", "a", "{}", &gone));
	CHECK_INT(f.st.code, 404);
}

UNIT_TEST(delete_checks_preconditions)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *o = fixture_create(&f, "default", map_a);
	bool gone;

	CHECK(!del(&f, k, "default", "a", "{\"preconditions\":{\"uid\":\"X\"}}", &gone));
	CHECK_INT(f.st.code, 409);
	CHECK_STR(f.st.message,
		  arena_printf(f.a,
			       "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (X) does not match the UID in record (%s). The object might have been deleted and then recreated",
			       o->uid));
	CHECK_STR(f.st.kind, "ConfigMap");
	CHECK(!del(&f, k, "default", "a", "{\"preconditions\":{\"resourceVersion\":\"1\"}}", &gone));
	CHECK(strstr(f.st.message, "The object might have been modified"));
	CHECK(del(&f, k, "default", "a",
		  arena_printf(f.a, "{\"preconditions\":{\"uid\":\"%s\",\"resourceVersion\":\"%lld\"}}",
			       o->uid, (long long)o->rev),
		  &gone));
}

UNIT_TEST(delete_options_contradict)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");

	CHECK(!del(&f, k, "default", "a",
		   "{\"propagationPolicy\":\"Orphan\",\"orphanDependents\":true}", NULL));
	CHECK_INT(f.st.code, 422);
	CHECK_STR(f.st.message,
		  "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Orphan\": orphanDependents and deletionPropagation cannot be both set");
	CHECK(!del(&f, k, "default", "a", "{\"propagationPolicy\":\"Sideways\"}", NULL));
	CHECK_STR(f.st.message,
		  "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Sideways\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
}

UNIT_TEST(delete_foreground_and_orphan_wait_for_the_collector)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *p;
	bool gone = true;

	CHECK(fixture_create(&f, "default", map_a));
	p = del(&f, k, "default", "a", "{\"propagationPolicy\":\"Foreground\"}", &gone);
	CHECK(p && !gone);
	CHECK(meta_has_finalizer(obj_tree(f.a, p), "foregroundDeletion"));
	CHECK(p->deleted_s);
	p = fixture_patch(&f, k, NULL, "default", "a", PATCH_MERGE,
			  "{\"metadata\":{\"finalizers\":[]}}");
	CHECK(p);
	CHECK(!fixture_get(&f, k, "default", "a"));
	CHECK(fixture_create(&f, "default", map_a));
	p = del(&f, k, "default", "a", "{\"propagationPolicy\":\"Orphan\"}", &gone);
	CHECK(p && !gone && meta_has_finalizer(obj_tree(f.a, p), "orphan"));
}

UNIT_TEST(jobs_orphan_by_default)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "batch/v1", "Job");
	const struct obj *p;
	bool gone = true;

	CHECK(fixture_create(
		&f, "default",
		"{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\",\"metadata\":{\"name\":\"j\"},\"spec\":{\"template\":"
		"{\"spec\":{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}"));
	p = del(&f, k, "default", "j", "{}", &gone);
	CHECK(p && !gone);
	CHECK(meta_has_finalizer(obj_tree(f.a, p), "orphan"));
	CHECK_INT(f.c.nwarnings, 1);
	CHECK(!strncmp(f.c.warnings[0], "child pods are preserved by default", 35));
	CHECK_INT(p->generation, 2);
}

static const char pod[] =
	"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}";

static void bind(struct fixture *f)
{
	struct bind_item b = { .ns = "default", .name = "p", .node = "n1" };

	if (!api_bind_many(&f->c, &b, 1, &f->st) || !b.bound)
		bug("not bound: %s", f->st.message);
}

UNIT_TEST(unbound_pods_go_at_once)
{
	FIXTURE(f);
	bool gone = false;

	CHECK(fixture_create(&f, "default", pod));
	CHECK(del(&f, fixture_kind(&f, "v1", "Pod"), "default", "p", "{}", &gone));
	CHECK(gone);
}

UNIT_TEST(bound_pods_get_their_grace)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "Pod");
	const struct obj *p, *q;
	struct cursor cur = { .table = api_table(f.api, k) };
	struct event ev[4];
	size_t n;
	bool gone = true;

	CHECK(fixture_create(&f, "default", pod));
	bind(&f);
	clock_set(1000000000000000);
	p = del(&f, k, "default", "p", "{}", &gone);
	CHECK(p && !gone);
	CHECK_INT(p->deleted_s, 1000000030);
	CHECK_INT(p->generation, 2);
	clock_set(1000000005000000);
	q = del(&f, k, "default", "p", "{}", &gone);
	CHECK(q && !gone);
	CHECK_INT(q->rev, p->rev);
	q = del(&f, k, "default", "p", "{\"gracePeriodSeconds\":60}", &gone);
	CHECK_INT(q->rev, p->rev);
	q = del(&f, k, "default", "p", "{\"gracePeriodSeconds\":10}", &gone);
	CHECK_INT(q->deleted_s, 1000000010);
	CHECK_INT(q->generation, 2);
	cur.rev = q->rev;
	q = del(&f, k, "default", "p", "{\"gracePeriodSeconds\":0}", &gone);
	CHECK(q && gone);
	clock_set(-1);
	CHECK(cursor_next(&cur, ev, 4, &n, &f.st));
	CHECK_INT(n, 2);
	CHECK_INT(ev[0].type, EVENT_MODIFIED);
	CHECK_INT(ev[1].type, EVENT_DELETED);
	CHECK_INT(json_path_int(obj_tree(f.a, ev[0].obj), "metadata.deletionGracePeriodSeconds", -1),
		  0);
	event_clear(&ev[0]);
	event_clear(&ev[1]);
}

UNIT_TEST(namespaces_wait_for_finalize)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "Namespace");
	const struct obj *p;
	bool gone = true;

	CHECK(!del(&f, k, "", "kube-system", "{}", &gone));
	CHECK_INT(f.st.code, 403);
	CHECK_STR(f.st.message,
		  "namespaces \"kube-system\" is forbidden: this namespace may not be deleted");
	CHECK(fixture_create(&f, "", "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"t\"}}"));
	p = del(&f, k, "", "t", "{}", &gone);
	CHECK(p && !gone && p->deleted_s);
	CHECK_STR(fixture_text(&f, p, "status.phase"), "Terminating");
	p = del(&f, k, "", "t", "{}", &gone);
	CHECK(p && !gone);
	p = fixture_update(&f, "finalize", "",
			   "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"t\"},\"spec\":{}}");
	CHECK_STR(f.st.message, NULL);
	CHECK(p);
	CHECK(!fixture_get(&f, k, "", "t"));
}

UNIT_TEST(delete_dry_run)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	bool gone;

	CHECK(fixture_create(&f, "default", map_a));
	f.c.dry_run = true;
	CHECK(del(&f, k, "default", "a", "{}", &gone));
	CHECK(fixture_get(&f, k, "default", "a"));
	CHECK(del(&f, k, "default", "a", "{\"propagationPolicy\":\"Foreground\"}", &gone));
	CHECK(!fixture_get(&f, k, "default", "a")->deleted_s);
}

UNIT_TEST(collection_deletes_what_is_selected)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct list_options l = { .label_selector = "x=1" };
	struct list_result r;

	for (int i = 0; i < 600; i++)
		CHECK(fixture_create(
			&f, "default",
			arena_printf(f.a,
				     "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m%03d\",\"labels\":{\"x\":\"%d\"}%s}}",
				     i, i % 2, i == 1 ? ",\"finalizers\":[\"a.io/b\"]" : "")));
	CHECK(api_delete_collection(&f.c, k, "default", &l, NULL, &r, &f.st));
	CHECK_INT(r.n, 300);
	CHECK(api_list(&f.c, k, "default", NULL, &r, &f.st));
	CHECK_INT(r.n, 301);
	CHECK(fixture_get(&f, k, "default", "m001")->deleted_s);
}
