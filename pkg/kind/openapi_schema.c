/*
 * openapi_schema: facts as OpenAPI schemas.
 *
 * Every field is one property; what Kubernetes knows beyond OpenAPI goes into its x-kubernetes-
 * extensions.  v3 wraps a reference that has siblings in allOf and names defaults, v2 does neither.
 * k8s: kube-openapi/pkg/generators, pkg/schemaconv
 */
#include "kind/openapi.h"
#include "kind/openapi_priv.h"

#include "base/arena.h"
#include "base/map.h"
#include "kind/types.h"

#include <string.h>

#define META "io.k8s.apimachinery.pkg.apis.meta.v1."
#define CRD "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."

/* A scalar that OpenAPI describes in place, or (name) as a definition of its own. */
static const struct {
	const char *name, *v2, *v3;
} scalars[] = {
	[SCALAR_STRING] = { NULL, "\"type\":\"string\"", NULL },
	[SCALAR_BOOL] = { NULL, "\"type\":\"boolean\"", NULL },
	[SCALAR_INT32] = { NULL, "\"type\":\"integer\",\"format\":\"int32\"", NULL },
	[SCALAR_INT64] = { NULL, "\"type\":\"integer\",\"format\":\"int64\"", NULL },
	[SCALAR_DOUBLE] = { NULL, "\"type\":\"number\",\"format\":\"double\"", NULL },
	[SCALAR_BYTES] = { NULL, "\"type\":\"string\",\"format\":\"byte\"", NULL },
	[SCALAR_TIME] = { META "Time", "\"type\":\"string\",\"format\":\"date-time\"", NULL },
	[SCALAR_MICROTIME] = { META "MicroTime", "\"type\":\"string\",\"format\":\"date-time\"",
			       NULL },
	[SCALAR_DURATION] = { META "Duration", "\"type\":\"string\"", NULL },
	[SCALAR_QUANTITY] = { "io.k8s.apimachinery.pkg.api.resource.Quantity", "\"type\":\"string\"",
			      "\"oneOf\":[{\"type\":\"string\"},{\"type\":\"number\"}]" },
	[SCALAR_INT_OR_STRING] = { "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
				   "\"type\":\"string\",\"format\":\"int-or-string\"",
				   "\"format\":\"int-or-string\",\"oneOf\":[{\"type\":\"integer\"},"
				   "{\"type\":\"string\"}]" },
	[SCALAR_RAW] = { "io.k8s.apimachinery.pkg.runtime.RawExtension", "\"type\":\"object\"", NULL },
	[SCALAR_FIELDS_V1] = { META "FieldsV1", "\"type\":\"object\"", NULL },
	[SCALAR_ANY] = { CRD "JSON", "", NULL },
	[SCALAR_SCHEMA_OR_BOOL] = { CRD "JSONSchemaPropsOrBool", "", NULL },
	[SCALAR_SCHEMA_OR_ARRAY] = { CRD "JSONSchemaPropsOrArray", "", NULL },
	[SCALAR_SCHEMA_OR_STRINGS] = { CRD "JSONSchemaPropsOrStringArray", "", NULL },
};

static const char *(*find_doc)(const char *type, const char *field);

void openapi_set_docs(const char *(*doc)(const char *type, const char *field))
{
	find_doc = doc;
}

const char *oa_doc(const char *type, const char *field)
{
	return find_doc ? find_doc(type, field) : NULL;
}

static const char *scalar_body(const struct oa *d, enum scalar s)
{
	return !d->v2 && scalars[s].v3 ? scalars[s].v3 : scalars[s].v2;
}

/* ---- what is described ---- */

static const char *mention(struct oa *d, struct oa_entry e)
{
	if (!map_get(d->seen, e.name)) {
		map_set(d->seen, e.name, d);
		vec_push(&d->entries, e);
	}
	return e.name;
}

const char *oa_type_name(struct oa *d, const struct schema_type *t)
{
	return mention(d, (struct oa_entry){ .name = t->name, .type = t });
}

/* "stable.example.com" -> "com.example.stable". */
static char *reversed(struct arena *a, const char *group)
{
	char *out = arena_strdup(a, "");
	size_t n;

	for (; *group; group += n + (group[n] == '.')) {
		n = strcspn(group, ".");
		out = arena_printf(a, "%.*s%s%s", (int)n, group, *out ? "." : "", out);
	}
	return out;
}

