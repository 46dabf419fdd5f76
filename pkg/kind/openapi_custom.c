/*
 * openapi_custom: custom kinds in the documents.
 *
 * A definition's schema is OpenAPI already; it is printed as it was stored, descriptions and all, with metadata in
 * place of whatever the definition says of it.  v3 says of int-or-string what it is; v2 cannot say alternatives,
 * defaults and null, and of what is open it says nothing at all, because old kubectl would take it at its word.
 * k8s: apiextensions-apiserver/pkg/controller/openapi/{builder,v2}.
 */
#include "kind/openapi_priv.h"

#include "base/arena.h"
#include "kind/crd.h"
#include "kind/custom.h"
#include "kind/types.h"
#include "obj/json.h"

#include <string.h>

/* Whose apiVersion and kind are described as every object's. */
#define ANY_TYPE "io.k8s.api.core.v1.Pod"

static bool is_true(const struct json *j, const char *name)
{
	return json_is_true(json_get(j, name));
}

static void drop(struct json *j, const char *const *names)
{
	for (; *names; names++)
		json_del(j, *names);
}

static void reduce_v2(struct json *j)
{
	static const char *const never[] = { "default",  "allOf",        "oneOf",   "anyOf", "not",
					     "nullable", "externalDocs", "example", NULL };
	static const char *const open[] = { "type", "items", "properties", NULL };
	static const char *const shape[] = { "type",       "items",
					     "properties", "additionalProperties",
					     "enum",       "x-kubernetes-list-type",
					     NULL };

	if (is_true(j, "nullable"))
		drop(j, shape);
	if (is_true(j, "x-kubernetes-preserve-unknown-fields"))
		drop(j, open);
	drop(j, never);
}

static void tell_int_or_string(struct arena *a, struct json *j)
{
	if (is_true(j, "x-kubernetes-int-or-string") && !json_get(j, "anyOf"))
		json_set(a, j, "anyOf", json_build(a, "[{type:\"integer\"},{type:\"string\"}]"));
}

static void adapt(struct oa *d, struct json *j)
{
	if (d->v2)
		reduce_v2(j);
	else
		tell_int_or_string(d->a, j);
	json_each(p, json_get(j, "properties"))
		adapt(d, p);
	if (json_is_object(json_get(j, "items")))
		adapt(d, json_get(j, "items"));
	if (json_is_object(json_get(j, "additionalProperties")))
		adapt(d, json_get(j, "additionalProperties"));
}

/* ---- writing ---- */

static void write_text(struct oa *d, const char *field)
{
	const char *doc = oa_doc(ANY_TYPE, field);

	oa_open(d, field, '{');
	if (doc)
		oa_text(d, "description", doc);
	oa_text(d, "type", "string");
	oa_close(d, '}');
}

static void write_meta(struct oa *d, const struct schema_type *t, const char *owner)
{
	const char *name = oa_type_name(d, t), *doc = oa_doc(owner, "metadata");

	oa_open(d, "metadata", '{');
	if (doc)
		oa_text(d, "description", doc);
	if (d->v2) {
		oa_ref(d, name);
	} else {
		oa_open(d, "allOf", '[');
		oa_open(d, NULL, '{');
		oa_ref(d, name);
		buf_adds(d->out, "}]");
	}
	oa_close(d, '}');
}

static void write_gvk(struct oa *d, const struct kind *k, const char *kind)
{
	oa_open(d, "x-kubernetes-group-version-kind", '[');
	oa_gvk(d, NULL, k->subject.group, k->version, kind);
	oa_close(d, ']');
}

static void write_fields(struct oa *d, const struct kind *k)
{
	if (!k->nselectable)
		return;
	oa_open(d, "x-kubernetes-selectable-fields", '[');
	for (size_t i = 0; i < k->nselectable; i++) {
		oa_open(d, NULL, '{');
		oa_text(d, "fieldPath", k->selectable_names[i]);
		oa_close(d, '}');
	}
	oa_close(d, ']');
}

static struct json *schema_of(struct oa *d, const struct kind *k)
{
	const struct obj *o = custom_object(d->a, k);
	struct json *tree = o ? obj_tree(d->a, o) : NULL;

	json_each(v, json_path(tree, "spec.versions"))
		if (!strcmp(json_str(json_get(v, "name")), k->version))
			return json_path(v, "schema.openAPIV3Schema");
	return NULL;
}

static bool is_common(const char *name)
{
	return !strcmp(name, "apiVersion") || !strcmp(name, "kind") || !strcmp(name, "metadata");
}

static void write_member(struct oa *d, const struct json *m)
{
	oa_key(d, json_name(m));
	json_print(d->out, m);
}

static void write_properties(struct oa *d, const struct json *schema)
{
	oa_open(d, "properties", '{');
	write_text(d, "apiVersion");
	write_text(d, "kind");
	write_meta(d, &type_meta_v1_ObjectMeta, ANY_TYPE);
	json_each(p, json_get(schema, "properties"))
		if (!is_common(json_name(p)))
			write_member(d, p);
	oa_close(d, '}');
}

static void write_object(struct oa *d, const struct kind *k)
{
	struct json *schema = schema_of(d, k);
	bool open = !schema || (d->v2 && is_true(schema, "x-kubernetes-preserve-unknown-fields"));

	if (schema)
		adapt(d, schema);
	json_each(m, schema)
		if (strcmp(json_name(m), "properties") && strcmp(json_name(m), "type"))
			write_member(d, m);
	oa_text(d, "type", "object");
	if (open)
		oa_raw(d, "x-kubernetes-preserve-unknown-fields", "true");
	else
		write_properties(d, schema);
	write_gvk(d, k, k->subject.kind);
	write_fields(d, k);
}

static void write_list(struct oa *d, const struct kind *k)
{
	char kind[256];

	oa_text(d, "description",
		arena_printf(d->a, "%s is a list of %s", kind_list_kind(k, kind), k->subject.kind));
	oa_text(d, "type", "object");
	oa_raw(d, "required", "[\"items\"]");
	oa_open(d, "properties", '{');
	write_text(d, "apiVersion");
	oa_open(d, "items", '{');
	oa_text(d, "description",
		arena_printf(d->a,
			     "List of %s. More info: https://git.k8s.io/community/contributors/devel/"
			     "sig-architecture/api-conventions.md",
			     k->subject.resource));
	oa_text(d, "type", "array");
	oa_open(d, "items", '{');
	oa_ref(d, oa_kind_name(d, k, false));
	oa_close(d, '}');
	oa_close(d, '}');
	write_text(d, "kind");
	write_meta(d, &type_meta_v1_ListMeta, "io.k8s.api.core.v1.PodList");
	oa_close(d, '}');
	write_gvk(d, k, kind_list_kind(k, kind));
	write_fields(d, k);
}

void oa_custom(struct oa *d, const struct oa_entry *e)
{
	if (e->list)
		write_list(d, e->kind);
	else
		write_object(d, e->kind);
}
