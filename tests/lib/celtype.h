/*
 * celtype: types for tests of pkg/cel, from a structural schema (as the API server presents one) or from
 * a text such as `map(string, list(int))`.
 */
#ifndef NUTSHELL_TESTS_CELTYPE_H
#define NUTSHELL_TESTS_CELTYPE_H

#include <string.h>

#include "base/arena.h"
#include "cel/cel.h"
#include "obj/json.h"

static const struct cel_type *schema_type(struct arena *a, const struct json *s, const char *name,
					  bool root);

#define REQUEST_MAX (3 * 1024 * 1024)

static struct cel_type *leaf(struct arena *a, const struct cel_type *t, int64_t max, int64_t min)
{
	struct cel_type *c = cel_type_copy(a, t);

	c->max = max;
	c->min_size = min;
	return c;
}

static int64_t limit(const struct json *s, const char *name, int64_t dflt)
{
	int64_t v = json_path_int(s, name, dflt);

	return v < 0 ? 0 : v;
}

static const struct cel_type *string_type(struct arena *a, const struct json *s)
{
	const char *f = json_str(json_get(s, "format"));
	int64_t max = 0;

	if (!strcmp(f, "byte"))
		return leaf(a, &cel_type_bytes, limit(s, "maxLength", REQUEST_MAX - 2), 2);
	if (!strcmp(f, "duration"))
		return leaf(a, &cel_type_duration, 32, 1);
	if (!strcmp(f, "date"))
		return leaf(a, &cel_type_timestamp, 12, 12);
	if (!strcmp(f, "date-time"))
		return leaf(a, &cel_type_timestamp, 37, 22);
	if (json_get(s, "maxLength"))
		return leaf(a, &cel_type_string, limit(s, "maxLength", 0) * 4, 2);
	if (!json_count(json_get(s, "enum")))
		return leaf(a, &cel_type_string, REQUEST_MAX - 2, 2);
	json_each(e, json_get(s, "enum")) {
		int64_t n = (int64_t)strlen(json_str(e));

		max = n > max ? n : max;
	}
	return leaf(a, &cel_type_string, max, 2);
}

static bool listed(const struct json *list, const char *name)
{
	json_each(e, list) {
		if (!strcmp(json_str(e), name))
			return true;
	}
	return false;
}

static const struct cel_type *object_type(struct arena *a, const struct json *s, const char *name,
					  bool root)
{
	const struct json *props = json_get(s, "properties"), *required = json_get(s, "required");
	struct cel_field *f = arena_zalloc(a, (json_count(props) + 3) * sizeof *f);
	struct cel_object *o = arena_zalloc(a, sizeof *o);
	struct cel_type *t;
	int64_t min = 2;
	size_t n = 0;

	json_each(p, props) {
		const char *member = json_name(p), *id = cel_escape(a, member);
		const struct cel_type *ft;

		if (root && (!strcmp(member, "kind") || !strcmp(member, "apiVersion") ||
			     !strcmp(member, "metadata")))
			continue;
		ft = schema_type(a, p, arena_printf(a, "%s.%s", name, id ? id : member),
				 json_path_bool(p, "x-kubernetes-embedded-resource", false));
		if (!ft)
			continue;
		if (id)
			f[n++] = (struct cel_field){ id, member, ft };
		if (listed(required, member) && !json_get(p, "default"))
			min += (int64_t)strlen(member) + ft->min_size + 4;
	}
	if (root) {
		struct cel_object *m = arena_zalloc(a, sizeof *m);
		struct cel_field *mf = arena_zalloc(a, 2 * sizeof *mf);
		const struct cel_type *str = leaf(a, &cel_type_string, REQUEST_MAX - 2, 2);

		mf[0] = (struct cel_field){ "name", "name", str };
		mf[1] = (struct cel_field){ "generateName", "generateName", str };
		m->fields = mf;
		m->nfields = 2;
		f[n++] = (struct cel_field){ "kind", "kind", str };
		f[n++] = (struct cel_field){ "apiVersion", "apiVersion", str };
		f[n++] = (struct cel_field){ "metadata", "metadata",
					     cel_type_object(a, arena_printf(a, "%s.metadata", name),
							     m) };
	}
	o->fields = f;
	o->nfields = n;
	t = cel_type_object(a, name, o);
	t->min_size = min;
	return t;
}