const char *oa_kind_name(struct oa *d, const struct kind *k, bool list)
{
	struct oa_entry e = { .kind = k, .list = list };

	if (k->type && !list)
		return oa_type_name(d, k->type);
	if (k->type) {
		e.name = arena_printf(d->a, "%sList", k->type->name);
		e.type = schema_find(e.name);
	} else {
		e.name = arena_printf(d->a, "%s.%s.%s%s", reversed(d->a, k->subject.group),
				      k->version, k->subject.kind, list ? "List" : "");
	}
	return mention(d, e);
}

/* ---- properties ---- */

void oa_ref(struct oa *d, const char *name)
{
	oa_key(d, "$ref");
	buf_addf(d->out, "\"#/%s/%s\"", d->v2 ? "definitions" : "components/schemas", name);
}

static const char *ref_name(struct oa *d, const struct schema_field *f)
{
	if (f->scalar == SCALAR_STRUCT)
		return oa_type_name(d, f->type);
	if (!scalars[f->scalar].name)
		return NULL;
	d->scalars |= 1u << f->scalar;
	if (f->type)
		oa_type_name(d, f->type);
	return scalars[f->scalar].name;
}

static void write_enum(struct oa *d, const struct schema_field *f)
{
	if (!f->enums)
		return;
	oa_open(d, "enum", '[');
	for (size_t i = 0; f->enums[i]; i++)
		oa_text(d, NULL, f->enums[i]);
	oa_close(d, ']');
}

/* The schema of an item of a list or a value of a map. */
static void write_element(struct oa *d, const char *key, const struct schema_field *f)
{
	const char *ref = ref_name(d, f);

	oa_open(d, key, '{');
	if (ref) {
		oa_ref(d, ref);
	} else {
		oa_key(d, NULL);
		buf_adds(d->out, scalar_body(d, f->scalar));
		write_enum(d, f);
	}
	oa_close(d, '}');
}

static const char *zero_default(const struct schema_field *f)
{
	if (f->dflt)
		return f->dflt;
	if (f->flags & FIELD_POINTER || f->shape != SHAPE_ONE)
		return NULL;
	if (f->scalar == SCALAR_STRUCT)
		return "{}";
	if (f->flags & FIELD_OMITEMPTY)
		return NULL;
	switch (f->scalar) {
	case SCALAR_STRING: return "\"\"";
	case SCALAR_BOOL: return "false";
	case SCALAR_INT32:
	case SCALAR_INT64:
	case SCALAR_DOUBLE: return "0";
	default: return NULL;
	}
}

static void write_extensions(struct oa *d, const struct schema_field *f)
{
	static const char *const list_types[] = { "atomic", "set", "map" };

	if (f->flags & FIELD_LIST_DECLARED)
		oa_text(d, "x-kubernetes-list-type", list_types[f->list_type]);
	if (f->map_keys) {
		oa_open(d, "x-kubernetes-list-map-keys", '[');
		for (size_t i = 0; f->map_keys[i]; i++)
			oa_text(d, NULL, f->map_keys[i]);
		oa_close(d, ']');
	}
	if (f->flags & (FIELD_MAP_ATOMIC | FIELD_MAP_GRANULAR))
		oa_text(d, "x-kubernetes-map-type",
			f->flags & FIELD_MAP_ATOMIC ? "atomic" : "granular");
	if (f->merge_key)
		oa_text(d, "x-kubernetes-patch-merge-key", f->merge_key);
	if (f->flags & (FIELD_PATCH_MERGE | FIELD_PATCH_REPLACE | FIELD_PATCH_RETAIN_KEYS)) {
		bool merge = f->flags & FIELD_PATCH_MERGE, keep = f->flags & FIELD_PATCH_RETAIN_KEYS;

		oa_text(d, "x-kubernetes-patch-strategy",
			merge ? keep ? "merge,retainKeys" : "merge" :
			keep  ? "retainKeys" :
				"replace");
	}
}

