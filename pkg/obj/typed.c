/*
 * typed: what all walks ask: which shape a value has, by which element a list item goes, which
 * members of two objects belong together.
 */
#include "obj/typed_priv.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

void atom_of(const struct typed *t, struct type_ref ref, const struct json *v, struct type_atom *out)
{
	if (ref.p) {
		t->schema->atom(ref, out);
	} else {
		*out = (struct type_atom){
			.scalar = TYPED_ANY_SCALAR,
			.list = TYPED_LIST_ATOMIC,
			.map = ref.depth ? TYPED_MAP_ATOMIC : TYPED_MAP_GRANULAR,
			.item = { NULL, 1 },
			.open = true,
			.value = ref,
		};
	}
	if (json_is_object(v) ? out->map : json_is_array(v) ? out->list : TYPED_NO_LIST)
		out->scalar = TYPED_NO_SCALAR;
	if (json_is_object(v) && out->map)
		out->list = TYPED_NO_LIST;
	else if (json_is_array(v) && out->list)
		out->map = TYPED_NO_MAP;
	else if (!json_is_null(v) && out->scalar && !json_is_object(v) && !json_is_array(v)) {
		out->map = TYPED_NO_MAP;
		out->list = TYPED_NO_LIST;
	}
}

bool atom_member(const struct typed *t, struct type_ref ref, const struct type_atom *atom,
		 const char *name, struct type_ref *out)
{
	if (ref.p && t->schema->member(ref, name, out))
		return true;
	*out = atom->value;
	return atom->open;
}

/* ---- items ---- */

static void key_insert(struct arena *a, struct json *key, const char *name, const struct json *v)
{
	struct json *before = json_first(key), *copy = json_add(a, key, name, json_copy(a, v));

	while (before && before != copy && strcmp(json_name(before), name) < 0)
		before = json_next(before);
	if (before != copy) {
		json_detach(key, copy);
		json_insert(key, before, copy);
	}
}

static const char *quoted_keys(struct arena *a, const char *const *keys)
{
	const char *text = "";

	for (; *keys; keys++)
		text = arena_printf(a, "%s%s\"%s\"", text, *text ? " " : "", *keys);
	return text;
}

static const char *keyed_element(const struct typed *t, const struct type_atom *atom,
				 const struct json *item, struct path_element *out)
{
	struct json *key = json_object(t->a);

	if (json_is_null(item))
		return "associative list with keys may not have a null element";
	if (!json_is_object(item))
		return "associative list with keys may not have non-map elements";
	for (const char *const *name = atom->keys; *name; name++) {
		const struct json *v = json_get(item, *name);
		struct type_ref field;

		if (!v && atom->item.p && t->schema->member(atom->item, *name, &field) && field.p)
			v = t->schema->dflt(t->a, field);
		if (v)
			key_insert(t->a, key, *name, v);
	}
	if (!json_first(key))
		return arena_printf(
			t->a,
			"associative list with keys has an element that omits all key fields [%s] (and doesn't have default values for any key fields)",
			quoted_keys(t->a, atom->keys));
	*out = (struct path_element){ .kind = PATH_KEY, .value = key };
	return NULL;
}

const char *item_element(const struct typed *t, const struct type_atom *atom,
			 const struct json *item, struct path_element *out)
{
	if (atom->list == TYPED_LIST_MAP)
		return keyed_element(t, atom, item, out);
	if (json_is_object(item))
		return "associative list without keys has an element that's a map type";
	if (json_is_array(item))
		return "not supported: associative list with lists as elements";
	if (json_is_null(item))
		return "associative list without keys has an element that's an explicit null";
	*out = (struct path_element){ .kind = PATH_VALUE, .value = item };
	return NULL;
}

static int by_element(const void *x, const void *y, void *arg)
{
	const struct item *items = arg;
	size_t i = *(const size_t *)x, j = *(const size_t *)y;
	int d = path_element_compare(&items[i].at, &items[j].at);

	return d ? d : (i > j) - (i < j);
}

void items_index(const struct typed *t, const struct type_atom *atom, const struct json *list,
		 struct items *out)
{
	size_t n = json_is_array(list) ? json_count(list) : 0;

	out->p = arena_alloc(t->a, (n + 1) * sizeof *out->p);
	out->order = arena_alloc(t->a, (n + 1) * sizeof *out->order);
	out->n = 0;
	if (!n)
		return;
	json_each(v, list) {
		struct item *it = &out->p[out->n];

		if (!item_element(t, atom, v, &it->at)) {
			it->v = v;
			out->order[out->n] = out->n;
			out->n++;
		}
	}
	qsort_r(out->order, out->n, sizeof *out->order, by_element, out->p);
	for (size_t i = 0; i < out->n; i++) {
		struct item *it = &out->p[out->order[i]],
			    *last = i ? &out->p[out->order[i - 1]] : NULL;
		bool same = last && !path_element_compare(&last->at, &it->at);

		it->count = 0;
		it->same = same ? last->same : out->order[i];
		out->p[it->same].count++;
	}
}

const struct item *items_find(const struct items *l, const struct path_element *at)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct item *it = &l->p[l->order[mid]];
		int d = path_element_compare(at, &it->at);

		if (!d)
			return &l->p[it->same];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* ---- members ---- */

static int by_name(const void *x, const void *y)
{
	const struct json *const *p = x, *const *q = y;

	return strcmp(json_name(*p), json_name(*q));
}

static const struct json **members_sorted(struct arena *a, const struct json *o, size_t n)
{
	const struct json **all = arena_alloc(a, (n + 1) * sizeof *all);
	size_t i = 0;

	json_each(m, o)
		all[i++] = m;
	qsort(all, n, sizeof *all, by_name);
	return all;
}

static size_t zip_sorted(struct arena *a, const struct json *x, const struct json *y, size_t nx,
			 size_t ny, struct pair *out)
{
	const struct json **p = members_sorted(a, x, nx), **q = members_sorted(a, y, ny);
	size_t i = 0, j = 0, n = 0;

	while (i < nx || j < ny) {
		int d = i == nx ? 1 : j == ny ? -1 : by_name(&p[i], &q[j]);

		out[n].x = d <= 0 ? p[i++] : NULL;
		out[n].y = d >= 0 ? q[j++] : NULL;
		out[n].name = json_name(out[n].x ? out[n].x : out[n].y);
		n++;
	}
	return n;
}

struct pair *members_zip(struct arena *a, const struct json *x, const struct json *y, size_t *n)
{
	const struct json *p = json_is_object(x) ? json_first(x) : NULL;
	const struct json *q = json_is_object(y) ? json_first(y) : NULL;
	size_t nx = p ? json_count(x) : 0, ny = q ? json_count(y) : 0, i = 0;
	struct pair *out = arena_alloc(a, (nx + ny + 1) * sizeof *out);

	/* as long as they run in step there is nothing to look for */
	for (; p && q && !strcmp(json_name(p), json_name(q)); p = json_next(p), q = json_next(q))
		out[i++] = (struct pair){ json_name(p), p, q };
	if (p && q) {
		*n = zip_sorted(a, x, y, nx, ny, out);
		return out;
	}
	for (; p; p = json_next(p))
		out[i++] = (struct pair){ json_name(p), p, NULL };
	for (; q; q = json_next(q))
		out[i++] = (struct pair){ json_name(q), NULL, q };
	*n = i;
	return out;
}
