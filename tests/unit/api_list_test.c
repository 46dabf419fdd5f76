/* list: order, selectors, pages, revisions. */
#include "api_fixture.h"

#include "base/codec.h"

static void maps(struct fixture *f, const char *ns, int n)
{
	for (int i = 0; i < n; i++)
		if (!fixture_create(
			    f, ns,
			    arena_printf(f->a,
					 "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m%d\",\"labels\":{\"i\":\"%d\"}}}",
					 i, i)))
			bug("%s", f->st.message);
}

UNIT_TEST(list_selects)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct list_result r;

	maps(&f, "default", 4);
	maps(&f, "kube-public", 3);
	CHECK(api_list(&f.c, k, "default", NULL, &r, &f.st));
	CHECK_INT(r.n, 4);
	CHECK_INT(r.rev, store_rev(f.store));
	CHECK_STR(r.cont, "");
	CHECK(api_list(&f.c, k, "", &(struct list_options){ .label_selector = "i in (1,2)" }, &r,
		       &f.st));
	CHECK_INT(r.n, 4);
	CHECK_STR(r.items[0]->ns, "default");
	CHECK_STR(r.items[3]->ns, "kube-public");
	CHECK(api_list(&f.c, k, "default",
		       &(struct list_options){ .field_selector = "metadata.name=m2" }, &r, &f.st));
	CHECK_INT(r.n, 1);
	CHECK_STR(r.items[0]->name, "m2");
	CHECK(api_list(&f.c, k, "",
		       &(struct list_options){
			       .field_selector = "metadata.name!=m2,metadata.namespace=kube-public" },
		       &r, &f.st));
	CHECK_INT(r.n, 2);
	CHECK(api_list(&f.c, k, "default",
		       &(struct list_options){ .field_selector = "metadata.namespace=kube-public" },
		       &r, &f.st));
	CHECK_INT(r.n, 0);
	CHECK(api_list(&f.c, k, "nons", NULL, &r, &f.st));
	CHECK_INT(r.n, 0);
}

UNIT_TEST(list_refuses_bad_selectors)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct list_result r;

	CHECK(!api_list(&f.c, k, "", &(struct list_options){ .field_selector = "spec.foo=1" }, &r,
			&f.st));
	CHECK_INT(f.st.code, 400);
	CHECK_STR(f.st.message,
		  "\"spec.foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
	status_clear(&f.st);
	CHECK(!api_list(&f.c, fixture_kind(&f, "v1", "Pod"), "",
			&(struct list_options){ .field_selector = "spec.foo=1" }, &r, &f.st));
	CHECK_STR(f.st.message, "field label not supported: spec.foo");
	status_clear(&f.st);
	CHECK(!api_list(&f.c, k, "", &(struct list_options){ .label_selector = "a in" }, &r, &f.st));
	CHECK_INT(f.st.code, 400);
}

UNIT_TEST(list_pods_by_fields)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "Pod");
	struct bind_item b = { .ns = "default", .name = "p1", .node = "n1" };
	struct list_result r;

	for (int i = 0; i < 3; i++)
		CHECK(fixture_create(
			&f, "default",
			arena_printf(f.a,
				     "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p%d\"},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}",
				     i)));
	CHECK(api_bind_many(&f.c, &b, 1, &f.st));
	CHECK(b.bound);
	CHECK(api_list(
		&f.c, k, "",
		&(struct list_options){
			.field_selector =
				"spec.nodeName=n1,status.phase!=Succeeded,status.phase!=Failed" },
		&r, &f.st));
	CHECK_INT(r.n, 1);
	CHECK(api_list(&f.c, k, "", &(struct list_options){ .field_selector = "spec.nodeName=" },
		       &r, &f.st));
	CHECK_INT(r.n, 2);
	CHECK(api_list(&f.c, k, "",
		       &(struct list_options){ .field_selector = "spec.hostNetwork=false" }, &r,
		       &f.st));
	CHECK_INT(r.n, 3);
}

UNIT_TEST(list_pages_show_one_revision)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct list_options o = { .limit = 2 };
	struct list_result r;
	int64_t rev;
	size_t n, len;

	maps(&f, "default", 5);
	CHECK(api_list(&f.c, k, "default", &o, &r, &f.st));
	CHECK_INT(r.n, 2);
	CHECK_INT(r.remaining, 3);
	rev = r.rev;
	len = 0;
	CHECK_STR(base64url_decode(f.a, r.cont, strlen(r.cont), &len),
		  arena_printf(f.a,
			       "{\"v\":\"meta.k8s.io/v1\",\"rv\":%lld,\"start\":\"default/m1\\u0000\"}",
			       (long long)rev));
	maps(&f, "kube-public", 1);
	CHECK(fixture_create(&f, "default",
			     "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m22\"}}"));
	CHECK(api_delete(&f.c, k, "default", "m3", NULL, NULL, &f.st));
	n = r.n;
	while (*r.cont) {
		o.cont = r.cont;
		CHECK(api_list(&f.c, k, "default", &o, &r, &f.st));
		CHECK_INT(r.rev, rev);
		for (size_t i = 0; i < r.n; i++)
			CHECK_STR(r.items[i]->name, arena_printf(f.a, "m%zu", n + i));
		n += r.n;
	}
	CHECK_INT(n, 5);
}

