/*
 * fieldset: order of path elements, building, and the algebra of sets.
 *
 * A level is a sorted array, so that every operation is one merge of two arrays per level; unchanged parts
 * are shared, not copied.  Upstream keeps members and children in two arrays; here one node is both,
 * which halves the comparisons.
 */
#include "obj/fieldset.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"

#include <stdlib.h>
#include <string.h>

/* ---- order ---- */

static int number_compare(const struct json *x, const struct json *y)
{
	int64_t i, j;
	double p, q;

	if (json_int(x, &i) && json_int(y, &j))
		return (i > j) - (i < j);
	p = json_double(x);
	q = json_double(y);
	return (p > q) - (p < q);
}

/* Numbers, strings, booleans, lists, maps, null: upstream's order of types. */
static int type_rank(const struct json *v)
{
	switch (json_type(v)) {
	case JSON_NUMBER: return 0;
	case JSON_STRING: return 1;
	case JSON_FALSE:
	case JSON_TRUE: return 2;
	case JSON_ARRAY: return 3;
	case JSON_OBJECT: return 4;
	default: return 5;
	}
}

static int value_compare(const struct json *x, const struct json *y)
{
	const struct json *p = json_first(x), *q = json_first(y);
	int d = type_rank(x) - type_rank(y);

	if (d)
		return d;
	switch (type_rank(x)) {
	case 0: return number_compare(x, y);
	case 1: return strcmp(json_str(x), json_str(y));
	case 2: return json_is_true(x) - json_is_true(y);
	default: break;
	}
	for (; p && q && !d; p = json_next(p), q = json_next(q)) {
		d = json_name(p) && json_name(q) ? strcmp(json_name(p), json_name(q)) : 0;
		d = d ? d : value_compare(p, q);
	}
	return d ? d : !!p - !!q;
}

int path_element_compare(const struct path_element *x, const struct path_element *y)
{
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	switch (x->kind) {
	case PATH_FIELD: return strcmp(x->name, y->name);
	case PATH_INDEX: return (x->index > y->index) - (x->index < y->index);
	default: return x->value == y->value ? 0 : value_compare(x->value, y->value);
	}
}

/* ---- building ---- */

static void builder_add(struct fieldset_builder *b, const struct field_node *node)
{
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 8;
		struct field_node *grown = arena_alloc(b->a, cap * sizeof *grown);

		if (b->n)
			memcpy(grown, b->nodes, b->n * sizeof *grown);
		b->nodes = grown;
		b->cap = cap;
	}
	b->nodes[b->n++] = *node;
}

void fieldset_push(struct fieldset_builder *b, const struct path_element *at, bool member,
		   const struct fieldset *kids)
{
	struct field_node node = { *at, member, fieldset_empty(kids) ? NULL : kids };

	if (node.member || node.kids)
		builder_add(b, &node);
}

static int node_compare(const void *x, const void *y)
{
	const struct field_node *p = x, *q = y;

	return path_element_compare(&p->at, &q->at);
}

static void builder_sort(struct fieldset_builder *b)
{
	size_t kept = 0, i = 1;

	while (i < b->n && node_compare(&b->nodes[i - 1], &b->nodes[i]) < 0)
		i++;
	if (i >= b->n)
		return;
	qsort(b->nodes, b->n, sizeof *b->nodes, node_compare);
	for (i = 1; i < b->n; i++) {
		struct field_node *last = &b->nodes[kept], *next = &b->nodes[i];

		if (node_compare(last, next)) {
			b->nodes[++kept] = *next;
			continue;
		}
		last->member |= next->member;
		last->kids = fieldset_union(b->a, last->kids, next->kids);
	}
	b->n = kept + 1;
}

const struct fieldset *fieldset_finish(struct fieldset_builder *b)
{
	struct fieldset *s;

	if (!b->n)
		return NULL;
	builder_sort(b);
	s = arena_alloc(b->a, sizeof *s);
	*s = (struct fieldset){ b->n, b->nodes };
	return s;
}

const struct fieldset *fieldset_path(struct arena *a, const char *dotted)
{
	struct fieldset_builder b = { .a = a };
	size_t n = strcspn(dotted, ".");
	struct path_element at = { .kind = PATH_FIELD, .name = arena_dup(a, dotted, n) };

	fieldset_push(&b, &at, !dotted[n], dotted[n] ? fieldset_path(a, dotted + n + 1) : NULL);
	return fieldset_finish(&b);
}

/* ---- questions ---- */

bool fieldset_equal(const struct fieldset *x, const struct fieldset *y)
{
	size_t n = x ? x->n : 0;

	if (x == y)
		return true;
	if (n != (y ? y->n : 0))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct field_node *p = &x->nodes[i], *q = &y->nodes[i];

		if (p->member != q->member || node_compare(p, q) || !fieldset_equal(p->kids, q->kids))
			return false;
	}
	return true;
}

