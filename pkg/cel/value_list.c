/*
 * value_list: lists.
 *
 * A list over JSON makes its items at the first look.  Lists that grow out of one another share their
 * items: `accu + [x]`, which is what every macro does, appends in place as long as nobody else has
 * appended to the same list before.
 *
 * The type of a list from JSON says how it compares and adds (x-kubernetes-list-type): as a sequence,
 * as a set, or as a map by key members (k8s: cel/common/valuesunstructured.go).
 */
#include "cel/type.h"
#include "cel/value_priv.h"

#include "base/arena.h"
#include "obj/json.h"

#include <string.h>

struct cel_list *cel_list_new(struct arena *a, size_t n, const struct cel_type *type)
{
	struct cel_list *l = arena_zalloc(a, sizeof *l);

	l->arena = a;
	l->type = type;
	l->vec = arena_alloc(a, sizeof *l->vec);
	*l->vec = (struct cel_vec){ .cap = n, .p = arena_alloc(a, n * sizeof *l->vec->p) };
	return l;
}

void cel_list_push(struct cel_list *l, struct cel_value v)
{
	l->vec->p[l->n++] = v;
	l->vec->used = l->n;
}

static struct cel_value value_of(struct cel_list *l)
{
	return (struct cel_value){ .kind = CELV_LIST, .list = l };
}

struct cel_value cel_list_of(struct arena *a, struct cel_value *items, size_t n)
{
	struct cel_list *l = arena_zalloc(a, sizeof *l);

	l->arena = a;
	l->n = n;
	l->vec = arena_alloc(a, sizeof *l->vec);
	*l->vec = (struct cel_vec){ .used = n, .cap = n, .p = items };
	return value_of(l);
}

struct cel_value cel_json_list(struct arena *a, const struct json *j, const struct cel_type *type)
{
	struct cel_list *l = arena_zalloc(a, sizeof *l);

	l->arena = a;
	l->json = j;
	l->n = json_count(j);
	l->type = type && type->kind == CEL_KIND_LIST ? type : NULL;
	return value_of(l);
}

size_t cel_list_count(const struct cel_list *l)
{
	return l->n;
}

static void look(struct cel_list *l)
{
	const struct cel_type *item = l->type ? l->type->params[0] : NULL;
	struct cel_vec *vec = arena_alloc(l->arena, sizeof *vec);
	size_t i = 0;

	*vec = (struct cel_vec){ .used = l->n, .cap = l->n };
	vec->p = arena_alloc(l->arena, l->n * sizeof *vec->p);
	json_each(j, l->json)
		vec->p[i++] = cel_json(l->arena, j, item);
	l->vec = vec;
}

const struct cel_value *cel_list_items(struct cel_list *l)
{
	if (!l->vec)
		look(l);
	return l->vec->p;
}

/* A longer list that begins with l: the same room if its end is free, else a copy. */
static struct cel_list *grow(struct arena *a, struct cel_list *l, size_t more)
{
	const struct cel_value *items = cel_list_items(l);
	struct cel_list *out;

	if (l->vec->used != l->n || l->vec->cap - l->n < more) {
		out = cel_list_new(a, 2 * (l->n + more), l->type);
		memcpy(out->vec->p, items, l->n * sizeof *items);
		out->vec->used = out->n = l->n;
		return out;
	}
	out = arena_alloc(a, sizeof *out);
	*out = *l;
	out->json = NULL;
	return out;
}

/* ---- lists whose items have keys ---- */

#define MAX_KEYS 16

static bool is_keyed(const struct cel_list *l)
{
	return l->type && l->type->list != CEL_LIST_ATOMIC;
}

/* What tells an item from others: itself in a set, its key members in a map. */
static size_t item_key(const struct cel_list *l, struct cel_value item, struct cel_value *key)
{
	const char *const *names = l->type->keys;
	size_t n = 0;

	if (l->type->list == CEL_LIST_SET || !names) {
		key[0] = item;
		return 1;
	}
	for (; names[n] && n < MAX_KEYS; n++)
		if ((item.kind != CELV_MAP && item.kind != CELV_OBJECT) ||
		    !cel_map_find(item.map, cel_string(names[n]), &key[n]))
			key[n] = CEL_NULL_VALUE;
	return n;
}

static uint64_t hash_key(const struct cel_value *key, size_t n)
{
	uint64_t h = 0;

	for (size_t i = 0; i < n; i++)
		h = h * 31 + cel_value_hash(key[i]);
	return h;
}

static bool same_key(struct arena *a, const struct cel_value *x, const struct cel_value *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!cel_is_true(cel_value_equal(a, x[i], y[i])))
			return false;
	return true;
}

