/* Server-side apply and managed fields through the verbs. */
#include "api_fixture.h"

#include <stdio.h>
#include <string.h>

static const struct obj *apply(struct fixture *f, const struct kind *k, const char *manager,
			       const char *text, bool force)
{
	struct json *config = fixture_json(f, text);

	f->c.manager = manager;
	status_clear(&f->st);
	return api_patch(&f->c, k, NULL, "default", json_path_str(config, "metadata.name"),
			 PATCH_APPLY, config, force, NULL, &f->st);
}

/* "manager Operation fields;" of every entry. */
static const char *owners(struct fixture *f, const struct obj *o)
{
	const char *text = "";

	json_each(e, json_path(obj_tree(f->a, o), "metadata.managedFields"))
		text = arena_printf(f->a, "%s%s %s %s;", text, json_path_str(e, "manager"),
				    json_path_str(e, "operation"),
				    json_text(f->a, json_get(e, "fieldsV1")));
	return text;
}

#define CM(data)                                                                                     \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":" data \
	"}"

UNIT_TEST(apply_takes_and_gives)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *o = apply(&f, k, "m1", CM("{\"x\":\"1\",\"y\":\"2\"}"), false);
	int64_t rev;

	CHECK_STR(f.st.message, NULL);
	CHECK_STR(owners(&f, o), "m1 Apply {\"f:data\":{\"f:x\":{},\"f:y\":{}}};");
	o = apply(&f, k, "m1", CM("{\"x\":\"1\"}"), false);
	CHECK_STR(fixture_text(&f, o, "data.y"), "");
	rev = o->rev;
	CHECK_INT(apply(&f, k, "m1", CM("{\"x\":\"1\"}"), false)->rev, rev);
	CHECK(!apply(&f, k, "m2", CM("{\"x\":\"3\"}"), false));
	CHECK_STR(f.st.message, "Apply failed with 1 conflict: conflict with \"m1\": .data.x");
	CHECK_INT(f.st.ncauses, 1);
	CHECK_STR(f.st.causes[0].field, ".data.x");
	o = apply(&f, k, "m2", CM("{\"x\":\"3\"}"), true);
	CHECK_STR(owners(&f, o), "m2 Apply {\"f:data\":{\"f:x\":{}}};");
	/* the same value belongs to both, until both let go */
	o = apply(&f, k, "m1", CM("{\"x\":\"3\"}"), false);
	o = apply(&f, k, "m2", CM("{}"), false);
	CHECK_STR(fixture_text(&f, o, "data.x"), "3");
	o = apply(&f, k, "m1", CM("{}"), false);
	CHECK_STR(fixture_text(&f, o, "data.x"), "");
}

UNIT_TEST(updates_move_ownership)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *o;

	CHECK(apply(&f, k, "m1", CM("{\"x\":\"1\",\"y\":\"2\"}"), false));
	f.c.manager = "u";
	o = fixture_patch(&f, k, NULL, "default", "a", PATCH_MERGE,
			  "{\"data\":{\"x\":\"5\",\"z\":\"1\"}}");
	CHECK_STR(owners(&f, o),
		  "m1 Apply {\"f:data\":{\"f:y\":{}}};u Update {\"f:data\":{\"f:x\":{},\"f:z\":{}}};");
	o = fixture_patch(&f, k, NULL, "default", "a", PATCH_MERGE, "{\"data\":{\"y\":null}}");
	CHECK_STR(owners(&f, o), "u Update {\"f:data\":{\"f:x\":{},\"f:z\":{}}};");
	f.c.manager = NULL; /* nobody's write */
	o = fixture_patch(&f, k, NULL, "default", "a", PATCH_MERGE, "{\"data\":{\"q\":\"1\"}}");
	CHECK_STR(owners(&f, o), "u Update {\"f:data\":{\"f:x\":{},\"f:z\":{}}};");
	f.c.manager = "u";
	o = fixture_patch(&f, k, NULL, "default", "a", PATCH_MERGE,
			  "{\"metadata\":{\"managedFields\":[{}]}}");
	CHECK_STR(owners(&f, o), "");
	o = apply(&f, k, "m", CM("{\"n\":\"1\"}"), false);
	CHECK_STR(owners(&f, o), "m Apply {\"f:data\":{\"f:n\":{}}};before-first-apply Update "
				 "{\"f:data\":{\".\":{},\"f:q\":{},\"f:x\":{},\"f:z\":{}}};");
}

UNIT_TEST(updaters_are_capped)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	const struct obj *o = apply(&f, k, "m", CM("{\"n\":\"1\"}"), false);

	for (int i = 0; i < 30; i++) {
		f.c.manager = arena_printf(f.a, "u%d", i);
		o = fixture_patch(&f, k, NULL, "default", "a", PATCH_MERGE,
				  arena_printf(f.a, "{\"data\":{\"k%d\":\"1\"}}", i));
	}
	CHECK_INT(json_count(json_path(obj_tree(f.a, o), "metadata.managedFields")), 11);
	CHECK(strstr(owners(&f, o), "ancient-changes Update"));
}

UNIT_TEST(many_managers_are_no_trouble)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	struct json *list = json_array(f.a), *patch;
	const struct obj *o;

	CHECK(apply(&f, k, "m", CM("{\"n\":\"1\"}"), false));
	for (int i = 0; i < 20000; i++)
		json_append(list, json_build(f.a,
					     "{manager:%s,operation:\"Update\",apiVersion:%s,fieldsType:"
					     "\"FieldsV1\",fieldsV1:{\"f:data\":{\"f:n\":{}}}}",
					     arena_printf(f.a, "u%d", i),
					     i % 2 ? "v1" : arena_printf(f.a, "v%d", i + 2)));
	patch = json_build(f.a, "{metadata:{managedFields:%j}}", list);
	f.c.manager = "w";
	o = api_patch(&f.c, k, NULL, "default", "a", PATCH_MERGE, patch, false, NULL, &f.st);
	CHECK_STR(f.st.message, NULL);
	CHECK(json_count(json_path(obj_tree(f.a, o), "metadata.managedFields")) <= 11);
}
