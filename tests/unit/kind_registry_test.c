/* The registry: lookups, order, growth, and rows that agree with themselves. */
#include "tests/lib/unit.h"

#include "kind/kind.h"

#include <string.h>

UNIT_TEST(registry_finds_rows)
{
	struct kinds *ks = kinds_new();
	const struct kind *k = kinds_by_resource(ks, "apps", "v1", "deployments");
	char text[128];

	CHECK(k != NULL);
	CHECK(k == kinds_by_kind(ks, "apps", "v1", "Deployment"));
	CHECK(k == kinds_by_api_version(ks, "apps/v1", "Deployment"));
	CHECK(k == kinds_preferred(ks, "apps", "deployments"));
	CHECK_STR(kind_api_version(k, text), "apps/v1");
	CHECK_STR(kind_table(k, text), "deployments.apps");
	CHECK_STR(kind_list_kind(k, text), "DeploymentList");
	CHECK(kinds_by_api_version(ks, "v1", "Pod") != NULL);
	CHECK(kinds_by_resource(ks, "apps", "v1beta1", "deployments") == NULL);
	CHECK(kinds_by_api_version(ks, "a/b/c", "Pod") == NULL);
	CHECK(kinds_has_group(ks, "policy"));
	CHECK(!kinds_has_group(ks, "extensions"));
	kinds_free(&ks);
}

UNIT_TEST(registry_shares_storage)
{
	struct kinds *ks = kinds_new();
	const struct kind *events = kinds_by_resource(ks, "events.k8s.io", "v1", "events");
	const struct kind *v1 =
		kinds_by_resource(ks, "autoscaling", "v1", "horizontalpodautoscalers");
	char text[128];

	CHECK(events->storage == kinds_by_resource(ks, "", "v1", "events"));
	CHECK_STR(kind_table(events, text), "events");
	CHECK(v1->storage == kinds_preferred(ks, "autoscaling", "horizontalpodautoscalers"));
	CHECK_STR(v1->storage->version, "v2");
	kinds_free(&ks);
}

UNIT_TEST(registry_rows_are_sound)
{
	struct kinds *ks = kinds_new();
	const struct kind *k;
	size_t it = 0, n = 0, last_group = 0;
	const char *group = NULL;

	while ((k = kinds_next(ks, &it))) {
		size_t fields = 0;

		n++;
		if (!group || strcmp(group, k->subject.group) != 0)
			last_group++;
		group = k->subject.group;
		CHECK(k->verbs != 0);
		CHECK(k->type != NULL);
		CHECK(k->singular != NULL);
		for (; k->fields && k->fields[fields]; fields++)
			;
		CHECK(k->nselectable <= fields);
		CHECK(!k->to_storage == !k->storage);
		for (const struct column *c = kind_columns(k); c->name; c++)
			CHECK(c->cell || c->path);
	}
	CHECK_INT(n, 68);
	CHECK_INT(last_group, 21);
	kinds_free(&ks);
}

UNIT_TEST(registry_grows)
{
	static const struct kind widget = {
		.subject = { "example.com", "widgets", "Widget" },
		.version = "v1",
		.verbs = VERBS_ALL,
	};
	struct kinds *ks = kinds_new();
	uint64_t serial = kinds_serial(ks);

	CHECK(kinds_add(ks, &widget));
	CHECK(!kinds_add(ks, &widget));
	CHECK(kinds_by_api_version(ks, "example.com/v1", "Widget") == &widget);
	CHECK(kinds_serial(ks) != serial);
	kinds_remove(ks, &widget);
	CHECK(!kinds_by_api_version(ks, "example.com/v1", "Widget"));
	CHECK(!kinds_has_group(ks, "example.com"));
	kinds_free(&ks);
}