UNIT_TEST(list_options_are_checked)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	static const struct {
		struct list_options o;
		int code;
		const char *message;
	} t[] = {
		{ { .resource_version = "abc" }, 400, NULL },
		{ { .match = "Exact" },
		  422,
		  "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided" },
		{ { .match = "Exact", .resource_version = "0" },
		  422,
		  "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"" },
		{ { .match = "Foo", .resource_version = "1" }, 422, NULL },
		{ { .initial_events_set = true }, 422, NULL },
		{ { .cont = "!!" }, 400, "invalid continue token: continue key is not valid" },
		{ { .cont = "e30" }, 400, NULL },
		{ { .cont = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0",
		    .resource_version = "5" },
		  400,
		  "specifying resource version is not allowed when using continue" },
	};
	struct list_result r;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		status_clear(&f.st);
		CHECK(!api_list(&f.c, k, "", &t[i].o, &r, &f.st));
		CHECK_INT(f.st.code, t[i].code);
		if (t[i].message)
			CHECK_STR(f.st.message, t[i].message);
	}
}

UNIT_TEST(list_at_revisions)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct list_options o = { .match = "Exact" };
	struct list_result r;
	int64_t before;

	maps(&f, "default", 2);
	before = store_rev(f.store);
	maps(&f, "kube-public", 2);
	o.resource_version = arena_printf(f.a, "%lld", (long long)before);
	CHECK(api_list_blocks(f.api, k, &o));
	CHECK(api_list(&f.c, k, "", &o, &r, &f.st));
	CHECK_INT(r.rev, before);
	o.match = "NotOlderThan";
	CHECK(api_list(&f.c, k, "kube-public", &o, &r, &f.st));
	CHECK_INT(r.n, 2);
	o = (struct list_options){ .resource_version = "99999999" };
	CHECK(api_list_blocks(f.api, k, &o));
	CHECK(!api_list(&f.c, k, "", &o, &r, &f.st));
	CHECK_INT(f.st.code, 504);
	CHECK_INT(f.st.retry_after_s, 1);
	CHECK(strstr(f.st.message, "Too large resource version: 99999999, current: "));
	CHECK_STR(f.st.causes[0].reason, "ResourceVersionTooLarge");
}

UNIT_TEST(two_versions_share_a_table)
{
	FIXTURE(f);
	const struct kind *v1 = fixture_kind(&f, "autoscaling/v1", "HorizontalPodAutoscaler");
	const struct kind *ev = fixture_kind(&f, "events.k8s.io/v1", "Event");
	const struct obj *o;
	struct list_result r;

	CHECK(fixture_create(
		&f, "default",
		"{\"apiVersion\":\"autoscaling/v2\",\"kind\":\"HorizontalPodAutoscaler\","
		"\"metadata\":{\"name\":\"h\"},\"spec\":{\"maxReplicas\":3,\"scaleTargetRef\":"
		"{\"kind\":\"Deployment\",\"name\":\"d\",\"apiVersion\":\"apps/v1\"}}}"));
	o = fixture_get(&f, v1, "default", "h");
	CHECK(o);
	CHECK_STR(fixture_text(&f, o, "apiVersion"), "autoscaling/v1");
	CHECK(o->rev > 0);
	CHECK(fixture_create(
		&f, "default",
		"{\"kind\":\"Event\",\"metadata\":{\"name\":\"e\"},\"involvedObject\":{\"kind\":\"Pod\","
		"\"name\":\"p\",\"namespace\":\"default\"},\"reason\":\"R\",\"message\":\"m\",\"type\":\"Normal\"}"));
	CHECK(api_list(&f.c, ev, "default",
		       &(struct list_options){ .field_selector = "regarding.name=p" }, &r, &f.st));
	CHECK_INT(r.n, 1);
	CHECK_STR(fixture_text(&f, r.items[0], "apiVersion"), "events.k8s.io/v1");
	CHECK_STR(fixture_text(&f, r.items[0], "regarding.name"), "p");
}
