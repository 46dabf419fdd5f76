/*
 * unify: type variables, assignability, the most general of two types.  (cel-go: checker/types.go)
 *
 * The relations are upstream's, including that null may be assigned to objects and opaque types, and
 * that dyn goes with everything.  Recursion is bounded by the height of types, which grows by one per
 * list or map around; the occurs check keeps them finite.
 */
#include <string.h>

#include "base/arena.h"
#include "cel/check.h"

static bool is_var(const struct cel_type *t)
{
	return t->kind == CEL_KIND_PARAM;
}

static const struct cel_type *var_find(const struct checker *c, const struct cel_type *t)
{
	return is_var(t) ? c->vars.p[t->max] : NULL;
}

static void var_set(struct checker *c, const struct cel_type *var, const struct cel_type *t)
{
	struct undo u = { (size_t)var->max, c->vars.p[var->max] };

	vec_push(&c->trail, u);
	c->vars.p[var->max] = t;
}

struct cel_type *unify_var(struct checker *c)
{
	struct cel_type *t = arena_zalloc(c->a, sizeof *t);

	t->kind = CEL_KIND_PARAM;
	t->max = (int64_t)c->vars.n;
	t->name = arena_printf(c->a, "_var%zu", c->vars.n);
	vec_push(&c->vars, NULL);
	return t;
}

/* t with new parameters; t itself when they are the old ones. */
static const struct cel_type *with_params(struct checker *c, const struct cel_type *t,
					  const struct cel_type *p0, const struct cel_type *p1)
{
	struct cel_type *n;

	if (p0 == t->params[0] && p1 == t->params[1])
		return t;
	n = cel_type_copy(c->a, t);
	n->params[0] = p0;
	n->params[1] = p1;
	return n;
}

const struct cel_type *unify_resolve(struct checker *c, const struct cel_type *t, bool close)
{
	const struct cel_type *p[2] = { NULL, NULL };
	const struct cel_type *sub;

	while ((sub = var_find(c, t)))
		t = sub;
	if (is_var(t))
		return close ? &cel_type_dyn : t;
	for (unsigned i = 0; i < t->nparams; i++)
		p[i] = unify_resolve(c, t->params[i], close);
	return with_params(c, t, p[0], p[1]);
}

const struct cel_type *unify_instance(struct checker *c, const struct cel_type *t,
				      const struct cel_type *const *vars)
{
	const struct cel_type *p[2] = { NULL, NULL };

	if (is_var(t))
		return vars[t->name[0] - 'A'];
	for (unsigned i = 0; i < t->nparams; i++)
		p[i] = unify_instance(c, t->params[i], vars);
	return with_params(c, t, p[0], p[1]);
}

const struct cel_type *unify_unwrap(const struct cel_type *t, bool *was)
{
	*was = cel_type_is_optional(t);
	return *was ? t->params[0] : t;
}

static bool less_specific(const struct cel_type *x, const struct cel_type *y)
{
	if (x->kind == CEL_KIND_DYN || is_var(x))
		return true;
	if (y->kind == CEL_KIND_DYN || is_var(y) || x->kind != y->kind)
		return false;
	if (x->kind == CEL_KIND_TYPE)
		return true;
	if (strcmp(x->name, y->name) != 0 || x->nparams != y->nparams)
		return false;
	for (unsigned i = 0; i < x->nparams; i++) {
		if (!less_specific(x->params[i], y->params[i]))
			return false;
	}
	return true;
}

const struct cel_type *unify_general(const struct cel_type *x, const struct cel_type *y)
{
	return less_specific(x, y) ? x : y;
}

/* The occurs check: t is nowhere within the other type. */
static bool absent(struct checker *c, const struct cel_type *t, const struct cel_type *within)
{
	if (cel_type_same(t, within))
		return false;
	if (is_var(within)) {
		const struct cel_type *sub = var_find(c, within);

		return !sub || absent(c, t, sub);
	}
	for (unsigned i = 0; i < within->nparams; i++) {
		if (!absent(c, t, within->params[i]))
			return false;
	}
	return true;
}

static bool assign(struct checker *c, const struct cel_type *t1, const struct cel_type *t2);

/* Whether the variable may stand for t; *bound: it stood for something before. */
static bool bind(struct checker *c, const struct cel_type *t, const struct cel_type *var, bool *bound)
{
	const struct cel_type *sub = var_find(c, var), *both;

	*bound = sub != NULL;
	if (cel_type_same(t, var)) {
		*bound = true;
		return true;
	}
	if (sub) {
		if (cel_type_same(t, sub))
			return true;
		if (!assign(c, t, sub))
			return false;
		both = unify_general(t, sub);
		if (absent(c, var, both))
			var_set(c, var, both);
		return true;
	}
	if (!absent(c, var, t))
		return false;
	var_set(c, var, t);
	return true;
}

static bool nullable(const struct cel_type *t)
{
	return t->kind == CEL_KIND_OPAQUE || t->kind == CEL_KIND_OBJECT ||
	       t->kind == CEL_KIND_DURATION || t->kind == CEL_KIND_TIMESTAMP ||
	       t->kind == CEL_KIND_NULL;
}

static bool wild(const struct cel_type *t)
{
	return t->kind == CEL_KIND_DYN || t->kind == CEL_KIND_ERROR;
}

static bool assign_all(struct checker *c, const struct cel_type *const *l1,
		       const struct cel_type *const *l2, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!assign(c, l1[i], l2[i]))
			return false;
	}
	return true;
}

static bool assign(struct checker *c, const struct cel_type *t1, const struct cel_type *t2)
{
	bool bound;

	if (is_var(t2)) {
		if (bind(c, t1, t2, &bound))
			return true;
		if (bound)
			return false;
	}
	if (is_var(t1))
		return bind(c, t2, t1, &bound);
	if (wild(t1) || wild(t2))
		return true;
	if (t1->kind == CEL_KIND_NULL)
		return nullable(t2);
	if (t2->kind == CEL_KIND_NULL)
		return nullable(t1);
	if (t1->kind != t2->kind)
		return false;
	if (t1->kind == CEL_KIND_TYPE)
		return true;
	return !strcmp(t1->name, t2->name) && t1->nparams == t2->nparams &&
	       assign_all(c, t1->params, t2->params, t1->nparams);
}

bool unify_assign_all(struct checker *c, const struct cel_type *const *l1,
		      const struct cel_type *const *l2, size_t n)
{
	size_t mark = c->trail.n;

	if (assign_all(c, l1, l2, n))
		return true;
	while (c->trail.n > mark) {
		c->trail.n--;
		c->vars.p[c->trail.p[c->trail.n].var] = c->trail.p[c->trail.n].was;
	}
	return false;
}

bool unify_assign(struct checker *c, const struct cel_type *t1, const struct cel_type *t2)
{
	return unify_assign_all(c, &t1, &t2, 1);
}