const struct field_node *fieldset_find(const struct fieldset *s, const struct path_element *at)
{
	size_t lo = 0, hi = s ? s->n : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = path_element_compare(at, &s->nodes[mid].at);

		if (!d)
			return &s->nodes[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool fieldset_has(const struct fieldset *s, const char *dotted)
{
	for (;;) {
		size_t n = strcspn(dotted, ".");
		const struct field_node *node = NULL;

		for (size_t i = 0; s && i < s->n && !node; i++)
			if (s->nodes[i].at.kind == PATH_FIELD &&
			    !strncmp(s->nodes[i].at.name, dotted, n) && !s->nodes[i].at.name[n])
				node = &s->nodes[i];
		if (!node || !dotted[n])
			return node && node->member;
		s = node->kids;
		dotted += n + 1;
	}
}

/* ---- algebra: each operation says what becomes of a node met in x, in y, or in both ---- */

struct merging {
	struct arena *a;
	bool keep_x, keep_y; /* nodes met on one side only */
	void (*both)(struct merging *m, const struct field_node *x, const struct field_node *y,
		     struct field_node *out);
};

static const struct fieldset *sets_merge(struct merging *m, const struct fieldset *x,
					 const struct fieldset *y)
{
	size_t i = 0, j = 0, nx = x ? x->n : 0, ny = y ? y->n : 0;
	struct fieldset_builder b = { .a = m->a };

	while (i < nx || j < ny) {
		int d = i == nx ? 1 : j == ny ? -1 : node_compare(&x->nodes[i], &y->nodes[j]);
		struct field_node node;

		if (d < 0) {
			if (m->keep_x)
				builder_add(&b, &x->nodes[i]);
			i++;
		} else if (d > 0) {
			if (m->keep_y)
				builder_add(&b, &y->nodes[j]);
			j++;
		} else {
			node.at = x->nodes[i].at;
			m->both(m, &x->nodes[i++], &y->nodes[j++], &node);
			if (node.member || node.kids)
				builder_add(&b, &node);
		}
	}
	return fieldset_finish(&b);
}

static void both_union(struct merging *m, const struct field_node *x, const struct field_node *y,
		       struct field_node *out)
{
	out->member = x->member || y->member;
	out->kids = x->kids && y->kids ? sets_merge(m, x->kids, y->kids) :
		    x->kids            ? x->kids :
					 y->kids;
}

static void both_intersection(struct merging *m, const struct field_node *x,
			      const struct field_node *y, struct field_node *out)
{
	out->member = x->member && y->member;
	out->kids = x->kids && y->kids ? sets_merge(m, x->kids, y->kids) : NULL;
}

static void both_difference(struct merging *m, const struct field_node *x,
			    const struct field_node *y, struct field_node *out)
{
	out->member = x->member && !y->member;
	out->kids = x->kids && y->kids ? sets_merge(m, x->kids, y->kids) : x->kids;
}

static void both_prune(struct merging *m, const struct field_node *x, const struct field_node *y,
		       struct field_node *out)
{
	both_difference(m, x, y, out);
	if (y->member)
		out->kids = NULL;
}

const struct fieldset *fieldset_union(struct arena *a, const struct fieldset *x,
				      const struct fieldset *y)
{
	struct merging m = { a, true, true, both_union };

	if (fieldset_empty(x))
		return y;
	return fieldset_empty(y) ? x : sets_merge(&m, x, y);
}

const struct fieldset *fieldset_intersection(struct arena *a, const struct fieldset *x,
					     const struct fieldset *y)
{
	struct merging m = { a, false, false, both_intersection };

	return fieldset_empty(x) || fieldset_empty(y) ? NULL : sets_merge(&m, x, y);
}

const struct fieldset *fieldset_difference(struct arena *a, const struct fieldset *x,
					   const struct fieldset *y)
{
	struct merging m = { a, true, false, both_difference };

	return fieldset_empty(x) || fieldset_empty(y) ? x : sets_merge(&m, x, y);
}

const struct fieldset *fieldset_prune(struct arena *a, const struct fieldset *x,
				      const struct fieldset *y)
{
	struct merging m = { a, true, false, both_prune };

	return fieldset_empty(x) || fieldset_empty(y) ? x : sets_merge(&m, x, y);
}

/* The node of y that at falls under, a wildcard included. */
static const struct field_node *pattern_find(const struct fieldset *y, const struct path_element *at)
{
	for (size_t i = 0; i < y->n; i++) {
		const struct path_element *p = &y->nodes[i].at;

		if ((p->kind == PATH_FIELD && !strcmp(p->name, "*")) || !path_element_compare(p, at))
			return &y->nodes[i];
	}
	return NULL;
}

const struct fieldset *fieldset_select(struct arena *a, const struct fieldset *x,
				       const struct fieldset *y)
{
	struct fieldset_builder b = { .a = a };

	for (size_t i = 0; x && y && i < x->n; i++) {
		const struct field_node *node = &x->nodes[i], *p = pattern_find(y, &node->at);

		if (p)
			fieldset_push(&b, &node->at, node->member,
				      p->member ? node->kids :
						  fieldset_select(a, node->kids, p->kids));
	}
	return fieldset_finish(&b);
}