static const struct cel_type *schema_type(struct arena *a, const struct json *s, const char *name,
					  bool root)
{
	const char *type = json_str(json_get(s, "type"));
	const struct json *items = json_get(s, "items"), *add = json_get(s, "additionalProperties");
	const struct cel_type *t;

	if (json_path_bool(s, "x-kubernetes-int-or-string", false)) {
		struct cel_type *d = leaf(a, &cel_type_dyn,
					  json_get(s, "maxLength") ? limit(s, "maxLength", 0) * 4 :
								     REQUEST_MAX - 2,
					  1);

		d->int_or_string = true;
		return d;
	}
	if (!strcmp(type, "array")) {
		struct cel_type *l;
		const char *lt = json_str(json_get(s, "x-kubernetes-list-type"));

		t = items ? schema_type(a, items, arena_printf(a, "%s.@idx", name),
					json_path_bool(items, "x-kubernetes-embedded-resource",
						       false)) :
			    NULL;
		if (!t)
			return NULL;
		l = cel_type_list(a, t,
				  json_get(s, "maxItems") ? limit(s, "maxItems", 0) :
							    (REQUEST_MAX - 2) / (t->min_size + 1));
		l->list = !strcmp(lt, "set") ? CEL_LIST_SET :
			  !strcmp(lt, "map") ? CEL_LIST_MAP :
					       CEL_LIST_ATOMIC;
		return l;
	}
	if (!strcmp(type, "object") && json_is_object(add)) {
		t = schema_type(a, add, arena_printf(a, "%s.@elem", name),
				json_path_bool(add, "x-kubernetes-embedded-resource", false));
		if (!t)
			return NULL;
		return cel_type_map(a, &cel_type_string, t,
				    json_get(s, "maxProperties") ?
					    limit(s, "maxProperties", 0) :
					    (REQUEST_MAX - 2) / (t->min_size + 6));
	}
	if (!strcmp(type, "object"))
		return object_type(a, s, name,
				   root || json_path_bool(s, "x-kubernetes-embedded-resource", false));
	if (!strcmp(type, "string"))
		return string_type(a, s);
	if (!strcmp(type, "boolean"))
		return &cel_type_bool;
	if (!strcmp(type, "number"))
		return &cel_type_double;
	return !strcmp(type, "integer") ? &cel_type_int : NULL;
}

/* A type by its text: list(int), map(string, dyn), optional(int) ... */
static const struct cel_type *named_type(struct arena *a, const char **s)
{
	static const struct cel_type *const types[] = {
		&cel_type_bool,   &cel_type_int,   &cel_type_uint, &cel_type_double,
		&cel_type_string, &cel_type_bytes, &cel_type_dyn,
	};
	const struct cel_type *p, *q = NULL;
	size_t n = strcspn(*s, "(,) ");
	const char *name = arena_dup(a, *s, n);

	*s += n;
	if (**s == '(') {
		++*s;
		p = named_type(a, s);
		if (**s == ',') {
			*s += 1 + strspn(*s + 1, " ");
			q = named_type(a, s);
		}
		++*s;
		if (q)
			return cel_type_map(a, p, q, 0);
		return *name == 'l' ? cel_type_list(a, p, 0) : cel_type_optional(a, p);
	}
	if (!strcmp(name, "duration"))
		return &cel_type_duration;
	if (!strcmp(name, "timestamp"))
		return &cel_type_timestamp;
	if (!strcmp(name, "authorizer"))
		return &cel_type_authorizer;
	if (!strcmp(name, "resourceCheck"))
		return &cel_type_resource_check;
	if (!strcmp(name, "null"))
		return &cel_type_null;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (!strcmp(types[i]->name, name))
			return types[i];
	}
	return &cel_type_dyn;
}

#endif
