/*
 * value_map: maps, objects and views of JSON objects.
 *
 * Three kinds of members behind one interface: a table of values (literals, macros), a JSON object
 * (typed: only the members its type has, under escaped names; or dynamic), and a function that
 * computes members by name.  Tables are shared by maps that grow out of one another, as lists are.
 * Few members are searched one by one, many through an index.
 */
#include "cel/type.h"
#include "cel/value_priv.h"

#include "base/arena.h"
#include "base/codec.h"
#include "obj/json.h"

#include <string.h>

#define FEW 8     /* members of a table that are searched one by one */
#define LOOKUPS 8 /* in a view, until an index pays */

static struct cel_value value_of(struct cel_map *m)
{
	return (struct cel_value){ .kind = m->name ? CELV_OBJECT : CELV_MAP, .map = m };
}

static struct cel_table *new_table(struct arena *a, size_t cap)
{
	struct cel_table *t = arena_zalloc(a, sizeof *t);

	t->cap = cap ? cap : 4;
	t->p = arena_alloc(a, t->cap * sizeof *t->p);
	return t;
}

struct cel_value cel_map_new(struct arena *a, size_t expected)
{
	struct cel_map *m = arena_zalloc(a, sizeof *m);

	m->arena = a;
	m->table = new_table(a, expected);
	return value_of(m);
}

struct cel_value cel_object_new(struct arena *a, const char *type, size_t expected)
{
	struct cel_value v = cel_map_new(a, expected);

	v.map->name = type;
	return value_of(v.map);
}

struct cel_value cel_json_map(struct arena *a, const struct json *j, const struct cel_type *type)
{
	struct cel_map *m = arena_zalloc(a, sizeof *m);

	m->arena = a;
	m->json = j;
	m->n = CEL_UNCOUNTED;
	if (type && (type->kind == CEL_KIND_OBJECT || type->kind == CEL_KIND_MAP))
		m->type = type;
	return value_of(m);
}

struct cel_value cel_map_lazy(struct arena *a,
			      bool (*find)(void *ctx, const char *name, struct cel_value *out),
			      void *ctx)
{
	struct cel_value v = cel_map_new(a, 0);

	v.map->find = find;
	v.map->ctx = ctx;
	return v;
}

size_t cel_map_count(struct cel_map *m)
{
	if (m->n == CEL_UNCOUNTED)
		m->n = json_count(m->json);
	return m->n;
}

/* ---- tables ---- */

static void index_table(struct arena *a, struct cel_table *t)
{
	cel_index_init(a, &t->index, t->cap);
	for (size_t i = 0; i < t->used; i++)
		cel_index_add(&t->index, cel_value_hash(t->p[i].key), i);
}

static bool same_value(struct arena *a, struct cel_value x, struct cel_value y)
{
	return cel_is_true(cel_value_equal(a, x, y));
}

/* The position of key among the first n members, or n. */
static size_t find_member(const struct cel_map *m, struct cel_value key)
{
	const struct cel_table *t = m->table;
	size_t at, i;

	if (!t->index.slots) {
		for (i = 0; i < m->n; i++)
			if (same_value(m->arena, t->p[i].key, key))
				return i;
		return m->n;
	}
	at = cel_index_first(&t->index, cel_value_hash(key));
	while (cel_index_next(&t->index, &at, &i))
		if (i < m->n && same_value(m->arena, t->p[i].key, key))
			return i;
	return m->n;
}

/* Append to the table that m is the newest view of. */
static void append(struct cel_map *m, struct cel_value key, struct cel_value v)
{
	struct cel_table *t = m->table;

	t->p[t->used] = (struct cel_member){ .key = key, .value = v };
	if (t->index.slots)
		cel_index_add(&t->index, cel_value_hash(key), t->used);
	m->n = ++t->used;
	if (!t->index.slots && t->used > FEW)
		index_table(m->arena, t);
}

