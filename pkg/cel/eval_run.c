/*
 * eval_run: one evaluation from its bindings to its result, and reading results.
 */
#include "cel/ast.h"
#include "cel/authorizer.h"
#include "cel/eval.h"
#include "cel/eval_priv.h"
#include "cel/plan.h"

#include "base/arena.h"
#include "base/buf.h"
#include "obj/json.h"

#include <string.h>

/* ---- variables ---- */

/* The fields of a variable that is computed at use. */
struct lazy {
	struct eval *ev;
	const struct cel_binding *b;
};

static bool find_lazy(void *ctx, const char *name, struct cel_value *out)
{
	struct lazy *l = ctx;
	const struct cel_value *v = NULL;
	struct cel_error err = { 0 };
	void *own = l->ev->run->priv;
	uint64_t cost = l->ev->run->cost;
	bool ok = l->b->field(l->b->ctx, l->ev->run, name, &v, &err);

	/* The caller may have evaluated with the same run. */
	l->ev->run->priv = own;
	l->ev->run->cost = cost;
	if (ok && v) {
		*out = *v;
		return true;
	}
	if (!err.text)
		return false;
	*out = cel_fail(err.text);
	if (err.type == CEL_ERROR_BUDGET)
		l->ev->stopped = true;
	return true;
}

static struct cel_value lazy_value(struct eval *ev, const struct cel_binding *b)
{
	struct lazy *l = arena_alloc(ev->a, sizeof *l);

	*l = (struct lazy){ .ev = ev, .b = b };
	return cel_map_lazy(ev->a, find_lazy, l);
}

static struct cel_value bind(struct eval *ev, const struct cel_var *var, const struct cel_binding *b)
{
	bool optional = cel_type_is_optional(var->type);
	const struct cel_type *type = optional ? var->type->params[0] : var->type;
	struct cel_value v;

	if (b->value)
		return *b->value;
	if (b->field)
		return lazy_value(ev, b);
	if (b->authorizer)
		return cel_type_same(var->type, &cel_type_resource_check) ?
			       cel_request_resource_value(ev->a, b->authorizer) :
			       cel_authorizer_value(ev->a, b->authorizer);
	if (!b->json)
		return optional ? cel_none() : CEL_NULL_VALUE;
	v = cel_json(ev->a, b->json, type);
	return optional && !cel_is_error(v) ? cel_some(ev->a, v) : v;
}

struct cel_value cel_eval_variable(struct eval *ev, unsigned index)
{
	struct cel_value *v = &ev->vars[index];

	if (v->kind == CELV_PENDING)
		*v = bind(ev, &ev->env->vars[index], &ev->run->bindings[index]);
	return *v;
}

/* ---- evaluation ---- */

static const struct cel_value *result_of(struct eval *ev, struct cel_value v, struct cel_error *err)
{
	struct cel_value *out;

	if (ev->stopped || cel_is_error(v)) {
		if (ev->stopped)
			v = ev->fault ? cel_fail(ev->fault) : cel_run_stopped();
		err->text = arena_dup(ev->a, v.s, v.n);
		err->type = ev->stopped && !ev->fault ? CEL_ERROR_BUDGET : CEL_ERROR_RUN;
		return NULL;
	}
	/* For cel_value_string(). */
	if (v.kind == CELV_STRING)
		v.s = cel_value_str(ev->a, v);
	out = arena_alloc(ev->a, sizeof *out);
	*out = v;
	return out;
}

const struct cel_value *cel_evaluate(const struct cel_program *p, struct cel_run *run,
				     struct cel_error *err)
{
	const struct cel_env *env = cel_program_env(p);
	struct eval ev = {
		.run = run,
		.a = run->a,
		.env = env,
		.limit = run->limit ? run->limit : CEL_LIMIT_CALL,
		.slots = arena_zalloc(run->a, cel_program_slots(p) * sizeof *ev.slots),
		.vars = arena_alloc(run->a, env->nvars * sizeof *ev.vars),
	};
	void *outer = run->priv;
	struct cel_value v;

	for (size_t i = 0; i < env->nvars; i++)
		ev.vars[i].kind = CELV_PENDING;
	run->priv = &ev;
	v = cel_eval(&ev, cel_program_plan(p));
	run->priv = outer;
	run->cost = ev.cost;
	return result_of(&ev, v, err);
}

struct cel_value cel_fold(struct arena *a, const struct step *s)
{
	struct cel_run run = { .a = a };
	struct eval ev = { .run = &run, .a = a, .limit = UINT64_MAX };

	run.priv = &ev;
	return cel_eval(&ev, s);
}

/* ---- results ---- */

bool cel_value_is_bool(const struct cel_value *v)
{
	return v->kind == CELV_BOOL;
}

bool cel_value_true(const struct cel_value *v)
{
	return cel_is_true(*v);
}

const char *cel_value_string(const struct cel_value *v)
{
	return v->kind == CELV_STRING ? v->s : NULL;
}

struct json *cel_value_json(struct cel_run *run, const struct cel_value *v, struct cel_error *err)
{
	const char *why = NULL;
	struct json *j = cel_value_tree(run->a, *v, &why);

	if (!j) {
		err->text = arena_strdup(run->a, why ? why : "no JSON form");
		err->type = CEL_ERROR_RUN;
	}
	return j;
}

const struct cel_value *cel_value_field(const struct cel_value *v, const char *name)
{
	return v->kind == CELV_OBJECT || v->kind == CELV_MAP ? cel_map_member(v->map, name) : NULL;
}
