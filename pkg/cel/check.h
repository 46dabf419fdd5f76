/*
 * check: the type checker's inside.  (cel-go: checker/)
 *
 * Type variables are types of kind PARAM whose `max` is their number; what they stand for is kept in
 * vars[], with a trail so that an overload that did not fit leaves nothing behind.
 */
#ifndef NUTSHELL_CEL_CHECK_H
#define NUTSHELL_CEL_CHECK_H

#include "base/vec.h"
#include "cel/ast.h"
#include "cel/cel.h"
#include "cel/issue.h"

struct local {
	const char *name;
	const struct cel_type *type;
	uint16_t slot;
};

struct checker {
	struct arena *a;    /* scratch */
	struct arena *keep; /* of the program */
	const struct cel_env *env;
	struct issues *is;
	VEC(const struct cel_type *) vars; /* substitutions; NULL: free */
	VEC(struct undo {
		size_t var;
		const struct cel_type *was;
	})
	trail;
	VEC(struct local) locals; /* innermost last */
	unsigned slots;           /* the most locals alive at once */
	unsigned mixed;           /* inside of so many calls that allow mixed literals */
	uint64_t *vars_used;      /* bit set over env->vars */
};

/* What an identifier means. */
struct declaration {
	const char *name; /* fully qualified */
	const struct cel_type *type;
	enum cel_ref ref;
	uint16_t index;
};

/* An object that has every field, of type dyn. */
extern const struct cel_object cel_object_any;

/* ---- check.c ---- */
/* Give the tree types, references and overloads; issues on faults. */
void check_expr(struct checker *c, struct cel_expr *e);
bool check_lookup(struct checker *c, const char *name, struct declaration *out);
/* An object type by name, or NULL. */
const struct cel_type *check_object(const struct checker *c, const char *name);
/* The type of a field of an object type; reports undefined fields. */
const struct cel_type *check_field(struct checker *c, int32_t pos, const struct cel_type *object,
				   const char *name);
/* The field of what e yields, with optionals taken off and put on; e is checked. */
const struct cel_type *check_select(struct checker *c, int32_t pos, const struct cel_expr *operand,
				    const char *field, bool optional);
/* a.b.c of a chain of selections, or NULL. */
const char *check_qualified(struct checker *c, const struct cel_expr *e);
void check_mismatch(struct checker *c, int32_t pos, const struct cel_type *want,
		    const struct cel_type *got);

/* ---- check_call.c, check_make.c ---- */
void check_call(struct checker *c, struct cel_expr *e);
void check_list(struct checker *c, struct cel_expr *e);
void check_map(struct checker *c, struct cel_expr *e);
void check_struct(struct checker *c, struct cel_expr *e);
/* Literals of duration(), timestamp(), matches() and mixed collections (cel-go: cel/validator.go). */
void check_literals(struct checker *c, const struct cel_expr *root);

/* ---- check_format.c ---- */
void check_format(struct checker *c, const struct cel_expr *e);

/* ---- unify.c ---- */
struct cel_type *unify_var(struct checker *c);
/* t with variables replaced by what they stand for; free ones become dyn when `close`. */
const struct cel_type *unify_resolve(struct checker *c, const struct cel_type *t, bool close);
/* Whether a value of one type may be used as the other; variables are bound only when it may. */
bool unify_assign(struct checker *c, const struct cel_type *t1, const struct cel_type *t2);
bool unify_assign_all(struct checker *c, const struct cel_type *const *l1,
		      const struct cel_type *const *l2, size_t n);
/* The more general of two types that unify. */
const struct cel_type *unify_general(const struct cel_type *x, const struct cel_type *y);
/* A signature's type with A and B replaced by vars[0], vars[1]. */
const struct cel_type *unify_instance(struct checker *c, const struct cel_type *t,
				      const struct cel_type *const *vars);
/* Off with one optional_type(); *was tells whether there was one. */
const struct cel_type *unify_unwrap(const struct cel_type *t, bool *was);

#endif