/* Let m have a table of its own, or the shared one, with room for one more. */
static void make_room(struct cel_map *m)
{
	struct cel_table *old = m->table;

	if (old->used == m->n && old->used < old->cap)
		return;
	m->table = new_table(m->arena, 2 * m->n + 4);
	memcpy(m->table->p, old->p, m->n * sizeof *old->p);
	m->table->used = m->n;
	if (m->n > FEW)
		index_table(m->arena, m->table);
}

void cel_map_put(struct cel_value map, struct cel_value key, struct cel_value v)
{
	struct cel_map *m = map.map;
	size_t i = find_member(m, key);

	if (i < m->n) {
		m->table->p[i].value = v;
		return;
	}
	make_room(m);
	append(m, key, v);
}

/* The map's members in a table. */
static struct cel_map *tabled(struct arena *a, struct cel_map *m)
{
	struct cel_value key, v, copy;
	size_t it = 0;

	if (!m->json)
		return m;
	copy = cel_map_new(a, cel_map_count(m));
	while (cel_map_next(m, &it, &key, &v))
		cel_map_put(copy, key, v);
	return copy.map;
}

struct cel_value cel_map_insert(struct arena *a, struct cel_value map, struct cel_value key,
				struct cel_value v)
{
	struct cel_map *m;
	struct cel_value old;

	if (map.kind != CELV_MAP)
		return cel_no_overload();
	if (cel_map_find(map.map, key, &old))
		return cel_failf(a, "insert failed: key %s already exists", cel_value_text(a, key));
	m = arena_alloc(a, sizeof *m);
	*m = *tabled(a, map.map);
	make_room(m);
	append(m, key, v);
	return value_of(m);
}

/* ---- JSON ---- */

static bool is_object(const struct cel_map *m)
{
	return m->type && m->type->kind == CEL_KIND_OBJECT;
}

static uint64_t hash_name(const char *s, size_t n)
{
	return fnv64a(s, n);
}

static void index_json(struct cel_map *m)
{
	size_t i = 0;

	m->members = arena_alloc(m->arena, cel_map_count(m) * sizeof *m->members);
	cel_index_init(m->arena, &m->index, m->n);
	json_each(j, m->json) {
		m->members[i] = j;
		cel_index_add(&m->index, hash_name(json_name(j), strlen(json_name(j))), i++);
	}
}

static bool is_named(const struct json *j, const char *s, size_t n)
{
	const char *name = json_name(j);

	return strncmp(name, s, n) == 0 && !name[n];
}

/* n bytes at s may contain a NUL, then nothing is found. */
static const struct json *json_member(struct cel_map *m, const char *s, size_t n)
{
	size_t at, i;

	if (memchr(s, '\0', n))
		return NULL;
	if (!m->members && ++m->lookups > LOOKUPS)
		index_json(m);
	if (!m->members) {
		json_each(j, m->json)
			if (is_named(j, s, n))
				return j;
		return NULL;
	}
	at = cel_index_first(&m->index, hash_name(s, n));
	while (cel_index_next(&m->index, &at, &i))
		if (is_named(m->members[i], s, n))
			return m->members[i];
	return NULL;
}

/* A member of an object by its escaped name.  Null where there is a type is the same as absent. */
static bool find_field(struct cel_map *m, struct cel_value key, struct cel_value *out)
{
	const char *name = cel_value_str(m->arena, key);
	const struct cel_field *f = cel_type_field(m->type, name);
	const struct json *j = f ? json_member(m, f->json, strlen(f->json)) : NULL;

	if (!j || json_is_null(j))
		return false;
	*out = cel_json(m->arena, j, f->type);
	return true;
}

static bool find_json(struct cel_map *m, struct cel_value key, struct cel_value *out)
{
	const struct json *j;

	if (key.kind != CELV_STRING) {
		*out = cel_no_overload();
		return m->type != NULL;
	}
	if (is_object(m))
		return find_field(m, key, out);
	j = json_member(m, key.s, key.n);
	if (j)
		*out = cel_json(m->arena, j, m->type ? m->type->params[1] : NULL);
	return j != NULL;
}

