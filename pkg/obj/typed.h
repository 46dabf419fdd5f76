/*
 * typed: values under a schema: check, owned fields, difference, merge, removal.
 *
 * The working parts of server-side apply.  Trees are asked about through struct typed_schema, because
 * field knowledge lives floors above.  A value may have more than one possible shape (an
 * int-or-string, free JSON): struct type_atom says which, the value decides.
 * k8s: vendor/sigs.k8s.io/structured-merge-diff/v6/typed.
 */
#ifndef NUTSHELL_OBJ_TYPED_H
#define NUTSHELL_OBJ_TYPED_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct fieldset;
struct json;
struct path_element;

/* A type; opaque to this package.  Values below a type without knowledge have a deduced one: maps
 * granular, lists atomic, scalars of any kind. */
struct type_ref {
	const void *p; /* NULL: deduced, or atomic throughout when depth is not 0 */
	int depth;
};

enum typed_scalar { TYPED_NO_SCALAR, TYPED_NUMBER, TYPED_STRING, TYPED_BOOLEAN, TYPED_ANY_SCALAR };
enum typed_list { TYPED_NO_LIST, TYPED_LIST_ATOMIC, TYPED_LIST_SET, TYPED_LIST_MAP };
enum typed_map { TYPED_NO_MAP, TYPED_MAP_ATOMIC, TYPED_MAP_GRANULAR };

struct type_atom {
	enum typed_scalar scalar;
	enum typed_list list;
	enum typed_map map;
	const char *const *keys; /* TYPED_LIST_MAP: NULL-terminated */
	struct type_ref item;    /* of lists */
	bool open;               /* maps: members that are not declared are of type `value` */
	struct type_ref value;
};

/* What an absent member of a Go struct reads as. */
enum typed_zero { ZERO_ABSENT, ZERO_NULL, ZERO_OBJECT, ZERO_TEXT, ZERO_NUMBER, ZERO_FALSE };

struct typed_schema {
	void (*atom)(struct type_ref t, struct type_atom *out);
	/* A declared member; false when there is none. */
	bool (*member)(struct type_ref t, const char *name, struct type_ref *out);
	/* Declared members one after the other: size_t it = 0; NULL ends. */
	const char *(*each)(struct type_ref t, size_t *it, struct type_ref *out);
	enum typed_zero (*zero)(struct type_ref t);
	/* The declared default of a scalar, or NULL. */
	const struct json *(*dflt)(struct arena *a, struct type_ref t);
};

struct typed {
	struct arena *a;
	const struct typed_schema *schema;
	struct type_ref root;
};

/* NULL, or upstream's text of all that is wrong with v: `.spec.replicas: expected numeric (int or
 * float), got string`. */
const char *typed_check(const struct typed *t, const struct json *v, bool allow_duplicates);

/* Every leaf and every list item of v. */
const struct fieldset *typed_fields(const struct typed *t, const struct json *v);

struct typed_changes {
	const struct fieldset *removed, *modified, *added;
};
/* From x to y.  zeros: both are what Go structs hold, where some members are never absent. x NULL: the
 * empty struct (zeros) or an empty object. */
void typed_compare(const struct typed *t, const struct json *x, const struct json *y, bool zeros,
		   struct typed_changes *out);

/* live with config merged over it: a new tree that shares nothing with its arguments. */
struct json *typed_merge(const struct typed *t, const struct json *live, const struct json *config);

/* A new tree: v without the members of s. */
struct json *typed_remove(const struct typed *t, const struct json *v, const struct fieldset *s);

/* s with all declared fields on the way to its members. */
const struct fieldset *typed_named(const struct typed *t, const struct fieldset *s);

/* s after the schema has made atomic what was granular. */
const struct fieldset *typed_reconcile(const struct typed *t, const struct fieldset *s);

#endif
