/*
 * What server-side apply asks about types: shapes, members, defaults of keys, zero values.
 *
 * A reference is a type (depth ROOT) or a field at a depth: 0 its whole value, 1 an element of it, 2 an
 * element of that.  A list nobody declared is what strategic merge makes of it, else atomic.  Free
 * JSON and what a schema leaves open have a deduced type.
 * k8s: vendor/k8s.io/kube-openapi/pkg/schemaconv.
 */
#include "kind/schema.h"

#include "obj/json.h"
#include "obj/typed.h"

#include <stddef.h>
#include <string.h>

#define ROOT (-1)

static const struct type_ref deduced = { NULL, 0 };
static const struct type_ref untyped = { NULL, 1 }; /* atomic throughout */

struct type_ref schema_root(const struct schema_type *t)
{
	return (struct type_ref){ t, ROOT };
}

static const struct schema_type *type_of(struct type_ref r)
{
	const struct schema_field *f = r.p;

	if (r.depth == ROOT)
		return r.p;
	return f->scalar != SCALAR_STRUCT         ? NULL :
	       r.depth == (f->shape != SHAPE_ONE) ? f->type :
						    NULL;
}

static void atom_list(const struct schema_field *f, struct type_ref r, struct type_atom *out)
{
	static const enum typed_list declared[] = {
		[LIST_ATOMIC] = TYPED_LIST_ATOMIC, [LIST_SET] = TYPED_LIST_SET, [LIST_MAP] = TYPED_LIST_MAP
	};

	out->list = declared[f->list_type];
	out->keys = f->map_keys;
	if (!(f->flags & FIELD_LIST_DECLARED) && f->flags & FIELD_PATCH_MERGE &&
	    f->shape == SHAPE_LIST)
		out->list = f->merge_key ? TYPED_LIST_MAP : TYPED_LIST_SET;
	if (out->list == TYPED_LIST_MAP && !out->keys)
		out->list = TYPED_LIST_ATOMIC;
	out->item = (struct type_ref){ f, r.depth + 1 };
}

static void atom_struct(const struct schema_type *t, unsigned flags, struct type_atom *out)
{
	bool atomic = (t->map_atomic || flags & FIELD_MAP_ATOMIC) && !(flags & FIELD_MAP_GRANULAR);

	out->map = atomic ? TYPED_MAP_ATOMIC : TYPED_MAP_GRANULAR;
}

static void atom_any(struct type_ref inner, struct type_atom *out)
{
	*out = (struct type_atom){
		.scalar = TYPED_ANY_SCALAR,
		.list = TYPED_LIST_ATOMIC,
		.map = inner.depth ? TYPED_MAP_ATOMIC : TYPED_MAP_GRANULAR,
		.item = untyped,
		.open = true,
		.value = inner,
	};
}

static void atom_scalar(const struct schema_field *f, struct type_atom *out)
{
	switch (f->scalar) {
	case SCALAR_STRUCT: atom_struct(f->type, f->shape == SHAPE_ONE ? f->flags : 0, out); return;
	case SCALAR_STRING:
	case SCALAR_BYTES:
	case SCALAR_DURATION: out->scalar = TYPED_STRING; return;
	case SCALAR_BOOL: out->scalar = TYPED_BOOLEAN; return;
	case SCALAR_INT32:
	case SCALAR_INT64:
	case SCALAR_DOUBLE: out->scalar = TYPED_NUMBER; return;
	case SCALAR_RAW: atom_any(untyped, out); return;
	case SCALAR_TIME:
	case SCALAR_MICROTIME:
	case SCALAR_QUANTITY:
	case SCALAR_INT_OR_STRING: out->scalar = TYPED_ANY_SCALAR; return;
	default: atom_any(deduced, out); return;
	}
}

static void typed_atom(struct type_ref r, struct type_atom *out)
{
	const struct schema_field *f = r.p;

	*out = (struct type_atom){ 0 };
	if (r.depth == ROOT) {
		atom_struct(r.p, 0, out);
	} else if (f->shape == SHAPE_LIST && r.depth == 0) {
		atom_list(f, r, out);
	} else if (f->shape == SHAPE_MAP_LIST && r.depth == 1) {
		out->list = TYPED_LIST_ATOMIC;
		out->item = (struct type_ref){ f, 2 };
	} else if (f->shape != SHAPE_ONE && r.depth == 0) {
		out->map = f->flags & FIELD_MAP_ATOMIC ? TYPED_MAP_ATOMIC : TYPED_MAP_GRANULAR;
		out->open = true;
		out->value = (struct type_ref){ f, 1 };
	} else {
		atom_scalar(f, out);
	}
}

static bool typed_member(struct type_ref r, const char *name, struct type_ref *out)
{
	const struct schema_type *t = type_of(r);
	const struct schema_field *f = t ? schema_field(t, name) : NULL;

	*out = (struct type_ref){ f, 0 };
	return f != NULL;
}

static const char *typed_each(struct type_ref r, size_t *it, struct type_ref *out)
{
	const struct schema_type *t = type_of(r);

	if (!t || *it >= t->nfields)
		return NULL;
	*out = (struct type_ref){ &t->fields[*it], 0 };
	return t->fields[(*it)++].name;
}

static enum typed_zero typed_zero(struct type_ref r)
{
	const struct schema_field *f = r.p;

	if (r.depth)
		return ZERO_ABSENT;
	if (f->flags & FIELD_POINTER)
		return f->flags & FIELD_OMITEMPTY ? ZERO_ABSENT : ZERO_NULL;
	if (f->shape != SHAPE_ONE)
		return f->flags & FIELD_OMITEMPTY ? ZERO_ABSENT : ZERO_NULL;
	switch (f->scalar) {
	case SCALAR_STRUCT: return ZERO_OBJECT;
	case SCALAR_TIME:
	case SCALAR_MICROTIME:
	case SCALAR_RAW: return ZERO_NULL;
	case SCALAR_STRING: return f->flags & FIELD_OMITEMPTY ? ZERO_ABSENT : ZERO_TEXT;
	case SCALAR_BOOL: return f->flags & FIELD_OMITEMPTY ? ZERO_ABSENT : ZERO_FALSE;
	case SCALAR_INT32:
	case SCALAR_INT64:
	case SCALAR_DOUBLE: return f->flags & FIELD_OMITEMPTY ? ZERO_ABSENT : ZERO_NUMBER;
	default: return ZERO_ABSENT;
	}
}

/* What Go never leaves out has its zero value as default, in OpenAPI, too. */
static const struct json *typed_default(struct arena *a, struct type_ref r)
{
	const struct schema_field *f = r.p;

	if (r.depth)
		return NULL;
	if (f->dflt)
		return json_parse_own(a, f->dflt, strlen(f->dflt));
	switch (typed_zero(r)) {
	case ZERO_TEXT: return json_string(a, "");
	case ZERO_NUMBER: return json_integer(a, 0);
	case ZERO_FALSE: return json_boolean(a, false);
	default: return NULL;
	}
}

const struct typed_schema schema_typed = {
	.atom = typed_atom,
	.member = typed_member,
	.each = typed_each,
	.zero = typed_zero,
	.dflt = typed_default,
};
