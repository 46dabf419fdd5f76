/* watch: initial state, resumption, selector transitions, bookmarks, expiry. */
#include "api_fixture.h"

static const char *const names[] = { "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR" };

/* "ADDED a@x=1" of the next event, "" when there is none. */
static const char *next(struct fixture *f, struct watch *w)
{
	struct watch_event e;
	const char *text;

	status_clear(&f->st);
	if (!watch_next(w, &e, &f->st))
		return "";
	if (!e.obj)
		return arena_printf(f->a, "%s%s", names[e.type], e.initial_end ? " end" : "");
	text = arena_printf(f->a, "%s %s %s", names[e.type], e.obj->name,
			    obj_label(e.obj, "x") ? obj_label(e.obj, "x") : "-");
	if (e.obj->rev != e.rev)
		text = "revisions differ";
	watch_event_clear(&e);
	return text;
}

static void label(struct fixture *f, const char *name, const char *x)
{
	const struct kind *k = fixture_kind(f, "v1", "ConfigMap");
	char *patch = arena_printf(f->a, "{\"metadata\":{\"labels\":{\"x\":\"%s\"}}}", x);

	if (!fixture_patch(f, k, NULL, "default", name, PATCH_MERGE, patch))
		bug("%s", f->st.message);
}

static void make(struct fixture *f, const char *ns, const char *name, const char *x)
{
	if (!fixture_create(
		    f, ns,
		    arena_printf(f->a,
				 "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\",\"labels\":{\"x\":\"%s\"}}}",
				 name, x)))
		bug("%s", f->st.message);
}

UNIT_TEST(watch_delivers_state_then_changes)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct watch *w;

	make(&f, "default", "a", "1");
	make(&f, "kube-public", "b", "1");
	w = watch_open(f.api, k, "default", NULL, &f.st);
	CHECK(w);
	CHECK_STR(next(&f, w), "ADDED a 1");
	CHECK_STR(next(&f, w), "");
	make(&f, "default", "c", "1");
	make(&f, "kube-public", "d", "1");
	label(&f, "a", "2");
	CHECK(api_delete(&f.c, k, "default", "a", NULL, NULL, &f.st));
	CHECK_STR(next(&f, w), "ADDED c 1");
	CHECK_STR(next(&f, w), "MODIFIED a 2");
	CHECK_STR(next(&f, w), "DELETED a 2");
	CHECK_STR(next(&f, w), "");
	CHECK_INT(watch_rev(w), store_rev(f.store));
	watch_close(&w);
	CHECK(!w);
}

UNIT_TEST(watch_resumes_exactly)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct watch_options o = { 0 };
	struct watch *w;

	make(&f, "default", "a", "1");
	o.resource_version = arena_printf(f.a, "%lld", (long long)store_rev(f.store));
	make(&f, "default", "b", "1");
	w = watch_open(f.api, k, "", &o, &f.st);
	CHECK_STR(next(&f, w), "ADDED b 1");
	CHECK_STR(next(&f, w), "");
	watch_close(&w);
	/* the future: silent until it has come */
	o.resource_version = arena_printf(f.a, "%lld", (long long)store_rev(f.store) + 1);
	w = watch_open(f.api, k, "", &o, &f.st);
	CHECK_STR(next(&f, w), "");
	make(&f, "default", "c", "1");
	CHECK_STR(next(&f, w), "");
	make(&f, "default", "d", "1");
	CHECK_STR(next(&f, w), "ADDED d 1");
	watch_close(&w);
}

UNIT_TEST(watch_translates_selector_transitions)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct watch_options o = { .label_selector = "x=1" };
	struct watch *w;

	make(&f, "default", "a", "1");
	w = watch_open(f.api, k, "default", &o, &f.st);
	CHECK_STR(next(&f, w), "ADDED a 1");
	label(&f, "a", "2");
	CHECK_STR(next(&f, w), "DELETED a 1");
	label(&f, "a", "3");
	CHECK_STR(next(&f, w), "");
	label(&f, "a", "1");
	CHECK_STR(next(&f, w), "ADDED a 1");
	label(&f, "a", "2");
	CHECK(api_delete(&f.c, k, "default", "a", NULL, NULL, &f.st));
	CHECK_STR(next(&f, w), "DELETED a 1");
	CHECK_STR(next(&f, w), "");
	watch_close(&w);
}

UNIT_TEST(watch_list_ends_with_a_bookmark)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct watch_options o = { .initial_events = true,
				   .initial_events_set = true,
				   .bookmarks = true,
				   .match = "NotOlderThan",
				   .field_selector = "metadata.name=a" };
	struct watch_event e;
	struct watch *w;

	make(&f, "default", "a", "1");
	make(&f, "default", "b", "1");
	w = watch_open(f.api, k, "default", &o, &f.st);
	CHECK(w);
	CHECK_STR(next(&f, w), "ADDED a 1");
	CHECK(watch_next(w, &e, &f.st));
	CHECK_INT(e.type, WATCH_BOOKMARK);
	CHECK(e.initial_end);
	CHECK_INT(e.rev, store_rev(f.store));
	CHECK_STR(next(&f, w), "");
	label(&f, "b", "2");
	label(&f, "a", "2");
	CHECK_STR(next(&f, w), "MODIFIED a 2");
	watch_close(&w);
}

UNIT_TEST(watch_options_are_checked)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct watch_options o = { .initial_events = true, .initial_events_set = true };

	CHECK(!watch_open(f.api, k, "", &o, &f.st));
	CHECK_INT(f.st.code, 422);
	CHECK_STR(f.st.message,
		  "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
	status_clear(&f.st);
	o = (struct watch_options){ .match = "NotOlderThan" };
	CHECK(!watch_open(f.api, k, "", &o, &f.st));
	CHECK_INT(f.st.code, 422);
	status_clear(&f.st);
	o = (struct watch_options){ .resource_version = "abc" };
	CHECK(!watch_open(f.api, k, "", &o, &f.st));
	CHECK_INT(f.st.code, 400);
}
