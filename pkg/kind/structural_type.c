/*
 * Schemas as types of the expression language, with the bounds that cost estimates start from.
 *
 * A node has one type wherever it occurs.  The root of a resource also shows apiVersion, kind and the two names of
 * metadata, whatever its schema says.
 * k8s: apiserver/pkg/cel/common/schemas.go, pkg/cel/limits.go.
 */
#include "kind/structural_set.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

enum {
	REQUEST_MAX = 3 * 1024 * 1024,
	MIN_STRING = 2,
	MIN_DURATION = 3,
	MIN_DATETIME = 21,
	DATE = 12,
	MAX_TIME = 32, /* of durations and datetimes */
	MIN_BOOL = 4,
	MIN_NUMBER = 1,
};

static const struct cel_type *type_make(struct rule_set *rs, const struct structural *s, bool root);

static int64_t limit(const struct structural *s, enum structural_limit l)
{
	return s->checks ? s->checks->limits[l] : -1;
}

static const struct cel_type *sized(struct rule_set *rs, const struct cel_type *of, int64_t max,
				    int64_t min)
{
	struct cel_type *t = cel_type_copy(rs->a, of);

	t->max = max;
	t->min_size = min;
	return t;
}

/* ---- strings ---- */

static int64_t longest(const struct json *enums)
{
	int64_t max = 0;

	json_each(e, enums)
		if ((int64_t)strlen(json_str(e)) > max)
			max = (int64_t)strlen(json_str(e));
	return max;
}

static const struct cel_type *string_type(struct rule_set *rs, const struct structural *s)
{
	const char *format = s->checks && s->checks->format ? s->checks->format : "";
	int64_t length = limit(s, LIMIT_MAX_LENGTH);

	if (!strcmp(format, "byte"))
		return sized(rs, &cel_type_bytes, length >= 0 ? length : REQUEST_MAX - 2, MIN_STRING);
	if (!strcmp(format, "duration"))
		return sized(rs, &cel_type_duration, MAX_TIME, MIN_DURATION);
	if (!strcmp(format, "date"))
		return sized(rs, &cel_type_timestamp, DATE, DATE);
	if (!strcmp(format, "date-time"))
		return sized(rs, &cel_type_timestamp, MAX_TIME, MIN_DATETIME);
	if (length >= 0)
		return sized(rs, &cel_type_string, length * 4, MIN_STRING);
	if (s->checks && s->checks->enums)
		return sized(rs, &cel_type_string, longest(s->checks->enums), MIN_STRING);
	return sized(rs, &cel_type_string, REQUEST_MAX - 2, MIN_STRING);
}

static const struct cel_type *int_or_string_type(struct rule_set *rs, const struct structural *s)
{
	int64_t length = limit(s, LIMIT_MAX_LENGTH);
	struct cel_type *t = cel_type_copy(rs->a, &cel_type_dyn);

	t->max = length >= 0 ? length * 4 : REQUEST_MAX - 2;
	t->min_size = 1;
	t->int_or_string = true;
	return t;
}

/* ---- containers ---- */

static const struct cel_type *array_type(struct rule_set *rs, const struct structural *s)
{
	const struct cel_type *items = s->items ? rule_set_type(rs, s->items, false) : NULL;
	int64_t max = limit(s, LIMIT_MAX_ITEMS);
	struct cel_type *t;

	if (!items)
		return NULL;
	t = cel_type_list(rs->a, items, max >= 0 ? max : (REQUEST_MAX - 2) / (items->min_size + 1));
	t->min_size = 2;
	t->list = s->flags & STRUCTURAL_LIST_SET ? CEL_LIST_SET :
		  s->flags & STRUCTURAL_LIST_MAP ? CEL_LIST_MAP :
						   CEL_LIST_ATOMIC;
	t->keys = s->map_keys;
	return t;
}

static const struct cel_type *map_type(struct rule_set *rs, const struct structural *s)
{
	const struct cel_type *values = rule_set_type(rs, s->additional, false);
	int64_t max = limit(s, LIMIT_MAX_PROPERTIES);
	struct cel_type *t;

	if (!values)
		return NULL;
	/* upstream's keys have no declared size, which counts as 0: rules over keys are cheap */
	t = cel_type_map(rs->a, &cel_type_string, values,
			 max >= 0 ? max : (REQUEST_MAX - 2) / (values->min_size + 6));
	t->min_size = 2;
	return t;
}

