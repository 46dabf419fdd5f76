/*
 * patch_list: the list half of strategic merge (k8s: apimachinery/pkg/util/strategicpatch).
 *
 * The order of a merged list: items that the patch names, in the order the patch gives; items only the
 * server has, in their own order; the two interleaved so that a server item stays before a patch item
 * if it was before it in the live list.
 */
#include "obj/patch_list.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/status.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

#define GO_MAP "map[string]interface {}"

struct node_list list_take(struct arena *a, struct json *array, size_t spare)
{
	struct node_list l = { .p = arena_alloc(a, (json_count(array) + spare) * sizeof *l.p) };
	struct json *c;

	while ((c = json_first(array))) {
		json_detach(array, c);
		l.p[l.n++] = c;
	}
	return l;
}

struct json *list_array(struct arena *a, const struct node_list *l)
{
	struct json *array = json_array(a);

	for (size_t i = 0; i < l->n; i++)
		json_append(array, l->p[i]);
	return array;
}

/* ---- texts ---- */

static int by_name(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp(json_name(*x), json_name(*y));
}

static void print_go(struct arena *a, struct buf *b, const struct json *j)
{
	size_t n = json_count(j), i = 0;
	const struct json **sorted;

	if (json_is_string(j)) {
		buf_adds(b, json_str(j));
	} else if (json_is_null(j)) {
		buf_adds(b, "<nil>");
	} else if (!json_is_object(j) && !json_is_array(j)) {
		json_print(b, j);
	} else {
		sorted = arena_alloc(a, n * sizeof *sorted);
		json_each(c, j)
			sorted[i++] = c;
		if (json_is_object(j) && n > 1)
			qsort(sorted, n, sizeof *sorted, by_name);
		buf_adds(b, json_is_object(j) ? "map[" : "[");
		for (i = 0; i < n; i++) {
			if (i)
				buf_addc(b, ' ');
			if (json_is_object(j))
				buf_addf(b, "%s:", json_name(sorted[i]));
			print_go(a, b, sorted[i]);
		}
		buf_addc(b, ']');
	}
}

char *list_go_text(struct arena *a, const struct json *j)
{
	BUF_AUTO struct buf b = BUF_INIT;

	print_go(a, &b, j);
	return arena_dup(a, b.p, b.len);
}

bool list_no_merge_key(struct arena *a, const struct json *o, const char *key, struct status *st)
{
	return status_plain_error(st, "map: %s does not contain declared merge key: %s",
				  list_go_text(a, o), key);
}

static const char *go_type(const struct json *j)
{
	int64_t v;

	switch (json_type(j)) {
	case JSON_OBJECT: return GO_MAP;
	case JSON_ARRAY: return "[]interface {}";
	case JSON_STRING: return "string";
	case JSON_NUMBER: return json_int(j, &v) ? "int64" : "float64";
	case JSON_NULL: return "%!s(<nil>)";
	default: return "bool";
	}
}

bool list_bad_type(const char *want, const struct json *got, struct status *st)
{
	return status_plain_error(st, "expected a %s, but received a %s", want, go_type(got));
}

/* ---- matching ---- */

bool list_scalar_equal(const struct json *x, const struct json *y)
{
	if (json_is_object(x) || json_is_array(x))
		return false;
	return strcmp(go_type(x), go_type(y)) == 0 && json_equal(x, y);
}

bool list_find(const struct node_list *l, const char *key, const struct json *value, long *at,
	       struct status *st)
{
	*at = -1;
	for (size_t i = 0; i < l->n; i++) {
		const struct json *v = json_get(l->p[i], key);

		if (!json_is_object(l->p[i]))
			return status_plain_error(st, "value for key %zu is not a map", i);
		if (v && list_scalar_equal(v, value)) {
			*at = (long)i;
			return true;
		}
	}
	return true;
}

static bool same_types(const struct node_list *l, const char **type)
{
	for (size_t i = 0; i < l->n; i++) {
		const char *t = go_type(l->p[i]);

		if (*type && strcmp(*type, t) != 0)
			return false;
		*type = t;
	}
	return true;
}

static char *lists_text(struct arena *a, const struct node_list *x, const struct node_list *y)
{
	BUF_AUTO struct buf b = BUF_INIT;
	const struct node_list *both[] = { x, y };

	for (size_t k = 0; k < 2; k++) {
		buf_adds(&b, k ? "] [" : "[[");
		for (size_t i = 0; i < both[k]->n; i++) {
			if (i)
				buf_addc(&b, ' ');
			print_go(a, &b, both[k]->p[i]);
		}
	}
	buf_adds(&b, "]]");
	return arena_dup(a, b.p, b.len);
}

