/*
 * clean: one pass over a decoded tree that leaves what Go's decoder and encoder would have left.
 *
 * The walk follows the tree, not the type.  Each object's members land in slots, one per field of
 * its type; a second run over the slots adds the zero values Go always prints and brings members
 * into the order of Go's declaration, which costs nothing when they were sent in that order.  Go
 * goes on after a value of the wrong type and reports the first; a type with its own decoder stops
 * it at once: both are kept apart in struct cleaner.
 * k8s: vendor/sigs.k8s.io/json, apimachinery/pkg/runtime/serializer/json.
 */
#include "kind/clean.h"

#include "base/arena.h"
#include "base/status.h"
#include "kind/custom.h"
#include "kind/kind.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

static void clean_struct(struct cleaner *c, const struct schema_type *t, struct json *o,
			 const struct step *at);

/* What Go calls one element of a container. */
static const char *element_go(const struct schema_field *f)
{
	static const char *const plain[] = {
		[SCALAR_STRING] = "string",
		[SCALAR_BOOL] = "bool",
		[SCALAR_INT32] = "int32",
		[SCALAR_INT64] = "int64",
		[SCALAR_DOUBLE] = "float64",
		[SCALAR_BYTES] = "[]uint8",
		[SCALAR_SCHEMA_OR_STRINGS] = "v1.JSONSchemaPropsOrStringArray",
	};
	const char *go = f->go;

	if (f->shape == SHAPE_ONE)
		return go;
	if (f->shape == SHAPE_LIST && strncmp(go, "[]", 2) == 0)
		return go + 2;
	if (f->shape == SHAPE_MAP && strncmp(go, "map[", 4) == 0)
		return strchr(go, ']') + 1;
	if (f->type)
		return strstr(f->type->name, "v1.") ? strstr(f->type->name, "v1.") : f->type->name;
	return f->scalar < sizeof plain / sizeof *plain && plain[f->scalar] ? plain[f->scalar] : go;
}

static struct json *clean_object(struct cleaner *c, const struct schema_field *f, struct json *v,
				 const struct step *at)
{
	if (!json_is_object(v)) {
		clean_mismatch(c, at, v, element_go(f), false);
		return NULL;
	}
	clean_struct(c, f->type, v, at);
	return v;
}

/* A JSON schema in one of its looser forms; Go decodes it apart and does not look for unknown fields. */
static struct json *clean_schema(struct cleaner *c, const struct schema_field *f, struct json *v,
				 const struct step *at)
{
	struct schema_warnings *w = c->w;

	if (json_is_array(v) && f->scalar != SCALAR_SCHEMA_OR_BOOL) {
		json_each(item, v) {
			struct step in = { at, NULL, NULL, 0 };

			if (f->scalar == SCALAR_SCHEMA_OR_STRINGS)
				clean_scalar(c, SCALAR_STRING, "string", item, &in);
			else if (!json_is_object(item))
				clean_mismatch(c, &in, item, "v1.JSONSchemaProps", true);
			else
				clean_struct(c, f->type, item, &in);
		}
		return v;
	}
	if (json_is_object(v)) {
		c->w = NULL;
		clean_struct(c, f->type, v, at);
		c->w = w;
		return v;
	}
	if (f->scalar != SCALAR_SCHEMA_OR_BOOL)
		return NULL;
	if (!json_is_bool(v))
		clean_fatal(c, "boolean or JSON schema expected");
	return v;
}

/* One value that is not null. */
static struct json *clean_element(struct cleaner *c, const struct schema_field *f, struct json *v,
				  const struct step *at)
{
	if (f->scalar == SCALAR_STRUCT)
		return clean_object(c, f, v, at);
	if (f->scalar >= SCALAR_SCHEMA_OR_BOOL)
		return clean_schema(c, f, v, at);
	return clean_scalar(c, f->scalar, element_go(f), v, at);
}

static struct json *zero_element(struct cleaner *c, const struct schema_field *f,
				 const struct step *at)
{
	struct json *v;

	if (f->scalar != SCALAR_STRUCT)
		return clean_zero_scalar(c->a, f->scalar);
	v = json_object(c->a);
	clean_struct(c, f->type, v, at);
	return v;
}

/* Clean a child of a container in its place. */
static void clean_child(struct cleaner *c, const struct schema_field *f, struct json *parent,
			struct json *v, const struct step *at)
{
	struct json *to = json_is_null(v) ? zero_element(c, f, at) : clean_element(c, f, v, at);

	if (to && to != v)
		json_replace(c->a, parent, v, to);
}

static bool clean_list(struct cleaner *c, const struct schema_field *f, struct json *l,
		       const struct step *at)
{
	struct step in = { at, NULL, NULL, 0 };
	struct json *next;

	if (!json_is_array(l)) {
		clean_mismatch(c, at, l, f->shape == SHAPE_LIST ? f->go : "[]string", false);
		return false;
	}
	for (struct json *v = json_first(l); v; v = next, in.index++) {
		next = json_next(v);
		clean_child(c, f, l, v, &in);
	}
	return true;
}

struct member {
	struct json *v;
	size_t index;
};

static int by_name(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	int d = strcmp(json_name(a->v), json_name(b->v));

	return d ? d : a->index < b->index ? -1 : 1;
}

/* Go prints maps sorted by key.  Only protobuf brings equal keys: the last one wins. */
static void sort_members(struct arena *a, struct json *o)
{
	struct member *all = arena_alloc(a, json_count(o) * sizeof *all);
	size_t n = 0;

	json_each(v, o) {
		all[n] = (struct member){ v, n };
		n++;
	}
	qsort(all, n, sizeof *all, by_name);
	for (size_t i = 0; i < n; i++) {
		json_detach(o, all[i].v);
		if (i + 1 == n || strcmp(json_name(all[i].v), json_name(all[i + 1].v)) != 0)
			json_append(o, all[i].v);
	}
}

