/*
 * fields: sets taken from values, and sets looked at with a schema in hand.
 *
 * What an applied configuration owns: its leaves, its list items, and members of free maps.
 */
#include "obj/typed_priv.h"

#include "base/arena.h"

static void fields_node(const struct typed *t, struct type_ref ref, const struct path_element *at,
			const struct json *v, bool member, struct fieldset_builder *up);

static void fields_members(const struct typed *t, struct type_ref ref, const struct type_atom *atom,
			   const struct json *v, struct fieldset_builder *out)
{
	json_each(m, v) {
		struct path_element at = field_element(json_name(m));
		struct type_ref member;
		bool declared = ref.p && t->schema->member(ref, at.name, &member);

		if (!declared)
			member = atom->value;
		fields_node(t, member, &at, m,
			    !declared || json_is_null(m) || (json_is_object(m) && !json_first(m)),
			    out);
	}
}

static void fields_items(const struct typed *t, const struct type_atom *atom, const struct json *v,
			 struct fieldset_builder *out)
{
	struct items l;

	items_index(t, atom, v, &l);
	for (size_t i = 0; i < l.n; i++) {
		if (l.p[i].same == i && l.p[i].count > 1)
			fieldset_push(out, &l.p[i].at, true, NULL);
		else if (l.p[i].same == i)
			fields_node(t, atom->item, &l.p[i].at, l.p[i].v, true, out);
	}
}

static void fields_node(const struct typed *t, struct type_ref ref, const struct path_element *at,
			const struct json *v, bool member, struct fieldset_builder *up)
{
	struct fieldset_builder kids = { .a = t->a };
	struct type_atom atom;

	atom_of(t, ref, v, &atom);
	if (atom.map) {
		/* What is no map although it should be one is owned as a whole. */
		if (atom.map == TYPED_MAP_ATOMIC || json_is_array(v) || json_is_string(v))
			member = true;
		else
			fields_members(t, ref, &atom, v, &kids);
	} else if (atom.scalar || !atom_associative(&atom)) {
		member = true;
	} else {
		fields_items(t, &atom, v, &kids);
	}
	fieldset_push(up, at, member, fieldset_finish(&kids));
}

const struct fieldset *typed_fields(const struct typed *t, const struct json *v)
{
	struct fieldset_builder out = { .a = t->a };
	struct type_atom atom;

	atom_of(t, t->root, v, &atom);
	if (json_is_object(v))
		fields_members(t, t->root, &atom, v, &out);
	return fieldset_finish(&out);
}

/* ---- a set and its schema ---- */

/* The type of what a path element leads to from a value of type ref. */
static struct type_ref step(const struct typed *t, struct type_ref ref,
			    const struct path_element *at, bool *declared)
{
	struct type_ref next = { NULL, 0 };
	struct type_atom atom;

	atom_of(t, ref, NULL, &atom);
	*declared = ref.p && at->kind == PATH_FIELD && t->schema->member(ref, at->name, &next);
	if (*declared)
		return next;
	if (at->kind == PATH_FIELD)
		return atom.map ? atom.value : next;
	return atom.list ? atom.item : next;
}

static const struct fieldset *named_level(const struct typed *t, struct type_ref ref,
					  const struct fieldset *s)
{
	struct fieldset_builder out = { .a = t->a };

	for (size_t i = 0; s && i < s->n; i++) {
		const struct field_node *node = &s->nodes[i];
		bool declared;
		struct type_ref below = step(t, ref, &node->at, &declared);

		fieldset_push(&out, &node->at, node->member || (node->kids && declared),
			      node->kids ? named_level(t, below, node->kids) : NULL);
	}
	return fieldset_finish(&out);
}

const struct fieldset *typed_named(const struct typed *t, const struct fieldset *s)
{
	return named_level(t, t->root, s);
}

/* The set itself as long as nothing changes. */
static const struct fieldset *reconcile_level(const struct typed *t, struct type_ref ref,
					      const struct fieldset *s)
{
	struct fieldset_builder out = { .a = t->a };
	bool same = true, declared;

	if (!ref.p)
		return s;
	for (size_t i = 0; i < s->n; i++) {
		const struct field_node *node = &s->nodes[i];
		struct type_ref below = step(t, ref, &node->at, &declared);
		const struct fieldset *kids = node->kids;
		struct type_atom atom;
		bool leaf = false;

		if (kids && below.p) {
			atom_of(t, below, NULL, &atom);
			leaf = atom.map == TYPED_MAP_ATOMIC ||
			       (!atom.map && !atom.scalar && atom.list == TYPED_LIST_ATOMIC);
			kids = leaf ? NULL : reconcile_level(t, below, kids);
		}
		same = same && kids == node->kids;
		fieldset_push(&out, &node->at, node->member || leaf, kids);
	}
	return same ? s : fieldset_finish(&out);
}

const struct fieldset *typed_reconcile(const struct typed *t, const struct fieldset *s)
{
	return s ? reconcile_level(t, t->root, s) : NULL;
}
