/*
 * schema: finding types and fields, and what strategic merge asks about them.
 *
 * Types are found by binary search in the generated table, fields by binary search in the type's own
 * order: at most six comparisons for the widest built-in type.  Types made at run time without an
 * order are searched one after the other.
 */
#include "kind/schema_priv.h"

#include "obj/patch.h"

#include <string.h>

const struct schema_type *schema_find(const char *name)
{
	size_t lo = 0, hi = schema_ntypes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = strcmp(name, schema_types[mid]->name);

		if (!d)
			return schema_types[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct schema_type *schema_next(size_t *it)
{
	return *it < schema_ntypes ? schema_types[(*it)++] : NULL;
}

const struct schema_field *schema_field(const struct schema_type *t, const char *name)
{
	size_t lo = 0, hi = t->nfields;

	if (!t->order) {
		for (; lo < hi; lo++)
			if (strcmp(name, t->fields[lo].name) == 0)
				return &t->fields[lo];
		return NULL;
	}
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct schema_field *f = &t->fields[t->order[mid]];
		int d = strcmp(name, f->name);

		if (!d)
			return f;
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static bool patch_facts(const void *type, const char *name, struct patch_field *out)
{
	const struct schema_type *t = type;
	const struct schema_field *f = t ? schema_field(t, name) : NULL;

	if (!f)
		return false;
	*out = (struct patch_field){
		.type = f->type,
		.merge_key = f->merge_key,
		.merge = f->flags & FIELD_PATCH_MERGE,
		.retain_keys = f->flags & FIELD_PATCH_RETAIN_KEYS,
		.is_map = f->shape == SHAPE_MAP || f->shape == SHAPE_MAP_LIST,
	};
	return true;
}

const struct patch_schema schema_patch = { .field = patch_facts };
