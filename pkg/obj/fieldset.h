/*
 * fieldset: a set of paths into an object: who owns which fields.
 *
 * A set is a tree of path elements; a node may be a member itself, have members below, or both.
 * FieldsV1 is its JSON form: `f:<name>` a field, `k:{"name":"a"}` an item of a list by its keys,
 * `v:<scalar>` an item of a set, `i:<n>` an item by position, `.` the node itself where it has
 * children.  Sets live in an arena and are never changed once built: operations return new
 * ones that share parts of their arguments.  NULL is the empty set everywhere.
 * k8s: vendor/sigs.k8s.io/structured-merge-diff/v6/fieldpath.
 */
#ifndef NUTSHELL_OBJ_FIELDSET_H
#define NUTSHELL_OBJ_FIELDSET_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct json;

enum path_kind { PATH_FIELD, PATH_KEY, PATH_VALUE, PATH_INDEX }; /* in order of sorting */

struct path_element {
	enum path_kind kind;
	int index;                /* PATH_INDEX */
	const char *name;         /* PATH_FIELD; borrowed */
	const struct json *value; /* PATH_KEY: object, members sorted; PATH_VALUE: scalar; borrowed */
};

struct field_node;

struct fieldset {
	size_t n;
	const struct field_node *nodes; /* sorted by element, each once */
};

struct field_node {
	struct path_element at;
	bool member;                 /* of the set itself */
	const struct fieldset *kids; /* never empty: NULL = none; member or kids */
};

/* Below 0, 0, above 0 as x sorts before, with or behind y. */
int path_element_compare(const struct path_element *x, const struct path_element *y);
/* As messages print it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`. */
void path_element_print(struct buf *b, const struct path_element *at);

/* One level under construction: push in any order, what is pushed twice becomes one node. */
struct fieldset_builder {
	struct arena *a;
	struct field_node *nodes;
	size_t n, cap;
};
/* Nothing is added when !member and kids is empty. */
void fieldset_push(struct fieldset_builder *b, const struct path_element *at, bool member,
		   const struct fieldset *kids);
/* The set, NULL when empty; the builder is spent. */
const struct fieldset *fieldset_finish(struct fieldset_builder *b);
/* The set of one path of field names: "spec.replicas". */
const struct fieldset *fieldset_path(struct arena *a, const char *dotted);

/* From a FieldsV1 tree, which is borrowed.  False: not FieldsV1. Unknown kinds of elements are dropped. */
bool fieldset_parse(struct arena *a, const struct json *fields, const struct fieldset **out);
/* The FieldsV1 tree. */
struct json *fieldset_tree(struct arena *a, const struct fieldset *s);

static inline bool fieldset_empty(const struct fieldset *s)
{
	return !s || !s->n;
}
bool fieldset_equal(const struct fieldset *x, const struct fieldset *y);
/* The path, field names with dots between, is a member. */
bool fieldset_has(const struct fieldset *s, const char *dotted);
/* The node of an element, or NULL. */
const struct field_node *fieldset_find(const struct fieldset *s, const struct path_element *at);

const struct fieldset *fieldset_union(struct arena *a, const struct fieldset *x,
				      const struct fieldset *y);
const struct fieldset *fieldset_intersection(struct arena *a, const struct fieldset *x,
					     const struct fieldset *y);
/* Members of x that are no members of y; what lies below a member of y stays. */
const struct fieldset *fieldset_difference(struct arena *a, const struct fieldset *x,
					   const struct fieldset *y);
/* As difference, but what lies below a member of y goes, too. */
const struct fieldset *fieldset_prune(struct arena *a, const struct fieldset *x,
				      const struct fieldset *y);
/* Members of x that y names or has above them; a PATH_FIELD named "*" in y stands for any element. */
const struct fieldset *fieldset_select(struct arena *a, const struct fieldset *x,
				       const struct fieldset *y);

/* fn for each member, a node's own before those below: the path is printed, and borrowed. */
void fieldset_each(const struct fieldset *s, void (*fn)(void *arg, const char *path), void *arg);

#endif