/* The value's schema without description, default and extensions. */
static void write_shape(struct oa *d, const struct schema_field *f, bool wrap)
{
	const char *ref = f->shape == SHAPE_ONE ? ref_name(d, f) : NULL;

	if (ref && wrap) {
		oa_open(d, "allOf", '[');
		oa_open(d, NULL, '{');
		oa_ref(d, ref);
		buf_adds(d->out, "}]");
	} else if (ref) {
		oa_ref(d, ref);
	} else if (f->shape == SHAPE_ONE) {
		oa_key(d, NULL);
		buf_adds(d->out, scalar_body(d, f->scalar));
		write_enum(d, f);
	} else if (f->shape == SHAPE_LIST) {
		oa_text(d, "type", "array");
		write_element(d, "items", f);
	} else if (f->shape == SHAPE_MAP) {
		oa_text(d, "type", "object");
		write_element(d, "additionalProperties", f);
	} else {
		oa_text(d, "type", "object");
		oa_open(d, "additionalProperties", '{');
		oa_text(d, "type", "array");
		write_element(d, "items", f);
		oa_close(d, '}');
	}
}

static void write_property(struct oa *d, const struct schema_type *t, const struct schema_field *f)
{
	const char *doc = oa_doc(t->name, f->name), *dflt = d->v2 ? NULL : zero_default(f);
	const unsigned siblings = FIELD_MAP_ATOMIC | FIELD_MAP_GRANULAR | FIELD_PATCH_REPLACE |
				  FIELD_PATCH_RETAIN_KEYS | FIELD_PATCH_MERGE;

	oa_open(d, f->name, '{');
	if (doc)
		oa_text(d, "description", doc);
	write_shape(d, f, !d->v2 && (doc || dflt || f->flags & siblings));
	if (dflt)
		oa_raw(d, "default", dflt);
	write_extensions(d, f);
	oa_close(d, '}');
}

/* ---- types ---- */

/* Options may be sent under any group's version. */
static void write_every_gvk(struct oa *d, const char *kind)
{
	const struct kind *k;
	BUF_AUTO struct buf last = BUF_INIT;
	size_t it = 0;

	while ((k = kinds_next(d->ks, &it))) {
		BUF_AUTO struct buf gv = BUF_INIT;

		buf_addf(&gv, "%s/%s", k->subject.group, k->version);
		if (last.p && strcmp(last.p, gv.p) == 0)
			continue;
		oa_gvk(d, NULL, k->subject.group, k->version, kind);
		buf_clear(&last);
		buf_add(&last, gv.p, gv.len);
	}
}

static void write_type_gvk(struct oa *d, const struct schema_type *t)
{
	const bool every = t == &type_meta_v1_DeleteOptions || t == &type_meta_v1_WatchEvent;

	if (!t->kind)
		return;
	oa_open(d, "x-kubernetes-group-version-kind", '[');
	if (every)
		write_every_gvk(d, t->kind);
	else
		oa_gvk(d, NULL, strcmp(t->group, "meta.k8s.io") == 0 ? "" : t->group, t->version,
		       t->kind);
	oa_close(d, ']');
}

static void write_type(struct oa *d, const struct schema_type *t)
{
	const char *doc = oa_doc(t->name, NULL);
	bool required = false;

	if (doc)
		oa_text(d, "description", doc);
	oa_text(d, "type", "object");
	if (t->nfields)
		oa_open(d, "properties", '{');
	for (size_t i = 0; i < t->nfields; i++) {
		write_property(d, t, &t->fields[i]);
		required = required || t->fields[i].flags & FIELD_REQ;
	}
	if (t->nfields)
		oa_close(d, '}');
	if (required)
		oa_open(d, "required", '[');
	for (size_t i = 0; i < t->nfields; i++)
		if (t->fields[i].flags & FIELD_REQ)
			oa_text(d, NULL, t->fields[i].name);
	if (required)
		oa_close(d, ']');
	if (t->map_atomic)
		oa_text(d, "x-kubernetes-map-type", "atomic");
	write_type_gvk(d, t);
}

void oa_schemas(struct oa *d)
{
	for (size_t i = 0; i < d->entries.n; i++) {
		struct oa_entry e = d->entries.p[i]; /* the vector grows meanwhile */

		oa_open(d, e.name, '{');
		if (e.type)
			write_type(d, e.type);
		else
			oa_custom(d, &e);
		oa_close(d, '}');
	}
	for (size_t s = 0; s < sizeof scalars / sizeof *scalars; s++) {
		if (!(d->scalars & 1u << s))
			continue;
		oa_open(d, scalars[s].name, '{');
		buf_adds(d->out, scalar_body(d, (enum scalar)s));
		oa_close(d, '}');
	}
	oa_raw(d, META "Patch", "{\"type\":\"object\"}");
}
