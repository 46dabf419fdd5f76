/*
 * compare: what was removed, modified and added between two values.
 *
 * Atomic and empty values are leaves; a container that appears or goes is itself added or removed, with all
 * it holds.  Where the values stand for Go structs, a member that Go always prints is never absent: it
 * is its zero value, which is why a created Deployment owns `containers[...]` but not `containers`.
 */
#include "obj/typed_priv.h"

#include "base/arena.h"

struct changes {
	struct fieldset_builder removed, modified, added;
};

struct compare {
	const struct typed *t;
	bool zeros;
	const struct json *null, *object, *text, *number, *no;
};

static void compare_node(struct compare *c, struct type_ref ref, const struct path_element *at,
			 const struct json *x, const struct json *y, struct changes *up);

static struct changes changes_open(struct arena *a)
{
	struct fieldset_builder b = { .a = a };

	return (struct changes){ b, b, b };
}

static const struct json *zero_value(struct compare *c, struct type_ref ref)
{
	struct arena *a = c->t->a;

	if (!c->null) {
		c->null = json_null(a);
		c->object = json_object(a);
		c->text = json_string(a, "");
		c->number = json_integer(a, 0);
		c->no = json_boolean(a, false);
	}
	switch (ref.p ? c->t->schema->zero(ref) : ZERO_ABSENT) {
	case ZERO_NULL: return c->null;
	case ZERO_OBJECT: return c->object;
	case ZERO_TEXT: return c->text;
	case ZERO_NUMBER: return c->number;
	case ZERO_FALSE: return c->no;
	default: return NULL;
	}
}

/* The members that only one of the two structs is there to have, and that Go prints as zero. */
static void compare_zeros(struct compare *c, struct type_ref ref, const struct json *x,
			  const struct json *y, struct changes *kids)
{
	const struct json *there = x ? x : y, *zero;
	struct type_ref member;
	const char *name;
	size_t it = 0;

	while ((name = c->t->schema->each(ref, &it, &member))) {
		struct path_element at = field_element(name);

		if (!json_get(there, name) && (zero = zero_value(c, member)))
			compare_node(c, member, &at, x ? zero : NULL, y ? zero : NULL, kids);
	}
}

static void compare_members(struct compare *c, struct type_ref ref, const struct type_atom *atom,
			    const struct json *x, const struct json *y, struct changes *kids)
{
	size_t n;
	struct pair *pairs = members_zip(c->t->a, x, y, &n);

	for (size_t i = 0; i < n; i++) {
		struct path_element at = field_element(pairs[i].name);
		struct type_ref member;

		atom_member(c->t, ref, atom, pairs[i].name, &member);
		if (c->zeros && x && !pairs[i].x)
			pairs[i].x = zero_value(c, member);
		if (c->zeros && y && !pairs[i].y)
			pairs[i].y = zero_value(c, member);
		compare_node(c, member, &at, pairs[i].x, pairs[i].y, kids);
	}
	if (c->zeros && ref.p && (!x || !y))
		compare_zeros(c, ref, x, y, kids);
}

static bool same_run(const struct items *x, const struct item *p, const struct items *y,
		     const struct item *q)
{
	size_t i = (size_t)(p - x->p), j = (size_t)(q - y->p), left = p->count;

	if (p->count != q->count)
		return false;
	for (;; i++, j++) {
		while (x->p[i].same != (size_t)(p - x->p))
			i++;
		while (y->p[j].same != (size_t)(q - y->p))
			j++;
		if (!json_equal(x->p[i].v, y->p[j].v))
			return false;
		if (!--left)
			return true;
	}
}

/* One element of two lists; p or q NULL: not in that list.  Items that share an element are one leaf. */
static void compare_item(struct compare *c, struct type_ref ref, const struct items *x,
			 const struct item *p, const struct items *y, const struct item *q,
			 struct changes *kids)
{
	size_t np = p ? p->count : 0, nq = q ? q->count : 0;
	const struct path_element *at = p ? &p->at : &q->at;

