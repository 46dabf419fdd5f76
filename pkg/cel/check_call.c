/*
 * check_call: which overloads may a call mean.  (cel-go: checker/checker.go, resolveOverload)
 *
 * Rows of one name are tried in order; those that fit are all kept, for arguments of dynamic type
 * leave the choice to the run.  The result is the first one's, or dyn when they differ.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "cel/check.h"
#include "cel/function.h"

static const struct {
	const char *name;
	enum cel_op op;
} ops[] = {
	{ "_&&_", CEL_OP_AND },
	{ "_||_", CEL_OP_OR },
	{ "_?_:_", CEL_OP_COND },
	{ "@not_strictly_false", CEL_OP_NOT_STRICTLY_FALSE },
	{ "__not_strictly_false__", CEL_OP_NOT_STRICTLY_FALSE },
	{ "_==_", CEL_OP_EQ },
	{ "_!=_", CEL_OP_NE },
	{ "_[_]", CEL_OP_INDEX },
	{ "_[?_]", CEL_OP_OPT_INDEX },
	{ "_?._", CEL_OP_OPT_SELECT },
};

static enum cel_op op_find(const char *name)
{
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
		if (!strcmp(ops[i].name, name))
			return ops[i].op;
	}
	return CEL_OP_CALL;
}

static void undeclared(struct checker *c, struct cel_expr *e)
{
	e->type = &cel_type_error;
	issue_add(c->is, e->pos, "undeclared reference to '%s' (in container '')", e->call.name);
}

/* Argument types of a call, the receiver's first. */
static const struct cel_type **call_types(struct checker *c, const struct cel_expr *e, size_t *n)
{
	const struct cel_type **t = arena_alloc(c->a, (e->call.nargs + 1u) * sizeof *t);

	*n = 0;
	if (e->call.target)
		t[(*n)++] = e->call.target->type;
	for (size_t i = 0; i < e->call.nargs; i++)
		t[(*n)++] = e->call.args[i]->type;
	return t;
}

static void no_match(struct checker *c, const struct cel_expr *e, const char *name,
		     const struct cel_type *const *types, size_t n)
{
	BUF_AUTO struct buf b = BUF_INIT;
	size_t first = e->call.target != NULL;

	if (first) {
		cel_type_print(&b, unify_resolve(c, types[0], true));
		buf_addc(&b, '.');
	}
	buf_addc(&b, '(');
	for (size_t i = first; i < n; i++) {
		if (i > first)
			buf_adds(&b, ", ");
		cel_type_print(&b, unify_resolve(c, types[i], true));
	}
	buf_addc(&b, ')');
	issue_add(c->is, e->pos, "found no matching overload for '%s' applied to '%s'", name, b.p);
}

/* && and || take whatever could be a bool. */
static bool check_logical(struct checker *c, struct cel_expr *e)
{
	bool ok = true;

	for (size_t i = 0; i < e->call.nargs; i++) {
		const struct cel_expr *arg = e->call.args[i];

		if (unify_assign(c, arg->type, &cel_type_bool))
			continue;
		check_mismatch(c, arg->pos, &cel_type_bool, arg->type);
		ok = false;
	}
	e->type = ok ? &cel_type_bool : &cel_type_error;
	return ok;
}

/* The row fits the types: *result is what it yields then. */
static bool row_fits(struct checker *c, const struct cel_function *f,
		     const struct cel_type *const *types, size_t n, const struct cel_type **result)
{
	const struct cel_type *vars[2] = { NULL, NULL }, *args[CEL_MAX_ARGS];
	bool used[2] = { false, false };

	cel_function_params(f, used);
	for (int i = 0; i < 2; i++)
		vars[i] = used[i] ? unify_var(c) : NULL;
	if (f->nargs != n)
		return false;
	for (size_t i = 0; i < n; i++)
		args[i] = unify_instance(c, f->args[i], vars);
	if (!unify_assign_all(c, types, args, n))
		return false;
	*result = unify_resolve(c, unify_instance(c, f->result, vars), false);
	return true;
}

static void resolve(struct checker *c, struct cel_expr *e, const char *name)
{
	VEC(const struct cel_function *) found = { 0 };
	const struct cel_type *result = NULL, *t;
	const struct cel_function *f = NULL;
	const struct cel_function **list;
	size_t n;
	const struct cel_type **types = call_types(c, e, &n);

	while ((f = cel_function_next(name, c->env->flags, f))) {
		if (f->member != (e->call.target != NULL))
			continue;
		if (e->call.op == CEL_OP_AND || e->call.op == CEL_OP_OR) {
			if (!check_logical(c, e))
				return;
			vec_push(&found, f);
			result = &cel_type_bool;
			break;
		}
		if (!row_fits(c, f, types, n, &t))
			continue;
		vec_push(&found, f);
		if (!result)
			result = t;
		else if (result->kind != CEL_KIND_DYN && !cel_type_same(t, result))
			result = &cel_type_dyn;
	}
	if (!result)
		no_match(c, e, name, types, n);
	e->type = result ? result : &cel_type_error;
	list = arena_alloc(c->a, found.n * sizeof *list);
	if (found.n)
		memcpy(list, found.p, found.n * sizeof *list);
	e->call.overloads = list;
	e->call.noverloads = (uint16_t)found.n;
	vec_free(&found);
}

static void check_opt_select(struct checker *c, struct cel_expr *e)
{
	const struct cel_expr *field = e->call.args[1];
	const struct cel_type *t;

	check_expr(c, e->call.args[0]);
	t = check_select(c, e->pos, e->call.args[0], field->literal.s.p, true);
	e->call.args[1]->type = &cel_type_string;
	e->type = unify_resolve(c, t, false);
}

/* ns.f(x), where ns.f is a function: the receiver is part of the name. */
static bool namespaced(struct checker *c, struct cel_expr *e)
{
	const char *prefix = check_qualified(c, e->call.target), *name;

	if (!prefix)
		return false;
	name = arena_printf(c->a, "%s.%s", prefix + (*prefix == '.'), e->call.name);
	if (!cel_function_next(name, c->env->flags, NULL))
		return false;
	e->call.name = name;
	e->call.target = NULL;
	return true;
}

void check_call(struct checker *c, struct cel_expr *e)
{
	const char *name = e->call.name;

	e->call.op = (uint8_t)op_find(name);
	if (e->call.op == CEL_OP_OPT_SELECT) {
		check_opt_select(c, e);
		return;
	}
	for (size_t i = 0; i < e->call.nargs; i++)
		check_expr(c, e->call.args[i]);
	if (e->call.target && !namespaced(c, e))
		check_expr(c, e->call.target);
	name = e->call.name;
	if (!e->call.target)
		name += *name == '.';
	if (!cel_function_next(name, c->env->flags, NULL)) {
		undeclared(c, e);
		return;
	}
	e->call.name = name;
	resolve(c, e, name);
}