static bool find_lazy(struct cel_map *m, struct cel_value key, struct cel_value *out)
{
	if (key.kind != CELV_STRING || !m->find(m->ctx, cel_value_str(m->arena, key), out))
		return false;
	cel_map_put(value_of(m), key, *out);
	return true;
}

const struct cel_value *cel_map_member(const struct cel_map *m, const char *name)
{
	size_t i = m->json ? m->n : find_member(m, cel_string(name));

	return !m->json && i < m->n ? &m->table->p[i].value : NULL;
}

bool cel_map_find(struct cel_map *m, struct cel_value key, struct cel_value *out)
{
	size_t i;

	if (m->json)
		return find_json(m, key, out);
	i = find_member(m, key);
	if (i < m->n) {
		*out = m->table->p[i].value;
		return true;
	}
	return m->find && find_lazy(m, key, out);
}

/* ---- visiting and comparing ---- */

/* The it'th member of a JSON map; visiting in order is what it is made for. */
static const struct json *nth_member(struct cel_map *m, size_t it)
{
	if (!m->members)
		index_json(m);
	return it < m->n ? m->members[it] : NULL;
}

/* A member's name and value as expressions see them; false when they do not. */
static bool see_member(struct cel_map *m, const struct json *j, struct cel_value *key,
		       struct cel_value *v)
{
	const char *name = json_name(j);
	const struct cel_type *type = m->type ? m->type->params[1] : NULL;
	const struct cel_field *f;

	if (is_object(m)) {
		name = cel_escape(m->arena, name);
		f = name ? cel_type_field(m->type, name) : NULL;
		if (!f)
			return false;
		type = f->type;
	}
	if (key)
		*key = cel_string(name);
	if (v)
		*v = cel_json(m->arena, j, type);
	return true;
}

bool cel_map_next(struct cel_map *m, size_t *it, struct cel_value *key, struct cel_value *v)
{
	const struct json *j;

	if (m->json) {
		while ((j = nth_member(m, (*it)++)))
			if (see_member(m, j, key, v))
				return true;
		return false;
	}
	if (*it >= m->n || m->find)
		return false;
	*key = m->table->p[*it].key;
	if (v)
		*v = m->table->p[*it].value;
	++*it;
	return true;
}

/* One member of x, which is a JSON object, against y. */
static struct cel_value typed_member_equal(struct arena *a, struct cel_map *x, const struct json *j,
					   struct cel_map *y)
{
	struct cel_value key, v, other;
	const struct json *raw;
	bool found;

	if (see_member(x, j, &key, &v)) {
		found = cel_map_find(y, key, &other);
		if (is_object(x) && json_is_null(j))
			return cel_bool(!found);
		return found ? cel_value_equal(a, v, other) : cel_bool(false);
	}
	/* A member without a declaration is compared as data, where both have it. */
	if (!y->json)
		return cel_no_overload();
	raw = json_member(y, json_name(j), strlen(json_name(j)));
	return cel_bool(!raw || json_equal(j, raw));
}

static struct cel_value typed_equal(struct arena *a, struct cel_map *x, struct cel_map *y)
{
	json_each(j, x->json) {
		struct cel_value eq = typed_member_equal(a, x, j, y);

		if (!cel_is_true(eq))
			return eq;
	}
	return cel_bool(true);
}

struct cel_value cel_map_equal(struct arena *a, struct cel_map *x, struct cel_value v)
{
	struct cel_value key, mine, other, eq;
	struct cel_map *y = v.map;
	size_t it = 0;

	if (v.kind != CELV_MAP && v.kind != CELV_OBJECT)
		return x->type ? cel_no_overload() : cel_bool(false);
	if (cel_map_count(x) != cel_map_count(y))
		return cel_bool(false);
	if (x->type)
		return typed_equal(a, x, y);
	while (cel_map_next(x, &it, &key, &mine)) {
		if (!cel_map_find(y, key, &other))
			return cel_bool(false);
		eq = cel_value_equal(a, mine, other);
		if (!cel_is_error(eq) && !eq.b)
			return eq;
	}
	return cel_bool(true);
}