static bool required(const struct structural *s, const char *name)
{
	const char *const *r = s->checks ? s->checks->required : NULL;

	while (r && *r && strcmp(*r, name))
		r++;
	return r && *r;
}

static bool is_common(const char *name)
{
	return !strcmp(name, "apiVersion") || !strcmp(name, "kind") || !strcmp(name, "metadata");
}

static void field_add(struct rule_set *rs, struct cel_field *fields, size_t *n, const char *json,
		      const struct cel_type *t)
{
	const char *name = cel_escape(rs->a, json);

	if (name && t)
		fields[(*n)++] = (struct cel_field){ name, json, t };
}

static const struct cel_type *meta_type(struct rule_set *rs)
{
	struct cel_field *fields = arena_alloc(rs->a, 2 * sizeof *fields);
	struct cel_object *o = arena_zalloc(rs->a, sizeof *o);
	const struct cel_type *text = sized(rs, &cel_type_string, REQUEST_MAX - 2, MIN_STRING);
	struct cel_type *t;

	field_add(rs, fields, &o->nfields, "name", text);
	field_add(rs, fields, &o->nfields, "generateName", text);
	o->fields = fields;
	t = cel_type_object(rs->a, "selfType.metadata", o);
	t->min_size = 2;
	return t;
}

static const struct cel_type *object_type(struct rule_set *rs, const struct structural *s, bool root)
{
	struct cel_field *fields = arena_alloc(rs->a, (s->nproperties + 4u) * sizeof *fields);
	struct cel_object *o = arena_zalloc(rs->a, sizeof *o);
	int64_t min = 2;
	struct cel_type *t;

	if (root) {
		const struct cel_type *text =
			sized(rs, &cel_type_string, REQUEST_MAX - 2, MIN_STRING);

		field_add(rs, fields, &o->nfields, "apiVersion", text);
		field_add(rs, fields, &o->nfields, "kind", text);
		field_add(rs, fields, &o->nfields, "metadata", meta_type(rs));
	}
	for (size_t i = 0; i < s->nproperties; i++) {
		const struct structural_property *p = &s->properties[i];
		const struct cel_type *ft;

		if (root && is_common(p->name))
			continue;
		ft = rule_set_type(rs, p->schema, false);
		field_add(rs, fields, &o->nfields, p->name, ft);
		if (ft && required(s, p->name) && !p->schema->dflt)
			min += (int64_t)strlen(p->name) + ft->min_size + 4;
	}
	o->fields = fields;
	t = cel_type_object(rs->a, arena_printf(rs->a, "selfType.%u", s->id), o);
	t->min_size = min;
	return t;
}

static const struct cel_type *type_make(struct rule_set *rs, const struct structural *s, bool root)
{
	if (s->flags & STRUCTURAL_INT_OR_STRING)
		return int_or_string_type(rs, s);
	switch ((enum structural_type)s->type) {
	case TYPE_ARRAY: return array_type(rs, s);
	case TYPE_OBJECT: return s->additional ? map_type(rs, s) : object_type(rs, s, root);
	case TYPE_STRING: return string_type(rs, s);
	case TYPE_BOOLEAN: return sized(rs, &cel_type_bool, 0, MIN_BOOL);
	case TYPE_NUMBER: return sized(rs, &cel_type_double, 0, MIN_NUMBER);
	case TYPE_INTEGER: return sized(rs, &cel_type_int, 0, MIN_NUMBER);
	default: return NULL;
	}
}

const struct cel_type *rule_set_type(struct rule_set *rs, const struct structural *s, bool root)
{
	struct rule_node *n = &rs->nodes[root ? rs->root->id + 1 : s->id];

	root = root || s->flags & STRUCTURAL_EMBEDDED;
	if (!n->typed) {
		n->typed = true;
		n->type = type_make(rs, s, root);
	}
	return n->type;
}