	if (np <= 1 && nq <= 1) {
		compare_node(c, ref, at, p ? p->v : NULL, q ? q->v : NULL, kids);
	} else if (np >= 2 && nq >= 2) {
		fieldset_push(&kids->modified, at, !same_run(x, p, y, q), NULL);
	} else if (np >= 2) {
		if (q)
			compare_node(c, ref, at, NULL, q->v, kids);
		fieldset_push(&kids->removed, at, true, NULL);
	} else {
		if (p)
			compare_node(c, ref, at, p->v, NULL, kids);
		fieldset_push(&kids->added, at, true, NULL);
	}
}

static void compare_items(struct compare *c, const struct type_atom *atom, const struct json *x,
			  const struct json *y, struct changes *kids)
{
	struct items l, r;

	items_index(c->t, atom, x, &l);
	items_index(c->t, atom, y, &r);
	for (size_t i = 0; i < l.n; i++)
		if (l.p[i].same == i)
			compare_item(c, atom->item, &l, &l.p[i], &r, items_find(&r, &l.p[i].at),
				     kids);
	for (size_t i = 0; i < r.n; i++)
		if (r.p[i].same == i && !items_find(&l, &r.p[i].at))
			compare_item(c, atom->item, &l, NULL, &r, &r.p[i], kids);
}

/* Descend where there is something to descend into; true: a leaf. */
static bool compare_shape(struct compare *c, struct type_ref ref, const struct type_atom *atom,
			  const struct json *x, const struct json *y, struct changes *kids)
{
	bool empty;

	if (atom->map) {
		empty = !(json_is_object(x) && json_first(x)) &&
			!(json_is_object(y) && json_first(y));
		if (atom->map == TYPED_MAP_ATOMIC || empty)
			return true;
		compare_members(c, ref, atom, x, y, kids);
		return false;
	}
	if (atom->scalar || !atom->list)
		return true;
	empty = !(json_is_array(x) && json_first(x)) && !(json_is_array(y) && json_first(y));
	if (!atom_associative(atom) || empty)
		return true;
	compare_items(c, atom, x, y, kids);
	return false;
}

static bool same_shape(const struct type_atom *p, const struct type_atom *q)
{
	return p->map == q->map && p->list == q->list && p->scalar == q->scalar;
}

static void compare_node(struct compare *c, struct type_ref ref, const struct path_element *at,
			 const struct json *x, const struct json *y, struct changes *up)
{
	struct changes kids = changes_open(c->t->a);
	struct type_atom left, right;
	bool leaf;

	if (!x && !y)
		return;
	atom_of(c->t, ref, x, &left);
	atom_of(c->t, ref, y, &right);
	if (x && y && !same_shape(&left, &right))
		compare_shape(c, ref, &left, x, y, &kids);
	leaf = compare_shape(c, ref, y ? &right : &left, x, y, &kids);
	fieldset_push(&up->removed, at, x && !y, fieldset_finish(&kids.removed));
	fieldset_push(&up->added, at, !x && y, fieldset_finish(&kids.added));
	fieldset_push(&up->modified, at, leaf && x && y && !json_equal(x, y),
		      fieldset_finish(&kids.modified));
}

void typed_compare(const struct typed *t, const struct json *x, const struct json *y, bool zeros,
		   struct typed_changes *out)
{
	struct compare c = { .t = t, .zeros = zeros };
	struct changes kids = changes_open(t->a);
	struct type_atom atom;

	if (!x)
		x = json_object(t->a);
	atom_of(t, t->root, y, &atom);
	compare_members(&c, t->root, &atom, x, y, &kids);
	out->removed = fieldset_finish(&kids.removed);
	out->modified = fieldset_finish(&kids.modified);
	out->added = fieldset_finish(&kids.added);
}
