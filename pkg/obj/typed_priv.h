/*
 * typed_priv: what the typed_*.c files share: atoms, items of lists by their keys, members of maps
 * side by side.
 */
#ifndef NUTSHELL_OBJ_TYPED_PRIV_H
#define NUTSHELL_OBJ_TYPED_PRIV_H

#include "obj/fieldset.h"
#include "obj/json.h"
#include "obj/typed.h"

/* The atom of a type, narrowed to the shape that v has; all shapes when v fits none (or is null). */
void atom_of(const struct typed *t, struct type_ref ref, const struct json *v, struct type_atom *out);

static inline bool atom_associative(const struct type_atom *atom)
{
	return atom->list == TYPED_LIST_SET || atom->list == TYPED_LIST_MAP;
}

/* Type of a member of a map. False: it is neither declared nor allowed. */
bool atom_member(const struct typed *t, struct type_ref ref, const struct type_atom *atom,
		 const char *name, struct type_ref *out);

static inline struct path_element field_element(const char *name)
{
	return (struct path_element){ .kind = PATH_FIELD, .name = name };
}

/* The path element of an item of an associative list; NULL, or what is wrong with it. */
const char *item_element(const struct typed *t, const struct type_atom *atom,
			 const struct json *item, struct path_element *out);

/* An associative list: its items that have an element, in order. */
struct item {
	struct path_element at;
	const struct json *v;
	size_t same;  /* index of the first item with the same element */
	size_t count; /* of the first item: how many share its element */
};
struct items {
	struct item *p;
	size_t n;
	size_t *order; /* indexes, sorted by element, then by position */
};
void items_index(const struct typed *t, const struct type_atom *atom, const struct json *list,
		 struct items *out);
/* The first item with the element, or NULL. */
const struct item *items_find(const struct items *l, const struct path_element *at);

/* Members of two objects (either may be no object), those of x first: fast when in the same order. */
struct pair {
	const char *name;
	const struct json *x, *y;
};
struct pair *members_zip(struct arena *a, const struct json *x, const struct json *y, size_t *n);

#endif
