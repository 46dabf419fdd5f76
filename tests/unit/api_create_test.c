/* create: the pipeline, metadata, names, dry run, field validation. */
#include "api_fixture.h"

#include "base/codec.h"

UNIT_TEST(create_sets_system_metadata)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(
		&f, "default",
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"uid\":\"mine\","
		"\"creationTimestamp\":\"2001-01-01T00:00:00Z\",\"generation\":7,"
		"\"managedFields\":[{\"manager\":\"x\"}],\"selfLink\":\"/x\"},\"data\":{\"k\":\"v\"}}");

	CHECK_STR(f.st.message, NULL);
	CHECK(o);
	CHECK_INT(strlen(o->uid), 36);
	CHECK_STR(fixture_text(&f, o, "apiVersion"), "v1");
	CHECK_STR(fixture_text(&f, o, "metadata.namespace"), "default");
	CHECK_STR(fixture_text(&f, o, "data.k"), "v");
	CHECK(o->rev > 1);
	CHECK_INT(o->generation, 0);
	CHECK(o->created_s > 1600000000);
	CHECK_STR(fixture_text(&f, o, "metadata.managedFields.0.operation"), "Update");
	CHECK(json_path(obj_tree(f.a, o), "metadata.managedFields.0.fieldsV1.f:data.f:k"));
	CHECK(!json_path(obj_tree(f.a, o), "metadata.selfLink"));
}

UNIT_TEST(create_twice_is_already_exists)
{
	FIXTURE(f);
	static const char text[] = "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}";

	CHECK(fixture_create(&f, "default", text));
	CHECK(!fixture_create(&f, "default", text));
	CHECK_INT(f.st.code, 409);
	CHECK_STR(f.st.reason, "AlreadyExists");
	CHECK_STR(f.st.message, "configmaps \"a\" already exists");
}

UNIT_TEST(create_of_a_going_object_says_so)
{
	FIXTURE(f);
	static const char text[] =
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"finalizers\":[\"x.io/y\"]}}";
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");

	CHECK(fixture_create(&f, "default", text));
	CHECK(api_delete(&f.c, k, "default", "a", NULL, NULL, &f.st));
	CHECK(!fixture_create(&f, "default", text));
	CHECK_STR(f.st.message, "object is being deleted: configmaps \"a\" already exists");
	CHECK_STR(f.st.reason, "AlreadyExists");
}

UNIT_TEST(create_generates_names)
{
	FIXTURE(f);
	static const char text[] = "{\"kind\":\"ConfigMap\",\"metadata\":{\"generateName\":\"a-\"}}";
	const struct obj *x = fixture_create(&f, "default", text);
	const struct obj *y = fixture_create(&f, "default", text);

	CHECK(x && y);
	CHECK_INT(strlen(x->name), 7);
	CHECK(!strncmp(x->name, "a-", 2));
	CHECK(strcmp(x->name, y->name));
	CHECK_STR(fixture_text(&f, x, "metadata.generateName"), "a-");
}

UNIT_TEST(create_cuts_long_generated_names)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(
		&f, "default",
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"generateName\":"
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-\"}}");

	CHECK(o);
	CHECK_INT(strlen(o->name), 63);
}

UNIT_TEST(create_without_a_name_is_invalid)
{
	FIXTURE(f);

	CHECK(!fixture_create(&f, "default", "{\"kind\":\"ConfigMap\",\"metadata\":{}}"));
	CHECK_INT(f.st.code, 422);
	CHECK_STR(f.st.message,
		  "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required");
}

UNIT_TEST(create_refuses_a_revision)
{
	FIXTURE(f);

	CHECK(!fixture_create(
		&f, "default",
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"5\"}}"));
	CHECK_INT(f.st.code, 500);
	CHECK_STR(f.st.message, "resourceVersion should not be set on objects to be created");
}

UNIT_TEST(create_judges_before_it_refuses_a_revision)
{
	FIXTURE(f);

	CHECK(!fixture_create(
		&f, "default",
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"A_\",\"resourceVersion\":\"5\"}}"));
	CHECK_INT(f.st.code, 422);
}

UNIT_TEST(create_rehearses_with_a_revision)
{
	FIXTURE(f);

	f.c.dry_run = true;
	CHECK(fixture_create(
		&f, "default",
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"5\"}}"));
}

UNIT_TEST(create_checks_the_namespace)
{
	FIXTURE(f);
	static const char text[] = "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}";

	CHECK(!fixture_create(&f, "nons", text));
	CHECK_INT(f.st.code, 404);
	CHECK_STR(f.st.message, "namespaces \"nons\" not found");
	CHECK_STR(f.st.kind, "namespaces");
	CHECK(!fixture_create(
		&f, "default",
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"namespace\":\"other\"}}"));
	CHECK_INT(f.st.code, 400);
	CHECK_STR(f.st.message,
		  "the namespace of the provided object does not match the namespace sent on the request");
}