bool list_types(struct arena *a, const struct node_list *x, const struct node_list *y,
		bool *objects, struct status *st)
{
	const struct json *first = x->n ? x->p[0] : y->n ? y->p[0] : NULL;
	const char *type = NULL;

	if (!first)
		return status_plain_error(st, "no elements in any of the given slices");
	if (json_is_array(first)) {
		/* "lists of lists are not supported" is what upstream means but does not say. */
		status_other(st, 422, "Invalid",
			     "the server rejected our request due to an error in our request");
		if (st)
			st->details = true;
		return false;
	}
	if (!same_types(x, &type) || !same_types(y, &type) || json_is_null(first))
		return status_plain_error(st, "list element types are not identical: %s",
					  lists_text(a, x, y));
	*objects = json_is_object(first);
	return true;
}

static bool contains_scalar(const struct node_list *l, const struct json *v)
{
	for (size_t i = 0; i < l->n; i++)
		if (list_scalar_equal(l->p[i], v))
			return true;
	return false;
}

bool list_partition(struct arena *a, const struct node_list *l, const struct node_list *by,
		    const char *key, struct node_list *in, struct node_list *out, struct status *st)
{
	in->p = arena_alloc(a, l->n * sizeof *in->p);
	out->p = arena_alloc(a, l->n * sizeof *out->p);
	in->n = out->n = 0;
	for (size_t i = 0; i < l->n; i++) {
		struct json *item = l->p[i], *v = json_get(item, key);
		bool found;
		long at;

		if (!*key) {
			found = contains_scalar(by, item);
		} else {
			if (!json_is_object(item))
				return list_bad_type(GO_MAP, item, st);
			if (!v)
				return list_no_merge_key(a, item, key, st);
			if (!list_find(by, key, v, &at, st))
				return false;
			found = at >= 0;
		}
		if (found)
			in->p[in->n++] = item;
		else
			out->p[out->n++] = item;
	}
	return true;
}

/* ---- order ---- */

/* The place of item in l by key value; -1 if it has none. */
static long place_in(const struct node_list *l, const struct json *item, const char *key)
{
	const struct json *want = *key ? json_get(item, key) : item;

	for (size_t i = 0; i < l->n; i++)
		if (list_scalar_equal(*key ? json_get(l->p[i], key) : l->p[i], want))
			return (long)i;
	return -1;
}

struct placed {
	struct json *item;
	long place;
	size_t before; /* original position: keeps the sort stable */
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->before < y->before ? -1 : 1;
}

static bool check_keys(struct arena *a, const struct node_list *l, const char *key, struct status *st)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!json_is_object(l->p[i]))
			return list_bad_type(GO_MAP, l->p[i], st);
		if (!json_get(l->p[i], key))
			return list_no_merge_key(a, l->p[i], key, st);
	}
	return true;
}

/* Sort l by order; items without a place come first, as they do upstream. */
static bool sort_by(struct arena *a, struct node_list *l, const struct node_list *order,
		    const char *key, struct status *st)
{
	struct placed *placed = arena_alloc(a, l->n * sizeof *placed);

	if (*key && (!check_keys(a, l, key, st) || !check_keys(a, order, key, st)))
		return false;
	for (size_t i = 0; i < l->n; i++)
		placed[i] = (struct placed){ .item = l->p[i],
					     .place = place_in(order, l->p[i], key),
					     .before = i };
	if (l->n > 1)
		qsort(placed, l->n, sizeof *placed, by_place);
	for (size_t i = 0; i < l->n; i++)
		l->p[i] = placed[i].item;
	return true;
}

bool list_order(struct arena *a, struct node_list *patch, struct node_list *server,
		const struct node_list *patch_order, const struct node_list *server_order,
		const char *key, struct node_list *out, struct status *st)
{
	size_t i = 0, j = 0;

	if (!sort_by(a, patch, patch_order, key, st) || !sort_by(a, server, server_order, key, st))
		return false;
	out->p = arena_alloc(a, (patch->n + server->n) * sizeof *out->p);
	out->n = 0;
	while (i < server->n || j < patch->n) {
		long s = i < server->n ? place_in(server_order, server->p[i], key) : -1;
		long p = j < patch->n ? place_in(server_order, patch->p[j], key) : -1;

		if (j == patch->n || (i < server->n && s >= 0 && p >= 0 && s < p))
			out->p[out->n++] = server->p[i++];
		else
			out->p[out->n++] = patch->p[j++];
	}
	return true;
}
