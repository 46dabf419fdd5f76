/* The documents: what kubectl and Argo CD look for in them. kubectl itself reads them in the scenarios. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "kind/kind.h"
#include "kind/openapi.h"
#include "obj/json.h"
#include "unit.h"

#include <string.h>

struct document {
	struct arena *a;
	struct kinds *ks;
	struct buf text;
	struct json *root;
};

static struct document begin(void)
{
	return (struct document){ .a = arena_new(), .ks = kinds_new() };
}

static void parse(struct document *d)
{
	struct status st = STATUS_INIT;

	d->root = json_parse(d->a, d->text.p, d->text.len, NULL, &st);
	unit_check_str(st.message, NULL, __FILE__, __LINE__, "document");
}

static void end(struct document *d)
{
	buf_free(&d->text);
	kinds_free(&d->ks);
	arena_free(&d->a);
}

static const struct json *schema(const struct document *d, const char *name)
{
	const struct json *all = json_path(d->root, "components.schemas");

	return json_get(all ? all : json_get(d->root, "definitions"), name);
}

/* Every "$ref" below j names a definition. */
static void check_refs(const struct document *d, const struct json *j)
{
	json_each(v, j) {
		if (json_name(v) && strcmp(json_name(v), "$ref") == 0 && json_is_string(v))
			unit_check(schema(d, strrchr(json_str(v), '/') + 1) != NULL, __FILE__,
				   __LINE__, json_str(v));
		check_refs(d, v);
	}
}

static bool has_param(const struct json *op, const char *name)
{
	json_each(p, json_get(op, "parameters"))
		if (strcmp(json_path_str(p, "name"), name) == 0)
			return true;
	return false;
}

UNIT_TEST(openapi_paths_of_documents)
{
	struct document d = begin();
	const char *const *p = openapi_v3_paths(d.a, d.ks);
	size_t n = 0;

	CHECK_STR(p[0], "api/v1");
	for (; p[n]; n++) {
		buf_clear(&d.text);
		CHECK(openapi_v3(&d.text, d.ks, p[n]));
		parse(&d);
		check_refs(&d, d.root);
	}
	CHECK(n >= 20);
	CHECK(!openapi_v3(&d.text, d.ks, "apis/nothing/v1"));
	end(&d);
}

UNIT_TEST(openapi_v3_deployment)
{
	struct document d = begin();
	const struct json *op, *t;

	CHECK(openapi_v3(&d.text, d.ks, "apis/apps/v1"));
	parse(&d);
	op = json_get(json_get(json_get(d.root, "paths"),
			       "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"),
		      "patch");
	CHECK(has_param(op, "fieldValidation"));
	CHECK_STR(json_path_str(op, "x-kubernetes-action"), "patch");
	CHECK_STR(json_path_str(op, "operationId"), "patchAppsV1NamespacedDeployment");
	CHECK_STR(json_path_str(json_get(op, "x-kubernetes-group-version-kind"), "kind"),
		  "Deployment");
	t = schema(&d, "io.k8s.api.apps.v1.Deployment");
	CHECK_STR(json_path_str(json_at(json_get(t, "x-kubernetes-group-version-kind"), 0), "group"),
		  "apps");
	CHECK_STR(json_text(d.a, json_path(t, "properties.spec")),
		  "{\"allOf\":[{\"$ref\":\"#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec\"}],"
		  "\"default\":{}}");
	t = schema(&d, "io.k8s.api.core.v1.Container");
	CHECK_STR(json_text(d.a, json_path(t, "properties.ports")),
		  "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/"
		  "io.k8s.api.core.v1.ContainerPort\"},\"x-kubernetes-list-type\":\"map\","
		  "\"x-kubernetes-list-map-keys\":[\"containerPort\",\"protocol\"],"
		  "\"x-kubernetes-patch-merge-key\":\"containerPort\",\"x-kubernetes-patch-strategy\":\"merge\"}");
	end(&d);
}

static const char *say(const char *type, const char *field)
{
	return strcmp(type, "io.k8s.api.core.v1.Pod") == 0 && !field ? "A pod." : NULL;
}

UNIT_TEST(openapi_v2)
{
	struct document d = begin();
	const struct json *t;

	openapi_set_docs(say);
	openapi_v2_json(&d.text, d.ks);
	openapi_set_docs(NULL);
	parse(&d);
	check_refs(&d, d.root);
	t = schema(&d, "io.k8s.api.core.v1.Pod");
	CHECK_STR(json_path_str(t, "description"), "A pod.");
	CHECK_STR(json_text(d.a, json_path(t, "properties.spec")),
		  "{\"$ref\":\"#/definitions/io.k8s.api.core.v1.PodSpec\"}");
	CHECK(json_count(json_get(schema(&d, "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"),
				  "x-kubernetes-group-version-kind")) >= 20);
	end(&d);
}

/* The length of the field `number` of the message p, and where it starts; 0 when there is none. */
static size_t field_length(const uint8_t **p, const uint8_t *last, unsigned number)
{
	while (*p < last) {
		unsigned tag = *(*p)++, shift = 0;
		size_t n = 0;

		do
			n |= (size_t)(**p & 0x7F) << shift;
		while (shift += 7, *(*p)++ & 0x80);
		if (tag == (number << 3 | 2))
			return n;
		*p += n;
	}
	return 0;
}

UNIT_TEST(openapi_v2_protobuf)
{
	struct document d = begin();
	const uint8_t *p, *last;
	size_t n;

	openapi_v2_proto(&d.text, d.ks);
	p = (const uint8_t *)d.text.p;
	last = p + d.text.len;
	n = field_length(&p, last, 1);
	CHECK_MEM(p, n, "2.0", 3);
	p += n;
	n = field_length(&p, last, 8);
	CHECK(n > 100000);
	p += n;
	n = field_length(&p, last, 9);
	CHECK(n > 100000);
	end(&d);
}