UNIT_TEST(create_in_a_terminating_namespace_is_forbidden)
{
	FIXTURE(f);
	const struct kind *ns = fixture_kind(&f, "v1", "Namespace");
	bool gone = true;

	CHECK(fixture_create(&f, "", "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"t1\"}}"));
	CHECK(api_delete(&f.c, ns, "", "t1", NULL, &gone, &f.st));
	CHECK(!gone);
	CHECK(!fixture_create(&f, "t1", "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}"));
	CHECK_INT(f.st.code, 403);
	CHECK_STR(f.st.message,
		  "configmaps \"a\" is forbidden: unable to create new content in namespace t1 because it is being terminated");
	CHECK_INT(f.st.ncauses, 1);
	CHECK_STR(f.st.causes[0].reason, "NamespaceTerminating");
	CHECK_STR(f.st.causes[0].message, "namespace t1 is being terminated");
	CHECK_STR(f.st.causes[0].field, "metadata.namespace");
}

UNIT_TEST(create_tells_wrong_kinds_apart)
{
	FIXTURE(f);
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");

	CHECK(!api_create(&f.c, k, "default",
			  fixture_json(&f, "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{}}"),
			  &f.st));
	CHECK_INT(f.st.code, 400);
	CHECK_STR(f.st.message,
		  "Pod in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion");
	status_clear(&f.st);
	CHECK(!api_create(
		&f.c, k, "default",
		fixture_json(&f, "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v2\",\"metadata\":{}}"),
		&f.st));
	CHECK_STR(f.st.message,
		  "the API version in the data (v2) does not match the expected API version (v1)");
	status_clear(&f.st);
	CHECK(!api_create(&f.c, k, "default", fixture_json(&f, "[]"), &f.st));
	CHECK_INT(f.st.code, 400);
}

UNIT_TEST(create_judges_unknown_fields)
{
	FIXTURE(f);
	static const char text[] =
		"{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\",\"foo\":1},\"spec\":{}}";

	f.c.validation = VALIDATION_STRICT;
	CHECK(!fixture_create(&f, "default", text));
	CHECK_INT(f.st.code, 400);
	CHECK_STR(f.st.message,
		  "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"metadata.foo\", unknown field \"spec\"");
	f.c.validation = VALIDATION_WARN;
	CHECK(fixture_create(&f, "default", text));
	CHECK_INT(f.c.nwarnings, 2);
	CHECK_STR(f.c.warnings[0], "unknown field \"metadata.foo\"");
	CHECK(!strstr(fixture_get(&f, fixture_kind(&f, "v1", "ConfigMap"), "default", "a")->json,
		      "foo"));
}

UNIT_TEST(create_counts_duplicate_fields)
{
	FIXTURE(f);
	static const char text[] =
		"{\"metadata\":{\"name\":\"a\"},\"data\":{\"a\":\"1\",\"a\":\"2\"}}";
	struct json_dups dups = { 0 };
	struct json *o = json_parse(f.a, text, strlen(text), &dups, &f.st);

	f.c.dups = &dups;
	f.c.validation = VALIDATION_STRICT;
	CHECK(!api_create(&f.c, fixture_kind(&f, "v1", "ConfigMap"), "default", o, &f.st));
	CHECK_STR(f.st.message,
		  "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: duplicate field \"data.a\"");
}

UNIT_TEST(create_dry_run_stores_nothing)
{
	FIXTURE(f);
	static const char text[] = "{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}";
	const struct kind *k = fixture_kind(&f, "v1", "ConfigMap");
	int64_t before = store_rev(f.store);
	const struct obj *o;

	f.c.dry_run = true;
	o = fixture_create(&f, "default", text);
	CHECK(o);
	CHECK_INT(strlen(o->uid), 36);
	CHECK_INT(o->rev, 0);
	CHECK_STR(fixture_text(&f, o, "metadata.resourceVersion"), "");
	CHECK_INT(store_rev(f.store), before);
	CHECK(!fixture_get(&f, k, "default", "a"));
	f.c.dry_run = false;
	CHECK(fixture_create(&f, "default", text));
	f.c.dry_run = true;
	CHECK(!fixture_create(&f, "default", text));
	CHECK_STR(f.st.reason, "AlreadyExists");
}

UNIT_TEST(create_gives_generation_and_empties_status)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(
		&f, "default",
		"{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d\"},"
		"\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"metadata\":"
		"{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}},"
		"\"status\":{\"replicas\":3}}");

	CHECK_STR(f.st.message, NULL);
	CHECK(o);
	CHECK_INT(o->generation, 1);
	CHECK_INT(json_path_int(obj_tree(f.a, o), "status.replicas", -1), -1);
	CHECK_INT(json_path_int(obj_tree(f.a, o), "spec.replicas", -1), 1);
}

UNIT_TEST(create_ignores_a_namespace_on_cluster_kinds)
{
	FIXTURE(f);
	const struct obj *o = fixture_create(
		&f, "",
		"{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n\",\"namespace\":\"default\"}}");

	CHECK(o);
	CHECK_STR(o->ns, "");
	CHECK_STR(fixture_text(&f, o, "status.phase"), "Active");
	CHECK_STR(obj_label(o, "kubernetes.io/metadata.name"), "n");
}