static bool clean_map(struct cleaner *c, const struct schema_field *f, struct json *o,
		      const struct step *at)
{
	const char *last = NULL;
	bool sorted = true;
	struct json *next;

	if (!json_is_object(o)) {
		clean_mismatch(c, at, o, f->go, false);
		return false;
	}
	for (struct json *v = json_first(o); v; v = next) {
		struct step in = { at, NULL, json_name(v), 0 };

		next = json_next(v);
		sorted = sorted && (!last || strcmp(last, in.name) < 0);
		last = in.name;
		if (f->shape == SHAPE_MAP)
			clean_child(c, f, o, v, &in);
		else if (json_is_null(v))
			json_replace(c->a, o, v, json_array(c->a));
		else
			clean_list(c, f, v, &in);
	}
	if (!sorted)
		sort_members(c->a, o);
	return true;
}

/* What becomes of a member: v, another node, or NULL when Go would not print it. */
static struct json *clean_member(struct cleaner *c, const struct schema_field *f, struct json *v,
				 const struct step *at)
{
	bool ok;

	if (json_is_null(v))
		return NULL;
	if (f->shape == SHAPE_ONE) {
		v = clean_element(c, f, v, at);
		if (!v || f->flags & FIELD_POINTER || !clean_is_zero(f->scalar, v))
			return v;
		return f->flags & FIELD_OMITEMPTY || f->scalar == SCALAR_INT_OR_STRING ? NULL : v;
	}
	ok = f->shape == SHAPE_LIST ? clean_list(c, f, v, at) : clean_map(c, f, v, at);
	return ok && (json_first(v) || !(f->flags & FIELD_OMITEMPTY)) ? v : NULL;
}

/* The value Go prints for a field nobody has set; NULL: none. */
static struct json *missing_member(struct cleaner *c, const struct schema_field *f,
				   const struct step *at)
{
	if (f->flags & FIELD_POINTER || f->shape != SHAPE_ONE)
		return NULL;
	if (f->scalar == SCALAR_STRUCT || f->scalar == SCALAR_QUANTITY)
		return zero_element(c, f, at);
	if (f->flags & FIELD_OMITEMPTY || f->scalar > SCALAR_DOUBLE)
		return NULL;
	return clean_zero_scalar(c->a, f->scalar);
}

/* Add what is missing and put members in Go's order. */
static void settle_members(struct cleaner *c, const struct schema_type *t, struct json *o,
			   struct json **slots, const struct step *at)
{
	struct json *place = json_first(o);

	for (size_t i = 0; i < t->nfields; i++) {
		const struct schema_field *f = &t->fields[i];
		struct step in = { at, t, f->name, 0 };
		struct json *v = slots[i];

		if (v && v == place) {
			place = json_next(place);
			continue;
		}
		if (!v) {
			v = missing_member(c, f, &in);
			if (!v)
				continue;
			json_add(c->a, o, f->name, v);
		}
		if (place) {
			json_detach(o, v);
			json_insert(o, place, v);
		}
	}
}

static void clean_struct(struct cleaner *c, const struct schema_type *t, struct json *o,
			 const struct step *at)
{
	struct json **slots = arena_zalloc(c->a, (t->nfields + 1) * sizeof *slots), *next;

	for (struct json *v = json_first(o); v; v = next) {
		const struct schema_field *f = schema_field(t, json_name(v));
		struct step in = { at, t, f ? f->name : NULL, 0 };
		struct json *to;

		next = json_next(v);
		if (!f)
			clean_unknown(c, at, json_name(v));
		to = f ? clean_member(c, f, v, &in) : NULL;
		if (!to)
			json_detach(o, v);
		else if (to != v)
			json_replace(c->a, o, v, to);
		if (to)
			slots[f - t->fields] = to;
	}
	settle_members(c, t, o, slots, at);
}

bool schema_clean(struct arena *a, const struct schema_type *t, const char *kind,
		  const char *version, struct json *o, const struct json_dups *dups,
		  struct schema_warnings *w, struct status *st)
{
	struct cleaner c = { .a = a, .w = w };

	if (!json_is_object(o)) {
		clean_mismatch(&c, NULL, o,
			       "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\";"
			       " Kind string \"json:\\\"kind,omitempty\\\"\" }",
			       true);
		return status_bad_request(st,
					  "the object provided is unrecognized (must be of type %s): "
					  "couldn't get version/kind; json parse error: %s",
					  kind, c.fatal);
	}
	clean_struct(&c, t, o, NULL);
	if (c.fatal || c.mismatch)
		return status_bad_request(st, "%s in version \"%s\" cannot be handled as a %s: %s",
					  kind, version, kind, c.fatal ? c.fatal : c.mismatch);
	for (size_t i = 0; w && dups && i < dups->n; i++)
		clean_warn(a, w, "duplicate field", dups->paths[i]);
	return true;
}

bool kind_clean(struct arena *a, const struct kind *k, struct json *o, const struct json_dups *dups,
		struct schema_warnings *w, struct status *st)
{
	if (!k->custom)
		return !k->type ||
		       schema_clean(a, k->type, k->subject.kind, k->version, o, dups, w, st);
	if (!custom_clean(a, k, o, w, st))
		return false;
	for (size_t i = 0; w && dups && i < dups->n; i++)
		clean_warn(a, w, "duplicate field", dups->paths[i]);
	return true;
}