/* The position of the item with this key, or l->n. */
static size_t find_key(const struct cel_list *l, const struct cel_index *x,
		       const struct cel_value *key, size_t n)
{
	size_t at = cel_index_first(x, hash_key(key, n)), i;

	while (cel_index_next(x, &at, &i)) {
		struct cel_value other[MAX_KEYS];
		size_t m = item_key(l, l->vec->p[i], other);

		if (m == n && same_key(l->arena, key, other, n))
			return i;
	}
	return l->n;
}

static void add_key(const struct cel_list *l, struct cel_index *x, size_t i)
{
	struct cel_value key[MAX_KEYS];
	size_t n = item_key(l, l->vec->p[i], key);

	cel_index_add(x, hash_key(key, n), i);
}

static void index_items(struct cel_list *l, struct cel_index *x, size_t room)
{
	cel_list_items(l);
	cel_index_init(l->arena, x, room);
	for (size_t i = 0; i < l->n; i++)
		add_key(l, x, i);
}

/* Each of y has its equal in l; both are of one length. */
static struct cel_value keyed_equal(struct arena *a, struct cel_list *l, struct cel_list *y)
{
	const struct cel_value *items = cel_list_items(y);
	struct cel_index x;

	index_items(l, &x, l->n);
	for (size_t i = 0; i < y->n; i++) {
		struct cel_value key[MAX_KEYS], eq;
		size_t n = item_key(l, items[i], key), at = find_key(l, &x, key, n);

		if (at == l->n)
			return cel_bool(false);
		if (l->type->list == CEL_LIST_SET)
			continue;
		eq = cel_value_equal(a, l->vec->p[at], items[i]);
		if (!cel_is_true(eq))
			return eq;
	}
	return cel_bool(true);
}

/* Items of y whose key l has take its place, others follow. */
static struct cel_value keyed_add(struct arena *a, struct cel_list *l, struct cel_list *y)
{
	const struct cel_value *items = cel_list_items(y);
	struct cel_list *out = cel_list_new(a, l->n + y->n, l->type);
	struct cel_index x;

	memcpy(out->vec->p, cel_list_items(l), l->n * sizeof *items);
	out->vec->used = out->n = l->n;
	index_items(out, &x, l->n + y->n);
	for (size_t i = 0; i < y->n; i++) {
		struct cel_value key[MAX_KEYS];
		size_t n = item_key(out, items[i], key), at = find_key(out, &x, key, n);

		if (at < out->n) {
			out->vec->p[at] = items[i];
			continue;
		}
		cel_list_push(out, items[i]);
		add_key(out, &x, out->n - 1);
	}
	return value_of(out);
}

/* ---- operators ---- */

struct cel_value cel_list_equal(struct arena *a, struct cel_list *x, struct cel_value v)
{
	const struct cel_value *xs, *ys;
	struct cel_list *y = v.list;

	if (v.kind != CELV_LIST)
		return x->type ? cel_no_overload() : cel_bool(false);
	if (x->n != y->n)
		return cel_bool(false);
	if (is_keyed(x))
		return keyed_equal(a, x, y);
	xs = cel_list_items(x);
	ys = cel_list_items(y);
	for (size_t i = 0; i < x->n; i++) {
		struct cel_value eq = cel_value_equal(a, xs[i], ys[i]);

		/* Upstream's untyped lists take items that cannot be compared for equal. */
		if (cel_is_error(eq) ? x->type != NULL : !eq.b)
			return eq;
	}
	return cel_bool(true);
}

struct cel_value cel_list_add(struct arena *a, struct cel_value xv, struct cel_value yv)
{
	struct cel_list *x = xv.list, *y = yv.list, *out;
	const struct cel_value *items;

	if (xv.kind != CELV_LIST || yv.kind != CELV_LIST)
		return cel_no_overload();
	if (is_keyed(x))
		return keyed_add(a, x, y);
	if (!x->n && !x->type)
		return yv;
	if (!y->n)
		return xv;
	items = cel_list_items(y);
	out = grow(a, x, y->n);
	for (size_t i = 0; i < y->n; i++)
		cel_list_push(out, items[i]);
	return value_of(out);
}

struct cel_value cel_list_contains(struct arena *a, struct cel_list *l, struct cel_value v)
{
	const struct cel_value *items = cel_list_items(l);
	struct cel_value error = cel_bool(false);

	for (size_t i = 0; i < l->n; i++) {
		struct cel_value eq = cel_value_equal(a, items[i], v);

		if (cel_is_true(eq))
			return eq;
		if (cel_is_error(eq) && !cel_is_error(error))
			error = eq;
	}
	return error;
}
