/*
 * What server-side apply asks about custom resources, and which schema a kind's objects have.
 *
 * A reference is a node of the definition's schema, or, below metadata, a field of the built-in types.  A node
 * that preserves unknown fields makes everything below it open.
 * k8s: vendor/k8s.io/kube-openapi/pkg/schemaconv/openapi.go, apiextensions-apiserver/pkg/controller/openapi/builder.
 */
#include "kind/crd.h"
#include "kind/custom.h"
#include "kind/kind.h"
#include "kind/structural.h"

#include "base/arena.h"
#include "obj/json.h"
#include "obj/typed.h"

#include <string.h>

enum {
	NODE = -2,
	RESOURCE = -3,
	OPEN = -4
}; /* struct type_ref.depth; OPEN: below what preserves */

static const struct type_ref deduced = { NULL, 0 };
static const struct type_ref untyped = { NULL, 1 };

static const struct structural *node_of(struct type_ref r)
{
	return r.depth <= NODE ? r.p : NULL;
}

static struct type_ref below(struct type_ref r, const struct structural *s)
{
	const struct structural *up = r.p;

	if (!s)
		return deduced;
	return (struct type_ref){ s, r.depth == OPEN || up->flags & STRUCTURAL_PRESERVE ? OPEN :
											  NODE };
}

static void atom_map(struct type_ref r, const struct structural *s, struct type_atom *out)
{
	out->map = s->flags & STRUCTURAL_MAP_ATOMIC ? TYPED_MAP_ATOMIC : TYPED_MAP_GRANULAR;
	out->value = s->additional ? below(r, s->additional) : deduced;
	if (s->additional || s->flags & STRUCTURAL_OPEN)
		out->open = true;
	else if (!(s->flags & STRUCTURAL_CLOSED))
		out->open = r.depth == OPEN || s->flags & STRUCTURAL_PRESERVE || !s->nproperties;
}

static void atom_list(struct type_ref r, const struct structural *s, struct type_atom *out)
{
	out->list = s->flags & STRUCTURAL_LIST_SET ? TYPED_LIST_SET :
		    s->flags & STRUCTURAL_LIST_MAP ? TYPED_LIST_MAP :
						     TYPED_LIST_ATOMIC;
	out->keys = s->map_keys;
	if (out->list == TYPED_LIST_MAP && !out->keys)
		out->list = TYPED_LIST_ATOMIC;
	out->item = s->items ? below(r, s->items) : untyped;
}

static enum typed_scalar text_scalar(const struct structural *s)
{
	const char *format = s->checks ? s->checks->format : NULL;

	return !format || !*format || !strcmp(format, "byte") ? TYPED_STRING : TYPED_ANY_SCALAR;
}

static void custom_atom(struct type_ref r, struct type_atom *out)
{
	const struct structural *s = node_of(r);

	if (!s) {
		schema_typed.atom(r, out);
		return;
	}
	*out = (struct type_atom){ 0 };
	switch (s->type) {
	case TYPE_OBJECT: atom_map(r, s, out); return;
	case TYPE_ARRAY: atom_list(r, s, out); return;
	case TYPE_STRING: out->scalar = text_scalar(s); return;
	case TYPE_BOOLEAN: out->scalar = TYPED_BOOLEAN; return;
	case TYPE_INTEGER:
	case TYPE_NUMBER: out->scalar = TYPED_NUMBER; return;
	default:
		out->scalar = TYPED_ANY_SCALAR;
		atom_list(r, s, out);
		atom_map(r, s, out);
	}
}

/* apiVersion, kind and metadata are what they are in any object. */
static bool resource_member(const char *name, struct type_ref *out)
{
	const struct schema_type *any = schema_find("io.k8s.api.core.v1.ConfigMap");

	if (strcmp(name, "metadata") && strcmp(name, "kind") && strcmp(name, "apiVersion"))
		return false;
	return schema_typed.member(schema_root(any), name, out);
}

static bool custom_member(struct type_ref r, const char *name, struct type_ref *out)
{
	const struct structural *s = node_of(r), *p;

	if (!s)
		return schema_typed.member(r, name, out);
	if ((r.depth == RESOURCE || s->flags & STRUCTURAL_EMBEDDED) && resource_member(name, out))
		return true;
	p = structural_property(s, name);
	*out = below(r, p);
	return p != NULL;
}

static const char *custom_each(struct type_ref r, size_t *it, struct type_ref *out)
{
	return node_of(r) ? NULL : schema_typed.each(r, it, out);
}

static enum typed_zero custom_zero(struct type_ref r)
{
	return node_of(r) ? ZERO_ABSENT : schema_typed.zero(r);
}

static const struct json *custom_default(struct arena *a, struct type_ref r)
{
	const struct structural *s = node_of(r);

	return s ? s->dflt : schema_typed.dflt(a, r);
}

static const struct typed_schema custom_typed = {
	.atom = custom_atom,
	.member = custom_member,
	.each = custom_each,
	.zero = custom_zero,
	.dflt = custom_default,
};

void kind_typed(struct arena *a, const struct kind *k, struct typed *out)
{
	static const struct structural free_form = { .type = TYPE_OBJECT,
						     .flags = STRUCTURAL_PRESERVE };
	const struct crd_version *v = k->custom ? custom_version(a, k) : NULL;
	const struct structural *s = v && v->schema ? v->schema : &free_form;

	if (k->type)
		*out = (struct typed){ a, &schema_typed, schema_root(k->type) };
	else
		*out = (struct typed){ a, &custom_typed, { s, RESOURCE } };
}
